"""A request on its way, and what is made of its answer."""

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
    """A request on its way, and what is made of its answer.

    `answer` makes what reads it, and `writer` what prints it as text; without them it has choices,
    as many as `choices`, whose texts are printed between their `affixes`, and with `render` as
    Markdown on a terminal. `on_broken` is given what came of an answer that was cut off. A plan
    that `is_free` costs nothing, and one that `forgets` keeps no text that is printed.
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
        """What reads the answer."""
        if self.answer is not None:
            return self.answer()
        from openai_cli.answer.completion import Completion

        return Completion(expected=self.choices)
