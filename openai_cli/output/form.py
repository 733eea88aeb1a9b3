"""In which form a result is printed, and where: made from the options before anything is sent."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.ours import Forms, Results, Written
from openai_cli.messages import Messages
from openai_cli.output.sink import Sink, open_sink, separator

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.output.writers import Query, Writer


@dataclass(frozen=True)
class Form:
    """Text, or the body as JSON, or what a `query` finds in it; it goes to `output`, or stdout.

    Between several texts stands `separator`, or with `null` each ends in NUL.
    """

    is_json: bool = False
    query: "Query | None" = None
    separator: str = "\n"
    null: bool = False
    output: str | None = None

    @classmethod
    def of(cls, options: object) -> Self:
        """The form that the options name; UsageError for two forms, and for a query that is none.

        Options without such flags have a text on stdout.
        """
        if not isinstance(options, Forms):
            return cls(output=options.output) if isinstance(options, Written) else cls()
        if options.json and options.query is not None:
            raise UsageError("--json and --query: give one of them")
        form = cls(options.json, _query(options.query), output=options.output)
        if not isinstance(options, Results):
            return form
        return replace(form, separator=separator(options.separator), null=options.null)

    @property
    def is_text(self) -> bool:
        """Whether it is neither JSON nor a query."""
        return not self.is_json and self.query is None

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


def _query(expression: str | None) -> "Query | None":
    if expression is None:
        return None
    from openai_cli.output.writers import Query

    return Query(expression)
