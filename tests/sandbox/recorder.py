"""A sandbox that records the answers of another server, for tests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from openai_cli.calls.upstream import UpstreamServer
from openai_cli.context import Context
from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.likeness import Likeness
from openai_cli.sandbox.recordings import Recordings
from openai_cli.sandbox.replies import Replies
from openai_cli.sandbox.upstream import Upstream
from tests.sandbox.client import KEY

UPSTREAM_KEY = "sk-made-up-of-upstream"
THEN = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@dataclass
class Recorder:
    """A sandbox with an upstream; `told` has the messages to the user."""

    sandbox: Sandbox
    recordings: Recordings | None
    told: list[str] = field(default_factory=list)


@contextmanager
def upstream_of(
    base_url: str,
    path: Path | None = None,
    *,
    match: str | None = None,
    redact: tuple[str, ...] = (),
    replies: Replies | None = None,
    environ: dict[str, str] | None = None,
    **config: Any,
) -> Iterator[Recorder]:
    """Run a sandbox that forwards to this server, and records its answers if there is a path."""
    context = Context.test(environ={"OPENAI_API_KEY": UPSTREAM_KEY, **(environ or {})})
    recordings = None
    if path is not None:
        likeness = Likeness(match, redact, (UPSTREAM_KEY,))
        recordings = Recordings(str(path), likeness, lambda: THEN)
    with UpstreamServer(context, base_url, None) as server:
        told: list[str] = []
        upstream = Upstream(server.forward, told.append, recordings)
        given = SandboxConfig(replies or Replies(), key=KEY, upstream=upstream, **config)
        with Sandbox(0, given) as sandbox:
            yield Recorder(sandbox, recordings, told)
            assert recordings is None or recordings.settle(30)


@contextmanager
def replaying(path: Path, match: str | None = None) -> Iterator[tuple[Sandbox, Replies]]:
    """Run a sandbox that answers from the recordings only."""
    lines = path.read_bytes().splitlines(keepends=True)
    replies = Replies(lines, name=path.name, strict=True, match=match)
    with Sandbox(0, SandboxConfig(replies, key=KEY)) as sandbox:
        yield sandbox, replies


def rows(path: Path) -> list[dict[str, Any]]:
    """The lines of the recordings."""
    return [json.loads(line) for line in path.read_text().splitlines()]
