"""Classes for flags and arguments: our own, and those of the API's parameters."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from typer.models import ArgumentInfo, OptionInfo

from openai_cli.errors import UsageError
from openai_cli.flags.names import flag_of
from openai_cli.flags.values import Flag, Kind, Read

PANEL = "API parameters"

# The place of an API parameter in a request; a `file` is part of a multipart form.
Place = Literal["path", "query", "body", "file"]

# The known values of a flag, or those of an object by key.
Names = tuple[str, ...] | Mapping[str, tuple[str, ...]]


class Option(OptionInfo):
    """A flag; what is not `given` is as Typer has it, and is an attribute of the class."""

    def __init__(self, **given: Any) -> None:
        vars(self).update(given)

    @property
    def spellings(self) -> list[str]:
        """All its names, including the `--no-` form."""
        return [name for names in self.param_decls or () for name in names.split("/")]

    def __copy__(self) -> Self:
        made = object.__new__(type(self))
        vars(made).update(vars(self))
        return made


# Typer's constructor goes through fifty arguments: 50,000 instructions for each of the seventy
# options of a command.
for _name, _value in vars(OptionInfo(default=..., show_default=False)).items():
    setattr(Option, _name, _value)


class OwnOption(Option):
    """One of our own flags; completion offers the `names`."""

    names: Names = ()


class OwnArgument(ArgumentInfo):
    """A positional argument; completion offers the `names`, or paths if that is None."""

    names: Names | None = None


class PathArgument(OwnArgument):
    """A path parameter of the API, as an argument; `api_name` is its name in the path."""

    api_name = ""


class PropertyArgument(OwnArgument):
    """A property of the body that is an argument, because its flag's name is taken by ours."""

    api_name = ""
    kind: Kind

    def parse(self, raw: Any, read: Read) -> Any:
        """Parse the typed value to JSON; the UsageError names the parameter."""
        try:
            return self.kind.parse(raw, read)
        except ValueError as error:
            raise UsageError(f"{self.api_name} {error}") from None


class ApiParameter(Option):
    """An API parameter as a flag: its API name, its place, its kind of value, and its flag."""

    def __init__(
        self, name: str, kind: Kind, help_line: str, short: str | None, place: Place = "body"
    ) -> None:
        self.api_name = name
        self.kind = kind
        self.place = place
        self.flag = flag = flag_of(name)
        decls = [f"{flag}/--no-{flag[2:]}" if isinstance(kind, Flag) else flag]
        super().__init__(
            param_decls=decls + ([short] if short else []),
            metavar=None if isinstance(kind, Flag) else kind.metavar,
            help=help_line,
            rich_help_panel=PANEL,
        )

    @property
    def names(self) -> Names:
        """The values that completion offers."""
        return getattr(self.kind, "names", ())

    def parse(self, raw: Any, read: Read) -> Any:
        """Parse the typed value to JSON; the UsageError names the parameter."""
        try:
            return self.kind.parse(raw, read)
        except ValueError as error:
            from openai_cli.suggestions.values import value_hint

            unchecked = f"--param {self.api_name}=VALUE sends any value unchecked"
            raise UsageError(
                f"{self.api_name} {error}",
                hint=value_hint(self.flag, self.kind, raw) or unchecked,
            ) from None
