"""`batch make` for an endpoint: its command's flags, and the rows that the texts come from.

The endpoint's own command builds one request, with marks in place of the text and the id; each
row's values then replace the marks.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any

from openai_cli.batches.rows import PROMPT, READERS, Row
from openai_cli.batches.seen import Seen
from openai_cli.batches.template import Template, check_column
from openai_cli.commands import declared
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.names import flag_of
from openai_cli.flags.ours import OPTIONS, CommonOptions, options_group, ours
from openai_cli.flags.output import Written
from openai_cli.flags.parameter import ApiParameter, OwnArgument, OwnOption
from openai_cli.jsontext import encode_json
from openai_cli.output.sink import open_sink
from openai_cli.records import Annotated, fields_of, replace
from openai_cli.request.inputs import Inputs

# Bytes that are made before they are written.
_AT_ONCE = 2**16
# Flags whose values are templates too if --template is given.
_BESIDE = ("system", "developer")


@options_group
class Rows(CommonOptions, Written):
    """Where the texts come from: one of --prompts, --csv, --tsv and --jsonl; - is stdin."""

    prompts: Annotated[
        str | None, ours(OPTIONS, "--prompts", "Each line is a text", metavar="FILE")
    ] = None
    csv: Annotated[
        str | None, ours(OPTIONS, "--csv", "Rows for --template, with a header row", metavar="FILE")
    ] = None
    tsv: Annotated[str | None, ours(OPTIONS, "--tsv", "The same with tabs", metavar="FILE")] = None
    jsonl: Annotated[
        str | None, ours(OPTIONS, "--jsonl", "Objects for --template, one per line", metavar="FILE")
    ] = None
    template: Annotated[
        str | None,
        ours(OPTIONS, "--template", "The text, with {column}; {{ is a brace", metavar="TEXT|@FILE"),
    ] = None
    id: Annotated[
        str | None,
        ours(OPTIONS, "--id", "The column that is the custom_id (the number)", metavar="COLUMN"),
    ] = None


def declaration(name: str) -> tuple[type[Rows], Callable[[Context, Any], None]]:
    """The options and the `run` function of `batch make` for the command of that name."""
    own = declared(name).options
    fields = {field.name: field for field in fields_of(own) if _is_of_the_request(field.type)}
    fields.pop(_place_of_text(own), None)
    members: dict[str, Any] = {
        "__doc__": f"Each row is a request as `{name}` would send it, on a line for the Batch API.",
        "__annotations__": {each.name: each.type for each in fields.values()},
        "endpoint": own.endpoint._replace(default_model=""),  # the command fills it in
        **{each.name: each.default for each in fields.values()},
    }
    options: type[Rows] = options_group(type("Options", (Rows,), members))

    def run(context: Context, options: Rows) -> None:
        _run(context, options, name)

    return options, run


def _place_of_text(options: type[Any]) -> str:
    """The field of a command's options for the text of its request: its argument, if it has one."""
    arguments = (
        field.name for field in fields_of(options) if isinstance(field.type[1], OwnArgument)
    )
    return next(arguments, "prompt")


def _is_of_the_request(annotation: Any) -> bool:
    """Whether an option of the command is part of the request."""
    _, info = annotation
    if isinstance(info, ApiParameter):
        return info.api_name not in ("stream", "stream_options")
    is_ours = isinstance(info, OwnOption)
    return is_ours and info.param_decls[0] in _OF_THE_REQUEST


# Our own flags that are part of the request.
_OF_THE_REQUEST = (
    "--system", "--developer", "--message", "--attach", "--schema", "--param", "--body",
)  # fmt: skip


def _run(context: Context, options: Rows, name: str) -> None:
    """Write a line for each row."""
    inputs = Inputs(context)
    templates = _templates_of(options, inputs)
    rows = _texts(options, inputs, templates)
    line = _Line.of(context, options, name, templates)
    with open_sink(context, options.output) as sink, Seen() as seen:
        made = bytearray()
        for row, values in rows:
            if (before := seen.add(values["id"], row.line)) is not None:
                raise UsageError(
                    f"line {row.line}: the id '{values['id']}' is already used on line {before}"
                )
            made += line.filled(values)
            if len(made) > _AT_ONCE:
                sink.write(bytes(made))
                sink.flush()
                made.clear()
        if not seen.count:
            raise UsageError("there is no row")
        sink.write(bytes(made))


