"""The lazily built command tree, and the only place where errors become exit codes."""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from openai_cli import __version__, commands
from openai_cli.commands import declared
from openai_cli.completion import INSTALL, SHELLS, SHOW, VARIABLE, SetUp, set_up, with_shell
from openai_cli.config.file import configured
from openai_cli.context import Context
from openai_cli.errors import ENDING, CliError, ExitCode, Terminated
from openai_cli.flags.adapter import (
    CONTEXT_SETTINGS,
    FromOptions,
    Invocation,
    command,
    flags_of,
    unknown_name,
    wrong_usage,
)
from openai_cli.flags.ours import CommonOptions, HelpShown, options_group, show_help
from openai_cli.flags.parameter import OwnOption
from openai_cli.messages import PROGRAM, Messages
from openai_cli.output.sink import keep, open_sink, utf8_bytes
from openai_cli.records import Annotated, fields_of, replace
from openai_cli.request.inputs import check_arguments

SUMMARY = "The OpenAI HTTP API on the command line: one flag for every parameter."
EXAMPLES = (
    'openai-cli chat "Write a haiku about rain"',
    "printf 'pears\\napples\\n' | openai-cli chat \"Sort these lines\"",
    'openai-cli tokens "How many tokens is this?"',
    "openai-cli sandbox -- bash",
)


class CommandGroup(FromOptions, TyperGroup):
    """The command tree, or the part of it whose commands begin with the words `prefix`.

    A command's module is imported when the command is used.
    """

    prefix = ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args:
            raise HelpShown(ctx.get_help())
        typed = list(args)
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            path, commands = ctx.command_path, self.list_commands(ctx)
            if (flag := unknown_name(error)) is None:
                raise wrong_usage(error, path) from None
            from openai_cli.suggestions.flags import flag_before_command

            flags = flags_of(self.options)
            raise flag_before_command(flag, typed, flags, path, commands) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Resolve the command named by the first word, or by two words, such as `cost diff`."""
        words = " ".join(args[:2])
        written = commands.COMMANDS
        if not self.prefix and " " in words and args[0] in written and words in written:
            return words, self.get_command(ctx, words), args[2:]
        if (found := self.get_command(ctx, args[0])) is not None:
            return args[0], found, args[1:]
        from openai_cli.suggestions.commands import unknown_command

        raise unknown_command(self.prefix.split(), args, [*commands.every(), *commands.GROUPS])

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer's signature
        return list(commands.words(self.prefix))

    def get_command(
        self,
        ctx: Any,  # noqa: ARG002 - Typer's signature
        cmd_name: str,
    ) -> TyperCommand | TyperGroup | None:
        path = f"{self.prefix}{cmd_name}"
        if commands.is_command(path):
            return command(*declared(path))
        if commands.is_group(path):
            return tree(commands.summary(path), prefix=f"{path} ")
        return None

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.make_all()
        super().format_options(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(commands.listed(self.prefix).items()))

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        from openai_cli.flags.help import manual, manual_of_operations, write_end

        told = f"{ctx.command_path} COMMAND --help shows the flags of a command."
        group = self.prefix.partition(" ")[0]
        is_written = not group or any(name.startswith(f"{group} ") for name in commands.COMMANDS)
        where = manual(self.prefix) if is_written else manual_of_operations(group)
        write_end(formatter, [told], self._examples(), where)

    def _examples(self) -> tuple[str, ...]:
        """Return the program's examples, or the first ones of the group's first command."""
        if not self.prefix:
            return EXAMPLES
        every = (*commands.COMMANDS, *commands.of_group(self.prefix))
        first = next(name for name in every if name.startswith(self.prefix))
        return declared(first).examples[:2]


@options_group
class Unconfigured(CommonOptions):
    """The options of an invocation that the configuration file does not affect."""

    is_configured: ClassVar[bool] = False


def show_version(_ctx: typer.Context, value: bool) -> None:
    """Raise HelpShown as the callback of --version."""
    if value:
        raise HelpShown(f"{PROGRAM} {__version__}")


def set_up_completion(_ctx: typer.Context, param: typer.CallbackParam, value: str | None) -> None:
    """Raise SetUp as the callback of --install-completion and --show-completion."""
    set_up(param.opts[0], value)


def _option(
    names: list[str], callback: Any, help_line: str, *, shells: tuple[str, ...] = ()
) -> OwnOption:
    option = OwnOption(
        param_decls=names,
        is_eager=True,
        callback=callback,
        help=help_line,
        metavar="[SHELL]" if shells else None,
    )
    option.names = shells
    return option


Help = Annotated[bool, _option(["--help", "-h"], show_help, "Show this help")]
Version = Annotated[bool, _option(["--version"], show_version, "Show the version")]
InstallCompletion = Annotated[
    str | None,
    _option([INSTALL], set_up_completion, "Install completion: bash, zsh or fish", shells=SHELLS),
]
ShowCompletion = Annotated[
    str | None,
    _option([SHOW], set_up_completion, "Print its script: bash, zsh or fish", shells=SHELLS),
]


@options_group
class GroupFlags:
    """The flags of a group, before the second word of a command."""

    help: Help = False
    version: Version = False


@options_group
class ProgramFlags(GroupFlags):
    """The flags of the program itself, before any command."""

    install_completion: InstallCompletion = None
    show_completion: ShowCompletion = None


def annotations(path: str) -> Iterable[Any]:
    """Return the annotations of the options of a command or a group; '' is the program."""
    if path and commands.is_command(path):
        return [field.type for field in fields_of(declared(path).options)]
    return [field.type for field in fields_of(_flags(path))]


def _flags(prefix: str) -> type[GroupFlags]:
    """Return the flags of a group, or of the program."""
    return GroupFlags if prefix else ProgramFlags


def tree(summary: str = SUMMARY, *, prefix: str = "") -> CommandGroup:
    """Return the commands whose names begin with `prefix` as a Typer group; '' means all."""
    group = CommandGroup(
        help=summary,
        add_help_option=False,
        context_settings=CONTEXT_SETTINGS,
        rich_markup_mode=None,
    )
    group.prefix, group.options = prefix, _flags(prefix)
    return group


def run(context: Context, arguments: list[str]) -> ExitCode:
    """Run a command line, report any error, and return the exit code.

    Raises Terminated.
    """
    if shell := context.variable(VARIABLE):
        return _complete(context, shell, arguments)
    options = None
    try:
        bound = _parsed(arguments)
        options = bound.options
        context = replace(context, command=bound.command)
        _adjust(context.messages, options)
        if options.is_configured:
            options, context = configured(context, bound)
            _adjust(context.messages, options)
        _collect_garbage()
        bound.run(context, options)
    except HelpShown as shown:
        return _print(context, shown.text)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except CliError as error:
        _hide_keys(context.messages, arguments)
        _tell(context, error, with_body=bool(getattr(options, "json", False)))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the boundary: no traceback reaches a user
        _tell_fault(context.messages, error, with_trace=options is not None and options.debug)
        return ExitCode.FAULT
    return ExitCode.DONE


def _complete(context: Context, shell: str, arguments: list[str]) -> ExitCode:
    """Print completions for a shell; errors are suppressed, because nobody would see them."""
    from openai_cli.completion.candidates import Tree
    from openai_cli.completion.shells import answer_shell

    with suppress(Exception), open_sink(context, None) as sink:
        tree = Tree(commands.is_command, commands.is_group, commands.words, annotations)
        sink.write(utf8_bytes(answer_shell(context, tree, shell, arguments)))
    return ExitCode.DONE


def _set_up(asked: SetUp, context: Context, _options: CommonOptions) -> None:
    from openai_cli.completion.install import carry_out

    carry_out(context, asked)


def _collect_garbage() -> None:
    """Enable garbage collection for the command; `__main__` has disabled it.

    Objects that exist now are frozen: scanning them took 15 of 390 million instructions of `cost`.
    The threshold is 50,000 new objects instead of 700, because `requests` creates 20,000 that stay.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.set_threshold(50_000, 10, 10)
        gc.enable()


