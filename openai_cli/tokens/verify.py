"""Compare counts with bills: how many are exact, and which differ most."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from heapq import heappush, heapreplace
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.records import NamedTuple
from openai_cli.tokens.bills import Bill
from openai_cli.tokens.counted import TokenCount
from openai_cli.tokens.endpoints import told_by
from openai_cli.tokens.messages import count_request
from openai_cli.tokens.shapes import Json

# How many of the most different bills are reported.
MOST_DIFFERENT = 5

_NEAR = 2  # percent


class Check(NamedTuple):
    """A count and its bill; `kind` is the endpoint and what the prompt has besides texts."""

    bill: Bill
    counted: TokenCount
    kind: str

    @property
    def difference(self) -> int:
        """The count minus the bill, in tokens."""
        return self.counted - self.bill.billed

    @property
    def percent(self) -> float:
        """The absolute difference in percent of the bill."""
        return 100 * abs(self.difference) / max(self.bill.billed, 1)

    def __str__(self) -> str:
        """Format the check for people."""
        what = f"line {self.bill.line}, {self.bill.model or 'unknown model'} {self.kind}"
        return f"{what}: {difference(self.counted, self.bill.billed)}"


@dataclass(slots=True)
class Row:
    """The totals of one model and kind; `largest` is the largest difference, in tokens."""

    requests: int = 0
    exact: int = 0
    near: int = 0
    said_exact: int = 0
    said_and_exact: int = 0
    largest: int = 0

    def add(self, check: Check) -> None:
        """Add a check."""
        is_exact, is_said = check.difference == 0, not check.counted.doubts
        self.requests += 1
        self.exact += is_exact
        self.near += check.percent <= _NEAR
        self.said_exact += is_said
        self.said_and_exact += is_said and is_exact
        if abs(check.difference) > abs(self.largest):
            self.largest = check.difference


@dataclass
class Verdict:
    """The totals of all checks.

    `rows` are by model and kind, and `all` is their sum. `refused` are the lines whose requests
    cannot be counted, with the reason. `above` counts the checks that differ by more than a limit
    in percent.
    """

    rows: dict[tuple[str, str], Row] = field(default_factory=dict)
    all: Row = field(default_factory=Row)
    refused: list[tuple[int, str]] = field(default_factory=list)
    above: int = 0
    _worst: list[tuple[float, int, Check]] = field(default_factory=list)

    @property
    def worst(self) -> list[Check]:
        """The checks that differ most, the worst first."""
        return [check for _, _, check in sorted(self._worst, reverse=True)]

    def add(self, check: Check, limit: float | None) -> None:
        """Add a check; `limit` is in percent."""
        key = check.bill.model or "unknown", check.kind
        for row in (self.rows.setdefault(key, Row()), self.all):
            row.add(check)
        self.above += limit is not None and check.percent > limit
        if not check.difference:
            return
        ranked = check.percent, -check.bill.line, check
        if len(self._worst) < MOST_DIFFERENT:
            heappush(self._worst, ranked)
        elif ranked > self._worst[0]:
            heapreplace(self._worst, ranked)


def verify(bills: Iterable[Bill], *, limit: float | None = None) -> Verdict:
    """Count each request and compare it with its bill; `limit` is a difference in percent."""
    verdict = Verdict()
    for bill in bills:
        try:
            verdict.add(_checked(bill), limit)
        except UsageError as error:
            verdict.refused.append((bill.line, error.problem))
    return verdict


def _checked(bill: Bill) -> Check:
    body = bill.body if bill.model is None else {**bill.body, "model": bill.model}
    endpoint = told_by(body, bill.endpoint)
    counted = count_request(body, endpoint=endpoint, on=bill.on)
    return Check(bill, counted, "+".join([endpoint, *_features(body)]))


def _features(body: Json) -> list[str]:
    """Return what a prompt has besides the texts of messages."""
    text = body.get("text")
    form = text.get("format") if isinstance(text, Mapping) else body.get("response_format")
    kinds = set(_types(body.get("messages") or body.get("input")))
    found = {
        "functions": bool(body.get("tools") or body.get("functions")),
        "calls": not kinds.isdisjoint({"function_call", "tool_calls", "custom_tool_call"}),
        "format": isinstance(form, Mapping) and form.get("type") == "json_schema",
        "images": not kinds.isdisjoint({"image_url", "input_image"}),
        "files": not kinds.isdisjoint({"file", "input_file"}),
    }
    return [name for name, has_it in found.items() if has_it]


def _types(messages: Any) -> Iterable[str]:
    """Yield the types of items and message parts, and the properties that contain calls."""
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, Mapping):
            continue
        content = message.get("content") or message.get("output")
        parts = content if isinstance(content, list) else []
        for one in (message, *parts):
            if isinstance(one, Mapping) and isinstance(one.get("type"), str):
                yield one["type"]
        yield from (name for name in ("tool_calls", "function_call") if message.get(name))


def difference(counted: TokenCount, billed: int) -> str:
    """Describe how a count differs from its bill, for people."""
    more = counted - billed
    told = "exact" if not more else f"{abs(more):,} too {'many' if more > 0 else 'few'}"
    why = f" (an estimate: {'; '.join(counted.doubts)})" if counted.doubts else ""
    return f"counted {int(counted):,}, billed {billed:,}: {told}{why}"


def difference_of(body: Json, billed: int, *, endpoint: str, model: str | None, on: date) -> str:
    """Describe that for a request that `model` answered, or say why it cannot be counted."""
    bill = Bill(1, body, endpoint, model, billed, on)
    try:
        return difference(_checked(bill).counted, billed)
    except UsageError as error:
        return f"billed {billed:,}, not counted: {error.problem}"
