"""Answers that are recorded and played back: the same bytes, for the same requests alone."""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.errors import OutputError, UsageError
from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.asked import Asked, canonical
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.exchange import HttpResponse
from openai_cli.sandbox.faults import Faults, parse_fault
from openai_cli.sandbox.likeness import Likeness
from openai_cli.sandbox.recordings import Recorded, Recordings
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.replies import Replies
from openai_cli.sandbox.replyline import decoded, encoded
from tests.sandbox.client import CHAT, KEY, Answer, chat, send
from tests.sandbox.recorder import THEN, UPSTREAM_KEY, replaying, rows, upstream_of
from tests.sandbox.test_forms import written
from tests.servers import Server, reply

Json = dict[str, Any]

MODEL = "gpt-6-luna"
ASKED = {"model": MODEL, "messages": [{"role": "user", "content": "Say hi"}], "temperature": 1}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recordings.jsonl"


@pytest.fixture
def api() -> Iterator[Sandbox]:
    """A sandbox that stands for the API."""
    with Sandbox(0, SandboxConfig(key=UPSTREAM_KEY)) as serving:
        yield serving


def form(*fields: tuple[Any, ...]) -> tuple[bytes, Mapping[str, str]]:
    content, content_type = written(*fields)
    return content, {"Authorization": f"Bearer {KEY}", "Content-Type": content_type}


SOUND = ("file", b"RIFF\xff\x00", "a.wav")
REQUESTS: list[tuple[str, Json]] = [
    (CHAT, ASKED),
    (CHAT, {**ASKED, "stream": True}),
    ("/v1/responses", {"model": MODEL, "input": "Say hi"}),
    ("/v1/responses", {"model": MODEL, "input": "Say hi", "stream": True}),
    ("/v1/completions", {"model": MODEL, "prompt": "Say hi"}),
    ("/v1/embeddings", {"model": "text-embedding-3-small", "input": "hi"}),
    ("/v1/moderations", {"input": "hi"}),
    ("/v1/audio/speech", {"model": "tts-1", "input": "hi", "voice": "coral"}),
    ("/v1/audio/speech", {"model": "gpt-4o-mini-tts", "input": "hi", "voice": "coral",
                          "stream_format": "sse"}),
    ("/v1/images/generations", {"model": "gpt-image-1", "prompt": "hi"}),
    ("/v1/images/generations", {"model": "gpt-image-1", "prompt": "hi", "stream": True,
                                "partial_images": 1}),
    (CHAT, {**ASKED, "temperature": 3}),
]  # fmt: skip


def asked_all(sandbox: Sandbox) -> list[Answer]:
    """The answers to a request of each kind."""
    answers = [send(sandbox, place, body) for place, body in REQUESTS]
    for name in ("whisper-1", "gpt-4o-mini-transcribe"):
        content, headers = form(("model", name), SOUND)
        answers.append(send(sandbox, "/v1/audio/transcriptions", content, headers=headers))
    content, headers = form(("prompt", "hat"), ("image", b"\x89PNG\r\n\x1a\n", "a.png"))
    answers.append(send(sandbox, "/v1/images/edits", content, headers=headers))
    answers.append(send(sandbox, "/v1/models?limit=2", method="GET"))
    answers.append(send(sandbox, "/v1/no/such", method="GET"))
    return answers


def test_what_was_recorded_is_played_back_as_the_same_bytes(path: Path, api: Sandbox) -> None:
    with upstream_of(api.base_url, path) as recorder:
        live = asked_all(recorder.sandbox) + asked_all(recorder.sandbox)
    with replaying(path) as (sandbox, replies):
        replayed = asked_all(sandbox) + asked_all(sandbox)
        assert not replies.unused
    assert {each.status for each in live} == {200, 400, 404}
    for one, other in zip(live, replayed, strict=True):
        assert (other.status, other.content) == (one.status, one.content)
        for name in ("content-type", "x-request-id"):
            assert other.headers[name] == one.headers[name]
        assert "openai-version" not in other.headers or "openai-version" in one.headers


