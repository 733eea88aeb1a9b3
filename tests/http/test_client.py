"""The client: what it sends and where to, what it tries again, and what it makes of bad answers."""

import base64
import gzip
import io
import json
import os
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from openai_cli.context import Context
from openai_cli.errors import (
    BadAnswerError,
    CliError,
    CredentialError,
    NetworkError,
    RateLimitError,
    RefusedError,
    UnreachableError,
    UsageError,
)
from openai_cli.http import client as client_module
from openai_cli.http import decoding
from openai_cli.http.client import Client, HttpResponse, ServerSettings
from openai_cli.http.payload import Json
from tests import servers
from tests.servers import Reply

KEY = "sk-made-up-for-tests"
BODY = b'{"model":"m"}'
ELSEWHERE = "http://api.example.test/v1"
OK = servers.reply(b"{}")


class World:
    """A context whose sleeps are written down, and a client in it."""

    def __init__(
        self,
        base_url: str,
        *,
        environ: dict[str, str] | None = None,
        now: float = 0.0,
        debug: bool = False,
        **server: Any,
    ) -> None:
        self.slept: list[float] = []
        self.context = Context.test(environ=environ, sleep=self.slept.append, now=now)
        usual: dict[str, Any] = {
            "key": None,
            "headers": {},
            "connect_timeout": 10.0,
            "max_retries": 2,
        }
        options = {**usual, "read_timeout": 5.0, **server}
        self.client = Client(
            ServerSettings(base_url=base_url, **options), self.context, debug_on=debug
        )

    def post(
        self,
        consume: Callable[[HttpResponse], bytes] = lambda answer: b"".join(answer.pieces()),
        may_retry: Callable[[], bool] = lambda: True,
    ) -> bytes:
        return self.client.call(
            "POST", "/chat/completions", consume, payload=Json(BODY), may_retry=may_retry
        )

    @property
    def said(self) -> str:
        stream = self.context.messages.stream
        assert isinstance(stream, io.StringIO)
        return stream.getvalue()


def failure_of(*replies: Reply, **world: Any) -> CliError:
    """What the client raises after exactly these replies."""
    with servers.Server(replies) as server:
        here = World(server.base_url, **{"max_retries": 0, **world})
        with pytest.raises(CliError) as caught:
            here.post()
    return caught.value


@pytest.fixture
def mock() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        yield mock


# What is sent


def test_a_request_is_json_with_the_key_and_little_else(mock: responses.RequestsMock) -> None:
    mock.post(f"{ELSEWHERE}/chat/completions", body=b'{"a": 1}')
    assert World(ELSEWHERE, key=KEY).post() == b'{"a": 1}'
    request = mock.calls[0].request
    assert request.body == BODY
    headers = dict(request.headers)
    assert headers.pop("User-Agent").startswith("openai-cli/")
    assert headers == {
        "Accept": "application/json, text/event-stream, */*;q=0.5",
        "Accept-Encoding": "gzip",
        "Connection": "keep-alive",
        "Content-Length": "13",
        "Content-Type": "application/json",
        "Authorization": f"Bearer {KEY}",
    }
    assert list(headers)[-1] == "Authorization"


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_none_is_sent(key: str | None, mock: responses.RequestsMock) -> None:
    mock.post(f"{ELSEWHERE}/chat/completions", body=b"{}")
    World(ELSEWHERE, key=key).post()
    assert "Authorization" not in mock.calls[0].request.headers


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
def test_an_authorization_of_the_users_own_stands(name: str, mock: responses.RequestsMock) -> None:
    mock.post(f"{ELSEWHERE}/chat/completions", body=b"{}")
    World(ELSEWHERE, key=KEY, headers={name: "Basic eDp5"}).post()
    assert mock.calls[0].request.headers["Authorization"] == "Basic eDp5"


