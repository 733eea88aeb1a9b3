"""The command tree, built as far as it is used, and the one place where failures become codes."""

import os
import signal
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group
from typer.models import OptionInfo

from openai_cli import __version__
from openai_cli.context import Context
from openai_cli.errors import CliError, ExitCode, Terminated, UsageError
from openai_cli.flags.adapter import CONTEXT_SETTINGS, Bound, command, wrong_usage
from openai_cli.flags.ours import HelpShown, show_help
from openai_cli.inputs import check_arguments
from openai_cli.messages import PROGRAM
from openai_cli.output import open_sink, utf8_bytes

COMMANDS = {
    "complete": "Complete a text (POST /completions).",
    "chat": "Ask a chat model (POST /chat/completions).",
    "sandbox": "Serve a local stand-in for the API: for trying things, and for tests.",
}


class Group(TyperGroup):
    """The tree: a command's module is imported when the command is named."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        if cmd_name in COMMANDS:
            module = import_module(f"openai_cli.commands.{cmd_name}")
            return command(cmd_name, COMMANDS[cmd_name], module.Options, module.run)
        if ctx.resilient_parsing:
            return None
        near = get_close_matches(cmd_name, COMMANDS, n=1)
        raise UsageError(
            f"no such command: {cmd_name}",
            hint=f"did you mean {near[0]}?" if near else f"{PROGRAM} --help lists the commands",
        )

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def show_version(_ctx: typer.Context, value: bool) -> None:
    """The callback of --version."""
    if value:
        raise HelpShown(f"{PROGRAM} {__version__}")


def _option(names: list[str], callback: Any, help_line: str) -> OptionInfo:
    return OptionInfo(
        default=...,
        param_decls=names,
        is_eager=True,
        callback=callback,
        help=help_line,
        show_default=False,
    )


def tree() -> TyperGroup:
    """The whole program as a Typer group."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)

    @app.callback(cls=Group, add_help_option=False, context_settings=CONTEXT_SETTINGS)
    def root(
        help: Annotated[bool, _option(["--help", "-h"], show_help, "Show this help")] = False,  # noqa: A002
        version: Annotated[bool, _option(["--version"], show_version, "Show the version")] = False,
    ) -> None:
        """The OpenAI HTTP API on the command line: one flag for every parameter."""

    return get_group(app)


def run(context: Context, arguments: list[str]) -> ExitCode:
    """Run one command line; every failure becomes its message and its code here."""
    messages = context.messages
    options = None
    try:
        bound = _parsed(arguments)
        options = bound.options
        messages.quiet, messages.color = options.quiet, options.color_choice
        bound.run(context, options)
    except HelpShown as shown:
        return _print(context, shown.text)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except CliError as error:
        _tell(context, error, with_body=bool(getattr(options, "json", False)))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the boundary: no traceback reaches a user
        _tell_fault(context, error, with_trace=options is not None and options.debug)
        return ExitCode.FAULT
    return ExitCode.DONE


def _parsed(arguments: list[str]) -> Bound[Any]:
    check_arguments(arguments)
    try:
        bound = tree().main(arguments, prog_name=PROGRAM, standalone_mode=False)
    except typer.TyperException as error:
        raise wrong_usage(error, PROGRAM) from None
    if not isinstance(bound, Bound):  # Typer gives 130 where Ctrl-C came while it parsed
        raise KeyboardInterrupt
    return bound


def _print(context: Context, text: str) -> ExitCode:
    try:
        with open_sink(context, None) as sink:
            sink.write(utf8_bytes(f"{text}\n"))
    except CliError as error:
        _tell(context, error)
        return error.exit_code
    return ExitCode.DONE


def _tell(context: Context, error: CliError, *, with_body: bool = False) -> None:
    if error.exit_code in (ExitCode.READER_GONE, ExitCode.TERMINATED):
        return
    context.messages.error(error)
    if with_body and error.body:
        context.messages.block(error.body.decode(errors="replace"))


def _tell_fault(context: Context, error: Exception, *, with_trace: bool) -> None:
    fault = CliError(
        f"a fault of {PROGRAM} {__version__}: {type(error).__name__}: {error}",
        hint="please report it, with the command and what --debug adds"
        if not with_trace
        else "please report it, with the command and the trace below",
    )
    context.messages.error(fault)
    if with_trace:
        import traceback

        context.messages.block("".join(traceback.format_exception(error)))


def _terminate(_signal: int, _frame: object) -> NoReturn:
    raise Terminated


def main() -> NoReturn:
    """Run the command line of this process, and end it."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = run(Context.system(), sys.argv[1:])
    except KeyboardInterrupt:  # a second one, while the first was told of
        code = ExitCode.INTERRUPTED
    except Terminated as error:
        code = error.exit_code
    # All is written and flushed: taking the interpreter apart would cost 20 ms more of 110.
    os._exit(code)
