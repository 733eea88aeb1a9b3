"""Store the results of a batch: its answers, its failures, and lines that have neither."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openai_cli.answer.base import Answer
from openai_cli.answer.parts import read
from openai_cli.batches.parts import Part, Parts
from openai_cli.batches.readers import reader_of
from openai_cli.batches.reserve import Reserve
from openai_cli.batches.schema import AnswerRow, Stage, Waiting
from openai_cli.errors import CliError
from openai_cli.http import failure
from openai_cli.http.whole import WholeResponse
from openai_cli.jsontext import cut_out, parse_json

if TYPE_CHECKING:
    from openai_cli.batches.job import Job

_AT_ONCE = 500

# Why a line has neither an answer nor an error, by the status of its batch: code and message.
_LACKS = {
    "expired": ("batch_expired", "the batch expired before it reached this line"),
    "cancelled": ("batch_cancelled", "the batch was cancelled before it reached this line"),
}
_MISSING = "batch_missing", "the batch has neither an answer nor an error for this line"


@dataclass(eq=False)
class Collector:
    """Stores the files of one batch. Run it in a transaction, so that it is all or nothing."""

    job: "Job"
    reserve: Reserve
    part: Part
    strangers: int = 0
    _lines: dict[int, Waiting] = field(default_factory=dict)
    _names: dict[str, int] = field(default_factory=dict)

    def collect(self, files: Iterable[Path]) -> None:
        """Mark every line of the part as done or failed."""
        parts = Parts(self.job.state)
        self._lines = {line.number: line for line in parts.lines(self.part)}
        self._names = parts.names(self.part)
        done: list[AnswerRow] = []
        failed: list[AnswerRow] = []
        for path in files:
            for row in self._rows(path):
                (done if row.reason is None else failed).append(row)
                if len(done) + len(failed) >= _AT_ONCE:
                    self._settle(done, failed)
        failed += self._lacking(parts)
        self._settle(done, failed)

    def _settle(self, done: list[AnswerRow], failed: list[AnswerRow]) -> None:
        for stage, rows in ((Stage.DONE, done), (Stage.FAILED, failed)):
            if rows:
                self.job.state.settle(stage, rows)
            rows.clear()

    def _rows(self, path: Path) -> Iterator[AnswerRow]:
        with path.open("rb") as file:
            for raw in file:
                value = _object(raw)
                line = self._named(value)
                if line is not None:
                    yield self._row(line, value, raw)

    def _named(self, value: Mapping[str, Any]) -> Waiting | None:
        """The line that an entry of a file is for; None if it is unknown, or has had its entry."""
        name = value.get("custom_id")
        number = self._names.pop(name, None) if isinstance(name, str) else None
        if number is None:
            self.strangers += 1
            return None
        return self._lines.pop(number)

    def _row(self, line: Waiting, value: Mapping[str, Any], raw: bytes) -> AnswerRow:
        """The result of a line; `raw` is its entry in the batch's file.

        https://platform.openai.com/docs/api-reference/batch/request-output
        """
        response, error = value.get("response"), value.get("error")
        line_id = value.get("id") if isinstance(value.get("id"), str) else None
        if not isinstance(response, dict):
            return self._without_response(line, error)
        answer = self._answer(line)
        found = _response(response, raw)
        answer.request_id = found.request_id
        try:
            if found.status != 200:
                raise failure.of_status(found.status, {}, found.body, found.reason)
            for _ in read(found, answer):
                pass
        except CliError as wrong:
            return self._failed(line, answer, found, wrong)
        answer.service_tier = "batch"
        taken = self.job.books.of(answer)
        self.reserve.settle(line.bound or 0, taken.usd)
        self.job.progress.count(taken.tokens, taken.usd)
        return AnswerRow(
            line.number,
            found.status,
            found.request_id,
            found.body,
            incomplete="; ".join(self.job.shortfalls(answer)) or None,
            usd=taken.usd,
            tokens=taken.tokens,
            record=taken.record,
            line_id=line_id,
        )

    def _answer(self, line: Waiting) -> Answer:
        body = self.job.line_at(line).body
        answer = reader_of(self.job.path, body)
        answer.asked_model = body.get("model")
        return answer

    def _failed(
        self, line: Waiting, answer: Answer, found: WholeResponse, error: CliError
    ) -> AnswerRow:
        self._fail(line)
        answer.service_tier = "batch"
        return AnswerRow(
            line.number,
            found.status,
            found.request_id,
            found.body,
            reason=error.problem,
            code=self.job.code_of(error, found),
            record=self.job.books.of(answer, error).record,
        )

    def _without_response(self, line: Waiting, error: Any) -> AnswerRow:
        """The failure of a line that the batch did not reach, or did not report."""
        self._fail(line)
        told = error if isinstance(error, dict) else {}
        code, reason = self._lack
        return AnswerRow(
            line.number,
            code=str(told.get("code") or code),
            reason=str(told.get("message") or reason),
        )

    @property
    def _lack(self) -> tuple[str, str]:
        return _LACKS.get(str(self.part.told.get("status")), _MISSING)

    def _lacking(self, parts: Parts) -> list[AnswerRow]:
        """Failures for the lines that are in neither file."""
        lines = list(self._lines.values())
        # A line that is not reported may have been billed.
        may_be_paid = self._lack is _MISSING
        if may_be_paid:
            parts.lose(line.number for line in lines)
        for line in lines:
            self._fail(line, may_be_paid=may_be_paid)
        code, reason = self._lack
        return [AnswerRow(line.number, code=code, reason=reason) for line in lines]

    def _fail(self, line: Waiting, *, may_be_paid: bool = False) -> None:
        bound = line.bound or 0
        self.reserve.settle(bound, bound if may_be_paid else 0)
        self.job.progress.fail()


def _object(raw: bytes) -> Mapping[str, Any]:
    """The JSON object on a line of a file; an empty one if it is not an object."""
    try:
        value = parse_json(raw)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _response(told: Mapping[str, Any], raw: bytes) -> WholeResponse:
    """The response in an entry, its body exactly as it stands there.

    The status is 500 if the entry has none.
    """
    status, request_id = told.get("status_code"), told.get("request_id")
    headers = {failure.REQUEST_ID: request_id} if isinstance(request_id, str) else {}
    body = (cut_out(raw.decode(), "response", "body") or "null").encode()
    return WholeResponse(status if type(status) is int else 500, headers, body)
