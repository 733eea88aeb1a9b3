"""`files` and `models`: what the API has stored."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.servers import Server, reply
from tests.terminal import Terminal

FILE = {
    "id": "file-1",
    "object": "file",
    "bytes": 120,
    "created_at": 1767225600,
    "filename": "a\tb.jsonl",
    "purpose": "batch",
}


def page(*files: Any, more: bool = False) -> bytes:
    return reply({"object": "list", "data": list(files), "has_more": more})


def test_ids_may_end_with_nul(run: Run, folder: Path) -> None:
    (folder / "a").write_bytes(b"a")
    with Server([reply({"id": "file-1"}), reply({"id": "file-2"})]) as server:
        done = run(
            "files", "upload", "a", "a", "--purpose", "vision", "-0", base_url=server.base_url
        )
    assert done.out == b"file-1\0file-2\0"


def test_files_are_lines_with_tabs(run: Run) -> None:
    with Server([page(FILE, {**FILE, "id": "file-2"})]) as server:
        done = run("files", "list", base_url=server.base_url)
    lines = [line.split("\t") for line in done.text.splitlines()]
    assert [line[0] for line in lines] == ["file-1", "file-2"]
    assert lines[0][1:4] == ["120", "2026-01-01T00:00:00Z", "batch"]
    assert lines[0][4] == "a b.jsonl"


def test_all_pages_of_files(run: Run) -> None:
    replies = [page({**FILE, "id": "a"}, more=True), page({**FILE, "id": "b"})]
    with Server(replies) as server:
        done = run("files", "list", "--purpose", "batch", base_url=server.base_url)
    assert [line.split("\t")[0] for line in done.text.splitlines()] == ["a", "b"]
    assert [request.line for request in server.received] == [
        "GET /v1/files?purpose=batch HTTP/1.1",
        "GET /v1/files?purpose=batch&after=a HTTP/1.1",
    ]


def test_pages_that_lead_in_a_circle_end(run: Run) -> None:
    replies = [page({**FILE, "id": name}, more=True) for name in ("a", "b", "a")]
    with Server(replies) as server:
        assert run("files", "list", base_url=server.base_url).code == 0


def test_facts_are_as_in_json(run: Run) -> None:
    with Server([reply({"id": "x", "deleted": True, "size": 1.5, "tags": ["a"]})]) as server:
        done = run("models", "show", "x", base_url=server.base_url)
    assert done.text == 'id: x\ndeleted: true\nsize: 1.5\ntags: ["a"]\n'


def test_so_many_files(run: Run) -> None:
    with Server([page({**FILE, "id": "a"}, more=True)]) as server:
        done = run(
            "files", "list", "--limit", "1", "--order", "asc", "--after", "x", "--max-items", "1",
            base_url=server.base_url,
        )  # fmt: skip
    assert done.code == 0
    assert done.err == "openai-cli: notice: stopped at --max-items 1; there is more\n"
    assert server.received[0].line == "GET /v1/files?limit=1&order=asc&after=x HTTP/1.1"


@pytest.mark.parametrize("limit", ["0", "10001", "1.5", "all"])
def test_a_limit_has_bounds(run: Run, limit: str) -> None:
    with Server([]) as server:
        done = run("files", "list", "--limit", limit, base_url=server.base_url)
    assert done.code == 2
    assert "limit must be an integer from 1 to 10000" in done.err


def test_the_content_goes_into_a_pipe_or_a_file(run: Run, folder: Path) -> None:
    data = bytes(range(256)) * 300
    with Server([reply(data)] * 2) as server:
        assert run("files", "content", "file-1", base_url=server.base_url).out == data
        run("files", "content", "file-1", "-o", "a", base_url=server.base_url)
    assert (folder / "a").read_bytes() == data
    assert server.received[0].line == "GET /v1/files/file-1/content HTTP/1.1"


def test_content_is_not_for_a_terminal(folder: Path) -> None:
    with Server([]) as server:
        terminal = Terminal("files", "content", "file-1", base_url=server.base_url, cwd=folder)
        shown = terminal.read_all()
    assert terminal.process.returncode == 2
    assert b"a terminal cannot show" in shown


@pytest.mark.parametrize(
    ("line", "request_line", "answer", "printed"),
    [
        ("files delete file-1 --yes", "DELETE /v1/files/file-1", {"id": "file-1"}, "file-1\n"),
        ("models delete ft:a:b::c --yes", "DELETE /v1/models/ft:a:b::c", {"id": "ft"}, "ft\n"),
        (
            "responses delete resp_1 --yes",
            "DELETE /v1/responses/resp_1",
            {"id": "resp_1"},
            "resp_1\n",
        ),
    ],
)
def test_what_is_deleted_is_named(
    run: Run, line: str, request_line: str, answer: Any, printed: str
) -> None:
    with Server([reply({**answer, "deleted": True})]) as server:
        done = run(*line.split(), base_url=server.base_url)
    assert (done.code, done.text) == (0, printed)
    assert server.received[0].line == f"{request_line} HTTP/1.1"
    assert server.received[0].body == b""


@pytest.mark.parametrize(
    ("line", "request_line"),
    [
        ("files show file-1", "GET /v1/files/file-1"),
        ("models show gpt-6-luna", "GET /v1/models/gpt-6-luna"),
        ("models show org/model", "GET /v1/models/org%2Fmodel"),
    ],
)
def test_what_is_shown(run: Run, line: str, request_line: str) -> None:
    with Server([reply(FILE)] * 3) as server:
        facts = run(*line.split(), base_url=server.base_url)
        whole = run(*line.split(), "--json", base_url=server.base_url)
        one = run(*line.split(), "--query", "bytes", base_url=server.base_url)
    assert "file-1" in facts.text
    assert json.loads(whole.text) == FILE
    assert one.text == "120\n"
    assert server.received[0].line == f"{request_line} HTTP/1.1"


LINES = ["files show", "files delete --yes", "files content", "models show", "models delete --yes"]


@pytest.mark.parametrize("line", [*LINES, "responses show", "responses cancel"])
def test_an_id_is_needed(run: Run, line: str) -> None:
    with Server([]) as server:
        for more in ((), ("",), (".",), ("..",)):
            done = run(*line.split(), *more, base_url=server.base_url)
            assert (done.code, done.out) == (2, b"")
            assert done.err.startswith("openai-cli: error: ")


@pytest.mark.parametrize("line", [*LINES, "responses show", "responses cancel"])
@pytest.mark.parametrize(("status", "code"), [("404 Not Found", 4), ("401 Nobody", 3)])
def test_what_is_not_there(run: Run, line: str, status: str, code: int) -> None:
    missing = reply({"error": {"message": "no such thing"}}, status=status)
    with Server([missing]) as server:
        done = run(*line.split(), "x", base_url=server.base_url)
    assert (done.code, done.out) == (code, b"")
    assert "no such thing" in done.err


@pytest.mark.parametrize("answer", [reply([]), reply({}), reply({"data": 7}), reply("<html>")])
@pytest.mark.parametrize("line", ["files list", "files delete x --yes"])
def test_answers_that_are_none(run: Run, line: str, answer: bytes) -> None:
    with Server([answer]) as server:
        done = run(*line.split(), base_url=server.base_url)
    assert (done.code, done.out) == (6, b"")
