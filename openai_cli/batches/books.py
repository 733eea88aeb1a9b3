"""The usage of each line of a run: for the state, the budget, --usage-file and the ledger.

Each line is counted once, also across kills.
"""

from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from openai_cli.answer.base import Answer
from openai_cli.batches.state import State
from openai_cli.calls.receipts import Receipts
from openai_cli.errors import UsageError
from openai_cli.http.address import region_of
from openai_cli.models.table import tier_of
from openai_cli.prices.charges import Tariff, Usage, by_kind, product, tariff, total
from openai_cli.prices.money import units
from openai_cli.prices.receipt import Receipt
from openai_cli.prices.usage import usage_of
from openai_cli.records import NamedTuple

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal


class Taken(NamedTuple):
    """The usage of a line: its cost in units, its tokens, and its record for --usage-file."""

    usd: int | None
    tokens: int | None
    record: str | None


class Books:
    """Prices answers, and appends their records to --usage-file once the state has stored them."""

    def __init__(self, receipts: Receipts, state: State) -> None:
        self._receipts = receipts
        self._state = state
        self._known: dict[tuple[str, str, date], tuple[str | None, Tariff | None]] = {}

    def of(self, answer: Answer, failed: BaseException | None = None) -> Taken:
        """Return the usage of an answer; of one that `failed`, as far as it is known."""
        if failed is None:
            try:
                if (quick := self._tokens_alone(answer)) is not None:
                    return quick
            except UsageError:  # the receipt below reports it properly
                pass
        receipt = self._receipts.receipt_of(answer, failed)
        known = [one for one in (receipt.input_tokens, receipt.output_tokens) if one is not None]
        is_whole = receipt.usd is not None and not receipt.unknown
        return Taken(
            units(receipt.usd) if receipt.usd is not None and is_whole else None,
            sum(known) if known else None,
            self._receipts.record_of(answer, receipt) if self._receipts.have_lines else None,
        )

    def _tokens_alone(self, answer: Answer) -> Taken | None:
        """Return the usage of an answer that is billed by its tokens alone; None for any other.

        A receipt handles every answer, but takes ten times as long.
        """
        name = answer.model or answer.asked_model
        if answer.usage is None or name is None or not _is_plain(answer.billable):
            return None
        mode, prices = self._prices(
            name, tier_of(answer.service_tier), self._receipts.sent(answer.began).date()
        )
        usage = usage_of(answer.usage, mode=mode)
        if usage.unknown or usage.seconds or usage.characters:
            return None
        if prices is not None and (prices.unknown or prices.model.searches):
            return None
        usd = None if prices is None else _cost(usage, prices)
        return Taken(
            None if usd is None else units(usd),
            usage.input + usage.output,
            self._record(answer, usage, mode, usd) if self._receipts.have_lines else None,
        )

    def _record(self, answer: Answer, usage: Usage, mode: str | None, usd: "Decimal | None") -> str:
        """The line for --usage-file of an answer that is billed by its own tokens alone."""
        receipts = self._receipts
        receipt = Receipt.of_tokens(
            answer,
            usage,
            mode=mode,
            usd=usd,
            region=region_of(receipts.base_url()),
            exit_code=receipts.exit_code(answer),
        )
        return receipts.record_of(answer, receipt)

    def _prices(self, name: str, tier: str, day: "date") -> "tuple[str | None, Tariff | None]":
        """The mode of a model, and what it costs at a tier on a day; None is what is not known."""
        key = name, tier, day
        if key not in self._known:
            table, tariff_of = self._receipts.table(), None
            with suppress(UsageError):
                tariff_of = tariff(table, *key, region=region_of(self._receipts.base_url()))
            model = table.find(name)
            self._known[key] = None if model is None else model.mode, tariff_of
        return self._known[key]

    def tell(self) -> None:
        """Append the records that the state has to the ledger and --usage-file, each once."""
        if not self._receipts.have_lines:
            return
        if told := self._state.untold():
            for number, record in told:
                self._receipts.enter_line(number, record)
                self._receipts.append(record)
            self._receipts.check()
            with self._state.transaction():
                self._state.mark_told(number for number, _ in told)

    def recover(self) -> None:
        """After a kill, mark the records that were appended but not yet marked as such.

        Two calls may have equal records, so the records are counted.
        """
        path = self._receipts.path
        if path is None or not Path(path).is_file() or not (untold := self._state.untold()):
            return
        wanted = {record for _, record in untold}
        there = Counter[str]()
        with Path(path).open(encoding="utf-8", errors="replace") as file:
            there.update(line for raw in file if (line := raw.removesuffix("\n")) in wanted)
        there.subtract({record: self._state.count_told(record) for record in wanted})
        told = []
        for number, record in untold:
            if there[record] > 0:
                there[record] -= 1
                told.append(number)
        with self._state.transaction():
            self._state.mark_told(told)


def _cost(usage: Usage, prices: Tariff) -> "Decimal":
    """What tokens cost, in USD."""
    band = prices.band(usage.input)
    counts = by_kind(usage, prices.kinds)
    return total(product(count, prices.rate(band, kind)[0]) for kind, count in counts.items())


def _is_plain(billable: dict[str, object]) -> bool:
    """Whether an answer holds nothing that costs extra: only messages and reasoning."""
    output = billable.get("output", [])
    others = any(value for name, value in billable.items() if name != "output")
    if others or not isinstance(output, list):
        return False
    kinds = {item.get("type") if isinstance(item, dict) else None for item in output}
    return kinds <= {"message", "reasoning"}
