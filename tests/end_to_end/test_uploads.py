"""Files on their way to the API: whole, in little memory, and no larger than it takes."""

import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from openai_cli.context import Context
from openai_cli.sandbox.samples import sample_sound
from tests.conftest import COMMAND, MADE_UP_KEY, Run
from tests.flags.commandline import call, execute
from tests.forms import Field, fields_of
from tests.servers import Server, reply

MB = 1024 * 1024
WAV = b"RIFF\x24\0\0\0WAVEfmt "
TEXT = reply({"text": "ok"})
STORED = reply({"id": "file-1"})


def sparse(path: Path, size: int, start: bytes = WAV) -> None:
    """A file of that size that takes no room on the disk."""
    with path.open("wb") as file:
        file.write(start)
        file.truncate(size)


@pytest.mark.parametrize(
    ("line", "size", "limit"),
    [
        ("transcribe big --sandbox", 25 * MB, "25.0 MB, and the API takes 25 MB"),
        ("translate big --sandbox", 25 * MB, "the API takes 25 MB"),
        ("files upload big --purpose batch", 512 * MB, "the API takes 512 MB"),
        ("image edit Hat --image big", 50 * MB, "the API takes 50 MB"),
        ("image edit Hat --image small --mask big", 4 * MB, "the API takes 4 MB"),
        ("image vary big", 4 * MB, "the API takes 4 MB"),
    ],
)
def test_what_is_too_large_is_not_sent(
    run: Run, folder: Path, line: str, size: int, limit: str
) -> None:
    start = b"\x89PNG\r\n\x1a\n" if line.startswith("image") else WAV
    sparse(folder / "big", size + 1, start)
    sparse(folder / "small", 100, start)
    with Server([]) as server:
        done = run(*line.split(), base_url=server.base_url)
    assert (done.code, done.out) == (2, b"")
    assert "'big' is too large: " in done.err
    assert limit in done.err


def test_the_largest_that_the_api_takes_is_sent(run: Run, folder: Path, sandbox: str) -> None:
    sparse(folder / "big.wav", 25 * MB)
    done = run("transcribe", "big.wav", "--sandbox")
    assert done.code == 0, done.err
    assert f"({25 * MB} bytes" in done.text


def test_a_local_server_takes_what_it_takes(run: Run, folder: Path) -> None:
    sparse(folder / "big.any", 25 * MB + 1, b"any")
    with Server([TEXT]) as server:
        done = run("transcribe", "big.any", base_url=server.base_url)
    assert done.code == 0, done.err
    assert len(server.received[0].body) > 25 * MB


def test_the_bytes_of_a_file_arrive_as_they_are(run: Run, folder: Path) -> None:
    data = WAV + bytes(range(256)) * 999 + b"\r\n--\r\n"
    (folder / 'Größe "1".wav').write_bytes(data)
    with Server([TEXT]) as server:
        done = run("transcribe", 'Größe "1".wav', base_url=server.base_url)
    assert done.code == 0, done.err
    request = server.received[0]
    assert int(request.headers["content-length"]) == len(request.body)
    assert "transfer-encoding" not in request.headers
    (file,) = [field for field in fields_of(request) if field.filename]
    assert file.data == data
    assert file.filename in ('Größe "1".wav', "Größe %221%22.wav")


def test_stdin_has_the_name_that_it_is_given_or_one_of_its_kind(run: Run) -> None:
    with Server([TEXT] * 3) as server:
        for content, *more in ((WAV,), (b"unknown",), (WAV, "--filename", "talk.mp3")):
            assert run("transcribe", *more, stdin=content, base_url=server.base_url).code == 0
    names = [
        field.filename
        for request in server.received
        for field in fields_of(request)
        if field.filename
    ]
    assert names == ["stdin.wav", "stdin", "talk.mp3"]


@pytest.mark.parametrize("command", ["transcribe", "translate"])
@pytest.mark.parametrize(
    ("name", "data", "sent"),
    [
        ("a.opus", b"OggS\0" + bytes(99), "a.ogg"),
        ("a.mov", b"\0\0\0\x14ftypqt  " + bytes(99), "a.mp4"),
        ("a.b.mkv", b"\x1aE\xdf\xa3" + bytes(99), "a.b.webm"),
        ("a.mp3", WAV, "a.wav"),
        ("a.WAV", WAV, "a.WAV"),
        ("a.oga", b"OggS\0" + bytes(99), "a.oga"),
    ],
)
def test_the_name_that_is_sent_tells_the_kind_of_the_bytes(
    folder: Path, command: str, name: str, data: bytes, sent: str
) -> None:
    (folder / name).write_bytes(data)
    path = str(folder / name)
    with Server([TEXT]) as server:
        environ = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        done = call(command, path, environ=environ)
    assert done.code == 0, done.err
    (file,) = [field for field in fields_of(server.received[0]) if field.filename]
    assert (file.filename, file.data) == (sent, data)
    assert (f"and is sent as '{sent}'" in done.err) is (sent != name)
    assert f'filename="{sent}"' in call(command, path, "--curl", environ=environ).out.decode()


