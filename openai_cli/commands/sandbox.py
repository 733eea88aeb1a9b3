"""`sandbox`: the local stand-in for the API, run as a server or around a command."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from openai_cli.commands.answering import check_together, replies_of, upstream_of
from openai_cli.commands.sandbox_options import Options
from openai_cli.context import Context
from openai_cli.errors import CliError, LimitError, UsageError
from openai_cli.flags.ours import number
from openai_cli.flags.values import Number
from openai_cli.output.sink import WholeFile, open_sink
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.sandbox import Sandbox
    from openai_cli.sandbox.faults import Faults
    from openai_cli.sandbox.record import Recorder
    from openai_cli.sandbox.recordings import Recordings
    from openai_cli.sandbox.replies import Replies
    from openai_cli.sandbox.upstream import Upstream

# Exit codes for a command that cannot be run, as in shells and env(1).
NOT_FOUND, NOT_EXECUTABLE = 127, 126
# The lowest exit code of a command that was ended by a signal.
SIGNALLED = 129

# Seconds to wait for answers that the command has left unread.
PATIENCE = 60.0


EXAMPLES = (
    "openai-cli sandbox -- bash",
    'openai-cli sandbox --fault status=429,first=1 -- openai-cli chat "Say hello"',
    'echo \'{"text": "Lima"}\' > replies.jsonl',
    'openai-cli sandbox --replies replies.jsonl -- openai-cli chat "Peru?"',
)


def run(context: Context, options: Options) -> None:
    """Serve until interrupted, or while the command runs; SystemExit carries the command's code.

    Raises LimitError if --strict refused a request, or if the command succeeded but lines were not
    used; OutputError if it succeeded but a request or an answer could not be recorded.
    """
    from openai_cli.sandbox import Sandbox
    from openai_cli.sandbox.config import SandboxConfig
    from openai_cli.sandbox.record import Recorder

    port = number("--port", options.port, Number(0, 65535, integer=True))
    check_together(options)
    replies = replies_of(context, options)
    faults = _faults(options)
    key = _key(context, options)
    with ExitStack() as stack:
        upstream = upstream_of(context, options, stack)
        recorder = None if options.record is None else Recorder(options.record)
        config = SandboxConfig(replies, faults, recorder, context.sleep, key, upstream)
        sandbox = Sandbox(0 if port is None else int(port), config)
        with _ready(options.ready_file, sandbox.base_url):
            if not options.command:
                _serve(context, options, sandbox)
                return
            code = _run(context, sandbox, options.command, upstream)
    recordings = None if upstream is None else upstream.recordings
    if replies.missed and code < SIGNALLED:
        code = 0  # the exit code is only how the command handled a refusal
    problems = [*_unmet(options, replies), *_failures(recorder), *_failures(recordings)]
    _end(context, code, problems)


def _faults(options: Options) -> "Faults":
    from openai_cli.sandbox.faults import KNOWN, Faults, parse_fault

    try:
        return Faults(parse_fault(spec) for spec in options.fault or ())
    except ValueError as error:
        raise UsageError(f"--fault {error}", hint=KNOWN) from None


def _key(context: Context, options: Options) -> str | None:
    """The key to require, or None for any; UsageError if it is invalid, or never shown."""
    from openai_cli.sandbox.access import new_key

    if options.any_key:
        if options.key is not None:
            raise UsageError("--key and --any-key: give one of them")
        return None
    if options.key is None:
        if context.messages.quiet and not options.command:
            raise UsageError(
                "--quiet hides the key that the sandbox requires",
                hint="--key KEY sets one, --any-key takes any",
            )
        return new_key()
    given = options.key.encode()
    if options.key.startswith("@"):
        given = Inputs(context).source("--key", options.key[1:]).strip()
    if not re.fullmatch(rb"[!-~]+", given):
        raise UsageError("--key: a key is one word of printable ASCII characters")
    return given.decode()


@contextmanager
def _ready(path: str | None, base_url: str) -> Iterator[None]:
    """Keep the base URL in a file, written atomically, while the sandbox serves."""
    if path is None:
        yield
        return
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113 - they never raise
        raise UsageError(f"--ready-file: '{path}' is not a regular file")
    try:
        file = WholeFile(Path(path).absolute())
        file.write(f"{base_url}\n".encode())
        file.commit()
    except OSError as error:
        raise UsageError(f"--ready-file: cannot write '{path}': {error.strerror}") from None
    try:
        yield
    finally:
        Path(path).unlink(missing_ok=True)


def _serve(context: Context, options: Options, sandbox: "Sandbox") -> None:
    """Serve in the foreground, after a notice on how to use the sandbox."""
    key = f" OPENAI_API_KEY={sandbox.key}"
    if options.any_key or options.key is not None:
        key = " and any key" if options.any_key else " and the key of --key"
    with open_sink(context, None) as sink:
        sink.write(f"{sandbox.base_url}\n".encode())
    context.messages.notice(f"use it with OPENAI_BASE_URL={sandbox.base_url}{key}; Ctrl-C ends it")
    sandbox.serve_forever()


def _run(
    context: Context, sandbox: "Sandbox", command: list[str], upstream: "Upstream | None"
) -> int:
    """Serve while a command runs, and until its answers are recorded; return its exit code."""
    from openai_cli.sandbox.child import run_command

    environ = {
        **context.environ,
        "OPENAI_BASE_URL": sandbox.base_url,
        "OPENAI_API_KEY": sandbox.key,
        "OPENAI_ADMIN_KEY": sandbox.admin_key,
    }
    try:
        with sandbox:
            code = run_command(command, environ, sandbox.fileno())
            _settle(context, code, upstream)
            return code
    except OSError as error:
        problem = f"cannot run '{command[0]}': {error.strerror}"
        context.messages.error(UsageError(problem))
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE


def _settle(context: Context, code: int, upstream: "Upstream | None") -> None:
    """Wait for answers that the command did not read to the end, unless a signal ended it."""
    if upstream is None or upstream.recordings is None:
        return
    recordings = upstream.recordings
    if not recordings.settle(0 if code >= SIGNALLED else PATIENCE):
        context.messages.notice("an answer was still arriving at the end; it is not recorded")
    elif not recordings.count and recordings.failure is None:
        context.messages.notice("no answer was recorded")


def _unmet(options: Options, replies: "Replies") -> Iterator[CliError]:
    if missed := replies.missed:
        told = "a request was refused"
        if len(missed) > 1:
            told = f"{len(missed)} requests were refused; the first"
        yield LimitError(f"--strict: {told}: {missed[0]}")
    if options.strict and (unused := replies.unused):
        lines = f"line{'s' if len(unused) > 1 else ''} {', '.join(map(str, unused))}"
        yield LimitError(f"--strict: no request matched {lines} of '{options.replies}'")


def _failures(recorder: "Recorder | Recordings | None") -> Iterator[CliError]:
    if recorder is not None and recorder.failure is not None:
        yield recorder.failure


def _end(context: Context, code: int, problems: Sequence[CliError]) -> None:
    """Exit with the command's code or, if it succeeded, with that of the first problem."""
    first = problems[0] if problems and not code else None
    for problem in problems:
        if problem is not first:
            context.messages.notice(problem.problem)
    if first is not None:
        raise first
    if code:
        raise SystemExit(code)
