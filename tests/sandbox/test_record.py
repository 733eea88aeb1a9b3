"""The record of what was asked."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from openai_cli.errors import UsageError
from openai_cli.sandbox import API_KEY, Sandbox
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.faults import Faults, parse_fault
from openai_cli.sandbox.record import Recorder
from tests.sandbox.client import CHAT, chat, complete, send
from tests.sandbox.test_forms import written

BEARER = {"Authorization": f"Bearer {API_KEY}"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.jsonl"


@contextmanager
def recording(path: Path, *faults: str) -> Iterator[Sandbox]:
    config = SandboxConfig(faults=Faults(map(parse_fault, faults)), recorder=Recorder(str(path)))
    with Sandbox(0, config) as sandbox:
        yield sandbox


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_for_each_request(path: Path) -> None:
    with recording(path) as sandbox:
        chat(sandbox, n=2)
        first = path.read_bytes()
        assert first.endswith(b"\n"), "it is written before the answer comes"
        complete(sandbox, temperature=3)
        send(sandbox, "/v1/models?limit=1", method="GET")
        send(sandbox, CHAT, b"h\xffllo")
    one, two, three, four = rows(path)
    host = sandbox.base_url.removeprefix("http://").removesuffix("/v1")
    assert one == {
        "method": "POST",
        "path": "/v1/chat/completions",
        "headers": {
            "host": host,
            "accept-encoding": "identity",
            "content-length": "83",
            "authorization": "Bearer ***",
        },
        "body": {
            "model": "gpt-6-luna",
            "messages": [{"role": "user", "content": "hello"}],
            "n": 2,
        },
        "status": 200,
    }
    assert (two["path"], two["status"], two["body"]["temperature"]) == ("/v1/completions", 400, 3)
    assert (three["method"], three["path"], three["body"]) == ("GET", "/v1/models?limit=1", None)
    assert (four["body"], four["status"]) == ("h\ufffdllo", 400)


def test_a_form_is_its_fields(path: Path) -> None:
    fields = [
        ("model", "whisper-1"),
        ("timestamp_granularities[]", "word"),
        ("chunking_strategy[type]", "server_vad"),
        ("file", b"RIFF\xff", "a.wav"),
    ]
    content, content_type = written(*fields)
    with recording(path) as sandbox:
        for body in (content, b"no form"):
            headers = {**BEARER, "Content-Type": content_type}
            send(sandbox, "/v1/audio/transcriptions", body, headers=headers)
    whole, broken = rows(path)
    assert whole["body"] == {
        "model": "whisper-1",
        "timestamp_granularities": ["word"],
        "chunking_strategy": {"type": "server_vad"},
        "file": {"filename": "a.wav", "content_type": "text/plain", "size": 5},
    }
    assert broken["body"] == "no form"


def test_a_file_is_gone_on_with(path: Path) -> None:
    path.write_text('{"before": true}\n')
    with recording(path) as sandbox:
        chat(sandbox)
    assert [next(iter(row)) for row in rows(path)] == ["before", "method"]


def test_what_a_fault_answers_is_recorded(path: Path) -> None:
    with recording(path, "status=503,first=1", "reset,first=1") as sandbox:
        chat(sandbox)
        with pytest.raises(ConnectionResetError):
            chat(sandbox)
        chat(sandbox)
    assert [row["status"] for row in rows(path)] == [503, None, 200]


@pytest.mark.parametrize(
    "headers",
    [
        BEARER,
        {"Authorization": API_KEY},
        {"Authorization": f"Basic {API_KEY}"},
        {**BEARER, "X-Api-Key": "sk-made-up-other"},
        {**BEARER, "Api-Key": "sk-made-up-other"},
        {**BEARER, "Cookie": "session=sk-made-up-other"},
        {**BEARER, "X-Auth-Token": "sk-made-up-other"},
    ],
)
def test_no_key_is_recorded(path: Path, headers: dict[str, str]) -> None:
    body = {"prompt": f"the key {API_KEY} slipped in"}
    with recording(path) as sandbox:
        send(sandbox, f"/v1/completions?key={API_KEY}", body, headers=headers)
    text = path.read_text()
    assert API_KEY not in text
    assert "sk-made-up-other" not in text
    assert rows(path)[0]["body"] == {"prompt": "the key *** slipped in"}


def test_a_word_that_is_too_short_for_a_key_stays(path: Path) -> None:
    with recording(path) as sandbox:
        send(sandbox, CHAT, {"test": "a test"}, headers={"Authorization": "Bearer test"})
    assert rows(path)[0]["headers"]["authorization"] == "Bearer ***"
    assert rows(path)[0]["body"] == {"test": "a test"}


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b'{"a": NaN}', '{"a": NaN}'),
        (b'{"a": 1e999}', '{"a": 1e999}'),
        (b"[" * 100_000, "[" * 100_000),
        (b'"\\ud800"', "?"),
        (b"null", None),
    ],
    ids=["NaN", "too large", "too deep", "half a pair", "null"],
)
def test_any_body_makes_a_line_of_json(path: Path, content: bytes, body: Any) -> None:
    with recording(path) as sandbox:
        send(sandbox, CHAT, content)
    assert [row["body"] for row in rows(path)] == [body]


def test_lines_of_many_requests_do_not_mix(path: Path) -> None:
    with recording(path) as sandbox, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: complete(sandbox, prompt="x" * 9000, seed=n), range(32)))
    assert sorted(row["body"]["seed"] for row in rows(path)) == list(range(32))


@pytest.mark.parametrize(
    ("name", "why"), [("no/such", "No such file or directory"), (".", "Is a directory")]
)
def test_a_file_that_cannot_be_written(name: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        Recorder(name)
    assert caught.value.problem == f"--record: cannot write '{name}': {why}"


def test_a_record_that_cannot_be_written_is_told(path: Path) -> None:
    with recording(path) as sandbox:
        path.unlink()
        path.mkdir()
        answer = chat(sandbox)
    assert answer.status == 500
    assert answer.json["error"]["message"] == (
        "The sandbox cannot record the request: Is a directory"
    )
