"""Requests that are passed on to an upstream: what it is sent, and what comes back, as it comes."""

import gzip
import http.client
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from openai_cli.calls.upstream import UpstreamServer
from openai_cli.context import Context
from openai_cli.errors import CredentialError, UsageError
from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.faults import Faults, parse_fault
from openai_cli.sandbox.upstream import Upstream
from tests.sandbox.client import CHAT, KEY, Answer, chat, connect, send
from tests.sandbox.recorder import UPSTREAM_KEY, rows, upstream_of
from tests.servers import KeepingServer, Server, chunked_stream, delta, events, kept, reply, stream

BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recordings.jsonl"


def test_its_connections_are_used_again(path: Path) -> None:
    answers = [kept(reply({})), chunked_stream(delta("a")), kept(reply({}))]
    with KeepingServer(answers) as server, upstream_of(server.base_url, path) as recorder:
        for _ in answers:
            chat(recorder.sandbox)
    assert server.connections == 1


def refused_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_what_the_upstream_is_sent() -> None:
    given = {
        **BEARER,
        "Content-Type": "application/json; charset=utf-8",
        "OpenAI-Organization": "org-1",
        "OpenAI-Project": "proj-1",
        "X-Own": "yes",
        "Accept-Encoding": "gzip, br",
        "X-Sandbox-Fault": "delay=0",
        "TE": "trailers",
        "Connection": "close, X-Hop",
        "X-Hop": "1",
        "Proxy-Authorization": "Basic made-up",
    }
    body = b'{ "model": "m",\n "top_k": 5 }'
    with Server([reply({})]) as server, upstream_of(f"{server.base_url}?v=1") as recorder:
        answer = send(recorder.sandbox, f"{CHAT}?a=b", body, headers=given)
        host = server.root.removeprefix("http://")
    (received,) = server.received
    assert answer.status == 200, "what the sandbox does not know is the upstream's to judge"
    assert received.line == "POST /v1/chat/completions?a=b&v=1 HTTP/1.1"
    assert received.body == body, "the same bytes"
    assert received.headers == {
        "host": host,
        "user-agent": received.headers["user-agent"],
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "keep-alive",
        "content-type": "application/json; charset=utf-8",
        "openai-organization": "org-1",
        "openai-project": "proj-1",
        "x-own": "yes",
        "content-length": str(len(body)),
        "authorization": f"Bearer {UPSTREAM_KEY}",
    }


def test_what_comes_back() -> None:
    headers = ["X-Request-Id: req_1", "Set-Cookie: a=1", "Set-Cookie: b=2", "Server: other",
               "Keep-Alive: timeout=5", "x-ratelimit-limit-requests: 7"]  # fmt: skip
    with (
        Server([reply("no", status="429 Slow", headers=headers, content_type="text/plain")]) as api,
        upstream_of(api.base_url) as recorder,
    ):
        connection = connect(recorder.sandbox)
        connection.request("GET", "/v1/models", headers=BEARER)
        response = connection.getresponse()
        content, given = response.read(), response.getheaders()
        connection.close()
    named = [(name.lower(), value) for name, value in given if name != "Date"]
    assert (response.status, content) == (429, b"no")
    assert named == [
        ("server", "openai-cli-sandbox"),
        ("content-length", "2"),
        ("content-type", "text/plain"),
        ("x-request-id", "req_1"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("x-ratelimit-limit-requests", "7"),
    ]


def test_a_body_that_is_encoded_all_the_same(path: Path) -> None:
    packed = gzip.compress(b'{"a": 1}')
    with (
        Server([reply(packed, headers=["Content-Encoding: gzip"])]) as server,
        upstream_of(server.base_url, path) as recorder,
    ):
        answer = chat(recorder.sandbox)
    assert answer.content == b'{"a": 1}'
    assert "content-encoding" not in answer.headers
    assert rows(path)[0]["content"] == '{"a": 1}'


def test_redirects_are_not_followed(path: Path) -> None:
    there = "Location: http://127.0.0.1:9/elsewhere"
    with (
        Server([reply(b"", status="307 Temporary Redirect", headers=[there])]) as server,
        upstream_of(server.base_url, path) as recorder,
    ):
        answer = chat(recorder.sandbox)
    assert (answer.status, answer.headers["location"]) == (307, "http://127.0.0.1:9/elsewhere")
    assert "location" not in rows(path)[0]["headers"]


@pytest.mark.parametrize("kind", ["text/event-stream", "audio/mpeg"])
def test_what_comes_is_passed_on_before_the_rest_has_come(path: Path, kind: str) -> None:
    arrived = threading.Event()
    first, second = b"data: 1\n\n", b"data: [DONE]\n\n"

    def slowly(connection: socket.socket) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode() + b"%x\r\n%b\r\n" % (len(first), first))
        assert arrived.wait(30)
        connection.sendall(b"%x\r\n%b\r\n0\r\n\r\n" % (len(second), second))

    with Server([slowly]) as server, upstream_of(server.base_url, path) as recorder:
        connection = connect(recorder.sandbox)
        connection.request("POST", CHAT, b"{}", BEARER)
        response = connection.getresponse()
        assert response.read(len(first)) == first
        assert not path.read_bytes(), "it is recorded once it is whole"
        arrived.set()
        assert response.read() == second
        assert len(rows(path)) == 1, "before the client knows that it is"
        connection.close()


