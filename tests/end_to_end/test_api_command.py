"""`api`: any endpoint, with gh's letters for fields."""

import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from openai_cli.sandbox.samples import png
from tests.conftest import MADE_UP_KEY, Run
from tests.flags.commandline import body, call
from tests.flags.wire import canonical
from tests.forms import Field, fields_of
from tests.servers import Server, events, reply, stream
from tests.terminal import Terminal

_LINES = (Path(__file__).parent / "operations.txt").read_text().splitlines()
OPERATIONS = [tuple(line.split(" ")) for line in _LINES if not line.startswith("#")]

OK = reply({"ok": True})
ADMIN_KEY = "sk-admin-made-up"


def test_the_published_description_has_182_paths() -> None:
    assert len({path for _, path in OPERATIONS}) == 182


def test_every_operation_of_the_published_description_is_reached() -> None:
    with Server([OK] * len(OPERATIONS)) as server:
        environ = {
            "OPENAI_BASE_URL": server.base_url,
            "OPENAI_API_KEY": MADE_UP_KEY,
            "OPENAI_ADMIN_KEY": ADMIN_KEY,
        }
        for method, path in OPERATIONS:
            filled = re.sub(r"\{\w+\}", "x_1", path)
            fields = ("-F", "n=1") if method == "POST" else ()
            ended = call("api", method, filled, *fields, environ=environ)
            assert (ended.code, ended.out) == (0, b'{"ok": true}'), (method, path, ended.err)
    for (method, path), request in zip(OPERATIONS, server.received, strict=True):
        filled = re.sub(r"\{\w+\}", "x_1", path)
        assert request.line == f"{method} /v1{filled} HTTP/1.1"
        is_admin = path.startswith(("/organization/", "/projects/"))
        key = ADMIN_KEY if is_admin else MADE_UP_KEY
        assert request.headers["authorization"] == f"Bearer {key}"
        assert request.body == (b'{"n": 1}' if method == "POST" else b"")


# Fields


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("-F n=1", {"n": 1}),
        ("-F n=1.0", {"n": 1.0}),
        ("-F on=true -F off=false -F no=null", {"on": True, "off": False, "no": None}),
        ('-F a={"b":[1]}', {"a": {"b": [1]}}),
        ("-F a=b=c", {"a": "b=c"}),
        ("-F a=", {"a": ""}),
        ('-F a="1"', {"a": "1"}),
        ("-f a=1 -f b=true", {"a": "1", "b": "true"}),
        ("-f a=@file", {"a": "@file"}),
        ("-F a=@file", {"a": "héllo\n"}),
        ("--field a=1 --raw-field b=1", {"a": 1, "b": "1"}),
        ("-F a[b]=1 -F a[c]=2", {"a": {"b": 1, "c": 2}}),
        ("-F a[b][c][d]=1", {"a": {"b": {"c": {"d": 1}}}}),
        ("-F a[]=1 -F a[]=x", {"a": [1, "x"]}),
        ("-F a[][b]=1 -F a[][c]=2 -F a[][b]=3", {"a": [{"b": 1, "c": 2}, {"b": 3}]}),
        ("-F a[b][]=1 -F a[b][]=2", {"a": {"b": [1, 2]}}),
        ("-F a=1 -F a=2", {"a": 2}),
        ('--body {"a":1,"b":2} -F b=3', {"a": 1, "b": 3}),
        ("--stream -F a=1", {"a": 1, "stream": True}),
    ],
)
def test_fields_are_the_body(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, sent: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("héllo\n")
    found = body("api", "POST", "/x", *typed.split(" "))
    assert canonical(found) == canonical(sent)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("POST /x -F a", "-F must be KEY=VALUE, not 'a'"),
        ("POST /x -f =b", "-f must be KEY=VALUE, not '=b'"),
        ("POST /x -F a[b=1", "-F must be KEY=VALUE"),
        ("POST /x -F a=1 -F a[b]=1", "the field 'a[b]' is both"),
        ("POST /x -F a[]=1 -F a[b]=1", "the field 'a[b]' is both"),
        ("POST /x -F a[b]=1 -F a[]=1", "the field 'a[]' is both"),
        ("POST /x --form --body {}", "--form sends fields"),
        ("GET /x --form -F a=1", "--form sends fields"),
        ("POST /x --paginate", "--paginate is for GET"),
        ("GET /x --paginate --stream", "--paginate is for GET"),
        ("FETCH /x", "METHOD is one of GET, POST, PUT, PATCH, DELETE"),
        ("/files GET", "METHOD is one of"),
        ("GET https://elsewhere.invalid/v1/files", "is not below the base URL"),
        ("GET /files/../secrets", "PATH may not have '.' or '..'"),
        ("GET /files/%2e%2E/secrets", "PATH may not have '.' or '..'"),
        ("GET /files#1", "PATH has a '#'"),
        ("GET /./files", "PATH may not have '.' or '..'"),
        ("POST /x --body [1]", "--body must be a JSON object"),
        ("POST /x --dry-run --curl", "--dry-run and --curl: give one of them"),
    ],
)
def test_what_is_refused(run: Run, typed: str, said: str) -> None:
    with Server([]) as server:
        done = run("api", *typed.split(" "), base_url=server.base_url)
    assert (done.code, done.out) == (2, b"")
    assert said in done.err


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_fields_are_the_query_where_there_is_no_body(run: Run, method: str) -> None:
    with Server([reply("")]) as server:
        done = run(
            "api", method, "/x?a=1", "-F", "limit=2", "-f", "q=a&b é", "-F", "include[]=x",
            base_url=server.base_url,
        )  # fmt: skip
    assert done.code == 0, done.err
    line, _, query = server.received[0].line.removesuffix(" HTTP/1.1").partition("?")
    assert line == f"{method} /v1/x"
    assert parse_qsl(query) == [("a", "1"), ("q", "a&b é"), ("limit", "2"), ("include[]", "x")]
    assert server.received[0].body == b""


