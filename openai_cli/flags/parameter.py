"""A flag of ours, and a parameter of the API as a flag or an argument."""

from collections.abc import Mapping
from typing import Any, Literal

from typer.models import ArgumentInfo, OptionInfo

from openai_cli.errors import UsageError
from openai_cli.flags.names import flag_of
from openai_cli.flags.values import Flag, Kind, Read

PANEL = "API parameters"

# Where a parameter of the API stands in a request; a `file` is one of a multipart form.
Place = Literal["path", "query", "body", "file"]

# The values that a flag is known to take, or those of an object by its keys.
Names = tuple[str, ...] | Mapping[str, tuple[str, ...]]


class OwnOption(OptionInfo):
    """A flag of ours; completion offers the `names`."""

    names: Names = ()


class OwnArgument(ArgumentInfo):
    """What a command takes without a flag; completion offers the `names`, or a path without any."""

    names: Names | None = None


class PathArgument(OwnArgument):
    """A parameter of the API's path: `api_name` is its name there."""

    api_name = ""


class PropertyArgument(OwnArgument):
    """A property of the body that is an argument, for its flag is one of ours."""

    api_name = ""
    kind: Kind

    def parse(self, raw: Any, read: Read) -> Any:
        """The JSON value to send for what was typed; UsageError with the parameter's name."""
        try:
            return self.kind.parse(raw, read)
        except ValueError as error:
            raise UsageError(f"{self.api_name} {error}") from None


class ApiParameter(OptionInfo):
    """A parameter of the API: its name there, its place, its kind of value, and its flag."""

    def __init__(
        self, name: str, kind: Kind, help_line: str, short: str | None, place: Place = "body"
    ) -> None:
        self.api_name = name
        self.kind = kind
        self.place = place
        self.flag = flag = flag_of(name)
        decls = [f"{flag}/--no-{flag[2:]}" if isinstance(kind, Flag) else flag]
        super().__init__(
            default=...,
            param_decls=decls + ([short] if short else []),
            metavar=None if isinstance(kind, Flag) else kind.metavar,
            help=help_line,
            show_default=False,
            rich_help_panel=PANEL,
        )

    @property
    def names(self) -> Names:
        """The values that completion offers."""
        return getattr(self.kind, "names", ())

    def parse(self, raw: Any, read: Read) -> Any:
        """The JSON value to send for what was typed; UsageError with the parameter's name."""
        try:
            return self.kind.parse(raw, read)
        except ValueError as error:
            from openai_cli.suggestions.values import value_hint

            unchecked = f"--param {self.api_name}=VALUE sends any value unchecked"
            raise UsageError(
                f"{self.api_name} {error}",
                hint=value_hint(self.flag, self.kind, raw) or unchecked,
            ) from None
