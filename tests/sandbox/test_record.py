"""The record of what was asked."""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from openai_cli.errors import UsageError
from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.faults import Faults, parse_fault
from openai_cli.sandbox.record import Recorder
from tests.sandbox.client import CHAT, KEY, chat, complete, send
from tests.sandbox.test_forms import written

BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "record.jsonl"


@contextmanager
def recording(path: Path, *faults: str) -> Iterator[Sandbox]:
    config = SandboxConfig(
        faults=Faults(map(parse_fault, faults)), recorder=Recorder(str(path)), key=KEY
    )
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
        "file": {
            "filename": "a.wav",
            "content_type": "text/plain",
            "size": 5,
            "sha256": hashlib.sha256(b"RIFF\xff").hexdigest(),
        },
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


def recorded(path: Path, target: str, headers: dict[str, str], body: object = None) -> str:
    """The line of a request that never was sent: what is masked hangs on nothing else."""
    content = b"" if body is None else json.dumps(body).encode()
    Recorder(str(path)).add("POST", target, headers.items(), content, 200)
    return path.read_text()


WORD = "never-to-be-shown"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", f"Bearer {WORD}", "Bearer ***"),
        ("Authorization", f"Basic {WORD}", "Basic ***"),
        ("authorization", WORD, "***"),
        ("Proxy-Authorization", f"Digest {WORD}", "Digest ***"),
        ("X-Api-Key", WORD, "***"),
        ("api-key", WORD, "***"),
        ("Cookie", f"session={WORD}", "***"),
        ("X-Auth-Token", WORD, "***"),
        ("Ocp-Apim-Subscription-Key", WORD, "***"),
        ("CF-Access-Client-Id", WORD, "***"),
        ("X-Anything-That-Nobody-Knows", f"two {WORD}", "***"),
        ("Referer", f"http://localhost/?key={WORD}", "***"),
        ("Content-Type", "application/json", "application/json"),
        ("Accept-Language", "en", "en"),
        ("OpenAI-Organization", "org-mine", "org-mine"),
        ("X-Stainless-Retry-Count", "0", "0"),
        ("X-Sandbox-Fault", "status=500", "status=500"),
    ],
)
def test_a_header_is_masked_unless_it_is_known_to_be_harmless(
    path: Path, name: str, value: str, shown: str
) -> None:
    text = recorded(path, "/v1/models", {name: value}, {"prompt": f"{WORD} slipped in"})
    assert rows(path)[0]["headers"] == {name.lower(): shown}
    if "***" in shown and value.endswith(f" {WORD}"):
        assert WORD not in text, "nor does it stand in the body"


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (f"/v1/files?api_key={WORD}", "/v1/files?api_key=***"),
        (f"/v1/files?limit=2&key={WORD}&order=asc", "/v1/files?limit=2&key=***&order=asc"),
        (f"/v1/files?after=file-1&{WORD}", "/v1/files?after=file-1&***"),
        ("/v1/files?include[]=x&limit=2&order=asc", "/v1/files?include[]=x&limit=2&order=asc"),
        (f"/v1/files?%61pi_key={WORD}", "/v1/files?%61pi_key=***"),
        ("/v1/files?", "/v1/files?"),
        ("/v1/files", "/v1/files"),
    ],
)  # fmt: skip
def test_a_query_is_masked_unless_it_is_known_to_be_harmless(
    path: Path, target: str, shown: str
) -> None:
    recorded(path, target, {})
    assert rows(path)[0]["path"] == shown


def test_credentials_in_a_body_are_masked(path: Path) -> None:
    tool = {
        "type": "mcp",
        "server_url": "https://mcp.invalid",
        "authorization": "token",
        "headers": {"X-Api-Key": "token", "Accept": "text/plain"},
    }
    body = {"input": "sk-made-up-in-a-text", "max_tokens": 5, "api_key": "x", "tools": [tool]}
    recorded(path, "/v1/responses", {}, body)
    assert rows(path)[0]["body"] == {
        "input": "***",
        "max_tokens": 5,
        "api_key": "***",
        "tools": [
            {
                **tool,
                "authorization": "***",
                "headers": {"X-Api-Key": "***", "Accept": "text/plain"},
            }
        ],
    }


def test_a_word_that_is_too_short_for_a_key_stays(path: Path) -> None:
    recorded(path, CHAT, {"Authorization": "Bearer test"}, {"test": "a test"})
    assert rows(path)[0]["headers"]["authorization"] == "Bearer ***"
    assert rows(path)[0]["body"] == {"test": "a test"}


def test_who_has_no_key_is_not_recorded(path: Path) -> None:
    with recording(path) as sandbox:
        assert send(sandbox, CHAT, {}, headers={}).status == 401
        assert send(sandbox, CHAT, {}, headers={"Authorization": "Bearer other"}).status == 401
        chat(sandbox)
    assert [row["status"] for row in rows(path)] == [200]


@pytest.mark.parametrize("before", [None, 0o644, 0o666])
def test_nobody_else_may_read_a_record(path: Path, before: int | None) -> None:
    if before is not None:
        path.touch()
        path.chmod(before)
    Recorder(str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_record_of_another_user_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.touch()
    link = path.with_name("link")
    link.symlink_to(path)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    for name in (path, link):
        with pytest.raises(UsageError, match="it belongs to another user"):
            Recorder(str(name))


def test_a_record_that_was_moved_is_begun_anew(path: Path) -> None:
    with recording(path) as sandbox:
        chat(sandbox, n=1)
        path.rename(path.with_name("old"))
        chat(sandbox, n=2)
    assert [row["body"]["n"] for row in rows(path)] == [2]


def test_a_fifo_that_nobody_reads_is_refused(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(UsageError) as caught:
        Recorder(str(path))
    assert caught.value.problem == f"--record: cannot write '{path}': no process reads it"


def test_a_fifo_has_all_lines(path: Path) -> None:
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with recording(path) as sandbox:
        chat(sandbox)
        chat(sandbox)
    assert os.read(reader, 65536).count(b"\n") == 2
    os.close(reader)


def test_half_a_line_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes ten bytes more, and then none."""
    path.write_text("before\n")
    write = os.write
    room = [10]

    def full(file: int, data: bytes) -> int:
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data[: room.pop()])

    recorder = Recorder(str(path))
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        recorder.add("GET", "/", [], b"", 200)
    monkeypatch.undo()
    assert path.read_text() == "before\n"
    assert recorder.failure is not None
    assert recorder.failure.problem == (
        f"--record: a request could not be written to '{path}': No space left on device"
    )
    recorder.add("GET", "/", [], b"", 200)
    assert path.read_text().count("\n") == 2


def test_short_writes_make_whole_lines(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder(str(path))
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:7]))
    recorder.add("GET", "/", [], b"", 200)
    monkeypatch.undo()
    assert rows(path)[0]["method"] == "GET"


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
