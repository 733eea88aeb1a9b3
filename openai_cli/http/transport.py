"""Set up connections: certificates, proxies, and a way to break them from another thread.

This is a transport adapter of requests (docs: Advanced Usage, "Transport Adapters").
"""

import http.client
import os
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

from urllib3 import HTTPConnectionPool
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url
from urllib3.util.ssl_ import create_urllib3_context

from openai_cli.context import Context
from openai_cli.errors import CliError, UsageError
from openai_cli.http.address import is_loopback
from openai_cli.http.exceptions import PROXY
from openai_cli.http.heads import StrictResponse
from openai_cli.http.library import requests
from openai_cli.records import NamedTuple

_PROXY_WANTS_PASSWORD = 407
_PROXY_SCHEMES = frozenset({None, "http", "https", "socks4", "socks4a", "socks5", "socks5h"})


class ClientCertificate(NamedTuple):
    """The files of a TLS client certificate; with `key` None, `file` also contains the key."""

    file: str
    key: str | None = None

    @property
    def pair(self) -> "str | tuple[str, str]":
        """The files in the form that requests expects."""
        return self.file if self.key is None else (self.file, self.key)

    def check(self) -> None:
        """Raise UsageError if the files cannot be read or are not a certificate with its key."""

        def refuse() -> str:
            raise UsageError(
                f"--client-key: the key in '{self.key or self.file}' has a passphrase",
                hint="openssl pkey -in FILE -out NEW removes it",
            )

        for flag, path in (("--client-cert", self.file), ("--client-key", self.key)):
            try:
                with Path(path or self.file).open("rb"):
                    pass
            except (OSError, ValueError) as error:
                why = error.strerror if isinstance(error, OSError) else "it is not a file name"
                raise UsageError(f"{flag}: cannot read '{path}': {why}") from None
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_cert_chain(self.file, self.key, refuse)
        except ssl.SSLError as error:
            both = f"'{self.file}'" + (f" with '{self.key}'" if self.key else "")
            raise UsageError(
                f"--client-cert: {both} is not a certificate with its key: {error.reason or error}"
            ) from None


class Transport(requests.adapters.HTTPAdapter):
    """An adapter whose connections can all be broken by `cut`, even while they are in use.

    The pool keeps at most `most` connections; urllib3 discards others with a warning.

    `verify` may name several folders, separated as in OpenSSL's SSL_CERT_DIR. All connections to a
    server share one SSLContext, because loading the authorities takes 16 ms and 0.4 MB.
    """

    def __init__(self, most: int = 64) -> None:
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._kinds: dict[type, type] = {}
        self._contexts: dict[tuple[Any, Any], ssl.SSLContext] = {}
        self._lock = threading.Lock()
        super().__init__(pool_maxsize=most)

    def close(self) -> None:
        """Close all connections, including those in use, which urllib3 leaves open."""
        super().close()
        self.cut()

    def cut(self) -> None:
        """Shut down all connections, so that pending reads and writes end."""
        for each in list(self._sockets):
            with suppress(OSError):
                # Not SSLSocket.shutdown, which drops the TLS state that a reading thread uses.
                socket.socket.shutdown(each, socket.SHUT_RDWR)

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the pool for a request; its connections are `Watched`."""
        proxy = requests.utils.select_proxy(request.url, proxies)
        if proxy and proxy.startswith("https:"):  # created once, with the authorities to verify it
            self.proxy_manager_for(proxy, proxy_ssl_context=self._tls(verify, None))
        pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
        kind = pool.ConnectionCls
        if not issubclass(kind, Watched):
            watched = type(kind.__name__, (Watched, kind), {"sockets": self._sockets})
            pool.ConnectionCls = self._kinds.setdefault(kind, watched)
        return pool

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> Any:
        """Return the host and the TLS settings that identify a pool."""
        if not request.url.lower().startswith("https:"):
            return super().build_connection_pool_key_attributes(request, verify, cert)
        host, _ = super().build_connection_pool_key_attributes(request, True, None)
        return host, {"cert_reqs": "CERT_REQUIRED", "ssl_context": self._tls(verify, cert)}

    def _tls(self, verify: Any, cert: Any) -> ssl.SSLContext:
        with self._lock:
            if (found := self._contexts.get((verify, cert))) is None:
                found = self._contexts[verify, cert] = _tls(verify, cert)
            return found

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Do nothing: the pool's SSLContext is complete, and requests would load it again."""

    def pool(
        self,
        prepared: requests.PreparedRequest,
        proxies: "Proxies",
        authorities: str | bool,
        certificate: ClientCertificate | None,
    ) -> HTTPConnectionPool:
        """Return the connection pool for a request."""
        found: HTTPConnectionPool = self.get_connection_with_tls_context(
            prepared,
            authorities,
            proxies=dict(proxies.known),
            cert=certificate and certificate.pair,
        )
        return found


