"""Why a batch has failed as a whole, and which of its lines caused it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openai_cli.batches.schema import AnswerRow, Waiting
from openai_cli.errors import CliError, RateLimitError, RefusedError
from openai_cli.records import NamedTuple

# The code for a full queue, which has room for more batches later:
# https://platform.openai.com/docs/guides/batch ("Rate limits").
QUEUE_FULL = "token_limit_exceeded"
# The size of the queue, if the message gives it.
_LIMIT = re.compile(r"Limit: ([0-9,]{1,30}) enqueued tokens")
# Codes that concern only the line that they name.
_OF_LINES = frozenset(
    {
        "duplicate_custom_id",
        "invalid_json_line",
        "invalid_method",
        "invalid_type",
        "invalid_value",
        "missing_required_parameter",
        "model_mismatch",
        "url_mismatch",
    }
)


class Refused(NamedTuple):
    """The errors of a failed batch."""

    errors: Sequence[Mapping[str, Any]]

    @property
    def is_queue_full(self) -> bool:
        """Whether the queue had no room for it."""
        return any(error.get("code") == QUEUE_FULL for error in self.errors)

    def may_fit(self, tokens: int) -> bool:
        """Whether a part of this size has room once other batches are done."""
        limits = (_LIMIT.search(str(error.get("message"))) for error in self.errors)
        return all(limit is None or tokens <= int(limit[1].replace(",", "")) for limit in limits)

    def rows(self, lines: Sequence[Waiting]) -> Iterator[AnswerRow]:
        """Yield the lines at fault as failures, each once."""
        seen: set[int] = set()
        for error in self.errors:
            number = error.get("line")
            if type(number) is not int or not 1 <= number <= len(lines) or number in seen:
                continue
            if error.get("code") in _OF_LINES:
                seen.add(number)
                yield AnswerRow(
                    lines[number - 1].number,
                    code=str(error["code"]),
                    reason=str(error.get("message") or "the Batch API refuses the line"),
                )

    def error(self, batch_id: str) -> CliError:
        """The error that the batch reports."""
        first = self.errors[0] if self.errors else {}
        kind = RateLimitError if self.is_queue_full else RefusedError
        code = first.get("code")
        problem = f"the batch {batch_id} failed: {first.get('message') or 'without a reason'}"
        return kind(f"{problem} ({code})" if code else problem)


def refused(batch: Mapping[str, Any]) -> Refused:
    """The errors of a batch in the API's own form."""
    told = batch.get("errors")
    data = told.get("data") if isinstance(told, Mapping) else None
    return Refused([error for error in data or () if isinstance(error, Mapping)])
