"""Lists of what the API stores: every page, or the first --max-items."""

from collections.abc import Callable
from typing import Any

from openai_cli.answer.page import Page, items
from openai_cli.calls.session import Session
from openai_cli.calls.stored import answered, pages
from openai_cli.flags.ours import OUTPUT, number, options_group, ours
from openai_cli.flags.values import Number
from openai_cli.output.sink import Sink
from openai_cli.records import Annotated
from openai_cli.request.body import Request


@options_group
class Listing:
    """How much of a list to print."""

    max_items: Annotated[
        str | None, ours(OUTPUT, "--max-items", "Print at most N items", metavar="N")
    ] = None


Printed = Callable[[Sink, list[dict[str, Any]]], str]


def print_list(
    session: Session, request: Request, options: object, printed: Printed, style: str = "after"
) -> None:
    """Send the request and those for the pages after it; `printed` formats the items of a page.

    `style` is how the list is paged: a value of `pages` in the table of operations, or '' for a
    single page. The output ends after --max-items items, but a page of JSON is printed whole.
    """
    most = _most(options)
    left, is_cut = most, False
    with session.form.open(session.context) as sink:

        def lines(body: dict[str, Any]) -> str:
            return printed(sink, items(body)[:left])

        def get(request: Request) -> dict[str, Any]:
            nonlocal left, is_cut
            body = answered(session, sink, request, lines, Page())
            if left is not None:
                count = len(items(body))
                left, is_cut = max(left - count, 0), count > left
            return body

        if not style:
            get(request)
        for _ in pages(request, get, style) if style else ():
            is_cut = is_cut or left == 0
            if is_cut:
                break
            sink.flush()
    if is_cut:
        session.context.messages.notice(f"stopped at --max-items {most}; there is more")


def _most(options: object) -> int | None:
    typed = options.max_items if isinstance(options, Listing) else None
    most = number("--max-items", typed, Number(1, integer=True))
    return None if most is None else int(most)
