"""/batches: each look advances the state, and each line is answered by its own endpoint.

A new batch is `validating`; the first look finds it `failed` or `in_progress`, the second with half
of its lines answered, the third with all answered and `finalizing`, the fourth `completed`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from openai_cli.sandbox.batch_lines import MOST_ERRORS, BatchLine, errors_of, lines_of
from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, Json, Upload
from openai_cli.sandbox.files import file_of, purpose_of, store_file
from openai_cli.sandbox.refusals import Refusal, usual_error
from openai_cli.sandbox.shapes import HOUR
from openai_cli.sandbox.things import (
    ENDED,
    Shelfmark,
    Thing,
    all_in,
    found,
    here,
    keep,
    last_of,
    mark_of,
    told,
)

BATCHES = "/batches"
DAY = 24 * HOUR
# The API's message for a line that it did not reach in time.
_EXPIRED = "This request could not be executed before the completion window expired."


@dataclass
class _Work:
    """The lines of a batch, and the output of those that are answered or have failed."""

    lines: list[BatchLine] = field(default_factory=list)
    fault: Any = None
    name: str = ""
    next: int = 0
    answers: list[Json] = field(default_factory=list)
    failures: list[Json] = field(default_factory=list)
    usage: dict[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> Json:
        """The counts, in the form of `request_counts`."""
        return {
            "total": len(self.lines),
            "completed": len(self.answers),
            "failed": len(self.failures),
        }


def create_batch(request: ApiRequest) -> HttpResponse:
    """POST /batches."""
    name = request.body["input_file_id"]
    file = file_of(request, name, "input_file_id", 400)
    if (purpose := purpose_of(request, name)) != "batch":
        raise Refusal(
            f"Invalid file purpose: '{purpose}'. The input file of a batch has purpose 'batch'.",
            param="input_file_id",
            code="invalid_file_purpose",
        )
    facts = {
        **request.body,
        "status": "validating",
        "expires_at": CREATED + DAY,
        "request_counts": _Work().counts,
        "work": _Work(fault=request.meets("batch")),
    }
    return told(request, keep(request, here(request), facts, content=file.data).facts)


def cancel_batch(request: ApiRequest) -> HttpResponse:
    """POST /batches/ID/cancel: the next look finds it cancelled, with the answers so far."""
    batch = found(request, mark_of(request, BATCHES), last_of(request))
    status = batch.facts["status"]
    if status not in ("validating", "in_progress", "finalizing", "cancelling"):
        raise Refusal(
            f"Cannot cancel a batch with status '{status}'.", status=409, code="invalid_status"
        )
    batch.facts |= {"status": "cancelling", "cancelling_at": CREATED}
    return told(request, batch.facts)


def look_at_batch(request: ApiRequest, mark: Shelfmark, batch: Thing) -> None:
    """Advance a batch by one state."""
    facts, work = batch.facts, batch.facts["work"]
    match facts["status"]:
        case "validating":
            _validate(request, mark, batch)
        case "in_progress":
            _answer(request, facts["endpoint"], work)
            if work.fault.what == "expire":
                _end(request, batch, "expired")
            elif work.next == len(work.lines):
                facts |= {"status": "finalizing", "finalizing_at": CREATED}
        case "finalizing":
            _end(request, batch, "completed")
        case "cancelling":
            _end(request, batch, "cancelled")
    facts["request_counts"] = work.counts


def _validate(request: ApiRequest, mark: Shelfmark, batch: Thing) -> None:
    """Fail the batch if its lines have errors, else start it."""
    facts, work = batch.facts, batch.facts["work"]
    lines = list(lines_of(batch.content))
    errors = list(errors_of(lines, facts["endpoint"])) or _queue_errors(request, mark, batch, lines)
    batch.content = b""
    if errors:
        batch.state = ENDED
        data = [{"code": None, "param": None, "line": None, **error} for error in errors]
        facts |= {
            "status": "failed",
            "failed_at": CREATED,
            "errors": {"object": "list", "data": data[:MOST_ERRORS]},
        }
        return
    work.lines, work.name = lines, batch.name
    facts |= {
        "status": "in_progress",
        "in_progress_at": CREATED,
        "model": lines[0].body.get("model"),
    }


def _queue_errors(
    request: ApiRequest, mark: Shelfmark, batch: Thing, lines: list[BatchLine]
) -> list[Json]:
    """The error for a full queue; none if it has room, or no limit."""
    fault = batch.facts["work"].fault
    if fault.what != "queue-full":
        return []
    under_way = (
        line.tokens
        for other in all_in(request, mark)
        if other.facts["status"] in ("in_progress", "finalizing", "cancelling")
        for line in other.facts["work"].lines
    )
    if sum(under_way) + sum(line.tokens for line in lines) <= fault.most:
        return []
    model = lines[0].body.get("model")
    message = (
        f"Enqueued token limit reached for {model} (made by the sandbox). Limit: {fault.most:,} "
        "enqueued tokens. Please try again once some in_progress batches have been completed."
    )
    return [{"code": "token_limit_exceeded", "message": message}]


def _answer(request: ApiRequest, endpoint: str, work: _Work) -> None:
    """Answer the first half of the lines or, after that, the rest."""
    half = -(-len(work.lines) // 2)
    end = half if work.next < half else len(work.lines)
    for line in work.lines[work.next : end]:
        _answer_line(request, endpoint, work, line)
    work.next = end


def _answer_line(request: ApiRequest, endpoint: str, work: _Work, line: BatchLine) -> None:
    what = request.meets("line").what
    if what == "drop-line":
        return
    if what == "error-line":
        status, body = 500, usual_error(500)
    else:
        response = request.ask(endpoint, line.body)
        status, body = response.status, json.loads(response.content)
    written = _written(line, work)
    written["response"] = {
        "status_code": status,
        "request_id": written["id"].removeprefix("batch_"),
        "body": body,
    }
    if status == 200:
        work.answers.append(written)
        _add_usage(work.usage, body.get("usage") or {})
    else:
        work.failures.append(written)


def _written(line: BatchLine, work: _Work) -> Json:
    """A line of an output file without a result."""
    number = f"{len(work.answers) + len(work.failures):08d}"
    name = f"batch_req_{work.name.removeprefix('batch_')[:16]}{number}"
    return {"id": name, "custom_id": line.custom_id, "response": None, "error": None}


def _add_usage(usage: dict[str, int], found: Mapping[str, Any]) -> None:
    for name, old in (("input_tokens", "prompt_tokens"), ("output_tokens", "completion_tokens")):
        usage[name] = usage.get(name, 0) + int(found.get(name, found.get(old, 0)))


def _end(request: ApiRequest, batch: Thing, status: str) -> None:
    """End a batch and write its files. Their lines are unordered, as the API's are."""
    facts, work = batch.facts, batch.facts["work"]
    if status == "expired":
        for line in work.lines[work.next :]:
            error = {"code": "batch_expired", "message": _EXPIRED}
            work.failures.append({**_written(line, work), "error": error})
    for kind, rows in (("output", work.answers), ("error", work.failures)):
        if rows:
            name = f"{batch.name}_{kind}.jsonl"
            file = Upload(name, "application/jsonl", b"".join(_jsonl(reversed(rows))))
            facts[f"{kind}_file_id"] = store_file(request, file, "batch_output")["id"]
    if work.usage:
        facts["usage"] = {
            **work.usage,
            "total_tokens": sum(work.usage.values()),
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0},
        }
    facts["request_counts"] = work.counts
    facts |= {"status": status, f"{status}_at": CREATED}
    batch.state = ENDED
    work.lines = work.lines[:1] * len(work.lines)  # only their number is needed from now on


def _jsonl(rows: Iterator[Json]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
