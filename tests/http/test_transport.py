"""Connections: by which proxy, and with which certificates."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import trustme

from openai_cli.context import Context
from openai_cli.errors import NetworkError, RefusedError, UnreachableError, UsageError
from openai_cli.http.transport import ClientCertificate, Proxies, authorities
from tests.http.test_client import BODY, ELSEWHERE, OK, World
from tests.servers import Server, reply

if TYPE_CHECKING:
    import io


@dataclass
class Socks:
    """A SOCKS proxy (RFC 1928) that connects to `port` here, whatever is asked for."""

    port: int
    refuses: bool = False
    asked: list[bytes] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(64)
            connection.sendall(b"\x05\x00")
            self.asked.append(connection.recv(512))
            connection.sendall(bytes([5, 5 if self.refuses else 0, 0, 1]) + b"\0" * 6)
            if not self.refuses:
                with socket.create_connection(("127.0.0.1", self.port)) as target:
                    request = b""
                    while not request.endswith(BODY):
                        request += connection.recv(65536)
                    target.sendall(request)
                    while data := target.recv(65536):
                        connection.sendall(data)


@contextmanager
def proxy_of(socks: Socks) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=socks.serve, args=(listener,), daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def port_of(server: Server) -> int:
    return int(server.root.rpartition(":")[2])


@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "HTTP_PROXY"])
def test_a_socks_proxy_gets_the_name_of_the_host(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server([OK]) as server, proxy_of(socks := Socks(port_of(server))) as address:
        monkeypatch.setenv(name, f"socks5h://{address}")
        assert World(ELSEWHERE).post() == b"{}"
    assert b"api.example.test" in socks.asked[0]
    assert server.received[0].headers["host"] == "api.example.test"


def test_a_socks_proxy_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy_of(Socks(0, refuses=True)) as address:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://{address}")
        with pytest.raises(NetworkError, match="the proxy failed") as caught:
            World(ELSEWHERE, max_retries=0).post()
    assert caught.value.hint == "check ALL_PROXY"


@pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_that_is_not_there_is_named(
    name: str, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    monkeypatch.setenv(name, f"{scheme}://{address}")
    # socks5 has the name looked up here.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", int(address.rpartition(":")[2])))
    ])  # fmt: skip
    with pytest.raises(NetworkError, match="the proxy failed") as caught:
        World(ELSEWHERE, max_retries=0).post()
    assert caught.value.hint == f"check {name}"


def test_a_proxy_that_wants_a_password_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server([reply(b"{}", status="407 Proxy Authentication Required")]) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.root)
        with pytest.raises(RefusedError) as caught:
            World(ELSEWHERE).post()
    assert caught.value.hint == "check HTTP_PROXY"


@pytest.mark.parametrize(
    "url", ["http://u:made-up@", "http://", "ftp://h:1", "http://h:port", "socks9://h", "http://[h"]
)
def test_what_is_no_proxys_url_is_wrong_usage(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(UsageError, match="the proxy's URL in HTTPS_PROXY is not valid") as caught:
        Proxies.of(Context.test(), "https://api.example.test/v1")
    assert "made-up" not in f"{caught.value.problem} {caught.value.hint}"


def test_the_password_of_a_proxy_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:made-up@h:1")
    context = Context.test()
    Proxies.of(context, "https://api.example.test/v1")
    context.messages.notice("it is made-up")
    assert "made-up" not in cast("io.StringIO", context.messages.stream).getvalue()


# Certificates


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    """A server's side that wants a certificate of the client."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def world_of(server: Server, authority: trustme.CA, folder: Path, **more: Any) -> World:
    authority.cert_pem.write_to_path(folder / "ca.pem")
    environ = {"SSL_CERT_FILE": str(folder / "ca.pem")}
    return World(server.base_url, environ=environ, max_retries=0, **more)


@pytest.mark.parametrize("is_one", [True, False], ids=["one file", "two files"])
def test_a_client_is_known_by_its_certificate(
    is_one: bool, authority: trustme.CA, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    mine = authority.issue_cert("me@example.test")
    both, certificate, key = (tmp_path / name for name in ("both.pem", "cert.pem", "key.pem"))
    mine.private_key_and_cert_chain_pem.write_to_path(both)
    mine.cert_chain_pems[0].write_to_path(certificate)
    mine.private_key_pem.write_to_path(key)
    given = ClientCertificate(
        str(both) if is_one else str(certificate), None if is_one else str(key)
    )
    given.check()
    with Server([OK], tls) as server:
        assert world_of(server, authority, tmp_path, certificate=given).post() == b"{}"


def test_a_server_that_wants_a_certificate_refuses_who_has_none(
    authority: trustme.CA, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    with Server([], tls) as server, pytest.raises(NetworkError):
        world_of(server, authority, tmp_path).post()


def test_what_is_no_certificate_with_its_key_is_wrong_usage(
    authority: trustme.CA, tmp_path: Path
) -> None:
    mine, other = authority.issue_cert("a@example.test"), authority.issue_cert("b@example.test")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    mine.cert_chain_pems[0].write_to_path(certificate)
    other.private_key_pem.write_to_path(key)
    text = tmp_path / "text"
    text.write_text("no certificate")
    for file, with_key, problem in (
        (certificate, None, "--client-cert: '.*cert.pem' is not a certificate with its key"),
        (certificate, key, "--client-cert: '.*cert.pem' with '.*key.pem' is not a certificate"),
        (text, None, "--client-cert: '.*text' is not a certificate"),
        (tmp_path / "none", None, "--client-cert: cannot read '.*none': No such file"),
        (certificate, tmp_path / "none", "--client-key: cannot read '.*none': No such file"),
        (tmp_path, None, "--client-cert: cannot read"),
    ):
        with pytest.raises(UsageError, match=problem):
            ClientCertificate(str(file), str(with_key) if with_key else None).check()


def hashed(authority: trustme.CA, folder: Path) -> Path:
    """A folder with the certificate by its subject's hash, as OpenSSL looks for it there."""
    import subprocess

    folder.mkdir()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    line = ["openssl", "x509", "-hash", "-noout", "-in", str(folder / "ca.pem")]
    name = subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()
    (folder / "ca.pem").rename(folder / f"{name}.0")
    return folder


@pytest.mark.parametrize(
    "value", ["{own}", "{other}:{own}", "{none}:{own}:{other}", "{own}:", ":{own}"]
)
def test_folders_of_authorities(value: str, authority: trustme.CA, tmp_path: Path) -> None:
    own, other = hashed(authority, tmp_path / "own"), hashed(trustme.CA(), tmp_path / "other")
    folders = value.format(own=own, other=other, none=tmp_path / "none")
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    with Server([OK], server_side) as server:
        assert World(server.base_url, environ={"SSL_CERT_DIR": folders}).post() == b"{}"


def test_folders_without_the_authority(authority: trustme.CA, tmp_path: Path) -> None:
    others = [hashed(trustme.CA(), tmp_path / name) for name in ("one", "two")]
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    with Server([], server_side) as server, pytest.raises(UnreachableError, match="certificate"):
        World(server.base_url, environ={"SSL_CERT_DIR": ":".join(map(str, others))}).post()


def test_folders_of_which_none_is_there(tmp_path: Path) -> None:
    named = f"{tmp_path}/a:{tmp_path}/b"
    with pytest.raises(UsageError, match=r"SSL_CERT_DIR names '.*a:.*b', which does not exist"):
        authorities(Context.test(environ={"SSL_CERT_DIR": named}))
    assert authorities(Context.test()) is True