@pytest.mark.parametrize("path", ["/files", "files", "/v1/files", "{base}/files"])
def test_a_path_may_be_written_as_in_the_reference(run: Run, path: str) -> None:
    with Server([OK]) as server:
        run("api", "get", path.replace("{base}", server.base_url), base_url=server.base_url)
    assert server.received[0].line == "GET /v1/files HTTP/1.1"


def test_a_form_with_a_file(run: Run, folder: Path) -> None:
    (folder / "a.jsonl").write_bytes(b"{}\n")
    with Server([OK]) as server:
        done = run(
            "api", "POST", "/files", "--form", "-F", "file=@a.jsonl", "-F", "purpose=batch",
            "-f", "note=@x", "-F", "a[b]=1", "-F", "c[]=2", base_url=server.base_url,
        )  # fmt: skip
    assert done.code == 0, done.err
    assert sorted(fields_of(server.received[0]), key=str) == sorted(
        [
            Field("file", b"{}\n", "a.jsonl", "application/octet-stream"),
            Field("purpose", b"batch"),
            Field("note", b"@x"),
            Field("a[b]", b"1"),
            Field("c[]", b"2"),
        ],
        key=str,
    )


# Pages


def page(*names: str, more: bool, **extra: Any) -> bytes:
    return reply(
        {"object": "list", "data": [{"id": name} for name in names], "has_more": more, **extra}
    )


def test_all_pages(run: Run) -> None:
    replies = [
        page("a", "b", more=True, last_id="b"),
        page("c", more=True),
        page("d", more=False, last_id="d"),
    ]
    with Server(replies) as server:
        done = run(
            "api", "GET", "/files?limit=2", "--paginate", "--query", "data[].id",
            base_url=server.base_url,
        )  # fmt: skip
    assert done.code == 0, done.err
    assert [request.line for request in server.received] == [
        "GET /v1/files?limit=2 HTTP/1.1",
        "GET /v1/files?limit=2&after=b HTTP/1.1",
        "GET /v1/files?limit=2&after=c HTTP/1.1",
    ]
    assert "".join(done.text.split()) == '["a","b"]["c"]["d"]'


def test_pages_are_whole_bodies_without_a_query(run: Run) -> None:
    with Server([page("a", more=True), page("b", more=False)]) as server:
        done = run("api", "GET", "/files", "--paginate", base_url=server.base_url)
    pages = [json.loads(line) for line in done.text.splitlines()]
    assert [one["data"][0]["id"] for one in pages] == ["a", "b"]


def test_pages_that_lead_in_a_circle_end(run: Run) -> None:
    replies = [page(name, more=True) for name in ("a", "b", "a")]
    with Server(replies) as server:
        assert run("api", "GET", "/files", "--paginate", base_url=server.base_url).code == 0


def test_a_page_that_fails_keeps_those_before(run: Run) -> None:
    gone = reply({"error": {"message": "gone"}}, status="404 Not Found")
    with Server([page("a", more=True), gone]) as server:
        done = run(
            "api", "GET", "/files", "--paginate", "--query", "data[0].id",
            base_url=server.base_url,
        )  # fmt: skip
    assert (done.code, done.text) == (4, "a\n")
    assert "gone" in done.err


# Answers


