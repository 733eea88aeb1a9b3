"""A request, and how its answer is read and printed."""

from typing import TYPE_CHECKING

from openai_cli.records import record
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.answer.base import Answer
    from openai_cli.output.sink import Sink
    from openai_cli.output.writers import Affixes, Writer


@record
class Plan:
    """A request, and how its answer is read and printed.

    `answer` makes the reader of the answer, and `writer` what prints it as text. Without them the
    answer has as many choices as `choices`, and their texts are printed between their `affixes`;
    with `render` as Markdown on a terminal. `on_broken` receives what had arrived of an answer that
    was cut off. A plan that `is_free` costs nothing, and one that `forgets` does not keep text it
    has printed.
    """

    request: Request
    choices: int = 1
    answer: "Callable[[], Answer] | None" = None
    writer: "Callable[[Sink], Writer] | None" = None
    affixes: "tuple[Affixes, ...]" = ()
    on_broken: "Callable[[Answer], object]" = lambda _answer: None
    render: bool = False
    is_free: bool = False
    forgets: bool = False

    def reader(self) -> "Answer":
        """Return a new reader for the answer."""
        if self.answer is not None:
            return self.answer()
        from openai_cli.answer.completion import Completion

        return Completion(expected=self.choices)
