"""`uploads create --file`: a whole file, in parts that are sent once."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from openai_cli.calls.parts import Source
from openai_cli.sandbox import Sandbox
from tests.conftest import COMMAND, Run, world
from tests.forms import fields_of
from tests.servers import Server, reply

WORDS = ("uploads", "create", "--purpose", "user_data", "--file")
MADE = reply({"id": "upload_1", "object": "upload", "status": "pending"})
DONE = reply({"id": "upload_1", "object": "upload", "status": "completed"})


def part(name: str) -> bytes:
    return reply({"id": name, "object": "upload.part"})


def remembered(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "home/.local/state/openai-cli/uploads").glob("*.jsonl"))


def lines(server: Server) -> list[str]:
    return [request.line.removesuffix(" HTTP/1.1") for request in server.received]


def test_a_file_of_several_parts_comes_to_be_the_same_file(run: Run, folder: Path) -> None:
    data = os.urandom(1050)
    (folder / "big.bin").write_bytes(data)
    with Sandbox() as sandbox:
        at = {"base_url": sandbox.base_url, "key": sandbox.key}
        done = run(*WORDS, "big.bin", "--part-size", "100", "--query", "file.id", **at)
        assert done.code == 0, done.err
        assert run("files", "content", done.text.strip(), **at).out == data


def test_the_help_says_what_a_file_fills_in(run: Run, folder: Path) -> None:
    (file := folder / "a.txt").write_bytes(b"hello")
    told = run("uploads", "create", "--help").text
    filled = re.findall(r"--([a-z-]+) [A-Z]+ +Required without --file\n", told)
    assert {name.replace("-", "_") for name in filled} == set(Source.of(str(file)).facts)


def test_what_is_sent_of_a_small_file(run: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "a.csv").write_bytes(b"hello")
    with Server([MADE, part("part_1"), DONE]) as server:
        done = run(*WORDS, "a.csv", base_url=server.base_url)
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.text)["status"] == "completed"
    assert lines(server) == [
        "POST /v1/uploads", "POST /v1/uploads/upload_1/parts", "POST /v1/uploads/upload_1/complete"
    ]  # fmt: skip
    made, sent, completed = server.received
    assert made.json == {
        "purpose": "user_data", "bytes": 5, "filename": "a.csv", "mime_type": "text/csv"
    }  # fmt: skip
    assert [(each.name, each.data) for each in fields_of(sent)] == [("data", b"hello")]
    assert completed.json == {"part_ids": ["part_1"], "md5": "5d41402abc4b2a76b9719d911017c592"}
    assert remembered(tmp_path) == []


def test_a_part_that_was_taken_is_not_sent_again(run: Run, folder: Path, tmp_path: Path) -> None:
    (folder / "a.txt").write_bytes(b"12345678")
    words = (*WORDS, "a.txt", "--part-size", "4", "--max-retries", "0")
    broken = reply({}, status="500 Broken")
    with Server([MADE, part("part_1"), broken, part("part_2"), DONE]) as server:
        first = run(*words, base_url=server.base_url)
        (kept,) = remembered(tmp_path)
        second = run(*words, base_url=server.base_url)
    assert first.code == 6
    assert "the same command resumes upload_1" in first.err
    assert "openai-cli uploads cancel upload_1 discards it" in first.err
    assert second.code == 0, second.err
    assert "resuming: the server has 1 part of upload_1" in second.err
    _, *parts, completed = server.received
    assert [request.line.split(" ")[1] for request in parts] == ["/v1/uploads/upload_1/parts"] * 3
    taken, refused, again = (fields_of(request)[0].data for request in parts)
    assert (refused, {taken, again}) == (again, {b"1234", b"5678"})
    in_order = ["part_1", "part_2"] if taken == b"1234" else ["part_2", "part_1"]
    assert completed.json["part_ids"] == in_order
    assert not kept.exists()


def test_an_upload_that_the_api_refuses_is_forgotten(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    (folder / "a.txt").write_bytes(b"1234")
    refusal = reply({"error": {"message": "It has expired."}}, status="400 Bad Request")
    with Server([MADE, refusal]) as server:
        done = run(*WORDS, "a.txt", base_url=server.base_url)
    assert done.code == 4
    assert "It has expired." in done.err
    assert "the same command starts over" in done.err
    assert remembered(tmp_path) == []


def test_nothing_is_remembered_of_an_upload_that_was_not_made(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    (folder / "a.txt").write_bytes(b"1234")
    with Server([reply({"error": {"message": "No."}}, status="400 Bad Request")]) as server:
        assert run(*WORDS, "a.txt", base_url=server.base_url).code == 4
    assert remembered(tmp_path) == []


def test_a_kill_loses_only_what_was_in_flight(run: Run, folder: Path, tmp_path: Path) -> None:
    data = os.urandom(400_000)
    (folder / "big.bin").write_bytes(data)
    words = (*WORDS, "big.bin", "--part-size", "500")
    with Sandbox() as sandbox:
        process = subprocess.Popen(
            [str(COMMAND), *words],
            cwd=folder,
            env={**os.environ, **world(None, sandbox.base_url, sandbox.key)},
            stdout=subprocess.DEVNULL,
        )
        while not (kept := remembered(tmp_path)) or kept[0].read_bytes().count(b"\n") < 10:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        taken = kept[0].read_bytes().count(b"\n") - 1
        at = {"base_url": sandbox.base_url, "key": sandbox.key}
        done = run(*words, "--query", "file.id", **at)
        assert done.code == 0, done.err
        assert f"resuming: the server has {taken} parts of upload_" in done.err
        assert run("files", "content", done.text.strip(), **at).out == data


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none.txt",), "cannot read 'none.txt': No such file or directory"),
        (("empty.txt",), "'empty.txt' is empty"),
        ((".",), "'.' is not a regular file"),
        (("a.txt", "--bytes", "5"), "'a.txt' has 4 bytes, not 5"),
        (("a.txt", "--part-size", "67108865"), "--part-size must be an integer from 1 to 67108864"),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    run: Run, folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    (folder / "a.txt").write_bytes(b"1234")
    (folder / "empty.txt").touch()
    with Server([]) as server:
        done = run(*WORDS, *arguments, base_url=server.base_url)
    assert (done.code, done.text) == (2, "")
    assert said in done.err


def test_the_request_of_an_upload_is_shown(run: Run, folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"1234")
    done = run(*WORDS, "a.txt", "--filename", "b.md", "--dry-run", key=None)
    assert json.loads(done.text) == {
        "purpose": "user_data", "filename": "b.md", "bytes": 4, "mime_type": "text/plain"
    }  # fmt: skip
