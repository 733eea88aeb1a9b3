"""Run command lines in the test's own process, in a sealed environment, with loopback only."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openai_cli.app import run
from openai_cli.context import Context
from tests.conftest import MADE_UP_KEY
from tests.servers import Server


@dataclass(frozen=True)
class Ended:
    """How a command line ended."""

    code: int
    out: bytes
    err: str


def execute(context: Context, *arguments: str) -> Ended:
    """Run a command line in this context, which has stdout and stderr in memory."""
    code = run(context, list(arguments))
    out, err = context.stdout, context.messages.stream
    assert isinstance(out, io.BytesIO)
    assert isinstance(err, io.StringIO)
    return Ended(int(code), out.getvalue(), err.getvalue())


def call(
    *arguments: str, stdin: bytes | None = None, environ: Mapping[str, str] | None = None
) -> Ended:
    """Run a command line; `stdin` is the content of a pipe, or None for a terminal."""
    return execute(Context.test(stdin=stdin, environ=environ), *arguments)


def body(
    command: str,
    *arguments: str,
    stdin: bytes | None = None,
    environ: Mapping[str, str] | None = None,
) -> Any:
    """The request body that a command line would send."""
    ended = call(*command.split(), "--dry-run", *arguments, stdin=stdin, environ=environ)
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def user_text(*arguments: str, **world: Any) -> Any:
    """The text of the only message that `chat` would send."""
    [message] = body("chat", *arguments, **world)["messages"]
    assert message["role"] == "user"
    return message["content"]


def refused(
    *arguments: str, stdin: bytes | None = None, environ: Mapping[str, str] | None = None
) -> str:
    """The one-line error of a command line that fails before anything is sent."""
    with Server([]) as server:
        world = {
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_API_KEY": MADE_UP_KEY,
            **(environ or {}),
        }
        ended = call(*arguments, stdin=stdin, environ=world)
    assert ended.code == 2, ended
    assert ended.out == b""
    assert ended.err.startswith("openai-cli: error: ")
    assert ended.err.endswith("\n")
    assert ended.err.count("\n") == 1
    return ended.err