def test_headers_of_the_users_own_stand_above_ours(mock: responses.RequestsMock) -> None:
    mock.post(f"{ELSEWHERE}/chat/completions", body=b"{}")
    own = {"user-agent": "mine/1", "X-Team": "ci"}
    World(ELSEWHERE, key=KEY, headers=own).post()
    headers = mock.calls[0].request.headers
    assert (headers["User-Agent"], headers["X-Team"]) == ("mine/1", "ci")
    assert headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("headers", [{"X-A": "日本"}, {"X-A": "a\nb"}, {"Überschrift€": "a"}])
def test_a_header_that_cannot_be_sent_is_wrong_usage(headers: dict[str, str]) -> None:
    with servers.Server([]) as server:
        world = World(server.base_url, headers=headers)
        with pytest.raises(UsageError, match="header"):
            world.post()
    assert world.slept == []


@pytest.mark.parametrize("key", [KEY, None])
def test_netrc_neither_replaces_the_key_nor_adds_one(
    key: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login who password what\ndefault login a password b\n")
    netrc.chmod(0o600)
    (Path(os.environ["HOME"]) / ".netrc").write_bytes(netrc.read_bytes())
    monkeypatch.setenv("NETRC", str(netrc))
    with servers.Server([OK]) as server:
        # The trap is set: requests by itself would take it.
        assert requests.utils.get_netrc_auth(server.root) == ("who", "what")
        World(server.base_url, key=key).post()
    assert server.received[0].headers.get("authorization") == (f"Bearer {KEY}" if key else None)


# Where it goes


@pytest.mark.parametrize(
    "status",
    ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"],
)
def test_redirects_are_not_followed(status: str) -> None:
    with servers.Server([]) as target:
        location = f"Location: {target.base_url}/elsewhere"
        error = failure_of(servers.reply("x", status=status, headers=[location]), key=KEY)
        assert isinstance(error, RefusedError)
        assert error.status == int(status[:3])
        assert target.base_url in error.problem


@pytest.mark.parametrize("location", ["", "http://[", "http://host:99999x/", "\xff\xfe", "//", "#"])
@pytest.mark.parametrize("status", ["302 Found", "304 Not Modified", "399 Odd"])
def test_a_redirect_to_nonsense_is_one_all_the_same(location: str, status: str) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\nLocation: {location}"
    error = failure_of(head.encode("latin-1") + b"\r\n\r\n", max_retries=1)
    assert isinstance(error, RefusedError)


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 100\r\n\r\ncut",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\ncu",
        b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
    ],
    ids=["length", "chunk", "gzip"],
)
def test_a_redirect_whose_body_is_broken_is_one_all_the_same(body: bytes) -> None:
    error = failure_of(b"HTTP/1.1 302 Found\r\nLocation: /x\r\n" + body, max_retries=1)
    assert isinstance(error, RefusedError)


