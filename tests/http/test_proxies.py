"""What lies between here and the server is the same for the client and for `Flights`: proxies of
every kind, who is asked without one, and by which authorities.
"""

import base64
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pytest
import trustme

from openai_cli.errors import UsageError
from tests.http.test_both_ways import OK, Staying, Told, by_client, by_flights
from tests.http.test_client import BODY, World
from tests.http.test_transport import port_of

HOST = "api.example.test"
PLAIN, SECURE = f"http://{HOST}/v1", f"https://{HOST}/v1"
PASSWORD = "Basic " + base64.b64encode(b"me:made-up").decode()
# Of requests by `Flights`: the first sets a connection up, the others go on what there is.
COUNT = 3


@dataclass
class Proxy:
    """A proxy of HTTP and of SOCKS5 (RFC 1928, 1929) that leads to `port` here, whatever is asked.

    `asked` has how each connection began, and `refusal` is answered instead of leading anywhere.
    """

    port: int = 0
    tls: ssl.SSLContext | None = None
    refusal: bytes | None = None
    asked: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_how: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                first = connection.recv(1)
                if first == b"\x05":
                    self._socks(connection)
                elif first:
                    self._http(connection, first)

    def _http(self, connection: socket.socket, request: bytes) -> None:
        end = b"\r\n\r\n" if request == b"C" else BODY
        while not request.endswith(end):
            request += connection.recv(65536)
        self.asked.append(request)
        if self.refusal is not None:
            connection.sendall(self.refusal)
        elif request.startswith(b"CONNECT"):
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._lead(connection)
        else:
            self._lead(connection, request)

    def _socks(self, connection: socket.socket) -> None:
        methods = connection.recv(connection.recv(1)[0])
        connection.sendall(b"\x05\x02" if 2 in methods else b"\x05\x00")
        password = b""
        if 2 in methods:
            password = connection.recv(512)
            connection.sendall(b"\x01\x00")
        self.asked.append(password + connection.recv(512))
        connection.sendall(self.refusal or b"\x05\x00\x00\x01" + b"\0" * 6)
        if self.refusal is None:
            self._lead(connection)

    def _lead(self, connection: socket.socket, request: bytes = b"") -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as target:
            target.sendall(request)
            back = threading.Thread(target=_pass_on, args=(target, connection), daemon=True)
            back.start()
            _pass_on(connection, target)
            back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        socket.socket.shutdown(target, socket.SHUT_RDWR)


@dataclass(frozen=True)
class Authority:
    """One that has signed for the server and for the proxy, in a file."""

    file: str
    server: ssl.SSLContext
    proxy: ssl.SSLContext


