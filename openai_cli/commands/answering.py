"""What answers in the sandbox: the lines of --replies, and an upstream that is recorded."""

import os
import re
import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from openai_cli.commands.sandbox_options import Options
from openai_cli.config.keys import KEY_WAYS, WAYS
from openai_cli.context import Context
from openai_cli.errors import CredentialError, UsageError
from openai_cli.flags.names import flag_of
from openai_cli.flags.ours import number
from openai_cli.flags.values import Number
from openai_cli.jsontext import quoted
from openai_cli.reading import is_there
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.sandbox.recordings import Recordings
    from openai_cli.sandbox.replies import Replies
    from openai_cli.sandbox.upstream import Upstream

# Days after which a recording is old. Answers change with each release of a model, and a release
# comes every few months.
STALE_AFTER = 30
# Characters that make a regular expression more than a literal text.
_SPECIAL = r"[][\\.^$*+?{}|()]"


def check_together(options: Options) -> None:
    """Raise UsageError for flags that need another flag, or that exclude each other."""
    for name, others in options.needs.items():
        if getattr(options, name) and not any(getattr(options, other) for other in others):
            raise UsageError(f"{flag_of(name)} needs {' or '.join(map(flag_of, others))}")
    if options.strict and options.upstream is not None:
        raise UsageError(
            "--strict and --upstream: give one of them",
            hint="--strict refuses what --upstream would answer",
        )
    if options.any_key and options.upstream is not None:
        raise UsageError("--any-key and --upstream: any user of this machine could use your key")
    if options.record is not None and options.record == options.record_replies:
        raise UsageError("--record and --record-replies: give each a file of its own")


def replies_of(context: Context, options: Options) -> "Replies":
    """The lines of --replies; UsageError for an invalid line or --match expression."""
    from openai_cli.sandbox.conditions import search_of
    from openai_cli.sandbox.replies import Replies

    days = number("--stale-after", options.stale_after, Number(1, 36_500, integer=True))
    try:
        if options.match is not None:
            search_of(options.match)
    except ValueError as error:
        raise UsageError(f"--match is not a JMESPath expression: {error}") from None
    path = options.replies
    if path is None or (path == options.record_replies and not is_there(path)):
        return Replies()
    lines = Inputs(context).lines("--replies", path)
    replies = Replies(lines, name=path, strict=options.strict, match=options.match)
    if replies.is_empty and replies.torn is None:
        context.messages.notice(f"'{path}' has no lines")
    if replies.torn is not None:
        context.messages.notice(
            f"line {replies.torn} of '{path}' is incomplete and is ignored: its recording was "
            "interrupted"
        )
    _tell_age(context, replies.oldest, path, STALE_AFTER if days is None else int(days))
    return replies


def _tell_age(context: Context, oldest: str, path: str, days: int) -> None:
    """Print a notice if the oldest recording is more than `days` days old."""
    if not oldest:
        return
    from datetime import date

    try:
        age = (context.today() - date.fromisoformat(oldest.partition("T")[0])).days
    except ValueError:
        raise UsageError(
            f"--replies: '{path}' has a recording with an invalid date: {oldest}"
        ) from None
    if age > days:
        context.messages.notice(
            f"the oldest recording in '{path}' is {age} days old (--stale-after {days}): "
            "the API may answer differently today"
        )


def upstream_of(context: Context, options: Options, stack: ExitStack) -> "Upstream | None":
    """Return the --upstream that answers in the sandbox's place, or None; requires its key."""
    if options.upstream is None:
        return None
    from openai_cli.calls.upstream import UpstreamServer
    from openai_cli.sandbox.upstream import Upstream

    if not options.upstream.strip():
        raise UsageError("--upstream is empty", hint="for example: https://api.openai.com/v1")
    try:
        server = UpstreamServer(
            context, options.upstream, options.api_key_file, debug_on=options.debug
        )
    except UsageError as error:
        error.hint = None  # the hint names flags of other commands
        raise
    except CredentialError as error:
        error.hint = KEY_WAYS if error.hint == WAYS else error.hint
        raise
    stack.enter_context(server)
    key = server.server.key
    recordings = _recordings(context, options, () if key is None else (key,))
    return Upstream(server.forward, context.messages.notice, recordings)


def _recordings(
    context: Context, options: Options, secrets: tuple[str, ...]
) -> "Recordings | None":
    """What --record-replies writes to; UsageError if the file has lines that --replies ignores."""
    if (path := options.record_replies) is None:
        return None
    from openai_cli.sandbox.likeness import Likeness
    from openai_cli.sandbox.recordings import Recordings

    if path != options.replies and os.path.isfile(path) and Path(path).stat().st_size:  # noqa: PTH113
        raise UsageError(
            f"--record-replies: '{path}' has lines already",
            hint=f"--replies {shlex.quote(path)} answers from them, and records what is missing; "
            "remove the file to record everything again",
        )
    expressions = _expressions(context, options, path)
    likeness = Likeness(options.match, expressions, secrets)
    return Recordings(path, likeness, lambda: context.utc(context.now()))


def _expressions(context: Context, options: Options, path: str) -> tuple[str, ...]:
    """The expressions of --redact; UsageError for one that is invalid or matches the empty text."""
    for expression in options.redact or ():
        try:
            pattern = re.compile(expression)
        except re.error as error:
            raise UsageError(f"--redact is not a regular expression: {error}") from None
        if pattern.search("") is not None:
            raise UsageError(f"--redact {quoted(expression)} matches the empty text")
        if not re.search(_SPECIAL, expression):
            context.messages.notice(
                f"--redact {quoted(expression)} is in '{path}' as typed; a pattern that describes "
                "the text would not reveal it"
            )
    return tuple(options.redact or ())
