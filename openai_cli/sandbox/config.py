"""The settings of a sandbox: its key, and what it does beyond its defaults."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from openai_cli.sandbox.access import new_key
from openai_cli.sandbox.faults import Faults
from openai_cli.sandbox.record import Recorder
from openai_cli.sandbox.replies import Replies
from openai_cli.sandbox.upstream import Upstream


@dataclass(frozen=True)
class SandboxConfig:
    """Fixed answers, faults, and a recorder of all requests. `sleep` takes seconds, for delays.

    `key` is random unless given; None accepts any non-empty key. The `upstream`, if any, answers in
    the sandbox's place.
    """

    replies: Replies = field(default_factory=Replies)
    faults: Faults = field(default_factory=Faults)
    recorder: Recorder | None = None
    sleep: Callable[[float], None] = time.sleep
    key: str | None = field(default_factory=new_key)
    upstream: Upstream | None = None
