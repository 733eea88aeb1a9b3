"""The options of `sandbox`."""

import shlex
from collections.abc import Mapping
from typing import Any, ClassVar

from openai_cli.errors import UsageError
from openai_cli.flags.adapter import TYPED
from openai_cli.flags.ours import (
    CONNECTION,
    OPTIONS,
    CommonOptions,
    argument,
    options_group,
    ours,
    switch,
)
from openai_cli.records import Annotated


def _after_dashes(ctx: Any, words: list[str] | None) -> list[str] | None:
    """The command; UsageError for words before `--`, whose flags would be taken for ours."""
    typed = ctx.meta[TYPED]
    if words and typed[-len(words) - 1 :] != ["--", *words]:
        command = shlex.join(typed[typed.index(words[0]) :])
        raise UsageError(
            f"unexpected argument '{words[0]}'",
            hint=f"put -- before the command: {ctx.command_path} -- {command}",
        )
    return words


_COMMAND = argument("[-- COMMAND ARG...]", "Run COMMAND with the sandbox as its API")
_COMMAND.callback = _after_dashes


@options_group
class Options(CommonOptions):
    """It listens on this machine only, and prints its base URL when it is ready.

    With COMMAND it runs that command, with OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_ADMIN_KEY set
    to the sandbox, and exits with the command's exit code. Without COMMAND it serves until it is
    interrupted.

    It requires a key, a new one each time, so that no other user of the machine can use it. The
    admin key is sk-admin- followed by that key.

    It serves every operation of the API, and keeps what is created until it ends. It is not a
    model: to `Say X` it answers X, and to anything else a sentence that quotes your text. It does
    not really train, grade or film anything: jobs finish after a few requests, with samples as
    their results.

    With --upstream, requests are forwarded to the API with your own key instead. --record-replies
    records its answers, for --replies to replay.
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "strict": ("replies",),
        "stale_after": ("replies",),
        "match": ("replies", "record_replies"),
        "record_replies": ("upstream",),
        "redact": ("record_replies",),
        "api_key_file": ("upstream",),
    }
    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("key", "any_key"),
        ("strict", "upstream"),
        ("any_key", "upstream"),
    )

    command: Annotated[list[str] | None, _COMMAND] = None
    replies: Annotated[
        str | None,
        ours(OPTIONS, "--replies", "Answer from FILE: one JSON object per line", metavar="FILE"),
    ] = None
    strict: Annotated[
        bool,
        switch(
            OPTIONS,
            "strict",
            "Refuse requests that match no line; exit 8 then, or if a line is unused",
        ),
    ] = False
    match: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--match",
            "Compare recorded requests by this JMESPath value, not by the whole body",
            metavar="EXPR",
        ),
    ] = None
    stale_after: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--stale-after",
            "Warn about recordings older than this [default: 30]",
            metavar="DAYS",
        ),
    ] = None
    upstream: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--upstream",
            "Forward requests to the API at URL, with your own key",
            metavar="URL",
        ),
    ] = None
    record_replies: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--record-replies",
            "Record the answers of --upstream in FILE, for --replies",
            metavar="FILE",
        ),
    ] = None
    redact: Annotated[
        list[str] | None,
        ours(
            OPTIONS,
            "--redact",
            "Record *** in place of what REGEX matches; repeatable",
            metavar="REGEX",
        ),
    ] = None
    fault: Annotated[
        list[str] | None,
        ours(
            OPTIONS,
            "--fault",
            "Fail on purpose, such as status=429,first=2; repeatable",
            metavar="SPEC",
        ),
    ] = None
    record: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--record",
            "Append each request to FILE as JSON; keys are masked",
            metavar="FILE",
        ),
    ] = None
    port: Annotated[
        str | None,
        ours(OPTIONS, "--port", "Port to listen on [default: any free port]", metavar="N"),
    ] = None
    key: Annotated[
        str | None,
        ours(OPTIONS, "--key", "The key to require [default: a random one]", metavar="KEY|@FILE"),
    ] = None
    any_key: Annotated[
        bool, switch(OPTIONS, "any-key", "Accept any key, from any user of this machine")
    ] = False
    ready_file: Annotated[
        str | None,
        ours(OPTIONS, "--ready-file", "Keep the base URL in FILE while it serves", metavar="FILE"),
    ] = None
    api_key_file: Annotated[
        str | None,
        ours(
            CONNECTION,
            "--api-key-file",
            "Read the key for --upstream from FILE, not from OPENAI_API_KEY",
            metavar="FILE",
        ),
    ] = None
