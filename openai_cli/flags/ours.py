"""Declare our own flags, and the groups of flags for a command's input.

A command's options dataclass inherits the groups that it needs; those for output are in `output`,
those for the server in `server`. None of the flags has the name of a request property.
"""

from collections.abc import Mapping
from typing import ClassVar, TypeVar, dataclass_transform, get_args

import typer

from openai_cli.errors import UsageError
from openai_cli.flags.endpoint import OFFLINE, Endpoint
from openai_cli.flags.parameter import PANEL, OwnArgument, OwnOption, PathArgument
from openai_cli.flags.values import Number
from openai_cli.messages import Color
from openai_cli.records import Annotated, record

# The groups of the help, in order. A command's own flags are in OPTIONS.
ARGUMENTS, OPTIONS, CONVERSATION = "Arguments", "Options", "Conversation"
INPUT, OUTPUT, CONNECTION = "Input", "Output", "Connection"
PANELS = (ARGUMENTS, OPTIONS, CONVERSATION, PANEL, INPUT, OUTPUT, CONNECTION)
COLORS = get_args(Color)

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def options_group(cls: type[T]) -> type[T]:
    """Turn a class of flags into a record whose fields are all keywords."""
    return record(cls)


class HelpShown(Exception):  # noqa: N818 - a text to print, not an error
    """Raised by --help and --version; `text` is what to print."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def argument(metavar: str, help_line: str, *, names: tuple[str, ...] | None = None) -> OwnArgument:
    """Declare a command's positional argument.

    Completion offers `names`; with None, it offers paths.
    """
    info = OwnArgument(
        default=..., metavar=metavar, help=help_line, show_default=False, rich_help_panel=ARGUMENTS
    )
    info.names = names
    return info


def path_argument(name: str, metavar: str, help_line: str) -> PathArgument:
    """Declare the path parameter `name` of a command's endpoint as an argument."""
    info = PathArgument(
        default=..., metavar=metavar, help=help_line, show_default=False, rich_help_panel=ARGUMENTS
    )
    info.api_name = name
    return info


def ours(
    panel: str,
    flag: str,
    help_line: str,
    *,
    metavar: str | None = None,
    short: str | None = None,
    names: tuple[str, ...] = (),
) -> OwnOption:
    """Declare one of our own flags; a boolean's `flag` has both forms, as in `--json/--no-json`.

    `names` are known values, which completion offers.
    """
    option = OwnOption(
        param_decls=[flag] + ([short] if short else []),
        metavar=metavar,
        help=help_line,
        rich_help_panel=panel,
    )
    option.names = names
    return option


def switch(panel: str, name: str, help_line: str, *, short: str | None = None) -> OwnOption:
    """Declare one of our own boolean flags, with its `--no-` form."""
    return ours(panel, f"--{name}/--no-{name}", help_line, short=short)


AdminKey = Annotated[
    bool, switch(CONNECTION, "admin", "Use the admin key, for organization operations")
]


def show_help(ctx: typer.Context, value: bool) -> None:
    """Raise HelpShown for --help: Typer's own callback prints, and exits 1 for a closed pipe."""
    if value:
        raise HelpShown(ctx.get_help())


def number(flag: str, raw: str | None, kind: Number) -> float | None:
    """Parse the number given for one of our flags; the UsageError names the flag."""
    if raw is None:
        return None
    try:
        return kind.parse(raw)
    except ValueError as error:
        raise UsageError(f"{flag} {error}") from None


@options_group
class CommonOptions:
    """The options that every command has: its messages on stderr, and its profile.

    `endpoint` is where the request goes, `is_of_table` says that the command comes from the table
    of operations, and `subcommands` are the second words of commands that begin with its name.

    The fields in each tuple of `alternatives` exclude each other: if one is on the command line,
    the others are not taken from the configuration file. Nor is a field without the fields that it
    `needs`. `group_notes` explain groups of the help.
    """

    endpoint: ClassVar[Endpoint] = OFFLINE
    subcommands: ClassVar[tuple[str, ...]] = ()
    is_configured: ClassVar[bool] = True
    is_of_table: ClassVar[bool] = False
    group_notes: ClassVar[Mapping[str, str]] = {}
    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = ()
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    quiet: Annotated[bool, switch(OUTPUT, "quiet", "Print only errors on stderr", short="-q")] = (
        False
    )
    color: Annotated[
        str,
        ours(OUTPUT, "--color", "Use colour on stderr: auto, always or never", metavar="WHEN",
             names=COLORS),
    ] = "auto"  # fmt: skip
    debug: Annotated[
        bool, switch(OUTPUT, "debug", "Show requests and headers on stderr; keys are masked")
    ] = False

    profile: Annotated[
        str | None,
        ours(
            INPUT,
            "--profile",
            "Use this profile of config.toml [env: OPENAI_CLI_PROFILE]",
            metavar="NAME",
        ),
    ] = None
    help: Annotated[
        bool,
        OwnOption(
            param_decls=["--help", "-h"],
            is_eager=True,
            callback=show_help,
            help="Show this help",
            rich_help_panel=OUTPUT,
        ),
    ] = False

    def __post_init__(self) -> None:
        if self.color not in COLORS:
            raise UsageError(f"--color must be auto, always or never, not '{self.color}'")

    @property
    def color_choice(self) -> Color:
        return self.color  # type: ignore[return-value]  # checked above


@options_group
class Stdin:
    """The flag that says whether stdin is read."""

    stdin: Annotated[
        bool | None,
        switch(INPUT, "stdin", "Read piped stdin; --no-stdin ignores it"),
    ] = None


@options_group
class Params(Stdin):
    """The flag for properties that are sent unchecked."""

    param: Annotated[
        list[str] | None,
        ours(
            INPUT,
            "--param",
            "Send any property, unchecked; repeatable",
            metavar="NAME=JSON",
        ),
    ] = None


@options_group
class Input(Params):
    """The flags that set a request's properties besides the properties' own flags."""

    body: Annotated[
        str | None,
        ours(INPUT, "--body", "A whole request body; flags override it", metavar="JSON"),
    ] = None


@options_group
class RequiredInput:
    """The flag that says whether stdin, which goes before the argument, must not be empty."""

    require_input: Annotated[bool, switch(INPUT, "require-input", "Exit 2 when stdin is empty")] = (
        False
    )
