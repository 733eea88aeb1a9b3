"""`api`: fields from stdin and files, forms without files, and what the connection adds."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from tests.conftest import MADE_UP_KEY, Run
from tests.forms import Field, fields_of
from tests.servers import Server, reply, stream

OK = reply({"ok": True})


def test_stdin_is_the_text_of_a_field(run: Run) -> None:
    with Server([OK]) as server:
        done = run(
            "api", "POST", "/x", "-F", "a=@-", stdin="é\n\n".encode(), base_url=server.base_url
        )
    assert done.code == 0, done.err
    assert server.received[0].json == {"a": "é\n\n"}


@pytest.mark.parametrize(
    ("line", "readers"),
    [
        ("api POST /x -F a=@- -F b=@-", ("-F a", "-F b")),
        ("api POST /x --body @- -F b=@-", ("--body", "-F b")),
        ("api POST /x --form -F a=@- -F b=@-", ("stdin is read by", "cannot read it too")),
    ],
)
def test_stdin_has_one_reader(run: Run, line: str, readers: tuple[str, str]) -> None:
    with Server([]) as server:
        done = run(*line.split(), stdin=b"{}", base_url=server.base_url)
    assert (done.code, done.out) == (2, b"")
    assert all(reader in done.err for reader in readers)


def test_stdin_is_left_alone_where_nothing_asks_for_it(run: Run) -> None:
    with Server([OK]) as server:
        run("api", "POST", "/x", "-F", "a=1", stdin=b'{"b": 2}', base_url=server.base_url)
    assert server.received[0].json == {"a": 1}


@pytest.mark.parametrize("given", ["-", "@-", "@body.json"])
def test_a_body_from_stdin_or_a_file(run: Run, folder: Path, given: str) -> None:
    text = '{"a": 1.50, "big": 12345678901234567890, "é": null}'
    (folder / "body.json").write_text(text)
    with Server([OK]) as server:
        done = run(
            "api", "PUT", "/x", "--body", given, stdin=text.encode(), base_url=server.base_url
        )
    assert done.code == 0, done.err
    assert server.received[0].line == "PUT /v1/x HTTP/1.1"
    assert server.received[0].json == {"a": 1.5, "big": 12345678901234567890, "é": None}


def test_a_form_without_a_file_is_a_form(run: Run) -> None:
    fields = ("-F", "on=true", "-F", 'o={"b":[1,"c"]}', "-f", "t=true")
    with Server([OK]) as server:
        run("api", "POST", "/x", "--form", *fields, base_url=server.base_url)
    assert sorted(fields_of(server.received[0])) == [
        Field("o", b'{"b":[1,"c"]}'),
        Field("on", b"true"),
        Field("t", b"true"),
    ]


def test_a_file_of_a_form_may_come_by_stdin(run: Run) -> None:
    with Server([OK]) as server:
        run(
            "api", "POST", "/x", "--form", "-F", "file=@-", stdin=b"\xff\0\n",
            base_url=server.base_url,
        )  # fmt: skip
    (field,) = fields_of(server.received[0])
    assert (field.name, field.data) == ("file", b"\xff\0\n")


def test_several_files_of_one_field(run: Run, folder: Path) -> None:
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(name.encode())
    with Server([OK]) as server:
        run(
            "api", "POST", "/images/edits", "--form", "-F", "image[]=@a.png", "-F",
            "image[]=@b.png", base_url=server.base_url,
        )  # fmt: skip
    assert [(field.name, field.data) for field in fields_of(server.received[0])] == [
        ("image[]", b"a.png"),
        ("image[]", b"b.png"),
    ]


def test_structures_in_a_query(run: Run) -> None:
    fields = ("-F", "on=true", "-F", "no=null", "-F", 'o={"d":[1,"e"]}', "-F", "m[k]=v")
    with Server([OK]) as server:
        run("api", "GET", "/x", *fields, base_url=server.base_url)
    query = server.received[0].line.split()[1].partition("?")[2]
    assert parse_qsl(query) == [
        ("on", "true"),
        ("no", "null"),
        ("o[d][]", "1"),
        ("o[d][]", "e"),
        ("m[k]", "v"),
    ]


@pytest.mark.parametrize("path", ["/x\r\nX-Mine: 1", "/x HTTP/1.1\r\nX-Mine: 1", "/x\n\n{}"])
def test_a_path_makes_no_header_of_its_own(run: Run, path: str) -> None:
    with Server([OK]) as server:
        run("api", "GET", path, base_url=server.base_url)
    (request,) = server.received
    assert "x-mine" not in request.headers
    assert request.line.startswith("GET /v1/x")
    assert request.line.endswith(" HTTP/1.1")
    assert request.body == b""


@pytest.mark.parametrize("path", ["//elsewhere.invalid/x", "/@elsewhere.invalid/x"])
def test_no_path_leads_to_another_host(run: Run, path: str) -> None:
    with Server([OK]) as server:
        run("api", "GET", path, base_url=server.base_url)
    assert server.received[0].line == f"GET /v1{path} HTTP/1.1"


@pytest.mark.parametrize(
    "path", ["https://127.0.0.1/v1/x", "http://elsewhere.invalid", "{base}x/files", "{base}@x/y"]
)
def test_an_address_elsewhere_gets_no_key(run: Run, path: str) -> None:
    with Server([]) as server:
        done = run("api", "GET", path.replace("{base}", server.base_url), base_url=server.base_url)
    assert (done.code, done.out) == (2, b"")
    assert "is not below the base URL" in done.err
    assert MADE_UP_KEY not in done.err


def test_the_flags_of_the_connection(run: Run) -> None:
    with Server([OK]) as server:
        run(
            "api", "GET", "/x", "--organization", "org-1", "--project", "proj-1",
            "--header", "OpenAI-Beta: assistants=v2", base_url=server.base_url,
        )  # fmt: skip
    headers = server.received[0].headers
    assert headers["openai-organization"] == "org-1"
    assert headers["openai-project"] == "proj-1"
    assert headers["openai-beta"] == "assistants=v2"
    assert headers["authorization"] == f"Bearer {MADE_UP_KEY}"


def test_a_query_is_asked_of_each_event(run: Run) -> None:
    with Server([stream({"type": "a"}, {"type": "b"}, {"none": 1})]) as server:
        done = run("api", "POST", "/x", "--stream", "--query", "type", base_url=server.base_url)
    assert (done.code, done.text) == (0, "a\nb\n")


@pytest.mark.parametrize("flag", [(), ("--json",), ("--query", "a")])
@pytest.mark.parametrize("status", ["400 Bad Request", "500 Broken"])
def test_the_body_of_an_error_follows_with_json(
    run: Run, flag: tuple[str, ...], status: str
) -> None:
    raw: dict[str, Any] = {"error": {"message": "no", "code": "c"}}
    with Server([reply(raw, status=status)]) as server:
        done = run("api", "GET", "/x", "--max-retries", "0", *flag, base_url=server.base_url)
    first, *rest = done.err.splitlines()
    assert first.startswith("openai-cli: error: no (HTTP ")
    assert [json.loads(line) for line in rest] == ([raw] if flag == ("--json",) else [])


def test_an_answer_is_written_whole_or_not_at_all(run: Run, folder: Path) -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n" + b"half"
    (folder / "a").write_bytes(b"old")
    with Server([cut]) as server:
        done = run("api", "GET", "/x", "-o", "a", base_url=server.base_url)
    assert done.code == 7
    assert (folder / "a").read_bytes() == b"old"
    kept = Path(done.err.rpartition("kept in ")[2].strip())
    assert kept.read_bytes() == b"half"
    kept.unlink()
