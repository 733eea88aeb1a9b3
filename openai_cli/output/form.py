"""In which form a result is printed, and where: made from the options before anything is sent."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.names import flag_of
from openai_cli.flags.output import Extracting, Forms, Results, Structured, Written
from openai_cli.messages import Messages
from openai_cli.output.sink import Sink, open_sink, separator
from openai_cli.records import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.output.shapes import Shape
    from openai_cli.output.writers import Query, Writer

# The fields of the options that name a form: one call has one.
_FORMS = ("json", "query", "extract", "extract_last", "schema_rows")


@record
class Form:
    """Text, or the body as JSON, or what a `query` finds in it; it goes to `output`, or stdout.

    Between several texts stands `separator`, or with `null` each ends in NUL. What is printed of a
    text is its `shape`, where there is one.
    """

    is_json: bool = False
    query: "Query | None" = None
    separator: str = "\n"
    null: bool = False
    output: str | None = None
    shape: "Shape | None" = None

    @classmethod
    def of(cls, options: object, columns: Sequence[str] = ()) -> Self:
        """The form that the options name; UsageError for two forms, and for a query that is none.

        `columns` are the properties of the objects that --schema-rows prints.
        Options without such flags have a text on stdout.
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
        """Whether it is neither JSON nor a query."""
        return not self.is_json and self.query is None

    @property
    def is_live(self) -> bool:
        """Whether it can be printed as it arrives."""
        return self.is_text and self.shape is None

    def open(self, context: Context) -> Sink:
        """Where the result goes; UsageError when nothing can be written there."""
        return open_sink(context, self.output)

    def writer(
        self,
        sink: Sink,
        messages: Messages,
        text: "Callable[[Sink], Writer]",
        *,
        as_whole: bool = False,
    ) -> "Writer":
        """What writes an answer into the sink; `text` makes the writer of a text.

        With `as_whole`, a query goes over a stream as over the whole answer.
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