def _templates_of(options: Rows, inputs: Inputs) -> dict[str, Template]:
    """The templates by target: `text`, and the other flags that are templates beside --template."""
    if options.template is None:
        return {}
    found = {"text": Template(inputs.flag_text("--template", options.template))}
    for name in _BESIDE:
        if (text := getattr(options, name, None)) is not None:
            flag = flag_of(name)
            found[name] = Template(inputs.flag_text(flag, text), flag)
    return found


def _texts(
    options: Rows, inputs: Inputs, templates: Mapping[str, Template]
) -> Iterator[tuple[Row, dict[str, str]]]:
    """Yield each row with its id and its texts."""
    given = [kind for kind in READERS if getattr(options, kind) is not None]
    if len(given) != 1:
        raise UsageError(
            f"{', '.join(map(flag_of, given))}: give one of them" if given else "there are no rows",
            hint="for example: --prompts FILE, or --csv FILE --template 'Classify: {text}'",
        )
    (kind,) = given
    if not templates and kind != "prompts":
        raise UsageError(
            f"{flag_of(kind)} needs --template", hint="for example: --template 'Classify: {text}'"
        )
    return _filled(options, inputs, kind, templates)


def _filled(
    options: Rows, inputs: Inputs, kind: str, templates: Mapping[str, Template]
) -> Iterator[tuple[Row, dict[str, str]]]:
    flag, path = flag_of(kind), getattr(options, kind)
    shown = "stdin" if path == "-" else f"'{path}'"
    try:
        is_checked = False
        for row in inputs.read(flag, path, READERS[kind]):
            # A table has one set of columns, in its head; each JSON object can have its own.
            if not is_checked or kind == "jsonl":
                _check(options, templates, row)
                is_checked = True
            texts = {name: one.filled(row.columns) for name, one in templates.items()}
            texts = texts or {"text": row.columns[PROMPT]}
            yield row, {"id": _id_of(options, row), **texts}
    except UsageError as error:
        if error.problem.startswith(("line ", "the header ", "has a line ")):
            error.problem = f"{flag}: {shown}: {error.problem}"
        raise


def _id_of(options: Rows, row: Row) -> str:
    custom_id = str(row.number) if options.id is None else row.columns[options.id]
    if not custom_id:
        raise UsageError(f"line {row.line}: the id is empty")
    return custom_id


def _check(options: Rows, templates: Mapping[str, Template], row: Row) -> None:
    try:
        for template in templates.values():
            template.check(row.columns)
        if options.id is not None:
            check_column("--id", options.id, row.columns)
    except UsageError as error:
        if options.jsonl is not None:
            error.problem = f"line {row.line}: {error.problem}"
        raise


class _Line:
    """A line for the Batch API, without the texts and the id of a row."""

    def __init__(self, line: bytes, marks: Mapping[str, str]) -> None:
        self._pieces: list[bytes] = []
        self._order: list[str] = []
        rest = line
        places = {name: encode_json(mark) for name, mark in marks.items()}
        while found := [name for name, mark in places.items() if mark in rest]:
            name = min(found, key=lambda name: rest.index(places[name]))
            before, _, rest = rest.partition(places[name])
            self._pieces.append(before)
            self._order.append(name)
        self._pieces.append(rest)

    @classmethod
    def of(
        cls, context: Context, options: Rows, name: str, templates: Mapping[str, Template]
    ) -> "_Line":
        """The line that the command of that name prints, with marks for the text and the id."""
        command = declared(name)
        marks = {mark: f"{mark}-{os.urandom(16).hex()}" for mark in {"id", "text", *templates}}
        shared = {field.name for field in fields_of(type(options))} - {
            field.name for field in fields_of(Rows)
        }
        given = {name: getattr(options, name) for name in shared}
        given |= {name: marks[name] for name in _BESIDE if name in templates}
        common = {each.name: getattr(options, each.name) for each in fields_of(CommonOptions)}
        out = BytesIO()
        command.run(
            replace(context, stdout=out, stdout_is_terminal=False),
            command.options(
                **common,
                **given,
                **{_place_of_text(command.options): marks["text"]},
                batch_line=marks["id"],
                stdin=False,
            ),
        )
        return cls(out.getvalue(), marks)

    def filled(self, values: Mapping[str, str]) -> bytes:
        """The line with the id and the texts of a row."""
        first, *rest = self._pieces
        pairs = zip(self._order, rest, strict=True)
        return first + b"".join(encode_json(values[name]) + piece for name, piece in pairs)
