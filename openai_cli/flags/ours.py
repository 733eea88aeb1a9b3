"""How a flag of our own is declared, and the groups of flags for what a command is given.

A command's options dataclass inherits the groups that it needs: `output` has those for what it
prints, `server` those for what it reaches. None of these takes the name of a request property.
"""

from collections.abc import Mapping
from dataclasses import Field
from typing import Annotated, Any, ClassVar, TypeVar, dataclass_transform, get_args

import typer
from typer.models import OptionInfo

from openai_cli.errors import UsageError
from openai_cli.flags.endpoint import OFFLINE, Endpoint
from openai_cli.flags.parameter import PANEL, OwnArgument, OwnOption, PathArgument
from openai_cli.flags.values import Number
from openai_cli.messages import Color
from openai_cli.records import fields_of, frozen, with_fields

# The groups of the help in their order. A command's own flags are its OPTIONS.
ARGUMENTS, OPTIONS, CONVERSATION = "Arguments", "Options", "Conversation"
INPUT, OUTPUT, CONNECTION = "Input", "Output", "Connection"
PANELS = (ARGUMENTS, OPTIONS, CONVERSATION, PANEL, INPUT, OUTPUT, CONNECTION)
COLORS = get_args(Color)

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def options_group(cls: type[T]) -> type[T]:
    """A frozen dataclass of flags, all with keywords.

    It is made one when it is first used: of the groups that a command inherits, none ever is, and
    to make them took 3 ms of 85.
    """
    cls.__init__ = _first_init  # type: ignore[method-assign]
    return cls


def _first_init(self: Any, **values: Any) -> None:
    options_of(type(self))
    type(self).__init__(self, **values)


def options_of(cls: type) -> tuple[Field[Any], ...]:
    """The fields of an options group, in the order of declaration, those that it inherits first."""
    if vars(cls).get("__init__") is _first_init:
        annotations: dict[str, Any] = {}
        for base in reversed(cls.__mro__[:-1]):
            annotations |= base.__annotations__
        cls.__annotations__ = annotations
        frozen(with_fields(cls))
    return fields_of(cls)


class HelpShown(Exception):  # noqa: N818 - a text to print, not an error
    """Help or version was asked for; `text` is what to print."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def argument(metavar: str, help_line: str, *, names: tuple[str, ...] | None = None) -> OwnArgument:
    """The text that a command takes without a flag.

    `names` are values for completion to offer; where there are any, or (), it is not a path.
    """
    info = OwnArgument(
        default=..., metavar=metavar, help=help_line, show_default=False, rich_help_panel=ARGUMENTS
    )
    info.names = names
    return info


def path_argument(name: str, metavar: str, help_line: str) -> PathArgument:
    """The parameter `name` of the path of a command's endpoint."""
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
    """A flag of ours; a boolean's `flag` names both forms, as in `--json/--no-json`.

    `names` are values that it is known to take: completion offers them, and the help tells them.
    """
    option = OwnOption(
        default=...,
        param_decls=[flag] + ([short] if short else []),
        metavar=metavar,
        help=help_line,
        show_default=False,
        rich_help_panel=panel,
    )
    option.names = names
    return option


def switch(panel: str, name: str, help_line: str, *, short: str | None = None) -> OptionInfo:
    """A boolean flag of ours, with its `--no-` form."""
    return ours(panel, f"--{name}/--no-{name}", help_line, short=short)


AdminKey = Annotated[
    bool, switch(CONNECTION, "admin", "Use the admin key, for organization operations")
]


def show_help(ctx: typer.Context, value: bool) -> None:
    """The callback of --help: Typer's own prints by itself, and takes a closed pipe for exit 1."""
    if value:
        raise HelpShown(ctx.get_help())


def number(flag: str, raw: str | None, kind: Number) -> float | None:
    """The number typed for a flag of ours; UsageError names the flag."""
    if raw is None:
        return None
    try:
        return kind.parse(raw)
    except ValueError as error:
        raise UsageError(f"{flag} {error}") from None


@options_group
class CommonOptions:
    """What every command has: how it talks on stderr, and which defaults there are.

    `endpoint` is where its request goes; `is_of_table` says that the table of operations has it;
    `subcommands` are the second words of commands that begin with its name.

    Of fields that are `alternatives` one call takes one: where the command line gives it, the
    configuration file gives none of the others. A field that `needs` others is left out by the
    file without them. `group_notes` say of a group of the help what it is for.
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
        OptionInfo(
            default=...,
            param_decls=["--help", "-h"],
            is_eager=True,
            callback=show_help,
            help="Show this help",
            show_default=False,
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
    """Whether stdin is read."""

    stdin: Annotated[
        bool | None,
        switch(INPUT, "stdin", "Read piped stdin; --no-stdin ignores it"),
    ] = None


@options_group
class Params(Stdin):
    """Which properties are sent unchecked."""

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
    """Where a request's properties come from besides their own flags."""

    body: Annotated[
        str | None,
        ours(INPUT, "--body", "A whole request body; flags override it", metavar="JSON"),
    ] = None


@options_group
class RequiredInput:
    """Whether stdin, which goes before the argument, has to have something."""

    require_input: Annotated[bool, switch(INPUT, "require-input", "Exit 2 when stdin is empty")] = (
        False
    )
