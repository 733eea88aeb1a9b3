"""`speak`, `files` and `models` from end to end: live sound, and the life of what is stored."""

import json
import select
import socket
import subprocess
import threading
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import COMMAND, MADE_UP_KEY, Run
from tests.servers import Server, reply, stream

SPEAK = ("speak", "Hello", "--voice", "alloy")
DONE = {"type": "speech.audio.done"}


def piece(sound: Any) -> dict[str, Any]:
    return {"type": "speech.audio.delta", "audio": sound}


# speak


@pytest.mark.parametrize(
    ("format_", "start"),
    [
        ("mp3", b"ID3"),
        ("opus", b"OggS"),
        ("aac", b"\xff\xf1"),
        ("flac", b"fLaC"),
        ("wav", b"RIFF"),
        ("pcm", b"\x00\x00"),
    ],
)
def test_every_format_of_sound(run: Run, sandbox: str, format_: str, start: bytes) -> None:
    line = (*SPEAK, "--response-format", format_)
    whole = run(*line, base_url=sandbox)
    assert (whole.code, whole.err) == (0, "")
    assert whole.out.startswith(start)
    events = run(*line, "--stream-format", "sse", base_url=sandbox)
    assert events.out == whole.out


@pytest.mark.parametrize("flags", [(), ("--stream-format", "sse")])
def test_sound_is_passed_on_as_it_comes(
    folder: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    heard = threading.Event()
    first, rest = b"\0\1\2", b"\3\4"
    if flags:
        parts = [stream(piece(b64encode(first).decode()), done=False)]
        parts.append(
            stream(piece(b64encode(rest).decode()), DONE, done=False).split(b"\r\n\r\n")[1]
        )
    else:
        parts = [reply(first + rest, content_type="audio/mpeg")[: -len(rest)], rest]

    def speak(connection: socket.socket) -> None:
        connection.sendall(parts[0])
        heard.wait()
        connection.sendall(parts[1])

    with Server([speak]) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", MADE_UP_KEY)
        with subprocess.Popen(
            [str(COMMAND), *SPEAK, *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd=folder,
        ) as process:
            assert process.stdout is not None
            is_there = bool(select.select([process.stdout], [], [], 30)[0])
            heard.set()
            out = process.stdout.read()
    assert is_there, "nothing was passed on before all was there"
    assert (process.returncode, out) == (0, first + rest)


def test_what_is_said_is_sent_byte_for_byte(run: Run) -> None:
    with Server([reply(b"ID3", content_type="audio/mpeg")]) as server:
        run(
            "speak",
            "--voice",
            "alloy",
            stdin="Grüße,\tJosé!\n\n".encode(),
            base_url=server.base_url,
        )
    assert server.received[0].json == {
        "model": "gpt-4o-mini-tts",
        "input": "Grüße,\tJosé!\n",
        "voice": "alloy",
    }


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (stream(piece("%"), DONE, done=False), "a piece of sound is not base64"),
        (stream(piece(7), DONE, done=False), "audio is not text"),
        (stream({"type": "speech.audio.delta"}, DONE, done=False), "audio is not text"),
        (reply({"text": "Hello"}), "it is not a stream of sound"),
        (reply(b"ID3", content_type="audio/mpeg"), "not JSON (audio/mpeg)"),
        (stream({"type": "error", "error": {"message": "broke"}}, done=False), "broke"),
    ],
)
def test_events_that_are_no_sound(run: Run, folder: Path, answer: bytes, reason: str) -> None:
    line = (*SPEAK, "--stream-format", "sse", "-o", "a.mp3")
    with Server([answer]) as server:
        done = run(*line, base_url=server.base_url)
    assert (done.code, done.out) == (6, b"")
    assert reason in done.err
    assert [*folder.iterdir()] == []


def test_a_sound_is_asked_for_again_where_none_has_come(run: Run, folder: Path) -> None:
    busy = reply({"error": {"message": "busy"}}, status="503 Busy", headers=["retry-after: 0"])
    with Server([busy, reply(b"ID3", content_type="audio/mpeg")]) as server:
        done = run(*SPEAK, "-o", "a.mp3", base_url=server.base_url)
    assert done.code == 0
    assert (folder / "a.mp3").read_bytes() == b"ID3"


# files