def _adjust(messages: Messages, options: CommonOptions) -> None:
    messages.quiet, messages.color = options.quiet, options.color_choice


def _parsed(arguments: list[str]) -> Invocation[Any]:
    check_arguments(arguments)
    try:
        bound = tree().main(with_shell(arguments), prog_name=PROGRAM, standalone_mode=False)
    except SetUp as asked:
        return Invocation("", partial(_set_up, asked), Unconfigured(), frozenset())
    except typer.TyperException as error:
        where = getattr(error, "ctx", None)
        raise wrong_usage(error, where.command_path if where else PROGRAM) from None
    if not isinstance(bound, Invocation):  # Typer returns 130 for Ctrl-C during parsing
        raise KeyboardInterrupt
    return bound


def _print(context: Context, text: str) -> ExitCode:
    try:
        with open_sink(context, None, keeps=False) as sink:
            sink.write(utf8_bytes(f"{text}\n"))
    except CliError as error:
        _tell(context, error)
        return error.exit_code
    return ExitCode.DONE


def _hide_keys(messages: Messages, arguments: list[str]) -> None:
    """Mask possible keys on the command line, because an error message may repeat them."""
    from openai_cli.masking import bare_keys

    for key in bare_keys(arguments):
        messages.hide(key)


def _tell(context: Context, error: CliError, *, with_body: bool = False) -> None:
    if error.exit_code == ExitCode.READER_GONE:
        return
    flag, _, _ = error.problem.partition(" ")
    if place := context.settings.origin(flag.rstrip(":")):
        error.problem = f"{place}: {error.problem}"
    context.messages.error(error, with_body=with_body)


def _tell_fault(messages: Messages, error: Exception, *, with_trace: bool) -> None:
    """Report an internal error; its traceback goes to a file and, with --debug, to stderr."""
    import traceback

    trace = "".join(traceback.format_exception(error))
    try:
        where = f"the trace in {keep(utf8_bytes(messages.masked(trace)), what='trace')}"
    except OSError:
        where = "what --debug adds"
    messages.error(
        CliError(
            f"a fault of {PROGRAM} {__version__}: {type(error).__name__}: {error}",
            hint=f"please report it, with the command and {where}",
        )
    )
    if with_trace:
        messages.block(trace)


def _ending() -> Callable[[int, object], None]:
    """Return a signal handler that raises Terminated.

    When a terminal closes, both it and its shell send SIGHUP: a second signal within a second is
    ignored, so that it does not interrupt the cleanup.
    """
    last = float("-inf")

    def end(number: int, _frame: object) -> None:
        nonlocal last
        before, last = last, time.monotonic()
        if last - before > 1:
            raise Terminated(number)

    return end


def _heed_signals() -> None:
    """Make terminating signals raise Terminated; one that is ignored, as by nohup, stays so."""
    end = _ending()
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end)


def main() -> NoReturn:
    """Run this process's command line and exit."""
    _heed_signals()
    try:
        code = run(Context.system(), sys.argv[1:])
    except KeyboardInterrupt:  # a second one, while the first was being handled
        code = ExitCode.INTERRUPTED
    except Terminated as error:
        code = error.exit_code
    # All output is flushed; the interpreter's normal shutdown would take 20 ms more of 110.
    os._exit(code)