def test_the_body_is_printed_byte_for_byte(run: Run) -> None:
    raw = b'{ "a":1.0,\r\n "b" : "\\u00e9" }'
    with Server([reply(raw)]) as server:
        assert run("api", "GET", "/x", base_url=server.base_url).out == raw


def test_a_query_picks(run: Run) -> None:
    with Server([reply({"a": [{"b": "x"}, {"b": "y"}]})]) as server:
        assert run("api", "GET", "/x", "--query", "a[1].b", base_url=server.base_url).text == "y\n"


def test_each_event_is_a_line(run: Run) -> None:
    with Server([stream({"a": 1}, {"b": [2]})]) as server:
        done = run("api", "POST", "/x", "--stream", base_url=server.base_url)
    assert done.code == 0, done.err
    assert [json.loads(line) for line in done.text.splitlines()] == [{"a": 1}, {"b": [2]}]
    assert server.received[0].json == {"stream": True}


def test_a_stream_that_was_not_asked_for_is_read_as_one(run: Run) -> None:
    with Server([stream({"a": 1})]) as server:
        assert run("api", "POST", "/x", base_url=server.base_url).out == b'{"a": 1}\n'


LENGTH = b"Content-Length: 999\r\n"


@pytest.mark.parametrize(
    ("length", "rest"), [(LENGTH, b""), (LENGTH, b'data: {"b"'), (b"", b'data: {"b"')]
)
def test_a_stream_that_breaks_off(run: Run, length: bytes, rest: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + length + b"\r\n"
    with Server([head + events({"a": 1}, done=False) + rest]) as server:
        done = run("api", "POST", "/x", "--stream", base_url=server.base_url)
    assert (done.code, done.out) == (7, b'{"a": 1}\n')


def test_bytes_into_a_pipe_and_a_file(run: Run, folder: Path) -> None:
    with Server([reply(png(9, 9), content_type="image/png")] * 2) as server:
        assert run("api", "GET", "/x", base_url=server.base_url).out == png(9, 9)
        assert run("api", "GET", "/x", "-o", "a.png", base_url=server.base_url).out == b""
    assert (folder / "a.png").read_bytes() == png(9, 9)


def test_bytes_are_not_for_a_terminal_and_not_lost(folder: Path) -> None:
    with Server([reply(png(9, 9), content_type="image/png")]) as server:
        terminal = Terminal("api", "GET", "/x", base_url=server.base_url, cwd=folder)
        shown = terminal.read_all().decode()
    assert terminal.process.returncode == 10
    kept = Path(shown.rpartition("it is kept in ")[2].strip())
    assert kept.read_bytes() == png(9, 9)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("400 Bad Request", 4),
        ("401 Unauthorized", 3),
        ("404 Not Found", 4),
        ("429 Too Many Requests", 5),
        ("500 Error", 6),
        ("302 Found", 4),
    ],
)
def test_failures(run: Run, status: str, code: int) -> None:
    failed = reply({"error": {"message": "no"}}, status=status)
    with Server([failed]) as server:
        done = run("api", "GET", "/x", "--max-retries", "0", base_url=server.base_url)
    assert (done.code, done.out) == (code, b"")


def test_the_head_of_an_answer_has_no_body(run: Run) -> None:
    with Server([b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n"]) as server:
        done = run("api", "HEAD", "/x", base_url=server.base_url)
    assert (done.code, done.out) == (0, b"")


def test_it_says_what_it_would_send(run: Run) -> None:
    done = run("api", "POST", "/x", "-F", "a=1", "--curl")
    assert done.code == 0
    assert "/x" in done.text
    assert MADE_UP_KEY not in done.text
    bare = run("api", "DELETE", "/x", "--dry-run")
    assert (bare.code, bare.out) == (0, b"")
    assert "DELETE /x has no body" in bare.err


def test_the_sandbox_takes_it_as_the_api_does(run: Run, folder: Path, sandbox: str) -> None:
    (folder / "a.jsonl").write_bytes(b"{}\n")
    up = run(
        "api", "POST", "/files", "--form", "-F", "file=@a.jsonl", "-F", "purpose=evals",
        "--query", "id", base_url=sandbox,
    )  # fmt: skip
    name = up.text.strip()
    assert run("api", "GET", f"/files/{name}/content", base_url=sandbox).out == b"{}\n"
    image = {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{b64encode(png(1, 1)).decode()}"},
    }
    done = run(
        "api", "POST", "/moderations", "-F", f"input[]={json.dumps(image)}",
        "--query", "results[0].flagged", base_url=sandbox,
    )  # fmt: skip
    assert done.text == "false\n"