CUT_CHUNKS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n"
)
CUT_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: 99\r\n\r\n%b"
EVENT = events(delta("a"), done=False)
UNFRAMED = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nConnection: close\r\n\r\n%b"


@pytest.mark.parametrize(
    ("came", "part"),
    [
        (CUT_CHUNKS % (b"text/event-stream", len(EVENT), EVENT), EVENT),
        (CUT_CHUNKS % (b"application/json", 3, b'{"a'), b'{"a'),
        (CUT_CHUNKS % (b"audio/mpeg", 3, b"\xff\x00a"), b"\xff\x00a"),
        (CUT_LENGTH % (b"application/json", b'{"a'), b'{"a'),
        (CUT_LENGTH % (b"audio/mpeg", b"\xff\x00a"), b"\xff\x00a"),
        (UNFRAMED % (b"text/event-stream", EVENT), EVENT),
        (UNFRAMED % (b"application/json", b'{"a'), b'{"a'),
    ],
    ids=["events", "JSON in chunks", "sound in chunks", "JSON", "sound", "unframed events",
         "unframed JSON"],
)  # fmt: skip
def test_what_is_cut_is_cut_for_the_client_and_not_recorded(
    path: Path, came: bytes, part: bytes
) -> None:
    with Server([came]) as server, upstream_of(server.base_url, path) as recorder:
        with pytest.raises(http.client.IncompleteRead) as caught:
            chat(recorder.sandbox)
        assert caught.value.partial == part
    assert not path.read_bytes()
    (told,) = recorder.told
    assert told.startswith("the answer to POST /chat/completions was cut: ")
    assert told.endswith("; it is not recorded")