@pytest.mark.parametrize("name", ["talk", "/dev/stdin"])
def test_a_name_without_a_kind_gets_that_of_its_bytes(
    installed: Run, folder: Path, name: str
) -> None:
    (folder / "talk").write_bytes(sample_sound("flac"))
    done = installed("transcribe", name, "--sandbox", stdin=sample_sound("flac"))
    assert done.code == 0, done.err
    assert f'your file was "{Path(name).name}.flac"' in done.text


def test_a_pipe_without_an_end_is_not_read_forever(run: Run, folder: Path) -> None:
    done = run("transcribe", "/dev/zero", "--sandbox")
    assert done.code == 2
    assert "'/dev/zero' is too large" in done.err


def test_several_files_are_several_requests_in_their_order(run: Run, folder: Path) -> None:
    for name in ("b.wav", "a.wav"):
        (folder / name).write_bytes(WAV)
    replies = [reply({"text": "one"}), reply({"text": "two"})]
    with Server(replies) as server:
        done = run("transcribe", "b.wav", "a.wav", base_url=server.base_url)
    assert (done.code, done.text) == (0, "one\n\ntwo\n")
    names = [fields_of(request)[-1].filename for request in server.received]
    assert names == ["b.wav", "a.wav"]


def test_a_file_is_sent_again_after_a_failure(run: Run, folder: Path) -> None:
    (folder / "a.wav").write_bytes(WAV)
    busy = reply({"error": {"message": "busy"}}, status="503 Busy", headers=["retry-after: 0"])
    with Server([busy, TEXT]) as server:
        assert run("transcribe", "a.wav", base_url=server.base_url).code == 0
    first, second = map(fields_of, server.received)
    assert first == second
    assert Field("file", WAV, "a.wav", "audio/x-wav") in second


@contextmanager
def drain(answer: bytes) -> Iterator[str]:
    """A server that keeps nothing of the one request that it answers."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            seen = connection.recv(65536)
            while b"\r\n\r\n" not in seen:
                seen += connection.recv(65536)
            head, _, body = seen.partition(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ") for line in head.split(b"\r\n")[1:])
            left = int(fields[b"content-length"]) - len(body)
            buffer = bytearray(MB)
            while left:
                left -= connection.recv_into(buffer)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        thread.join()


PEAK = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
assert done.returncode == 0
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak(folder: Path, base_url: str, *arguments: str) -> int:
    """The most memory that the command takes, in kB."""
    environment = {**os.environ, "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": MADE_UP_KEY}
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(COMMAND), *arguments],
        capture_output=True,
        cwd=folder,
        env=environment,
        text=True,
        check=True,
        timeout=60,
    )
    return int(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "answer", "size"),
    [
        (("transcribe", "a.wav"), TEXT, 24 * MB),
        (("files", "upload", "a.wav", "--purpose", "user_data"), STORED, 200 * MB),
    ],
)
def test_the_size_of_a_file_takes_no_memory(
    folder: Path, arguments: tuple[str, ...], answer: bytes, size: int
) -> None:
    peaks = []
    for bytes_ in (1024, size):
        sparse(folder / "a.wav", bytes_)
        with drain(answer) as base_url:
            peaks.append(peak(folder, base_url, *arguments))
    small, large = peaks
    assert large - small < 4096


class Watched(io.StringIO):
    """A stderr that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_far_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openai_cli.output.progress._SOON", -1)
    sparse(folder / "a.wav", 3_000_000)
    with drain(TEXT) as base_url:
        environ = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        context = Context.test(environ=environ)
        context.messages.stream = Watched()
        ended = execute(context, "transcribe", str(folder / "a.wav"))
    assert (ended.code, ended.out) == (0, b"ok\n")
    assert "/3.0 MB" in ended.err


@pytest.mark.parametrize("flags", [(), ("--quiet",)])
def test_a_pipe_shows_no_bar(run: Run, folder: Path, flags: tuple[str, ...]) -> None:
    sparse(folder / "a.wav", 3 * MB)
    with drain(TEXT) as base_url:
        done = run("transcribe", "a.wav", *flags, base_url=base_url)
    assert (done.code, done.out, done.err) == (0, b"ok\n", "")


def test_a_file_that_is_gone_meanwhile(run: Run, folder: Path) -> None:
    (folder / "a.wav").write_bytes(WAV)

    def remove(connection: socket.socket) -> None:
        (folder / "a.wav").unlink()
        connection.sendall(reply({"error": {"message": "busy"}}, status="503 Busy"))

    with Server([remove]) as server:
        done = run("transcribe", "a.wav", base_url=server.base_url)
    assert done.code == 2
    assert "a.wav" in done.err
    assert "Traceback" not in done.err


def test_an_upload_prints_the_id(run: Run, folder: Path, sandbox: str) -> None:
    (folder / "a.jsonl").write_text(json.dumps({"a": 1}) + "\n")
    (folder / "b.jsonl").write_text(json.dumps({"b": 1}) + "\n")
    upload = ("files", "upload", "--purpose", "batch")
    done = run(*upload, "a.jsonl", "b.jsonl", base_url=sandbox)
    first, second = done.text.splitlines()
    assert first.startswith("file-")
    for name, path in ((first, "a.jsonl"), (second, "b.jsonl")):
        content = run("files", "content", name, base_url=sandbox)
        assert content.out == (folder / path).read_bytes()