def _tls(verify: str | bool, cert: "str | tuple[str, str] | None") -> ssl.SSLContext:
    """Return an SSLContext with these authorities and this client certificate."""
    context = create_urllib3_context()
    path = verify if isinstance(verify, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH
    is_folder = all(Path(one).is_dir() for one in path.split(os.pathsep)) or Path(path).is_dir()
    context.load_verify_locations(**{"capath" if is_folder else "cafile": path})
    if cert is not None:
        file, key = (cert, None) if isinstance(cert, str) else cert
        context.load_cert_chain(file, key)
    return context


class Watched(http.client.HTTPConnection):
    """A connection that registers its sockets with its transport."""

    response_class = StrictResponse
    sockets: WeakSet[socket.socket]
    # The head of the last request, as it was sent.
    head = b""

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        self.sockets.add(made)
        return made

    def connect(self) -> None:
        super().connect()
        # TLS within TLS is no socket, but has the one of the proxy.
        if (made := getattr(self.sock, "socket", self.sock)) is not None:
            self.sockets.add(made)

    def putrequest(self, *args: Any, **more: Any) -> None:
        self.head = b""
        super().putrequest(*args, **more)

    def send(self, data: Any) -> None:
        self.head = self.head or data
        super().send(data)

    def detached(self) -> socket.socket | None:
        """Hand the socket over to the caller; the connection opens a new one when it needs it.

        Returns None if there is no real socket: a closed connection, or TLS within TLS.
        """
        found: Any = self.sock
        if not isinstance(found, socket.socket):
            return None
        self.sock = None
        return found


class Proxies(NamedTuple):
    """The proxies for a URL as requests expects them, and the variable that set the one in use."""

    known: Mapping[str, str]
    variable: str | None = None

    @classmethod
    def of(cls, context: Context, url: str) -> "Proxies":
        """Read the proxies for a URL from the environment; there are none for loopback.

        Raises UsageError if a proxy's URL is not valid.
        """
        known = {} if is_loopback(url) else requests.utils.get_environ_proxies(url)
        used = requests.utils.select_proxy(url, known)
        if not used:
            return cls({})
        scheme = url.partition(":")[0]
        names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
        named = (name for name in names if os.environ.get(name) == used)
        variable = next(named, "the system's proxy")
        _check(context, used, variable)
        return cls(known, variable)

    def blamed(self, failed: CliError) -> CliError:
        """Return the error, with the proxy's variable in the hint if the proxy failed."""
        if self.variable and (failed.hint == PROXY or failed.status == _PROXY_WANTS_PASSWORD):
            failed.hint = f"check {self.variable}"
        return failed


def _check(context: Context, proxy: str, variable: str) -> None:
    """Raise UsageError if the proxy's URL is not valid; mask its password in all messages."""
    try:
        parts = parse_url(proxy)
    except LocationParseError:
        parts = None
    if parts is not None and parts.auth:
        context.messages.hide(parts.auth.partition(":")[2])
    if parts is None or not parts.host or parts.scheme not in _PROXY_SCHEMES:
        raise UsageError(
            f"the proxy's URL in {variable} is not valid",
            hint="for example: http://proxy.example:3128, socks5h://127.0.0.1:1080",
        )


def authorities_for(context: Context, url: str, proxies: Proxies) -> str | bool:
    """What those on the way to a URL are verified by; nobody is over plain http.

    Raises what `authorities` raises.
    """
    way = (url, requests.utils.select_proxy(url, proxies.known) or "")
    return authorities(context) if any(one.startswith("https:") for one in way) else True


def authorities(context: Context) -> str | bool:
    """Return the certificate authorities that the environment names, or True for certifi's.

    The variables are those of requests, curl and OpenSSL. SSL_CERT_DIR is a list of folders, and
    missing ones are skipped as in OpenSSL. Raises UsageError if nothing that is named exists.
    """
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        if (named := context.variable(name)) is None:
            continue
        paths = named.split(os.pathsep) if name == "SSL_CERT_DIR" else [named]
        there = [path for path in paths if path and Path(path).exists()]
        if not there:
            raise UsageError(f"{name} names '{named}', which does not exist")
        return os.pathsep.join(there)
    return True


class Connections(requests.Session):
    """A requests session that never parses a Location header, which may not be a valid URL."""

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        # This module looks up proxies and authorities itself; trust_env would also read .netrc.
        self.trust_env = False
        for scheme in ("http://", "https://"):
            self.mount(scheme, transport)

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        return None
