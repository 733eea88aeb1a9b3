"""Turn an options dataclass into a Typer command, which only parses.

A command returns an Invocation, which `app` runs after Typer has returned: Typer's own main would
handle an interrupt, an end of file and a broken pipe in its own way.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from functools import partial
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import typer
from typer.core import TyperCommand
from typer.main import get_click_param
from typer.models import ParamMeta

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.names import hyphenated
from openai_cli.flags.ours import CommonOptions
from openai_cli.flags.parameter import (
    ApiParameter,
    Option,
    OwnArgument,
    PathArgument,
    PropertyArgument,
)
from openai_cli.records import MISSING, Field, NamedTuple, fields_of

O = TypeVar("O", bound=CommonOptions)  # noqa: E741
Run = Callable[[Context, O], None]


class Invocation(NamedTuple, Generic[O]):
    """A command with its parsed options, ready to run in a context.

    `command` is its name, such as `models list`; `given` has the fields set on the command line.
    """

    command: str
    run: Run[O]
    options: O
    given: frozenset[str]


class Parts(NamedTuple):
    """The given API parameters, grouped by their place in a request.

    Each group maps API names to values, in the order of declaration; the values of `file`, the
    files of a form, are unparsed.
    """

    path: dict[str, Any]
    query: dict[str, Any]
    body: dict[str, Any]
    file: dict[str, Any]


def parts_of(
    options: CommonOptions,
    source: Callable[[str, str], bytes],
    watch: Callable[[ApiParameter, Any], None] = lambda _parameter, _typed: None,
) -> Parts:
    """Parse the API parameters among the options; those that are None are left out.

    `source` reads a file, given the flag and the path; `watch` is called with each parameter and
    its unparsed value. Raises UsageError for a value that a parameter does not take.
    """
    found = Parts({}, {}, {}, {})
    for field in fields_of(type(options)):
        info, value = _info(field), getattr(options, field.name)
        if value is None:
            continue
        if isinstance(info, PathArgument):
            found.path[info.api_name] = value
        elif isinstance(info, ApiParameter):
            watch(info, value)
            part: dict[str, Any] = getattr(found, info.place)
            part[info.api_name] = info.parse(value, partial(source, info.flag))
        elif isinstance(info, PropertyArgument):
            found.body[info.api_name] = info.parse(value, partial(source, info.api_name))
    return found


def path_values(options: CommonOptions) -> list[str]:
    """Return the values of the path parameters, in order."""
    found = []
    for field in fields_of(type(options)):
        if isinstance(_info(field), PathArgument):
            value = getattr(options, field.name)
            found += value if isinstance(value, list) else [value]
    return found


def parameters(options: CommonOptions) -> dict[str, ApiParameter]:
    """Return the API parameters of the options, by field name, in the order of declaration."""
    return {
        field.name: parameter
        for field in fields_of(type(options))
        if isinstance(parameter := _info(field), ApiParameter)
    }


def parameters_of(options: type[CommonOptions]) -> list[ApiParameter]:
    """Return the API parameters of an options class."""
    infos = (_info(field) for field in fields_of(options))
    return [info for info in infos if isinstance(info, ApiParameter)]


def _info(field: Field) -> Any:
    """Return the flag or argument in a field's annotation."""
    return field.type[1]  # every field is Annotated


CONTEXT_SETTINGS = {"token_normalize_func": hyphenated}


def wrong_usage(error: typer.TyperException, path: str) -> UsageError:
    """Convert Typer's error to a UsageError; `path` is the command as it is typed."""
    problem = error.format_message().rstrip(".")
    return UsageError(problem[:1].lower() + problem[1:], hint=f"{path} --help shows how to use it")


def unknown_name(error: typer.TyperException) -> str | None:
    """Return the flag that does not exist, if that is the error."""
    name: str | None = getattr(error, "option_name", None)
    return name if hasattr(error, "possibilities") else None


# The names of arguments that are a text.
_TEXTS = frozenset({"ARG", "INPUT", "MESSAGE", "PROMPT", "TEXT"})


def _unknown_flag(error: typer.TyperException, typed: list[str], ctx: Any) -> UsageError | None:
    """Return the error for an unknown flag, with a suggestion; None for any other error."""
    if (flag := unknown_name(error)) is None:
        return None
    from openai_cli.suggestions.flags import unknown_flag

    options = ctx.command.options
    names = flags_of(options)
    arguments = (info for info in map(_info, fields_of(options)) if isinstance(info, OwnArgument))
    if any((one.metavar or "").strip("[].") in _TEXTS for one in arguments):
        names.append("TEXT")
    return unknown_flag(flag, typed, names, ctx.command_path)


def flags_of(options: type) -> list[str]:
    """Return all spellings of the flags among the options, including the `--no-` forms."""
    infos = map(_info, fields_of(options))
    return [name for info in infos if isinstance(info, Option) for name in info.spellings]


def _store_once(option: Any, value: str, state: Any) -> None:
    """Store a flag's value; raise UsageError if it is given twice, which Typer would ignore."""
    if state.opts.get(option.dest, value) != value:
        raise UsageError(f"{option.obj.opts[0]} is given twice, with two values")
    type(option).process(option, value, state)


