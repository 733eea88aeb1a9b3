"""`sandbox`: the local stand-in for the API, served until it is ended, or around a command."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from openai_cli.context import Context
from openai_cli.errors import CliError, LimitError, UsageError
from openai_cli.flags.adapter import TYPED
from openai_cli.flags.ours import (
    OPTIONS,
    CommonOptions,
    argument,
    number,
    options_group,
    ours,
    switch,
)
from openai_cli.flags.values import Number
from openai_cli.output.sink import WholeFile, open_sink
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.sandbox import Sandbox
    from openai_cli.sandbox.faults import Faults
    from openai_cli.sandbox.record import Recorder
    from openai_cli.sandbox.replies import Replies

# Of a command that cannot be run, as shells and env(1) have them.
NOT_FOUND, NOT_EXECUTABLE = 127, 126


def _after_dashes(ctx: Any, words: list[str] | None) -> list[str] | None:
    """The command; UsageError where a word of it is not after `--`: its flags would be ours."""
    typed = ctx.meta[TYPED]
    if words and typed[-len(words) - 1 :] != ["--", *words]:
        import shlex

        command = shlex.join(typed[typed.index(words[0]) :])
        raise UsageError(
            f"unexpected argument '{words[0]}'",
            hint=f"put -- before the command: {ctx.command_path} -- {command}",
        )
    return words


_COMMAND = argument("[-- COMMAND ARG...]", "Run COMMAND with the sandbox as its API")
_COMMAND.callback = _after_dashes

EXAMPLES = (
    "openai-cli sandbox -- bash",
    'openai-cli sandbox --fault status=429,first=1 -- openai-cli chat "Say hello"',
    'echo \'{"text": "Lima"}\' > replies.jsonl',
    'openai-cli sandbox --replies replies.jsonl -- openai-cli chat "Peru?"',
)


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
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"strict": ("replies",)}
    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (("key", "any_key"),)

    command: Annotated[list[str] | None, _COMMAND] = None
    replies: Annotated[
        str | None,
        ours(OPTIONS, "--replies", "Answer from FILE: one JSON object per line", metavar="FILE"),
    ] = None
    strict: Annotated[
        bool,
        switch(OPTIONS, "strict", "Refuse requests without a reply; exit 8 if any is unused"),
    ] = False
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


def run(context: Context, options: Options) -> None:
    """Serve until interrupted, or until the command has ended: SystemExit has its code then.

    Raises LimitError where the command has done well, and --strict finds replies not used;
    OutputError where a request could not be recorded.
    """
    from openai_cli.sandbox import Sandbox
    from openai_cli.sandbox.config import SandboxConfig
    from openai_cli.sandbox.record import Recorder

    port = number("--port", options.port, Number(0, 65535, integer=True))
    replies = _replies(context, options)
    faults = _faults(options)
    key = _key(context, options)
    recorder = None if options.record is None else Recorder(options.record)
    config = SandboxConfig(replies, faults, recorder, context.sleep, key)
    sandbox = Sandbox(0 if port is None else int(port), config)
    with _ready(options.ready_file, sandbox.base_url):
        if not options.command:
            _serve(context, options, sandbox)
            return
        code = _run(context, sandbox, options.command)
    _end(context, code, [*_unmet(options, replies), *_failures(recorder)])


def _replies(context: Context, options: Options) -> "Replies":
    from openai_cli.sandbox.replies import Replies

    if options.replies is None:
        if options.strict:
            raise UsageError("--strict needs --replies: it holds requests against them")
        return Replies()
    lines = Inputs(context).lines("--replies", options.replies)
    return Replies(lines, name=options.replies, strict=options.strict)


def _faults(options: Options) -> "Faults":
    from openai_cli.sandbox.faults import KNOWN, Faults, parse_fault

    try:
        return Faults(parse_fault(spec) for spec in options.fault or ())
    except ValueError as error:
        raise UsageError(f"--fault {error}", hint=KNOWN) from None


def _key(context: Context, options: Options) -> str | None:
    """The key to demand, None for any; UsageError for what can be none, or nobody would know."""
    from openai_cli.sandbox.access import new_key

    if options.any_key:
        if options.key is not None:
            raise UsageError("--key and --any-key: give one of them")
        return None
    if options.key is None:
        if context.messages.quiet and not options.command:
            raise UsageError(
                "--quiet leaves the key unsaid that the sandbox demands",
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
    """Have the base URL in a file, whole from its beginning, as long as the sandbox serves."""
    if path is None:
        yield
        return
    if Path(path).exists() and not Path(path).is_file():
        raise UsageError(f"--ready-file: '{path}' is no file, and one is to be made there")
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
    """Serve in the foreground, and say how to use it."""
    key = f" OPENAI_API_KEY={sandbox.key}"
    if options.any_key or options.key is not None:
        key = " and any key" if options.any_key else " and the key of --key"
    with open_sink(context, None) as sink:
        sink.write(f"{sandbox.base_url}\n".encode())
    context.messages.notice(f"use it with OPENAI_BASE_URL={sandbox.base_url}{key}; Ctrl-C ends it")
    sandbox.serve_forever()


def _run(context: Context, sandbox: "Sandbox", command: list[str]) -> int:
    """Serve while a command runs; its exit code."""
    from openai_cli.sandbox.child import run_command

    environ = {
        **context.environ,
        "OPENAI_BASE_URL": sandbox.base_url,
        "OPENAI_API_KEY": sandbox.key,
        "OPENAI_ADMIN_KEY": sandbox.admin_key,
    }
    try:
        with sandbox:
            return run_command(command, environ, sandbox.fileno())
    except OSError as error:
        problem = f"cannot run '{command[0]}': {error.strerror}"
        context.messages.error(UsageError(problem))
        return NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE


def _unmet(options: Options, replies: "Replies") -> Iterator[CliError]:
    if options.strict and (unused := replies.unused):
        lines = f"line{'s' if len(unused) > 1 else ''} {', '.join(map(str, unused))}"
        yield LimitError(f"--strict: nothing has asked for {lines} of '{options.replies}'")


def _failures(recorder: "Recorder | None") -> Iterator[CliError]:
    if recorder is not None and recorder.failure is not None:
        yield recorder.failure


def _end(context: Context, code: int, problems: Sequence[CliError]) -> None:
    """End with the code of the command, or with that of the first problem where it did well."""
    first = problems[0] if problems and not code else None
    for problem in problems:
        if problem is not first:
            context.messages.notice(problem.problem)
    if first is not None:
        raise first
    if code:
        raise SystemExit(code)