def proxy_world(monkeypatch: pytest.MonkeyPatch, url: str, **variables: str) -> World:
    """A world with these variables, which the process has too."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return World(url, environ=variables, key=KEY)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_is_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with servers.Server([OK]) as proxy:
        proxy_world(monkeypatch, ELSEWHERE, **{name: proxy.root}).post()
    assert proxy.received[0].line == f"POST {ELSEWHERE}/chat/completions HTTP/1.1"
    assert proxy.received[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_proxy_is_told_its_own_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with servers.Server([OK]) as proxy:
        url = proxy.root.replace("http://", "http://who:what@")
        proxy_world(monkeypatch, ELSEWHERE, HTTP_PROXY=url).post()
    headers = proxy.received[0].headers
    assert headers["proxy-authorization"] == "Basic " + base64.b64encode(b"who:what").decode()
    assert headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_loopback_is_never_proxied(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _only_ipv4(socket.getaddrinfo))
    with servers.Server([]) as proxy, servers.Server([OK]) as server:
        url = server.base_url.replace("127.0.0.1", host)
        every = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"), proxy.root)
        proxy_world(monkeypatch, url, **every).post()


def _only_ipv4(real: Callable[..., Any]) -> Callable[..., Any]:
    def getaddrinfo(host: str, port: int, family: int = 0, *rest: Any, **more: Any) -> Any:
        return real(host, port, socket.AF_INET, *rest, **more)

    return getaddrinfo


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("value", ["api.example.test", ".example.test", "other, example.test", "*"])
def test_no_proxy_is_honoured(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up: list[str] = []

    def getaddrinfo(host: str, *_rest: Any, **_more: Any) -> Any:
        looked_up.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with servers.Server([]) as proxy:
        world = proxy_world(monkeypatch, ELSEWHERE, **{"HTTP_PROXY": proxy.root, name: value})
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        with pytest.raises(UnreachableError, match="find the host"):
            world.post()
    assert looked_up == ["api.example.test"], "asked for once: another try cannot help"
    assert world.slept == []


def test_a_proxy_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    world = proxy_world(monkeypatch, ELSEWHERE, HTTP_PROXY=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(NetworkError, match="proxy") as caught:
        world.post()
    assert "HTTP_PROXY" in str(caught.value.hint)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


BUNDLES = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"]


@pytest.mark.parametrize("count", range(5))
def test_the_first_ca_bundle_that_is_set_is_used(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = {name: str(tmp_path / name) for name in BUNDLES}
    for name, path in paths.items():
        if name == "SSL_CERT_DIR":
            Path(path).mkdir()
        else:
            Path(path).touch()
    seen: list[Any] = []

    def send(self: Any, request: Any, **options: Any) -> requests.Response:
        seen.append(options["verify"])
        raise requests.exceptions.InvalidURL("seen")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    environ = paths | dict.fromkeys(BUNDLES[:count], "")
    with pytest.raises(UsageError):
        World("https://api.example.test/v1", environ=environ).post()
    assert seen == [paths[BUNDLES[count]] if count < 4 else True]


def test_a_ca_bundle_that_is_not_there_is_no_failure_to_try_again(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.pem")
    world = World("https://127.0.0.1:9/v1", environ={"SSL_CERT_FILE": missing})
    with pytest.raises(CliError, match=r"missing\.pem"):
        world.post()
    assert world.slept == []


def test_a_server_that_speaks_no_tls_is_not_asked_again() -> None:
    def plain(connection: socket.socket) -> None:
        connection.recv(9)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with servers.Server([]) as server:
        server._answer = plain  # type: ignore[method-assign]  # TLS is no request to be read
        world = World(server.base_url.replace("http:", "https:"))
        with pytest.raises(UnreachableError, match="the server speaks http there") as caught:
            world.post()
        assert caught.value.hint == f"--base-url begins with {server.root}"
    assert world.slept == []


# Trying again


def status_reply(status: int, *headers: str) -> bytes:
    return servers.reply({"error": {"message": "busy"}}, status=f"{status} X", headers=headers)


def silent(connection: socket.socket) -> None:
    """Close without a word."""


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    "reply",
    [*map(status_reply, (408, 409, 429, 500, 502, 503, 504, 529, 599)), silent, reset],
    ids=[*map(str, (408, 409, 429, 500, 502, 503, 504, 529, 599)), "silent", "reset"],
)
def test_what_may_pass_is_tried_again(reply: Reply) -> None:
    with servers.Server([reply, reply, servers.reply(b'{"ok": 1}')]) as server:
        world = World(server.base_url, key=KEY)
        assert world.post() == b'{"ok": 1}'
    assert world.slept == [0.5, 1.0]
    assert [received.body for received in server.received] == [BODY] * 3
    notices = world.said.splitlines()
    assert len(notices) == 2
    assert all(notice.startswith("openai-cli: notice: ") for notice in notices)
    assert "0.5 s" in notices[0]
    assert "1 of 2" in notices[0]
    assert "1.0 s" in notices[1]
    assert "2 of 2" in notices[1]


CODES = [
    (400, RefusedError),
    (401, CredentialError),
    (403, CredentialError),
    (404, RefusedError),
    (410, RefusedError),
    (413, RefusedError),
    (422, RefusedError),
]


@pytest.mark.parametrize(("status", "kind"), CODES)
def test_what_will_not_pass_is_not(status: int, kind: type[CliError]) -> None:
    with servers.Server([status_reply(status, "x-request-id: req_1")]) as server:
        world = World(server.base_url, key=KEY)
        with pytest.raises(kind) as caught:
            world.post()
    assert (world.slept, world.said) == ([], "")
    assert (caught.value.problem, caught.value.status) == ("busy", status)
    assert caught.value.request_id == "req_1"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(408, BadAnswerError), (409, RefusedError), (429, RateLimitError), (503, BadAnswerError)],
)
@pytest.mark.parametrize("tries", [0, 1, 4])
def test_the_last_failure_is_raised(status: int, kind: type[CliError], tries: int) -> None:
    with servers.Server([status_reply(status)] * (tries + 1)) as server:
        world = World(server.base_url, max_retries=tries)
        with pytest.raises(kind) as caught:
            world.post()
    assert caught.value.status == status
    assert world.slept == [0.5, 1, 2, 4][:tries]


def test_a_connection_that_is_refused_is_tried_again() -> None:
    world = World(f"http://127.0.0.1:{free_port()}/v1")
    with pytest.raises(NetworkError, match="refuse"):
        world.post()
    assert world.slept == [0.5, 1]


DELAYS = [
    (["Retry-After: 7"], 7),
    (["retry-after: 120"], 120),
    (["Retry-After-Ms: 250", "Retry-After: 7"], 0.25),
    (["Retry-After: Thu, 01 Jan 1970 00:16:50 GMT"], 10),
    (["Retry-After: Thu, 01 Jan 1970 00:00:00 GMT"], 0.5),
    (["Retry-After: 0"], 0.5),
    (["Retry-After-Ms: 0"], 0.5),
    (["Retry-After-Ms: 0", "Retry-After: 7"], 7),
    (["Retry-After: soon"], 0.5),
    (["Retry-After: -3"], 0.5),
]


@pytest.mark.parametrize(("headers", "seconds"), DELAYS)
@pytest.mark.parametrize("status", [408, 409, 429, 503])
def test_the_server_says_when(headers: list[str], seconds: float, status: int) -> None:
    with servers.Server([status_reply(status, *headers), OK]) as server:
        world = World(server.base_url, now=1000)
        world.post()
    assert world.slept == [seconds]


@pytest.mark.parametrize("tries", [0, 2])
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 121", "121"),
        ("Retry-After-Ms: 3600000", "3600"),
        ("Retry-After: Thu, 01 Jan 1970 00:33:20 GMT", "1000"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_above_two_minutes_is_the_users_own(
    header: str, seconds: str, status: int, tries: int
) -> None:
    reply = status_reply(status, header, "x-request-id: req_1")
    with servers.Server([reply]) as server:
        world = World(server.base_url, now=1000, max_retries=tries)
        with pytest.raises(RateLimitError if status == 429 else BadAnswerError) as caught:
            world.post()
    assert world.slept == []
    error = caught.value
    assert (error.problem, error.status, error.request_id) == ("busy", status, "req_1")
    assert f"{seconds} s" in str(error.hint)
    assert error.body == b'{"error": {"message": "busy"}}'


def test_a_wait_that_nobody_will_wait_for_does_not_matter() -> None:
    error = failure_of(status_reply(400, "Retry-After: 3600"), max_retries=2)
    assert isinstance(error, RefusedError)


def test_x_should_retry_false_ends_it() -> None:
    error = failure_of(status_reply(503, "x-should-retry: false"), max_retries=2)
    assert isinstance(error, BadAnswerError)


def test_x_should_retry_true_tries_again() -> None:
    with servers.Server([status_reply(400, "x-should-retry: true"), OK]) as server:
        world = World(server.base_url)
        world.post()
    assert world.slept == [0.5]


def test_nothing_is_tried_again_once_output_has_begun() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"
    printed: list[bytes] = []

    def consume(answer: HttpResponse) -> bytes:
        printed.extend(answer.pieces())
        return b""

    with servers.Server([cut]) as server:
        world = World(server.base_url)
        with pytest.raises(NetworkError):
            world.post(consume, may_retry=lambda: not printed)
    assert (b"".join(printed), world.slept) == (b"hello", [])


def test_an_answer_that_breaks_off_before_any_output_is_tried_again() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nRetry-After: 60\r\n\r\nhello"
    with servers.Server([cut, OK]) as server:
        world = World(server.base_url)
        assert world.post() == b"{}"
    assert world.slept == [0.5]


@pytest.mark.parametrize("retry_header", ["x-should-retry: false", "x-other: 1"])
def test_what_the_consumer_raises_is_not_tried_again(retry_header: str) -> None:
    def consume(answer: HttpResponse) -> bytes:
        raise BadAnswerError("not JSON")

    with servers.Server([servers.reply(b"{}", headers=[retry_header])]) as server:
        world = World(server.base_url)
        with pytest.raises(BadAnswerError, match="not JSON"):
            world.post(consume)
    assert world.slept == []


def test_a_silent_server_is_given_up() -> None:
    over = threading.Event()

    def wait(connection: socket.socket) -> None:
        over.wait(30)

    with servers.Server([wait]) as server:
        world = World(server.base_url, read_timeout=0.2, max_retries=0)
        try:
            with pytest.raises(NetworkError, match="no answer in time") as caught:
                world.post()
        finally:
            over.set()
    assert "--timeout" in str(caught.value.hint)


def test_a_server_that_falls_silent_is_given_up() -> None:
    over = threading.Event()

    def start_and_wait(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
        over.wait(30)

    got: list[bytes] = []

    with servers.Server([start_and_wait]) as server:
        world = World(server.base_url, read_timeout=0.2, max_retries=0)
        try:
            with pytest.raises(NetworkError, match="stopped coming"):
                world.post(lambda answer: b"".join(map(_kept(got), answer.pieces())))
        finally:
            over.set()
    assert got == [b"hello"]


def held(answer: bytes) -> Reply:
    """Send this, and hold the connection until the client goes."""

    def hold(connection: socket.socket) -> None:
        connection.sendall(answer)
        assert connection.recv(1) == b""

    return hold


HELD = [
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
]


@pytest.mark.parametrize("answer", HELD, ids=["close", "no length", "a length", "chunks"])
def test_a_body_may_be_told_to_end(answer: bytes) -> None:
    got: list[bytes] = []

    def take(answer: HttpResponse) -> bytes:
        for piece in answer.pieces():
            got.append(piece)
            answer.end_within(0.01)
        return b"ended"

    with servers.Server([held(answer)]) as server:
        world = World(server.base_url, read_timeout=100.0, max_retries=0)
        with suppress(NetworkError):
            assert world.post(take) == b"ended"
        world.client.close()
    assert got == [b"hello"]


def test_a_body_that_was_told_to_end_may_go_on_after_all() -> None:
    def take(answer: HttpResponse) -> bytes:
        answer.end_within(60.0)
        (timer,) = [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
        answer.end_within(None)
        timer.join(30)
        assert not timer.is_alive()
        return b"".join(answer.pieces())

    with servers.Server([OK]) as server:
        assert World(server.base_url).post(take) == b"{}"


def _kept(got: list[bytes]) -> Callable[[bytes], bytes]:
    def keep(piece: bytes) -> bytes:
        got.append(piece)
        return piece

    return keep


# The body


def with_body(head: str, body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n{head}\r\n\r\n".encode() + body


def whole(reply: bytes) -> bytes:
    with servers.Server([reply]) as server:
        return World(server.base_url, max_retries=0).post()


def chunked(*chunks: bytes, last: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + last


TEXT = b'{"text": "' + b"hello " * 50_000 + b'"}'
ZIPPED = gzip.compress(TEXT)
GZIP = "Content-Encoding: gzip"
CHUNKED = "Transfer-Encoding: chunked"

WHOLE: dict[str, tuple[bytes, bytes]] = {
    "until it closes": (with_body("X: y", TEXT), TEXT),
    "by length": (with_body(f"Content-Length: {len(TEXT)}", TEXT), TEXT),
    "in chunks": (
        with_body(CHUNKED, chunked(b"a", b"bc" * 70_000, b"d")),
        b"a" + b"bc" * 70_000 + b"d",
    ),
    "in chunks with extensions and trailers": (
        with_body(
            CHUNKED,
            b"1;x=y\r\na\r\n",
        )
        + b"0\r\nX-Trailer: z\r\n\r\n",
        b"a",
    ),
    "gzip by length": (with_body(f"{GZIP}\r\nContent-Length: {len(ZIPPED)}", ZIPPED), TEXT),
    "gzip until it closes": (with_body(GZIP, ZIPPED), TEXT),
    "gzip in chunks": (
        with_body(
            f"{GZIP}\r\n{CHUNKED}",
            chunked(*(ZIPPED[at : at + 7] for at in range(0, len(ZIPPED), 7))),
        ),
        TEXT,
    ),
    "gzip by its other names": (with_body("content-encoding:  X-GZIP ", ZIPPED), TEXT),
    "gzip in members (RFC 1952, section 2.2)": (
        with_body(GZIP, gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])),
        TEXT,
    ),
    "gzip of nothing": (with_body(GZIP, gzip.compress(b"")), b""),
    "identity": (with_body("Content-Encoding: identity", TEXT), TEXT),
    "empty": (with_body("Content-Length: 0", b""), b""),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\n" + TEXT, TEXT),
    "more than its length": (with_body("Content-Length: 2", b"{}more"), b"{}"),
}


@pytest.mark.parametrize(("reply", "body"), WHOLE.values(), ids=WHOLE)
def test_a_body_is_whole_in_every_coding(reply: bytes, body: bytes) -> None:
    assert whole(reply) == body


BROKEN: dict[str, tuple[bytes, type[CliError], str]] = {
    "shorter than its length": (
        with_body("Content-Length: 10", b"{}"),
        NetworkError,
        "broke|ended",
    ),
    "nothing of its length": (with_body("Content-Length: 10", b""), NetworkError, "broke|ended"),
    "a chunk cut": (with_body(CHUNKED, b"5\r\nhel"), NetworkError, "broke|ended"),
    "a chunk's size cut": (with_body(CHUNKED, b"1\r\na\r\n5"), NetworkError, "broke|ended"),
    "no last chunk": (with_body(CHUNKED, chunked(b"abc", last=b"")), NetworkError, "broke|ended"),
    "a chunk's size that is no number": (
        with_body(CHUNKED, b"1\r\na\r\nzz\r\n"),
        NetworkError,
        "broke|ended",
    ),
    "gzip cut": (with_body(GZIP, ZIPPED[:-20]), NetworkError, "gzip"),
    "gzip cut in its checksum": (with_body(GZIP, ZIPPED[:-1]), NetworkError, "gzip"),
    "gzip cut in its head": (with_body(GZIP, ZIPPED[:5]), NetworkError, "gzip"),
    "gzip cut, by a length that agrees": (
        with_body(f"{GZIP}\r\nContent-Length: 50", ZIPPED[:50]),
        NetworkError,
        "gzip",
    ),
    "gzip broken in the middle": (
        with_body(GZIP, ZIPPED[:40] + bytes(20) + ZIPPED[60:]),
        BadAnswerError,
        "gzip",
    ),
    "gzip with a wrong checksum": (
        with_body(GZIP, ZIPPED[:-8] + bytes(4) + ZIPPED[-4:]),
        BadAnswerError,
        "gzip",
    ),
    "gzip that is none": (with_body(GZIP, b'{"a": 1}'), BadAnswerError, "gzip"),
    "deflate": (
        with_body("Content-Encoding: deflate", zlib.compress(TEXT)),
        BadAnswerError,
        "deflate",
    ),
    "br": (with_body("Content-Encoding: br", b"\x8b\x00\x80{}\x03"), BadAnswerError, "br"),
    "gzip twice": (
        with_body("Content-Encoding: gzip, gzip", gzip.compress(ZIPPED)),
        BadAnswerError,
        "gzip",
    ),
}


@pytest.mark.parametrize(("reply", "kind", "words"), BROKEN.values(), ids=BROKEN)
def test_a_body_that_is_broken_is_said_to_be(
    reply: bytes, kind: type[CliError], words: str
) -> None:
    error = failure_of(reply)
    assert type(error) is kind
    assert any(word in error.problem for word in words.split("|")), error.problem


@pytest.mark.parametrize(
    "head", ["nonsense", "HTTP/1.1 abc OK", "HTTP/1.1 200 OK\r\n" + "x" * 70_000]
)
def test_an_answer_that_is_no_http_is_a_broken_connection(head: str) -> None:
    assert isinstance(failure_of(head.encode() + b"\r\n\r\n"), NetworkError)


@pytest.mark.parametrize("coding", ["gzip", "plain"])
def test_an_answer_above_the_limit_is_refused_as_it_arrives(
    coding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "LARGEST", 3 * 1024**2)
    data = bytes(20 * 1024**2)
    body = with_body(GZIP, gzip.compress(data)) if coding == "gzip" else with_body("X: y", data)
    seen: list[int] = []

    def consume(answer: HttpResponse) -> bytes:
        seen.extend(map(len, answer.pieces()))
        return b""

    with servers.Server([body]) as server:
        world = World(server.base_url)
        with pytest.raises(BadAnswerError, match="larger than 3 MB"):
            world.post(consume)
    assert sum(seen) <= 3 * 1024**2
    assert max(seen) <= 1024**2, "a bomb goes off in small pieces"
    assert world.slept == []


def test_an_answer_of_the_limit_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LARGEST", len(TEXT))
    assert whole(with_body(GZIP, ZIPPED)) == TEXT


def test_the_limit_is_512_megabytes() -> None:
    assert decoding.LARGEST == 512 * 1024**2


@pytest.mark.parametrize("head", ["X: y", CHUNKED, GZIP])
def test_a_piece_comes_as_soon_as_it_is_sent(head: str) -> None:
    """The server waits for the client to have the first piece before it sends the second."""
    zipped = zlib.compressobj(wbits=31)
    code: dict[str, Sequence[bytes]] = {
        "X: y": (b"one", b"two"),
        CHUNKED: (b"3\r\none\r\n", b"3\r\ntwo\r\n0\r\n\r\n"),
        GZIP: (
            zipped.compress(b"one") + zipped.flush(zlib.Z_SYNC_FLUSH),
            zipped.compress(b"two") + zipped.flush(),
        ),
    }
    got_first = threading.Event()

    def send(connection: socket.socket) -> None:
        connection.sendall(with_body(head, code[head][0]))
        assert got_first.wait(20)
        connection.sendall(code[head][1])

    def consume(answer: HttpResponse) -> bytes:
        pieces = answer.pieces()
        assert next(pieces) == b"one"
        got_first.set()
        return b"".join(pieces)

    with servers.Server([send]) as server:
        assert World(server.base_url).post(consume) == b"two"


ERROR_BODIES: dict[str, tuple[bytes, str]] = {
    "gzip": (
        with_body(GZIP, gzip.compress(b'{"error": {"message": "no"}}'), "400 Bad Request"),
        "no",
    ),
    "gzip broken": (with_body(GZIP, b"xyz", "400 Bad Request"), "Bad Request"),
    "gzip empty": (
        with_body(f"{GZIP}\r\nContent-Length: 0", b"", "400 Bad Request"),
        "Bad Request",
    ),
    "unknown coding": (with_body("Content-Encoding: br", b"xyz", "400 Bad Request"), "Bad Request"),
    "cut": (with_body("Content-Length: 50", b"half a word", "400 Bad Request"), "half a word"),
    "a bomb": (with_body(GZIP, gzip.compress(b"no " * 5_000_000), "400 Bad Request"), "no no"),
    "empty": (with_body("Content-Length: 0", b"", "400 Bad Request"), "Bad Request"),
    "no reason": (with_body("Content-Length: 0", b"", "400"), "no reason"),
    "HTML": (
        with_body("Content-Type: text/html", b"<html><title>Oh no</title>", "400 Bad Request"),
        "Oh no",
    ),
}


@pytest.mark.parametrize(("reply", "words"), ERROR_BODIES.values(), ids=ERROR_BODIES)
def test_an_error_is_told_whatever_its_body_is(reply: bytes, words: str) -> None:
    error = failure_of(reply)
    assert type(error) is RefusedError
    assert error.status == 400
    assert words in error.problem
    assert len(error.body or b"") <= 2 * 1024**2


def test_an_answer_has_its_id_and_its_type() -> None:
    reply = servers.reply(b"{}", headers=["X-Request-Id: req_9"], content_type="text/event-stream")
    seen: list[tuple[str | None, str]] = []

    def consume(answer: HttpResponse) -> bytes:
        seen.append((answer.request_id, answer.content_type))
        return b"".join(answer.pieces())

    with servers.Server([reply]) as server:
        World(server.base_url).post(consume)
    assert seen == [("req_9", "text/event-stream")]


def test_an_interim_answer_is_passed_over() -> None:
    assert whole(b"HTTP/1.1 100 Continue\r\n\r\n" + OK) == b"{}"


# --debug


def test_debug_shows_names_and_sizes_and_no_secret() -> None:
    secrets = {"X-Secret": "xyzzy", "Cookie": "plugh"}
    reply = servers.reply(
        b"{}", headers=["X-Request-Id: req_9", "Set-Cookie: plover=1", "X-RateLimit-Limit: 60"]
    )
    with servers.Server([reply]) as server:
        world = World(server.base_url, key=KEY, headers=secrets, debug=True)
        world.post()
    for shown in (
        "> POST http://127.0.0.1",
        "Authorization: ***",
        "X-Secret: ***",
        "Cookie: ***",
        "13 bytes",
        "< HTTP 200 OK",
        "X-Request-Id: req_9",
        "Set-Cookie: ***",
        "X-RateLimit-Limit: 60",
        "Content-Type: application/json",
    ):
        assert shown in world.said
    for hidden in (KEY, "xyzzy", "plugh", "plover", BODY.decode()):
        assert hidden not in world.said
    assert all(line.startswith("openai-cli: debug: ") for line in world.said.splitlines())


def test_without_debug_nothing_is_said() -> None:
    with servers.Server([OK]) as server:
        world = World(server.base_url, key=KEY)
        world.post()
    assert world.said == ""


def test_what_is_asked_for_is_json_of_any_size() -> None:
    body = json.dumps({"text": "é" * 500_000}, ensure_ascii=False).encode()
    with servers.Server([OK]) as server:
        client = World(server.base_url).client
        client.call("POST", "/x", lambda answer: list(answer.pieces()), payload=Json(body))
    assert server.received[0].body == body