def _process_word(parser: Any, process: Callable[[str, Any], None], word: str, state: Any) -> None:
    """Parse a word of flags, but refuse two typos that would be misread.

    These are a long flag with a single dash, such as -model, which reads as -m odel, and a flag in
    place of another flag's value, as in `-c -i`.
    """
    longs, shorts = parser._long_opt, parser._short_opt  # noqa: SLF001 - as in make_parser
    flag, equals, _ = word.partition("=")
    flag = hyphenated(flag)
    if len(flag) > len("-m") and f"-{flag}" in longs:
        raise UsageError(f"no such option: {flag}", hint=f"did you mean -{flag}?")
    option = longs.get(flag) or shorts.get(flag)
    value = state.rargs[0] if state.rargs else ""
    if option and option.takes_value and not equals and (value in shorts or value in longs):
        raise UsageError(
            f"{flag} needs a value, and {value} is a flag",
            hint=f"{option.obj.opts[0]}={value} gives it as the value",
        )
    process(word, state)


# The key in a Typer context's `meta` for the words as they were typed.
TYPED = "openai_cli.typed"


class FromOptions:
    """A Typer command or group whose parameters are made from `options` when they are needed.

    To parse a command line, it makes those that the words may set: making a flag for Typer takes
    170,000 instructions, and a command has up to a hundred.
    """

    options: type = CommonOptions
    params: list[Any]
    convertors: Mapping[str, Callable[[Any], Any]] = MappingProxyType({})
    _is_made = False

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        self._make(_settable(self.options, args))
        rest: list[str] = super().parse_args(ctx, args)  # type: ignore[misc]  # Typer's
        return rest

    def get_params(self, ctx: Any) -> list[Any]:
        if not self._is_made:
            self.make_all()
        found: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        return found

    def make_all(self) -> None:
        """Make all parameters, for the help."""
        self._make(fields_of(self.options))

    def _make(self, fields: Iterable[Field]) -> None:
        made = {field.name: _parameter(field) for field in fields}
        self.params = [parameter for parameter, _ in made.values()]
        self.convertors = {name: convert for name, (_, convert) in made.items() if convert}
        self._is_made = True


class Command(FromOptions, TyperCommand):
    """A Typer command with grouped help, and errors that say what to type instead.

    `path` is its full name, such as `models list`.
    """

    path = ""
    options: type[CommonOptions]
    run: Run[Any]
    examples: tuple[str, ...] = ()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        typed = ctx.meta[TYPED] = list(args)
        try:
            rest = super().parse_args(ctx, args)
        except typer.TyperException as error:
            raise _unknown_flag(error, typed, ctx) or wrong_usage(error, ctx.command_path) from None
        if rest:
            raise UsageError(
                f"unexpected argument '{rest[0]}'",
                hint="put a text of several words in quotes",
            )
        return rest

    def invoke(self, ctx: Any) -> Invocation[Any]:
        values = {
            name: self.convertors[name](value) if name in self.convertors else value
            for name, value in ctx.params.items()
        }
        return Invocation(self.path, self.run, self.options(**values), _given(ctx, values))

    def make_parser(self, ctx: Any) -> Any:
        parser: Any = super().make_parser(ctx)
        for option in parser._long_opt.values():  # noqa: SLF001 - it shows its options nowhere else
            if option.action == "store":
                option.process = partial(_store_once, option)
        process = parser._process_opts  # noqa: SLF001
        parser._process_opts = partial(_process_word, parser, process)  # noqa: SLF001
        return parser

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        # Show a required argument without braces, unlike Typer, as is usual.
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        from openai_cli.flags.help import groups

        self.make_all()
        for title, records in groups(self.options, self.get_params(ctx), ctx).items():
            with formatter.section(title):
                formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - Typer's signature
        from openai_cli.flags.help import manual, manual_of_operations, notes, write_end

        is_made = self.options.is_of_table
        where = manual_of_operations(self.path.split()[0]) if is_made else manual(self.path)
        write_end(formatter, notes(self.options), self.examples, where)


def _given(ctx: typer.Context, names: Iterable[str]) -> frozenset[str]:
    """Return the names of the parameters that were set on the command line."""
    sources = ((name, ctx.get_parameter_source(name)) for name in names)
    return frozenset(name for name, source in sources if source and source.name == "COMMANDLINE")


def _parameter(field: Field) -> tuple[Any, Callable[[Any], Any] | None]:
    """Return the Typer parameter of a field, and the converter for its value, if any.

    It is built from the field, not from a function's signature, which Typer would read twice and
    whose parameters it would copy four times.
    """
    kind, info = field.type
    if field.default is not MISSING:
        info = copy(info)
        info.default = field.default
    return get_click_param(ParamMeta(name=field.name, default=info, annotation=kind))


def _settable(options: type, words: Iterable[str]) -> Iterator[Field]:
    """Yield the fields that a command line may set: the arguments, and the flags that it names."""
    named = _named(words)
    for field in fields_of(options):
        info = _info(field)
        is_flag = isinstance(info, Option) and field.default is not MISSING
        if not is_flag or not named.isdisjoint(info.spellings):
            yield field


def _named(words: Iterable[str]) -> set[str]:
    """Return the flags that words may name; one with a single dash may be several, or a typo."""
    found = set()
    for word in words:
        flag = hyphenated(word.partition("=")[0])
        found.add(flag)
        if word.startswith("-") and not word.startswith("--"):
            found |= {f"-{flag}", *(f"-{letter}" for letter in set(flag))}
    return found


def command(
    name: str, summary: str, options: type[O], run: Run[O], examples: tuple[str, ...] = ()
) -> Command:
    """Build the Typer command for an options dataclass and its run function.

    `name` is the full name, such as `models list`, and `examples` are command lines for its help.
    """
    made = Command(
        name.rpartition(" ")[2],
        help=inspect.cleandoc(f"{summary}\n\n{inspect.getdoc(options)}"),
        add_help_option=False,
        context_settings={**CONTEXT_SETTINGS, "allow_extra_args": True},
        rich_markup_mode=None,
    )
    made.path, made.options, made.run, made.examples = name, options, run, examples
    return made
