"""Read the entries of a file of requests: one body, one per line, or lines of the Batch API."""

from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import pairwise

from openai_cli.diff.items import Entry, Item, Pricer
from openai_cli.errors import UsageError
from openai_cli.models.table import Table
from openai_cli.prices.bodies import Asked, asked
from openai_cli.prices.bound import counted_as
from openai_cli.prices.calls import asked_calls
from openai_cli.tokens.lines import Group, at_line, count_lines

Told = Callable[[str], None]


def request_entries(
    path: str, content: bytes, pricer: Pricer, *, model: str, doubt: Told
) -> Iterator[Entry]:
    """Yield the entries of a file; `model` applies to bodies that name none.

    An entry whose model has no price has no amount. `doubt` is called with the reasons why counts
    are estimates. Raises UsageError, with the path and the line, for anything but a request.
    """
    try:
        items = _items(content, pricer, model, doubt)
    except UsageError as error:
        raise UsageError(f"'{path}': {error.problem}", hint=error.hint) from None
    for item in items:
        try:
            amount, wrong = pricer.amount(item), None
        except UsageError as error:
            amount, wrong = None, f"'{path}', {at_line(item.line, error).problem}"
        yield Entry(path, item.name, item.line, item=item, amount=amount, error=wrong)


def recounted(item: Item, model: str, pricer: Pricer) -> int:
    """Count the tokens of a request's prompt for another model; raises the errors of counting."""
    counted = count_lines(
        [item.content], model=model, instead=model, stand_in=_stand_in(pricer.table), on=pricer.on
    )
    return sum(tokens for group in counted for tokens in group.tokens)


def _items(content: bytes, pricer: Pricer, model: str, doubt: Told) -> list[Item]:
    lines = list(BytesIO(content))
    counted = count_lines(lines, model=model, stand_in=_stand_in(pricer.table), on=pricer.on)
    found: list[Item] = []
    for group in counted:
        for reason in group.doubts:
            doubt(reason)
        request = _asked(group, pricer, model)
        calls = asked_calls(group.body, searches=_searches(pricer.table, request.model))
        found += [
            Item(request, tokens, calls, name, line)
            for line, name, tokens in zip(
                group.numbers, group.custom_ids, group.tokens, strict=True
            )
        ]
    places = pairwise([*(item.line - 1 for item in found), len(lines)])
    return [
        item._replace(content=b"".join(lines[begin:end]).strip())
        for item, (begin, end) in zip(found, places, strict=True)
    ]


def _asked(group: Group, pricer: Pricer, model: str) -> Asked:
    name = group.body.get("model")
    tier = pricer.tier or (None if group.custom_ids[0] is None else "batch")
    try:
        request = asked(group.body, model=model if name is None else name, tier=tier)
    except UsageError as error:
        raise at_line(group.numbers[0], error) from None
    return request if request.limit is not None else request._replace(limit=pricer.limit)


def _stand_in(table: Table) -> Callable[[str], str | None]:
    """Return a function for the model to count like; any will do if the model has no price."""

    def stand_in(name: str) -> str | None:
        try:
            return counted_as(name, table.model(name))
        except UsageError:
            return "gpt-4o"

    return stand_in


def _searches(table: Table, name: str) -> bool:
    try:
        return table.model(name).searches
    except UsageError:
        return False
