"""Faults on purpose: the SPECs, whose turn it is, and what comes over the wire."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.sandbox import Sandbox, faults
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.exchange import HttpResponse
from openai_cli.sandbox.faults import Fault, Faults, form_of, parse_fault
from tests.sandbox.client import CHAT, KEY, MESSAGES, Answer, chat, connect, send

HEADERS = {"Authorization": f"Bearer {KEY}"}
STREAM = {"model": "m", "messages": [{"role": "user", "content": "Say one two"}], "stream": True}


@contextmanager
def failing(*specs: str, sleep: Callable[[float], None] | None = None) -> Iterator[Sandbox]:
    faults = Faults(parse_fault(spec) for spec in specs)
    config = SandboxConfig(faults=faults, key=KEY)
    if sleep is not None:
        config = replace(config, sleep=sleep)
    with Sandbox(0, config) as sandbox:
        yield sandbox


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("status=500", Fault(status=500)),
        ("status=429,retry-after=1.5", Fault(status=429, retry_after="1.5")),
        (
            " status = 429 , code = insufficient_quota ",
            Fault(status=429, code="insufficient_quota"),
        ),
        ("delay=0.25,first=2", Fault(delay=0.25, first=2)),
        ("stall,every=3", Fault("stall", every=3)),
        ("reset", Fault("reset")),
        ("cut-after=0", Fault("cut-after", 0)),
        ("stall-after=12,delay=1", Fault("stall-after", 12, delay=1.0)),
        ("no-done", Fault("no-done")),
        ("error-after=2", Fault("error-after", 2)),
        ("code=x,error-after=0,first=1", Fault("error-after", code="x", first=1)),
        ("finish-reason=odd", Fault("finish-reason", reason="odd")),
        ("no-finish-reason", Fault("no-finish-reason")),
        ("not-json", Fault("not-json")),
        ("status=502,not-json", Fault("not-json", status=502)),
        ("status=503,empty,retry-after=0", Fault("empty", status=503, retry_after="0")),
    ],
)
def test_parse(spec: str, fault: Fault) -> None:
    assert parse_fault(spec) == fault


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("", "has no ''"),
        ("stal", "has no 'stal'"),
        ("status=429,", "has no ''"),
        ("status", "takes a number from 400 to 599 for status"),
        ("status=200", "takes a number from 400 to 599 for status, not '200'"),
        ("status=600", "takes a number from 400 to 599 for status, not '600'"),
        ("delay=soon", "takes a number of seconds for delay, not 'soon'"),
        ("delay=-1", "takes a number of seconds for delay, not '-1'"),
        ("delay=nan", "takes a number of seconds for delay, not 'nan'"),
        ("status=429,retry-after=", "takes a number of seconds for retry-after"),
        ("cut-after=1.5", "takes a number of events for cut-after, not '1.5'"),
        ("stall,first=0", "takes a number of requests of at least 1 for first, not '0'"),
        ("stall=1", "takes no value for stall"),
        ("stall,stall", "has stall twice"),
        ("stall,reset", "has reset and stall: one of them"),
        ("status=429,stall", "has status and stall: one of them"),
        ("status=429,no-done", "has status and no-done: one of them"),
        ("cut-after=1,not-json", "has not-json and cut-after: one of them"),
        ("code=x,delay=1", "takes code only with status or error-after"),
        ("status=429,code=x,empty", "takes code only with status or error-after"),
        ("stall,retry-after=1", "takes retry-after only with status"),
        ("stall,first=1,every=2", "has first and every: one of them"),
        ("first=1", "says when to fail, but not how"),
        ("code=x,no-done", "takes code only with status or error-after"),
        ("finish-reason", "takes the reason why an answer ended for finish-reason"),
        ("no-finish-reason=x", "takes no value for no-finish-reason"),
        ("finish-reason=a,no-finish-reason", "has finish-reason and no-finish-reason: one of them"),
        ("empty,not-json,status=500", "has status and not-json: one of them"),
    ],
)
def test_parse_refuses(spec: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        parse_fault(spec)


@pytest.mark.parametrize("turn", ["first", "every"])
def test_for_one_request_there_are_no_turns(turn: str) -> None:
    with pytest.raises(ValueError, match=f"^is for one request, and {turn} is for several$"):
        parse_fault(f"stall,{turn}=2", once=True)


PARTS = st.sampled_from(
    ["status=429", "code=x", "retry-after=1", "not-json", "empty", "reset", "stall", "delay=1",
     "stall-after=1", "cut-after=1", "no-done", "error-after=1", "finish-reason=x",
     "no-finish-reason", "first=1", "every=2", "x", "", "=", "stall="]
)  # fmt: skip


@given(st.lists(PARTS, max_size=4).map(",".join) | st.text(max_size=20))
def test_any_text_is_a_fault_or_is_refused(spec: str) -> None:
    try:
        fault = parse_fault(spec)
    except ValueError:
        return
    reply = fault.applied(lambda: HttpResponse(200, b"{}"))
    assert 0 <= reply.status <= 599


def statuses(*specs: str, requests: int) -> list[int | None]:
    faults = Faults(parse_fault(spec) for spec in specs)
    return [faults.next().status for _ in range(requests)]


def test_turns() -> None:
    assert statuses("status=500,first=2", requests=4) == [500, 500, None, None]
    assert statuses("status=500,every=3", requests=7) == [None, None, 500, None, None, 500, None]
    assert statuses("status=500", requests=2) == [500, 500]
    assert statuses(requests=2) == [None, None]


def test_each_fault_counts_the_requests_that_come_to_it() -> None:
    specs = ("status=429,first=1", "status=500,first=2", "status=503,every=2")
    assert statuses(*specs, requests=7) == [429, 500, 500, None, 503, None, 503]


def test_the_body_of_a_status(sandbox: Sandbox) -> None:
    with failing("status=429,retry-after=7,first=1") as limited:
        answer, then = chat(limited), chat(limited)
    assert answer.status == 429
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["server"] == "openai-cli-sandbox"
    assert answer.json == {
        "error": {
            "message": "Rate limit reached for requests (made by the sandbox).",
            "type": "requests",
            "param": None,
            "code": "rate_limit_exceeded",
        }
    }
    assert then.content == chat(sandbox).content


@pytest.mark.parametrize(
    ("spec", "kind", "code", "words"),
    [
        ("status=401", "invalid_request_error", "invalid_api_key", "Incorrect API key provided"),
        (
            "status=429,code=insufficient_quota",
            "insufficient_quota",
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details",
        ),
        ("status=418", "invalid_request_error", None, "I'm a Teapot"),
        ("status=499,code=x", "invalid_request_error", "x", "HTTP 499"),
        (
            "status=500",
            "server_error",
            None,
            "The server had an error while processing your request",
        ),
        (
            "status=503",
            "server_error",
            None,
            "The engine is currently overloaded, please try again later",
        ),
        ("status=504", "server_error", None, "Gateway Timeout"),
    ],
)
def test_the_errors_of_the_api(spec: str, kind: str, code: str | None, words: str) -> None:
    body = json.loads(parse_fault(spec).applied(never).content)
    assert body["error"]["message"].lower() == f"{words} (made by the sandbox).".lower()
    assert (body["error"]["type"], body["error"]["code"]) == (kind, code)


def never() -> HttpResponse:
    raise AssertionError("what is not sent must not be made")


@pytest.mark.parametrize(
    ("spec", "status", "kind"),
    [
        ("not-json", 200, "text/html"),
        ("status=502,not-json", 502, "text/html"),
        ("empty", 200, "application/json"),
        ("status=502,empty", 502, "application/json"),
    ],
)
def test_bodies_that_are_no_json(spec: str, status: int, kind: str) -> None:
    with failing(spec) as sandbox:
        answer = chat(sandbox)
    assert (answer.status, answer.headers["content-type"]) == (status, kind)
    assert answer.content.startswith(b"<html>") if "not-json" in spec else answer.content == b""


def test_a_delay() -> None:
    slept: list[float] = []
    with failing("delay=0.25,first=1", "status=500,delay=2", sleep=slept.append) as sandbox:
        assert [chat(sandbox).status for _ in range(2)] == [200, 500]
    assert slept == [0.25, 2.0]


def events(sandbox: Sandbox) -> tuple[list[str], Exception | None]:
    """The data of the events of a stream that come, and the exception that ends it."""
    connection = connect(sandbox)
    connection.request("POST", CHAT, json.dumps(STREAM), HEADERS)
    response = connection.getresponse()
    try:
        content, error = response.read(), None
    except IncompleteRead as incomplete:
        content, error = incomplete.partial, incomplete
    connection.close()
    return content.decode().split("\n\n")[:-1], error


@pytest.mark.parametrize("count", [0, 2])
def test_a_stream_that_is_cut(count: int) -> None:
    with failing(f"cut-after={count}") as sandbox:
        found, error = events(sandbox)
    assert len(found) == count
    assert isinstance(error, IncompleteRead)


def test_a_stream_without_its_end() -> None:
    with failing("no-done") as sandbox:
        found, error = events(sandbox)
    assert error is None
    assert "[DONE]" not in found[-1]
    assert json.loads(found[-1].removeprefix("data: "))["choices"][0]["finish_reason"] == "stop"


def test_a_text_that_says_done_is_no_end() -> None:
    with failing("no-done") as sandbox:
        body = {**STREAM, "messages": [{"role": "user", "content": "Say data: [DONE]"}]}
        found = send(sandbox, CHAT, body).content.decode()
    pieces = [json.loads(event.removeprefix("data: ")) for event in found.split("\n\n")[:-1]]
    said = "".join(piece["choices"][0]["delta"].get("content", "") for piece in pieces)
    assert said == "data: [DONE]"


def test_faults_of_streams_leave_other_answers_alone(sandbox: Sandbox) -> None:
    for spec in ("cut-after=0", "stall-after=0", "no-done"):
        with failing(spec) as failed:
            assert chat(failed).content == chat(sandbox).content


def test_a_stall() -> None:
    """It ends with the client, or with the sandbox: `with` would hang else."""
    arrived = threading.Event()
    with failing("stall,delay=1", sleep=lambda _seconds: arrived.set()) as sandbox:
        connection = connect(sandbox)
        connection.request("POST", CHAT, json.dumps(STREAM), HEADERS)
        assert arrived.wait(30)
        kept = connection.sock
    with closing(connection):
        assert kept.recv(1) == b""


def test_a_stream_that_stalls() -> None:
    with failing("stall-after=2") as sandbox:
        connection = connect(sandbox)
        connection.request("POST", CHAT, json.dumps(STREAM), HEADERS)
        response = connection.getresponse()
        assert [response.readline()[:6] for _ in range(4)] == [b"data: ", b"\n", b"data: ", b"\n"]
    with closing(connection), pytest.raises(HTTPException):
        response.read()


def test_a_reset() -> None:
    with failing("reset") as sandbox, pytest.raises(ConnectionResetError, match="reset by peer"):
        chat(sandbox)


def faulty(sandbox: Sandbox, spec: str, body: Any = None) -> Answer:
    given = {"model": "m", "messages": MESSAGES} if body is None else body
    return send(sandbox, CHAT, given, headers={**HEADERS, "X-Sandbox-Fault": spec})


def test_a_header_asks_for_a_fault_of_one_request(sandbox: Sandbox) -> None:
    assert faulty(sandbox, "status=503").status == 503
    assert chat(sandbox).status == 200


def test_the_header_goes_before_the_faults_of_the_run() -> None:
    with failing("status=500,first=1") as sandbox:
        assert faulty(sandbox, "status=503").status == 503
        assert [chat(sandbox).status for _ in range(2)] == [500, 200]


def test_a_header_that_names_no_fault(sandbox: Sandbox) -> None:
    answer = faulty(sandbox, "boom")
    assert answer.status == 400
    assert answer.json["error"]["message"] == (
        "X-Sandbox-Fault has no 'boom'; it has status=N, code=CODE, retry-after=SECONDS, not-json, "
        "empty, reset, stall, stall-after=N, cut-after=N, error-after=N, no-done, "
        "finish-reason=REASON, no-finish-reason, lost, drop-line, error-line, expire, "
        "queue-full=TOKENS, latency=TIME, delay=SECONDS, first=N and every=N."
    )
    assert "first is for several" in faulty(sandbox, "stall,first=1").json["error"]["message"]


RESPOND = {"model": "gpt-6-luna", "input": "Say one two"}


def lines_of(sandbox: Sandbox, path: str, body: object) -> list[Any]:
    """The data of the events of a stream, in their order."""
    text = send(sandbox, path, body).content.decode()
    found = [line for line in text.splitlines() if line.startswith("data: ")]
    return [line if "[DONE]" in line else json.loads(line[6:]) for line in found]


@pytest.mark.parametrize("number", [0, 1, 2, 99])
def test_an_error_in_the_middle_of_a_stream(number: int) -> None:
    with failing(f"error-after={number}") as sandbox:
        *events, last = lines_of(sandbox, CHAT, STREAM)
    assert len(events) == min(number, 4)
    assert all(event["choices"] for event in events)
    assert last["error"]["type"] == "server_error"


def test_an_error_of_another_code_in_a_stream_of_responses() -> None:
    with failing("error-after=1,code=rate_limit_exceeded") as sandbox:
        content = send(sandbox, "/v1/responses", {**RESPOND, "stream": True}).content
        assert send(sandbox, "/v1/responses", RESPOND).json["status"] == "completed"
    first, error, end = content.decode().split("\n\n")
    assert first.startswith("event: response.created\n")
    name, data = error.split("\n")
    assert (name, end) == ("event: error", "")
    body = json.loads(data.removeprefix("data: "))
    assert (body["type"], body["code"]) == ("error", "rate_limit_exceeded")


@pytest.mark.parametrize(
    ("spec", "reason"), [("finish-reason=odd", "odd"), ("no-finish-reason", None)]
)
def test_how_choices_end(spec: str, reason: str | None) -> None:
    with failing(spec) as sandbox:
        choices = chat(sandbox, n=2).json["choices"]
        *events, done = lines_of(sandbox, CHAT, STREAM)
        text = send(sandbox, "/v1/completions", {"model": "m", "prompt": "a"}).json["choices"]
        models = send(sandbox, "/v1/models", method="GET")
        speech = {"model": "tts-1", "input": "a", "voice": "coral", "response_format": "wav"}
        sound = send(sandbox, "/v1/audio/speech", speech)
    assert [choice["finish_reason"] for choice in choices] == [reason, reason]
    reasons = [event["choices"][0]["finish_reason"] for event in events]
    assert reasons == [None] * (len(events) - 1) + [reason]
    assert done == "data: [DONE]"
    assert text[0]["finish_reason"] == reason
    assert models.json["object"] == "list"
    assert sound.content.startswith(b"RIFF")


def test_a_response_that_ends_for_another_reason() -> None:
    with failing("finish-reason=odd") as sandbox:
        whole = send(sandbox, "/v1/responses", RESPOND).json
        content = send(sandbox, "/v1/responses", {**RESPOND, "stream": True}).content
    assert (whole["status"], whole["incomplete_details"]) == ("incomplete", {"reason": "odd"})
    last = content.decode().split("\n\n")[-2]
    assert last.startswith("event: response.incomplete\n")
    assert json.loads(last.partition("data: ")[2])["response"]["incomplete_details"] == {
        "reason": "odd"
    }


def test_a_response_that_has_no_end() -> None:
    with failing("no-finish-reason") as sandbox:
        assert send(sandbox, "/v1/responses", RESPOND).json["status"] is None
        *_, last = lines_of(sandbox, "/v1/responses", {**RESPOND, "stream": True})
    assert last["type"] == "response.output_item.done"


def test_the_manual_has_every_part() -> None:
    page = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", page, re.MULTILINE)
    told = [(form_of(name), part.meaning) for name, part in faults.PARTS.items()]
    start = rows.index(told[0])
    assert rows[start : start + len(told)] == told
