"""Read the entries of a file with answers or usage lines, one for each model."""

from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING

from openai_cli.diff.items import Entry, Pricer, amount_of
from openai_cli.errors import UsageError
from openai_cli.prices.answers import Answers
from openai_cli.tokens.lines import at_line, objects

if TYPE_CHECKING:
    from openai_cli.prices.bill import Bill
    from openai_cli.prices.billed import Billed


def answer_entries(path: str, content: bytes, pricer: Pricer) -> Iterator[Entry]:
    """Yield the entries of a file, at the prices of the day of the comparison.

    Raises UsageError, with the path and the line, for anything but an answer of a known model.
    """
    bills: dict[str, Bill] = {}
    unpriced: dict[str, list[str]] = defaultdict(list)
    for answer in _answers(path, content):
        if answer.model is None:
            raise UsageError(f"'{path}', line {answer.line}: the answer names no model")
        bill = bills.setdefault(answer.model, pricer.bill())
        try:
            bill.add_answer(answer._replace(day=None), model=answer.model, tier=pricer.tier)
        except UsageError as error:
            wrong = at_line(answer.line, error)
            if not answer.is_unpriced:
                raise UsageError(f"'{path}', {wrong.problem}", hint=wrong.hint) from None
            unpriced[answer.model].append(f"'{path}', {wrong.problem}")
    for model, bill in bills.items():
        found = amount_of(bill.statements())
        unknown = (*found.unknown, *unpriced[model])
        yield Entry(path, model=model, amount=found._replace(unknown=unknown))


def _answers(path: str, content: bytes) -> "Iterator[Billed]":
    try:
        yield from Answers().read(objects(BytesIO(content), may_be_empty=True))
    except UsageError as error:
        raise UsageError(f"'{path}': {error.problem}", hint=error.hint) from None
