"""The format and the destination of a result, determined from the options before any request."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.names import flag_of
from openai_cli.flags.output import Extracting, Forms, Results, Structured, Written
from openai_cli.messages import Messages
from openai_cli.output.sink import Sink, open_sink, separator
from openai_cli.records import record, replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.output.shapes import Shape
    from openai_cli.output.writers import Query, Writer

# The options that select a format; they are mutually exclusive.
_FORMS = ("json", "query", "extract", "extract_last", "schema_rows")


@record
class Form:
    """The format of a result: text, the body as JSON, or the result of a `query`.

    It goes to the file `output`, or to stdout. `separator` stands between several texts; with
    `null`, each ends in NUL instead. A `shape` selects the part of a text that is printed.
    """

    is_json: bool = False
    query: "Query | None" = None
    separator: str = "\n"
    null: bool = False
    output: str | None = None
    shape: "Shape | None" = None

    @classmethod
    def of(cls, options: object, columns: Sequence[str] = ()) -> Self:
        """Return the format that the options select: text on stdout if they have no such flags.

        `columns` are the properties of the objects that --schema-rows prints. Raises UsageError for
        more than one format and for a query that is not valid.
        """
        if not isinstance(options, Forms):
            return cls(output=options.output) if isinstance(options, Written) else cls()
        given = [name for name in _FORMS if getattr(options, name, None) not in (None, False)]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(map(flag_of, given))}: give one of them")
        shape = _shape(options, columns)
        form = cls(options.json, _query(options), output=options.output, shape=shape)
        if not isinstance(options, Results):
            return form
        return replace(form, separator=separator(options.separator), null=options.null)

    @property
    def is_text(self) -> bool:
        """Whether the result is text, not JSON or a query's result."""
        return not self.is_json and self.query is None

    @property
    def is_live(self) -> bool:
        """Whether the result can be printed as it arrives."""
        return self.is_text and self.shape is None

    def open(self, context: Context) -> Sink:
        """Open the destination; raise UsageError if it cannot be written to."""
        return open_sink(context, self.output)

    def writer(
        self,
        sink: Sink,
        messages: Messages,
        text: "Callable[[Sink], Writer]",
        *,
        as_whole: bool = False,
    ) -> "Writer":
        """Return the writer for an answer; `text` creates the one for text.

        With `as_whole`, a query runs on the whole answer even if it is streamed.
        """
        from openai_cli.output.writers import JsonWriter, QueryWriter

        if self.query is not None:
            return QueryWriter(sink, self.query, messages, self.null, as_whole)
        return JsonWriter(sink) if self.is_json else text(sink)


def _shape(options: object, columns: Sequence[str]) -> "Shape | None":
    if isinstance(options, Structured) and (options.schema_rows or options.csv):
        if not options.schema_rows:
            raise UsageError("--csv needs --schema-rows")
        from openai_cli.output.shapes import Rows

        return Rows(tuple(columns) if options.csv else None)
    if isinstance(options, Extracting) and (options.extract or options.extract_last):
        from openai_cli.output.shapes import CodeBlock

        return CodeBlock(-1 if options.extract_last else 0)
    return None


def _query(options: Forms) -> "Query | None":
    if options.query is None:
        if options.has_lines:
            raise UsageError("--lines needs --query")
        return None
    from openai_cli.output.writers import Query

    return Query(options.query, lines=options.has_lines)