@pytest.mark.parametrize(
    "came",
    [
        stream(delta("a")),
        UNFRAMED % (b"application/json", b'{"a": 1}'),
        UNFRAMED % (b"audio/mpeg", b"\xff"),
        chunked_stream(delta("a")),
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
    ids=["events", "JSON", "sound", "chunks", "nothing"],
)
def test_what_is_whole_is_recorded(path: Path, came: bytes) -> None:
    with Server([came]) as server, upstream_of(server.base_url, path) as recorder:
        chat(recorder.sandbox)
    assert len(rows(path)) == 1
    assert not recorder.told


def test_a_client_that_leaves_early_has_its_answer_recorded_whole(path: Path) -> None:
    left = threading.Event()

    def until_it_has_left(connection: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
        connection.sendall(head + EVENT)
        assert left.wait(30)
        connection.sendall(EVENT * 2000 + events())

    with Server([until_it_has_left]) as server, upstream_of(server.base_url, path) as recorder:
        connection = connect(recorder.sandbox)
        connection.request("POST", CHAT, b"{}", BEARER)
        assert connection.getresponse().read(len(EVENT)) == EVENT
        connection.close()
        left.set()
        assert recorder.recordings is not None
        assert recorder.recordings.settle(30)
    assert len(rows(path)[0]["events"]) == 2002


@pytest.mark.parametrize("path_given", [True, False])
def test_an_upstream_that_is_not_there(path: Path, path_given: bool) -> None:
    port = refused_port()
    where = f"http://127.0.0.1:{port}/v1"
    with upstream_of(where, path if path_given else None) as recorder:
        answer = chat(recorder.sandbox)
    why = f"the server refuses the connection to 127.0.0.1:{port}"
    assert answer.status == 502
    assert answer.json["error"] == {
        "message": f"The sandbox got no answer from its upstream: {why}",
        "type": "server_error",
        "param": None,
        "code": None,
    }
    assert recorder.told == [f"the upstream gave no answer to POST /chat/completions: {why}"]
    assert not path.exists() or not path.read_bytes()


def test_faults_are_made_of_what_the_upstream_answers(path: Path) -> None:
    faults = Faults([parse_fault("status=429,first=1"), parse_fault("cut-after=1")])
    with (
        Server([chunked_stream(delta("a"), delta("b"))]) as server,
        upstream_of(server.base_url, path, faults=faults) as recorder,
    ):
        assert chat(recorder.sandbox).status == 429
        with pytest.raises(http.client.IncompleteRead) as caught:
            chat(recorder.sandbox)
        assert caught.value.partial == EVENT
    assert len(rows(path)) == 1, "the answer of the upstream, and not the fault"
    assert len(rows(path)[0]["events"]) == 3


def test_who_has_no_key_of_the_sandbox_reaches_no_upstream() -> None:
    with Server([]) as server, upstream_of(server.base_url) as recorder:
        assert send(recorder.sandbox, CHAT, {}, headers={}).status == 401
        assert send(recorder.sandbox, "/v2/models", method="GET").status == 404


def admin(sandbox: Sandbox) -> Answer:
    headers = {"Authorization": f"Bearer {sandbox.admin_key}"}
    return send(sandbox, "/v1/organization/users?limit=1", method="GET", headers=headers)


def test_an_admin_operation_takes_the_admin_key() -> None:
    environ = {"OPENAI_ADMIN_KEY": "sk-admin-made-up"}
    with (
        Server([reply({}), reply({})]) as server,
        upstream_of(server.base_url, environ=environ) as recorder,
    ):
        assert admin(recorder.sandbox).status == 200
        assert send(recorder.sandbox, "/v1/models", method="GET").status == 200
    keys = [received.headers["authorization"] for received in server.received]
    assert keys == ["Bearer sk-admin-made-up", f"Bearer {UPSTREAM_KEY}"]


def server_of(base_url: str, **environ: str) -> Callable[[], UpstreamServer]:
    return lambda: UpstreamServer(Context.test(environ=environ), base_url, None)


def test_the_key_that_is_demanded() -> None:
    with pytest.raises(CredentialError, match="there is no API key"):
        server_of("https://api.openai.com/v1")()
    with pytest.raises(UsageError, match="the key would go over plain http to"):
        server_of("http://example.invalid/v1", OPENAI_API_KEY="sk-made-up")()
    assert server_of("http://example.invalid/v1")().server.key is None
    assert server_of("https://example.invalid/v1", OPENAI_API_KEY="k")().server.key == "k"


def test_openai_without_an_admin_key_is_not_asked() -> None:
    environ = {"OPENAI_API_KEY": "sk-made-up"}
    with UpstreamServer(Context.test(environ=environ), "https://api.openai.com/v1", None) as there:
        told: list[str] = []
        config = SandboxConfig(key=KEY, upstream=Upstream(there.forward, told.append))
        with Sandbox(0, config) as sandbox:
            answer = admin(sandbox)
    assert (answer.status, told) == (401, [])
    message = json.loads(answer.content)["error"]["message"]
    assert message == "The sandbox has no key for this: there is no admin key"