def signed(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    own = trustme.CA()
    own.cert_pem.write_to_path(file := tmp_path_factory.mktemp("tls") / "ca.pem")
    return Authority(str(file), signed(own, HOST), signed(own, "127.0.0.1"))


def world(url: str, authority: Authority, **more: Any) -> World:
    environ = {"SSL_CERT_FILE": authority.file}
    return World(url, environ=environ, max_retries=0, connect_timeout=5.0, **more)


def both(url: str, authority: Authority) -> tuple[Told, list[Told]]:
    return by_client(world(url, authority)), by_flights(world(url, authority), COUNT)


@pytest.mark.parametrize("named", ["{}_PROXY", "{}_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("scheme", ["http", "https", "socks5h"])
@pytest.mark.parametrize("url", [PLAIN, SECURE])
def test_a_proxy_leads_there(
    url: str, scheme: str, named: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_tls = authority.server if url is SECURE else None
    proxy_tls = authority.proxy if scheme == "https" else None
    kind = "http" if url is PLAIN else "https"
    name = named.format(kind if named.endswith("proxy") else kind.upper())
    with (
        Staying([OK] * (1 + COUNT), server_tls) as server,
        Proxy(port_of(server), proxy_tls) as proxy,
    ):
        monkeypatch.setenv(name, f"{scheme}://me:made-up@{proxy.address}")
        assert both(url, authority) == (b"{}", [b"{}"] * COUNT)
    assert len(proxy.asked) == 2, "a connection for each way"
    assert proxy.asked[0].splitlines()[0] == proxy.asked[1].splitlines()[0]
    first, *others = server.received
    assert all((one.line, one.body) == (first.line, first.body) for one in others)
    is_asked_itself = url is PLAIN and scheme != "socks5h"
    root = url.removesuffix("/v1") if is_asked_itself else ""
    assert first.line == f"POST {root}/v1/chat/completions HTTP/1.1"
    for one in server.received:
        assert one.headers["host"] == HOST
        assert one.headers.get("proxy-authorization") == (PASSWORD if is_asked_itself else None)
    if not is_asked_itself:
        proof = b"\x02me\x07made-up" if scheme == "socks5h" else PASSWORD.encode()
        assert all(proof in one for one in proxy.asked)


def refused(status: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("url", [PLAIN, SECURE])
@pytest.mark.parametrize(
    ("scheme", "refusal"),
    [
        ("http", refused(b"407 Proxy Authentication Required")),
        ("http", refused(b"403 Forbidden")),
        ("http", refused(b"502 Bad Gateway")),
        ("https", refused(b"407 Proxy Authentication Required")),
        ("http", b"garbage\r\n\r\n"),
        ("http", b""),
        ("socks5h", b"\x05\x05\x00\x01" + b"\0" * 6),
        ("socks5h", b"\x05\x02\x00\x01" + b"\0" * 6),
    ],
)
def test_a_proxy_refuses(
    scheme: str, refusal: bytes, url: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = authority.proxy if scheme == "https" else None
    with Proxy(tls=tls, refusal=refusal) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://{proxy.address}")
        alone, many = both(url, authority)
    assert many == [alone] * COUNT
    assert isinstance(alone, tuple)
    if b" 407 " in refusal:
        assert alone[2] == "check ALL_PROXY"


@pytest.mark.parametrize("url", [PLAIN, SECURE])
@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
def test_a_proxy_that_is_none(
    scheme: str, url: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy() as gone:
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://{gone.address}")
    alone, many = both(url, authority)
    assert many == [alone] * COUNT
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://proxy.invalid:1")
    alone, many = both(url, authority)
    assert many == [alone] * COUNT
    monkeypatch.setenv("ALL_PROXY", f"{scheme}://me:made-up@")
    alone, many = both(url, authority)
    assert many == [alone] * COUNT
    assert alone[0] is UsageError


@pytest.mark.parametrize("url", [PLAIN, SECURE])
def test_a_proxy_that_nobody_has_signed_for(
    url: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(tls=signed(trustme.CA(), "127.0.0.1")) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"https://{proxy.address}")
        alone, many = both(url, authority)
    assert many == [alone] * COUNT
    assert "the proxy failed" in str(alone[1])


@pytest.mark.parametrize(
    ("host", "exceptions", "is_proxied"),
    [
        (HOST, HOST, False),
        (HOST, ".example.test", False),
        (HOST, "other.test, example.test", False),
        (HOST, "*", False),
        (HOST, f"{HOST}:PORT", False),
        (HOST, f"{HOST}:1", True),
        (HOST, "other.test", True),
        (HOST, "192.0.2.0/24", True),
        ("192.0.2.7", "192.0.2.7", False),
        ("192.0.2.7", "192.0.2.0/24", False),
        ("192.0.2.7", "192.0.3.0/24", True),
        ("192.0.2.7", "192.0.2", True),
        ("[2001:db8::1]", "2001:db8::1", False),
        ("[2001:db8::1]", "2001:db8::/32", True),
    ],
)
def test_who_is_asked_without_a_proxy(
    host: str,
    exceptions: str,
    is_proxied: bool,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Staying([OK] * (1 + COUNT)) as server, Proxy(port_of(server)) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.address}")
        monkeypatch.setenv("NO_PROXY", exceptions.replace("PORT", str(port_of(server))))
        monkeypatch.setattr(socket, "getaddrinfo", lambda _host, port, *_more: [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
        ])  # fmt: skip
        url = f"http://{host}:{port_of(server)}/v1"
        assert both(url, authority) == (b"{}", [b"{}"] * COUNT)
    assert len(proxy.asked) == (2 if is_proxied else 0)


def test_authorities_are_those_of_who_is_asked_by_tls(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Authority(str(tmp_path / "none.pem"), authority.server, authority.proxy)
    with Staying([OK] * (1 + COUNT)) as server:
        assert both(server.base_url, gone) == (b"{}", [b"{}"] * COUNT)
    monkeypatch.setenv("HTTP_PROXY", "https://127.0.0.1:1")
    alone, many = both(PLAIN, gone)
    assert many == [alone] * COUNT
    assert alone[0] is UsageError
