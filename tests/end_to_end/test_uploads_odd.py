"""Uploads of what is no plain file: pipes, odd names, and files that go away on the way."""

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from tests.conftest import COMMAND, MADE_UP_KEY, Run
from tests.forms import Field, fields_of
from tests.servers import Server, reply

WAV = b"RIFF\x24\0\0\0WAVEfmt " + bytes(range(256)) * 300
TEXT = reply({"text": "ok"})


def files_of(server: Server) -> list[Field]:
    return [field for request in server.received for field in fields_of(request) if field.filename]


def test_a_named_pipe_is_read_to_its_end(run: Run, folder: Path) -> None:
    os.mkfifo(folder / "pipe.wav")
    writer = Thread(target=(folder / "pipe.wav").write_bytes, args=(WAV,), daemon=True)
    writer.start()
    with Server([TEXT]) as server:
        done = run("transcribe", "pipe.wav", base_url=server.base_url)
    writer.join()
    assert (done.code, done.out) == (0, b"ok\n")
    (file,) = files_of(server)
    assert (file.data, file.filename) == (WAV, "pipe.wav")
    request = server.received[0]
    assert int(request.headers["content-length"]) == len(request.body)


def test_a_pipe_of_the_shell_is_named_by_filename(folder: Path) -> None:
    (folder / "a.wav").write_bytes(WAV)
    line = f"cat a.wav | '{COMMAND}' transcribe /dev/stdin --filename talk.wav"
    with Server([TEXT]) as server:
        environment = {**os.environ, "OPENAI_BASE_URL": server.base_url}
        subprocess.run(
            ["sh", "-c", line],
            env={**environment, "OPENAI_API_KEY": MADE_UP_KEY},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=60,
        )
    assert [(file.data, file.filename) for file in files_of(server)] == [(WAV, "talk.wav")]


def test_a_link_is_followed_and_has_its_own_name(run: Run, folder: Path) -> None:
    (folder / "data").write_bytes(WAV)
    (folder / "link.wav").symlink_to("data")
    with Server([TEXT]) as server:
        assert run("transcribe", "link.wav", base_url=server.base_url).code == 0
    assert [(file.data, file.filename) for file in files_of(server)] == [(WAV, "link.wav")]


@pytest.mark.parametrize(
    "name",
    ["a\r\nX-Mine: b.wav", 'a"; name="purpose.wav', "a;b=c.wav", "-o.wav", " .wav", "a\\.wav"],
)
@pytest.mark.parametrize("way", ["file", "stdin"])
def test_no_name_makes_a_header_or_a_field_of_its_own(
    run: Run, folder: Path, name: str, way: str
) -> None:
    (folder / name).write_bytes(WAV)
    with Server([TEXT]) as server:
        if way == "file":
            done = run("transcribe", "--", name, base_url=server.base_url)
        else:
            flag = f"--filename={name}"
            done = run("transcribe", flag, stdin=WAV, base_url=server.base_url)
    assert (done.code, done.out) == (0, b"ok\n"), done.err
    fields = fields_of(server.received[0])
    assert [field.name for field in fields] == ["model", "file"]
    assert fields[1].data == WAV
    assert b"\r\nX-Mine" not in server.received[0].body


def meanwhile(
    server_does: Callable[[], object], answer: bytes, got: list[int]
) -> tuple[str, Thread]:
    """A server that does this when the head of a request is there, and only then reads its body."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener:
            connection, _ = listener.accept()
        with connection:
            seen = connection.recv(65536)
            while b"\r\n\r\n" not in seen:
                seen += connection.recv(65536)
            server_does()
            head, _, body = seen.partition(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ") for line in head.split(b"\r\n")[1:])
            size, left = len(body), int(fields[b"content-length"]) - len(body)
            while size < left + len(body):
                size += len(connection.recv(1024 * 1024))
            got.append(size)
            connection.sendall(answer)

    thread = Thread(target=serve, daemon=True)
    thread.start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}/v1", thread


@pytest.mark.parametrize("way", ["removed", "replaced"])
def test_a_file_that_is_no_longer_there_is_sent_whole(run: Run, folder: Path, way: str) -> None:
    """24 MB are more than the sockets hold: most of it is read after it is gone."""
    size = 24 * 1024 * 1024
    path = folder / "a.wav"
    with path.open("wb") as file:
        file.write(WAV)
        file.truncate(size)
    (folder / "b.wav").write_bytes(b"other")
    does = path.unlink if way == "removed" else lambda: (folder / "b.wav").replace(path)
    got: list[int] = []
    base_url, thread = meanwhile(does, TEXT, got)
    done = run("transcribe", "a.wav", base_url=base_url)
    thread.join()
    assert (done.code, done.out, done.err) == (0, b"ok\n", "")
    assert got[0] > size


def test_an_image_and_its_mask_by_stdin_are_refused_together(run: Run) -> None:
    with Server([]) as server:
        done = run(
            "image", "edit", "Hat", "--image", "-", "--mask", "-",
            stdin=b"\x89PNG\r\n\x1a\n", base_url=server.base_url,
        )  # fmt: skip
    assert (done.code, done.out) == (2, b"")
    assert "stdin is read by" in done.err


def test_a_prompt_by_stdin_and_an_image_by_stdin_are_refused_together(run: Run) -> None:
    with Server([]) as server:
        done = run(
            "image", "edit", "--image", "-", stdin=b"\x89PNG\r\n\x1a\n", base_url=server.base_url
        )
    assert (done.code, done.out) == (2, b"")
    assert done.err.count("\n") == 1