def test_a_line(path: Path, api: Sandbox) -> None:
    with upstream_of(api.base_url, path) as recorder:
        whole = send(recorder.sandbox, CHAT, ASKED)
        streamed = send(recorder.sandbox, CHAT, {**ASKED, "stream": True})
        sound = send(recorder.sandbox, *REQUESTS[7])
        content, headers = form(("model", "whisper-1"), ("temperature", "0.5"), SOUND)
        send(recorder.sandbox, "/v1/audio/transcriptions", content, headers=headers)
    first, second, third, fourth = rows(path)
    headers = first["headers"]
    assert first == {
        "recorded": "2026-11-23T09:30:00.000000Z",
        "method": "POST",
        "path": "/chat/completions",
        "request": ASKED,
        "status": 200,
        "headers": headers,
        "content": whole.content.decode(),
    }
    assert headers.keys() == {
        "content-type", "openai-processing-ms", "openai-version", "x-request-id"
    }  # fmt: skip
    assert second["recorded"] == "2026-11-23T09:30:00.000001Z"
    assert "".join(second["events"]).encode() == streamed.content
    assert second["events"][-1] == "data: [DONE]\n\n"
    assert decoded(third["content"], "content") == sound.content
    assert third["content"].keys() == {"base64"}
    assert fourth["request"]["temperature"] == "0.5", "all fields of a form are texts"
    assert fourth["request"]["file"].keys() == {"filename", "content_type", "size", "sha256"}


def test_no_key_and_no_header_is_stored(path: Path) -> None:
    word = "never-to-be-shown"
    told = {"error": {"message": f"Incorrect API key provided: {UPSTREAM_KEY}, sk-made-up-other"}}
    headers = [f"Set-Cookie: {word}", f"openai-organization: {word}", "retry-after-ms: 5",
               f"x-ratelimit-limit-requests: {word}", f"x-new: {word}"]  # fmt: skip
    tool = {"type": "mcp", "authorization": word, "headers": {"X-Api-Key": word}}
    given = {"Authorization": f"Bearer {KEY}", "Cookie": word, "X-Secret": word}
    with (
        Server([reply(told, status="401 Unauthorized", headers=headers)]) as server,
        upstream_of(server.base_url, path) as recorder,
    ):
        answer = send(
            recorder.sandbox, f"/v1/responses?limit=2&signature={word}", {"tools": [tool]},
            headers=given,
        )  # fmt: skip
    assert answer.json == told, "the client has it as it came"
    (row,) = rows(path)
    text = path.read_text()
    assert not [each for each in (word, KEY, UPSTREAM_KEY, "sk-made-up") if each in text]
    assert row["headers"] == {"content-type": "application/json", "retry-after-ms": "5"}
    assert row["content"] == '{"error":{"message":"Incorrect API key provided: ***, ***"}}'
    with replaying(path) as (sandbox, _):
        again = send(sandbox, f"/v1/responses?signature={word}&limit=2", {"tools": [tool]})
        assert again.json == json.loads(row["content"])
        other = send(sandbox, "/v1/responses?signature=other&limit=2", {"tools": [tool]})
        assert other.status == 400


