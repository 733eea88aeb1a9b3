"""Batches of the sandbox, as the official client sees them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import openai
import pytest
from openai.types import Batch

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.faults import Faults, parse_fault
from tests.sandbox.client import KEY, send

URL = "/v1/chat/completions"


def line(name: str, text: str = "Say hello", **more: Any) -> bytes:
    body = {"model": "gpt-6-luna", "messages": [{"role": "user", "content": text}]}
    request = {"custom_id": name, "method": "POST", "url": URL, "body": body}
    return json.dumps({**request, **more}).encode() + b"\n"


@contextmanager
def served(*faults: str) -> Iterator[openai.OpenAI]:
    config = SandboxConfig(key=KEY, faults=Faults(map(parse_fault, faults)))
    with Sandbox(0, config) as sandbox:
        yield openai.OpenAI(base_url=sandbox.base_url, api_key=KEY, max_retries=0)


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    with served() as found:
        yield found


def made(client: openai.OpenAI, data: bytes, **more: Any) -> Batch:
    file = client.files.create(file=("in.jsonl", data), purpose="batch")
    return client.batches.create(
        **{"input_file_id": file.id, "endpoint": URL, "completion_window": "24h", **more}
    )


def ended(client: openai.OpenAI, batch: Batch) -> Batch:
    while batch.status not in ("completed", "failed", "expired", "cancelled"):
        batch = client.batches.retrieve(batch.id)
    return batch


def rows(client: openai.OpenAI, file_id: str | None) -> dict[str, Any]:
    """The lines of a file by their custom_id; each is there once."""
    assert file_id is not None
    found = [json.loads(one) for one in client.files.content(file_id).text.splitlines()]
    by_name = {one["custom_id"]: one for one in found}
    assert len(by_name) == len(found)
    return by_name


def test_a_batch_goes_on_a_state_with_each_look(client: openai.OpenAI) -> None:
    batch = made(client, line("a") + line("b") + line("c"), metadata={"team": "ci"})
    assert (batch.status, batch.metadata) == ("validating", {"team": "ci"})
    seen = []
    for _ in range(5):
        batch = client.batches.retrieve(batch.id)
        assert batch.request_counts is not None
        seen.append((batch.status, batch.request_counts.completed))
    assert seen == [
        ("in_progress", 0),
        ("in_progress", 2),
        ("finalizing", 3),
        ("completed", 3),
        ("completed", 3),
    ]
    assert (batch.error_file_id, batch.model) == (None, "gpt-6-luna")
    assert batch.usage is not None
    assert batch.usage.total_tokens == 3 * 10


def test_each_line_is_answered_by_its_endpoint(client: openai.OpenAI) -> None:
    data = line("a", "Say A") + line("b", body={"model": "gpt-6-luna"}) + line("c", "Say C")
    batch = ended(client, made(client, data))
    answers = rows(client, batch.output_file_id)
    texts = {
        name: one["response"]["body"]["choices"][0]["message"]["content"]
        for name, one in answers.items()
    }
    assert texts == {"a": "A", "c": "C"}
    assert list(texts) == ["c", "a"], "in an order that nobody may rely on"
    (failed,) = rows(client, batch.error_file_id).values()
    assert (failed["custom_id"], failed["response"]["status_code"]) == ("b", 400)
    assert failed["response"]["body"]["error"]["param"] == "messages"


@pytest.mark.parametrize("url", ["/v1/embeddings", "/v1/moderations", "/v1/responses"])
def test_a_batch_is_for_other_endpoints_too(client: openai.OpenAI, url: str) -> None:
    data = line("a", url=url, body={"model": "gpt-6-luna", "input": "one"})
    batch = ended(client, made(client, data, endpoint=url))
    assert rows(client, batch.output_file_id)["a"]["response"]["status_code"] == 200


WRONG = [
    (line("a") + b"{\n", "invalid_json_line", 2),
    (b"[]\n", "invalid_json_line", 1),
    (line("a") + line("b") + line("a"), "duplicate_custom_id", 3),
    (line("a", url="/v1/embeddings"), "url_mismatch", 1),
    (line("a") + line("b", body={"model": "gpt-6-sol", "messages": []}), "model_mismatch", 2),
    (b"\n \n", "empty_file", None),
    (line("a", method="GET"), "invalid_method", 1),
    (b'{"custom_id": "a", "method": "POST", "url": "%s"}\n' % URL.encode(),
     "missing_required_parameter", 1),
    (line("a", body=[]), "invalid_type", 1),
    (line("a", body={"model": "m", "messages": [], "stream": True}), "invalid_value", 1),
]  # fmt: skip


@pytest.mark.parametrize(("data", "code", "number"), WRONG)
def test_a_file_that_is_wrong_fails_with_its_code_and_its_line(
    client: openai.OpenAI, data: bytes, code: str, number: int | None
) -> None:
    batch = ended(client, made(client, data))
    assert batch.status == "failed"
    assert batch.errors is not None
    (error,) = batch.errors.data or [openai.types.BatchError()]
    assert (error.code, error.line) == (code, number)
    assert batch.output_file_id is None


def test_too_many_lines_fail(client: openai.OpenAI) -> None:
    batch = ended(client, made(client, b"{}\n" * 50_001))
    assert batch.errors is not None
    assert [one.code for one in batch.errors.data or ()] == ["too_many_tasks"]


def test_a_batch_that_is_cancelled_keeps_what_it_has(client: openai.OpenAI) -> None:
    batch = made(client, line("a") + line("b") + line("c") + line("d"))
    for _ in range(2):
        batch = client.batches.retrieve(batch.id)
    assert client.batches.cancel(batch.id).status == "cancelling"
    batch = client.batches.retrieve(batch.id)
    assert batch.status == "cancelled"
    assert rows(client, batch.output_file_id).keys() == {"a", "b"}
    with pytest.raises(openai.ConflictError, match="Cannot cancel a batch"):
        client.batches.cancel(batch.id)


def test_a_file_of_another_purpose_is_refused(client: openai.OpenAI) -> None:
    file = client.files.create(file=("a.txt", b"a"), purpose="user_data")
    for name in (file.id, "file-none"):
        with pytest.raises(openai.BadRequestError):
            client.batches.create(input_file_id=name, endpoint=URL, completion_window="24h")  # type: ignore[arg-type]


def test_the_newest_batches_are_listed_first(client: openai.OpenAI) -> None:
    names = [made(client, line("a")).id for _ in range(3)]
    page = client.batches.list(limit=2)
    assert [one.id for one in page.data] == names[:0:-1]
    assert page.has_more
    assert names[0] in [one.id for one in client.batches.list(limit=2)]


# Faults


def test_a_line_is_dropped_or_fails() -> None:
    with served("drop-line,every=3", "error-line,first=1") as client:
        batch = ended(client, made(client, b"".join(line(f"r{n}") for n in range(1, 7))))
        assert rows(client, batch.output_file_id).keys() == {"r2", "r4", "r5"}
        (failed,) = rows(client, batch.error_file_id).values()
    assert (failed["custom_id"], failed["response"]["status_code"]) == ("r1", 500)


def test_a_batch_expires_with_half_of_its_lines() -> None:
    with served("expire,first=1") as client:
        batch = ended(client, made(client, line("a") + line("b")))
        assert batch.status == "expired"
        assert rows(client, batch.output_file_id).keys() == {"a"}
        (late,) = rows(client, batch.error_file_id).values()
        assert (late["custom_id"], late["response"]) == ("b", None)
        assert late["error"]["code"] == "batch_expired"
        assert ended(client, made(client, line("a"))).status == "completed"


def test_a_queue_is_full_until_a_batch_ends() -> None:
    size = -(-len(line("a").rstrip()) // 4)
    with served(f"queue-full={size}") as client:
        first = made(client, line("a"))
        assert client.batches.retrieve(first.id).status == "in_progress"
        second = ended(client, made(client, line("b")))
        assert second.errors is not None
        assert [one.code for one in second.errors.data or ()] == ["token_limit_exceeded"]
        ended(client, first)
        assert ended(client, made(client, line("b"))).status == "completed"


def test_what_is_lost_is_done() -> None:
    with served("lost,first=1") as client:
        with pytest.raises(openai.APIConnectionError):
            client.files.create(file=("in.jsonl", line("a")), purpose="batch")
        assert len(client.files.list().data) == 1


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("latency=200", "takes a time such as 200ms or 1.5s for latency"),
        ("latency=1s,first=2", "has latency, which applies to all requests"),
        ("expire,delay=1", "takes delay for requests, and expire is for batches"),
        ("drop-line,status=500", "has status and drop-line: one of them"),
        ("queue-full", "takes a number of tokens for queue-full"),
    ],
)
def test_faults_that_make_no_sense(spec: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_fault(spec)


def test_latency_is_for_all_requests_and_takes_no_turn() -> None:
    slept: list[float] = []
    faults = Faults(map(parse_fault, ("latency=200ms", "latency=1.5s", "status=500,first=1")))
    with Sandbox(0, SandboxConfig(key=KEY, faults=faults, sleep=slept.append)) as sandbox:
        statuses = [send(sandbox, "/v1/models", method="GET").status for _ in range(2)]
    assert statuses == [500, 200]
    assert slept == [1.7, 1.7]


def test_every_answer_tells_of_limits(client: openai.OpenAI) -> None:
    seen = client.models.with_raw_response.list().headers
    assert seen["x-ratelimit-remaining-requests"] == "29999"
    assert seen["x-ratelimit-reset-requests"] == "2ms"