def test_the_life_of_a_file(run: Run, folder: Path, sandbox: str) -> None:
    data = b"\0\1\xff\r\n"
    (folder / "life.bin").write_bytes(data)
    row = ["5", "2026-01-01T00:00:00Z", "assistants", "life.bin"]
    up = run("files", "upload", "life.bin", "--purpose", "assistants", base_url=sandbox)
    name = up.text.strip()
    assert (up.code, up.out, up.err) == (0, f"{name}\n".encode(), "")

    def listed() -> list[list[str]]:
        found = run("files", "list", "--purpose", "assistants", base_url=sandbox)
        assert found.code == 0
        return [line.split("\t") for line in found.text.splitlines()]

    assert listed() == [[name, *row]]
    assert run("files", "show", name, base_url=sandbox).text.splitlines() == [
        f"id: {name}",
        "bytes: 5",
        "created_at: 2026-01-01T00:00:00Z",
        "filename: life.bin",
        "purpose: assistants",
        "status: processed",
    ]
    assert run("files", "content", name, base_url=sandbox).out == data
    assert run("files", "delete", name, base_url=sandbox).text == f"{name}\n"
    assert listed() == []
    for command in ("show", "content", "delete"):
        gone = run("files", command, name, base_url=sandbox)
        assert (gone.code, gone.out) == (4, b"")
        assert f"No such File object: {name} (parameter id, HTTP 404" in gone.err


def test_stdin_is_stored_under_a_name(run: Run, sandbox: str) -> None:
    expiry = ("--expires-after", "anchor=created_at", "--expires-after", "seconds=3600")
    up = run(
        "files", "upload", "--purpose", "user_data", "--filename", "a b.csv", *expiry,
        stdin=b"a,b\n", base_url=sandbox,
    )  # fmt: skip
    told = json.loads(run("files", "show", up.text.strip(), "--json", base_url=sandbox).out)
    assert (told["filename"], told["bytes"]) == ("a b.csv", 4)
    # An hour after 2026-01-01, when the sandbox makes all that it makes.
    assert told["expires_at"] == 1_767_229_200


def test_three_pages_of_files_go_on_where_each_ended(run: Run) -> None:
    def page(name: str, more: bool, **extra: Any) -> bytes:
        file = {"id": name, "bytes": 1, "created_at": 0, "purpose": "evals", "filename": "f"}
        return reply({"object": "list", "data": [file], "has_more": more, **extra})

    replies = [page("a", True, last_id="a"), page("b", True), page("c", False, last_id="c")]
    with Server(replies) as server:
        done = run("files", "list", "--order", "asc", base_url=server.base_url)
    assert (done.code, done.err) == (0, "")
    assert [line.partition("\t")[0] for line in done.text.splitlines()] == ["a", "b", "c"]
    assert [request.line for request in server.received] == [
        "GET /v1/files?order=asc HTTP/1.1",
        "GET /v1/files?order=asc&after=a HTTP/1.1",
        "GET /v1/files?order=asc&after=b HTTP/1.1",
    ]


GONE = reply({"error": {"message": "not there"}}, status="404 Not Found")


def test_what_was_done_before_a_failure_is_told(run: Run, folder: Path) -> None:
    for name in ("a", "b", "c"):
        (folder / name).write_bytes(b"x")
    with Server([reply({"id": "file-1"}), GONE] * 2) as server:
        deleted = run("files", "delete", "file-1", "b", "c", base_url=server.base_url)
        stored = run(
            "files", "upload", "a", "b", "c", "--purpose", "vision", base_url=server.base_url
        )
    for done in (deleted, stored):
        assert (done.code, done.text) == (4, "file-1\n")
        assert "not there" in done.err


def test_the_bodies_of_several_are_lines(run: Run) -> None:
    bodies = [{"id": name, "object": "file", "deleted": True} for name in ("a", "b")]
    with Server([reply(body) for body in bodies]) as server:
        done = run("files", "delete", "a", "b", "--json", base_url=server.base_url)
    assert [json.loads(line) for line in done.text.splitlines()] == bodies


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("a/../b?c#d", "a%2F..%2Fb%3Fc%23d"), ("ft:m:é", "ft:m:%C3%A9"), ("a b", "a%20b")],
)
def test_an_id_is_one_part_of_the_path(run: Run, typed: str, sent: str) -> None:
    with Server([reply(b"x"), reply({"id": "y"})]) as server:
        run("files", "content", typed, base_url=server.base_url)
        run("models", "delete", typed, base_url=server.base_url)
    assert [request.line for request in server.received] == [
        f"GET /v1/files/{sent}/content HTTP/1.1",
        f"DELETE /v1/models/{sent} HTTP/1.1",
    ]


# models


def test_the_life_of_a_model(run: Run, sandbox: str) -> None:
    name = "ft:gpt-4o-mini:acme::life"
    shown = run("models", "show", name, base_url=sandbox)
    assert shown.text == f"id: {name}\ncreated: 2026-01-01T00:00:00Z\nowned_by: sandbox\n"
    assert run("models", "delete", name, base_url=sandbox).text == f"{name}\n"
    for command in ("show", "delete"):
        gone = run("models", command, name, base_url=sandbox)
        assert (gone.code, gone.out) == (4, b"")
        assert f"The model '{name}' does not exist" in gone.err
    kept = run("models", "delete", "gpt-6-luna", base_url=sandbox)
    assert (kept.code, kept.out) == (3, b"")
    assert "HTTP 403" in kept.err