def test_the_file_is_private(path: Path, api: Sandbox) -> None:
    mask = os.umask(0)
    try:
        with upstream_of(api.base_url, path) as recorder:
            chat(recorder.sandbox)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def changed(value: Any) -> Iterator[Any]:
    """The value with each of its texts, numbers and properties changed, one at a time."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield {key: other for key, other in value.items() if key != name}
            yield from ({**value, name: other} for other in changed(item))
        yield {**value, "user": "u"}
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from ([*value[:at], other, *value[at + 1 :]] for other in changed(item))
        yield [*value, *value[:1]]
    else:
        others: list[Any] = [f"{value}x", None, True, 0, []]
        yield from (each for each in others if type(each) is not type(value) or each != value)


@pytest.mark.parametrize(("place", "body"), REQUESTS)
def test_a_request_that_differs_in_anything_has_no_answer(place: str, body: Json) -> None:
    line = {"path": place, "request": body, "text" if place == CHAT else "body": "a"}
    replies = Replies([json.dumps(line).encode()], strict=True)
    alike = json.dumps(dict(reversed(body.items())), indent=2)
    assert replies.find(asked(place, alike.replace('": 1\n', '": 1.0\n'))) is not None
    for other in changed(body):
        assert found(replies, asked(place, json.dumps(other))) is None, other
    for elsewhere in (f"{place}?a=b", f"{place}/x"):
        assert found(replies, asked(elsewhere, json.dumps(body))) is None
    assert found(replies, replace(asked(place, json.dumps(body)), method="PUT")) is None


def asked(target: str, content: str | bytes, kind: str = "application/json") -> Asked:
    data = content.encode() if isinstance(content, str) else content
    return Asked("POST", target, data, kind, lambda: json.loads(data))


def found(replies: Replies, request: Asked) -> HttpResponse | None:
    try:
        answer = replies.find(request)
    except Refusal:
        return None
    assert isinstance(answer, HttpResponse)
    return answer


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(VALUES, VALUES)
def test_what_is_equal_as_json_is_alike_and_nothing_else(one: Any, other: Any) -> None:
    assert canonical(one) == canonical(json.loads(json.dumps(one)))
    if canonical(one) == canonical(other):
        assert one == other
        assert isinstance(one, bool) == isinstance(other, bool)


BODIES = st.binary() | st.sampled_from([b"\xff\x00\r\n", b'"\\ud800"', b'{"a": 1e400}', b" "])


@settings(max_examples=200)
@given(BODIES, st.lists(BODIES, max_size=5), st.booleans(), st.sampled_from([200, 429, 500]))
def test_any_bytes_are_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    body: bytes,
    pieces: list[bytes],
    is_stream: bool,
    status: int,
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.unlink(missing_ok=True)
    recordings = Recordings(str(path), Likeness(None), lambda: THEN)
    request = asked("/v1/any", body)
    moment = recordings.moment()
    recordings.add(request, moment, Recorded(status, [("Content-Type", "a/b")], pieces, is_stream))
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 1, "whatever it has of line ends"
    answer = found(Replies(lines, strict=True), request)
    assert answer is not None
    assert (answer.status, answer.headers) == (status, (("content-type", "a/b"),))
    if is_stream:
        assert [*(answer.events or ())] == pieces
    else:
        assert answer.content == b"".join(pieces)


@given(st.binary())
def test_bytes_as_a_line_has_them(data: bytes) -> None:
    assert decoded(json.loads(json.dumps(encoded(data))), "content") == data


def test_equal_requests_have_their_answers_in_turn(path: Path) -> None:
    answers = [reply({"n": 1}), reply({"n": 2}, status="500 Oh"), reply({"n": 3})]
    with Server(answers) as server, upstream_of(server.base_url, path) as recorder:
        live = [send(recorder.sandbox, CHAT, ASKED) for _ in answers]
    with replaying(path) as (sandbox, _):
        replayed = [send(sandbox, CHAT, ASKED) for _ in range(5)]
    assert [each.json["n"] for each in live] == [1, 2, 3]
    assert [(each.status, each.json["n"]) for each in replayed] == [
        (200, 1), (500, 2), (200, 3), (200, 3), (200, 3)
    ]  # fmt: skip


def test_the_order_is_that_of_the_requests_and_not_of_their_answers(path: Path) -> None:
    recordings = Recordings(str(path), Likeness(None), lambda: THEN)
    moments = [recordings.moment() for _ in range(3)]
    for at in (2, 0, 1):
        answer = Recorded(200, [], [b"%d" % at], is_stream=False)
        recordings.add(asked(CHAT, json.dumps(ASKED)), moments[at], answer)
    with replaying(path) as (sandbox, _):
        assert [send(sandbox, CHAT, ASKED).content for _ in range(4)] == [b"0", b"1", b"2", b"2"]


def test_parallel_clients_have_each_its_own_answer(path: Path, api: Sandbox) -> None:
    def text(sandbox: Sandbox, number: int) -> str:
        messages = [{"role": "user", "content": f"Say {number}"}]
        return str(chat(sandbox, messages=messages).json["choices"][0]["message"]["content"])

    def all_of(sandbox: Sandbox, numbers: list[int]) -> list[str]:
        with ThreadPoolExecutor(8) as pool:
            return [*pool.map(lambda number: text(sandbox, number), numbers)]

    numbers = [*range(12)]
    with upstream_of(api.base_url, path) as recorder:
        all_of(recorder.sandbox, numbers)
    assert len(rows(path)) == len(numbers)
    with replaying(path) as (sandbox, _):
        assert all_of(sandbox, numbers[::-1]) == [str(number) for number in numbers[::-1]]


def test_match_says_what_is_alike(path: Path, api: Sandbox) -> None:
    with upstream_of(api.base_url, path) as recorder:
        live = send(recorder.sandbox, CHAT, {**ASKED, "seed": 1})
        send(recorder.sandbox, *REQUESTS[5])
    with replaying(path) as (sandbox, _):
        assert send(sandbox, CHAT, {**ASKED, "seed": 2}).status == 400
    with replaying(path, "messages[-1].content") as (sandbox, _):
        assert send(sandbox, CHAT, {**ASKED, "seed": 2}).content == live.content
        other = {**ASKED, "messages": [{"role": "user", "content": "Say ho"}]}
        told = send(sandbox, CHAT, other).json["error"]["message"]
        assert told.endswith('the nearest is line 1: the body is "Say ho", recorded "Say hi"')
        place, body = REQUESTS[5]
        assert send(sandbox, place, body).status == 200
        assert send(sandbox, place, {**body, "input": "ho"}).status == 400, "it finds nothing there"


def test_what_an_expression_finds_is_not_taken_for_a_body() -> None:
    likeness = Likeness("a")
    assert likeness.seen({"a": [], "b": 1}) == [], "nothing in it is found, too"
    assert likeness.key("POST", "/", {"a": 5}) != likeness.key("POST", "/", 5)


def test_a_line_remembers_its_match(path: Path, api: Sandbox) -> None:
    with upstream_of(api.base_url, path, match="temperature") as recorder:
        send(recorder.sandbox, CHAT, ASKED)
    assert rows(path)[0]["match"] == "temperature"
    with replaying(path) as (sandbox, _):
        assert send(sandbox, CHAT, {**ASKED, "seed": 2}).status == 200
    with replaying(path, "messages") as (sandbox, _):
        assert send(sandbox, CHAT, {**ASKED, "temperature": 0}).status == 200


def test_what_is_redacted_is_found_again(path: Path, api: Sandbox) -> None:
    def named(name: str, **body: Any) -> Json:
        content = [{"role": "user", "content": f"Say {name} is here"}]
        return {**ASKED, "messages": content, **body}

    with upstream_of(api.base_url, path, redact=(r"J\w+ Doe",)) as recorder:
        live = [send(recorder.sandbox, CHAT, named("Jane Doe", stream=on)) for on in (False, True)]
        send(recorder.sandbox, "/v1/files/Jane%20Doe", method="GET")
    assert all(b"Doe" in each.content for each in live), "the client has all"
    assert "Jane" not in path.read_text()
    assert {tuple(row["redact"]) for row in rows(path)} == {(r"J\w+ Doe",)}
    with replaying(path) as (sandbox, _):
        for name in ("Jane Doe", "John Doe", "***"):
            answer = send(sandbox, CHAT, named(name, stream=False))
            assert answer.json["choices"][0]["message"]["content"] == "*** is here"
        steps = send(sandbox, CHAT, named("Jane Doe", stream=True)).steps()
        assert "".join(step["delta"].get("content") or "" for step in steps) == "*** is here"
        assert send(sandbox, CHAT, named("Rose", stream=False)).status == 400


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"seed": 5}, "seed is 5, and not recorded"),
        ({"temperature": None}, "temperature is null, recorded 1"),
        ({"model": "m"}, 'model is "m", recorded "gpt-6-luna"'),
        (
            {"messages": [{"role": "user", "content": "a" * 99 + "b" + "c" * 99}]},
            'messages[0].content is "…aaaaaaaaaab' + "c" * 49 + '…", recorded "…aaaaaaaaaad"',
        ),
        (
            {"messages": [{"role": "user", "content": "a" * 99 + "b" + "c" * 49}]},
            'messages[0].content is "…aaaaaaaaaab' + "c" * 49 + '", recorded "…aaaaaaaaaad"',
        ),
        (
            {"a": 1, "b": 2, "c": 3, "d": 4},
            "a is 1, and not recorded; b is 2, and not recorded; c is 3, and not recorded; "
            "and 2 more",
        ),
    ],
)
def test_a_request_without_a_recording_is_told_what_differs(other: Json, told: str) -> None:
    body = dict(ASKED)
    if "messages" in other:
        body["messages"] = [{"role": "user", "content": "a" * 99 + "d"}]
    if "a" in other:
        body["z"] = 1
    far = {"path": "/chat/completions", "request": {"n": 9}, "body": {}}
    near = {"path": "/chat/completions", "request": body, "body": {}}
    other_path = {"path": "/embeddings", "request": {**ASKED, **other}, "body": {}}
    lines = [json.dumps(row).encode() for row in (far, other_path, near)]
    replies = Replies(lines, name="r", strict=True)
    assert found(replies, asked(CHAT, json.dumps({**ASKED, **other}))) is None
    (why,) = replies.missed
    assert why == f"no line of 'r' matches POST {CHAT}; the nearest is line 3: {told}"


def test_another_query_is_told() -> None:
    line: Json = {"method": "GET", "path": "/models?limit=2", "request": None, "body": {}}
    replies = Replies([json.dumps(line).encode()], name="r", strict=True)
    request = replace(asked("/v1/models?limit=3", b""), method="GET")
    assert found(replies, request) is None
    assert replies.missed[0].endswith('line 1: the query is "limit=3", recorded "limit=2"')


def test_a_request_that_the_sandbox_would_refuse_is_asked_of_the_recordings(api: Sandbox) -> None:
    """What the API takes is the API's to say: of other servers, say, or of newer parameters."""
    row = {"path": "/chat/completions", "request": {"top_k": 5}, "content": "taken"}
    with replies_of({"when": "n", "text": "a"}, row) as sandbox:
        assert send(sandbox, CHAT, {"top_k": 5}).content == b"taken"


def replies_of(*lines: Json) -> Sandbox:
    texts = [json.dumps(line).encode() for line in lines]
    return Sandbox(0, SandboxConfig(Replies(texts, name="r", strict=True), key=KEY))


def test_recordings_among_other_lines() -> None:
    """The first line goes first, whichever kind it is of; `times` is as it is of others."""
    body = {"path": "/chat/completions", "request": ASKED}
    with replies_of(
        {**body, "content": "first", "times": 1},
        {"when": "n", "text": "n"},
        {**body, "text": "second"},
        {**body, "events": ["third"], "status": 202, "headers": {"X-Own": "yes"}},
        {"text": "last"},
    ) as sandbox:
        first = send(sandbox, CHAT, ASKED)
        second = send(sandbox, CHAT, ASKED)
        third = send(sandbox, CHAT, ASKED)
        assert (first.content, first.headers["content-type"]) == (b"first", "application/json")
        assert second.json["choices"][0]["message"]["content"] == "second"
        assert (third.status, third.content, third.headers["x-own"]) == (202, b"third", "yes")
        assert third.headers["content-type"] == "text/event-stream"
        assert send(sandbox, CHAT, ASKED).content == b"third"
        assert send(sandbox, CHAT, {**ASKED, "seed": 1}).json["choices"][0]["message"] == {
            "role": "assistant", "content": "last", "refusal": None, "annotations": []
        }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({"request": {}, "text": "a"}, "'request' needs 'path'"),
        (
            {"request": {}, "when": "a", "path": "/models", "body": {}},
            "it has 'request' and 'when': one of them",
        ),
        ({"match": "a", "text": "a"}, "'match' goes with 'request'"),
        ({"redact": ["a"], "text": "a"}, "'redact' goes with 'request'"),
        (
            {"path": "/m", "request": {}, "body": {}, "match": "a["},
            "'match' is not a JMESPath expression: Invalid jmespath expression: Incomplete "
            "expression:",
        ),
        (
            {"path": "/m", "request": {}, "body": {}, "redact": ["("]},
            "'redact' has no regular expression: missing ), unterminated subpattern at position 0",
        ),
        (
            {"path": "/m", "request": {}, "body": {}, "redact": [[1]]},
            "'redact' must be an array of regular expressions",
        ),
        ({"content": 5}, "'content' must be a string, or an object with 'base64'"),
        ({"content": {"base64": "?"}}, "the 'base64' of 'content' is not valid base64"),
        ({"events": [5]}, "'events' must be an array of strings, or of objects with 'base64'"),
        ({"content": "", "headers": {"a b": "c"}}, "'headers' cannot have 'a b'"),
        (
            {"content": "", "headers": {"Content-Length": "9"}},
            "'headers' cannot have 'Content-Length'",
        ),
        (
            {"content": "", "headers": {"a": "b\r\nc: d"}},
            "the header 'a' must be a string on one line",
        ),
        (
            {"text": "", "headers": {}},
            "'headers' goes with 'body', 'content', 'events' or 'error', not with 'text'",
        ),
        (
            {"headers": {"host": "127.0.0.1:9"}, "body": {}, "status": 200},
            "it is a line of --record, which has no answer",
        ),
        (
            {"text": "", "recorded": "today"},
            "'recorded' must be a time in UTC such as 2026-11-23T09:30:00Z",
        ),
    ],
)
def test_wrong_lines(line: Json, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        Replies([json.dumps({"path": "/m", **line} if "content" in line else line).encode()])
    assert caught.value.problem == f"--replies: line 1 of '': {problem}"


def test_what_a_killed_process_left_of_a_line_is_none(path: Path, api: Sandbox) -> None:
    with upstream_of(api.base_url, path) as recorder:
        chat(recorder.sandbox)
        first = path.read_bytes()
        chat(recorder.sandbox, n=2)
    second = path.read_bytes().removeprefix(first)
    for size in (1, 5, 14, 15, 40, len(second) // 2, len(second) - 2):
        path.write_bytes(first + second[:size])
        torn = Replies(path.read_bytes().splitlines(keepends=True))
        assert (torn.torn, len(torn.unused)) == (2, 1), size
        with upstream_of(api.base_url, path) as recorder:
            chat(recorder.sandbox, n=3)
        assert [row["request"].get("n") for row in rows(path)] == [None, 3], size
    path.write_bytes(first + second[:-1])
    whole = Replies(path.read_bytes().splitlines(keepends=True))
    assert (whole.torn, len(whole.unused)) == (None, 2), "it lacks no more than its end"
    with upstream_of(api.base_url, path) as recorder:
        chat(recorder.sandbox, n=3)
    assert [row["request"].get("n") for row in rows(path)] == [None, 2, 3]


def test_a_full_disk_leaves_whole_lines_and_the_client_its_answer(
    path: Path, api: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    with upstream_of(api.base_url, path) as recorder:
        chat(recorder.sandbox)
        before = path.read_bytes()
        room = [10]

        def full(file: int, data: bytes) -> int:
            if not room:
                raise OSError(28, "No space left on device")
            return write(file, data[: room.pop()])

        monkeypatch.setattr("openai_cli.sandbox.linefile.os.write", full)
        answer = chat(recorder.sandbox, stream=True)
        monkeypatch.undo()
        problem = (
            f"--record-replies: an answer could not be written to '{path}': No space left on device"
        )
        assert answer.events, "which is whole"
        assert path.read_bytes() == before
        assert recorder.told == [problem]
        assert recorder.recordings is not None
        assert isinstance(recorder.recordings.failure, OutputError)
        chat(recorder.sandbox, n=2)
    assert [row["request"].get("n") for row in rows(path)] == [None, 2]


def test_what_comes_after_the_end_is_not_recorded(path: Path) -> None:
    recordings = Recordings(str(path), Likeness(None), lambda: THEN)
    with recordings.one_under_way():
        assert not recordings.settle(0)
    recordings.add(
        asked(CHAT, "{}"), recordings.moment(), Recorded(200, [], [b"late"], is_stream=False)
    )
    assert path.read_bytes() == b""


def test_only_what_is_missing_is_recorded(path: Path, api: Sandbox) -> None:
    with upstream_of(api.base_url, path) as recorder:
        chat(recorder.sandbox, n=1)
    replies = Replies(path.read_bytes().splitlines(keepends=True))
    with upstream_of(api.base_url, path, replies=replies) as recorder:
        for number in (1, 2, 1, 2):
            chat(recorder.sandbox, n=number)
    assert [row["request"]["n"] for row in rows(path)] == [1, 2, 2], "what is new is asked anew"


def test_faults_are_made_of_what_is_replayed(path: Path, api: Sandbox) -> None:
    with upstream_of(api.base_url, path) as recorder:
        chat(recorder.sandbox, stream=True)
    lines = path.read_bytes().splitlines(keepends=True)
    faults = Faults([parse_fault("no-done,first=1"), parse_fault("finish-reason=length")])
    with Sandbox(0, SandboxConfig(Replies(lines), faults, key=KEY)) as sandbox:
        assert b"[DONE]" not in chat(sandbox, stream=True).content
        assert chat(sandbox, stream=True).steps()[-1]["finish_reason"] == "length"
