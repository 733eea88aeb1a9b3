"""How connections are set up: with which certificates, by which proxy, and so that they can be cut.

`requests` has its adapters for this (docs: Advanced Usage, "Transport Adapters").
"""

import http.client
import os
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url
from urllib3.util.ssl_ import create_urllib3_context

from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, CliError, UsageError
from openai_cli.http.address import is_loopback
from openai_cli.http.exceptions import PROXY
from openai_cli.http.heads import StrictResponse

_MOST_INTERIM = 100
_PROXY_WANTS_PASSWORD = 407
_PROXY_SCHEMES = frozenset({None, "http", "https", "socks4", "socks4a", "socks5", "socks5h"})


class ClientCertificate(NamedTuple):
    """The files that the user is known by; without `key` that stands in the first too."""

    file: str
    key: str | None = None

    @property
    def pair(self) -> "str | tuple[str, str]":
        """The files as requests takes them."""
        return self.file if self.key is None else (self.file, self.key)

    def check(self) -> None:
        """UsageError where the files cannot be read, or are no certificate with its key."""

        def refuse() -> str:
            raise UsageError(
                f"--client-key: the key in '{self.key or self.file}' has a passphrase",
                hint="openssl pkey -in FILE -out NEW takes it off",
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


class Transport(HTTPAdapter):
    """Connections that `cut` breaks, whatever is under way on them.

    As many as `most` are kept: urllib3 throws others away, with a warning.

    What it is to `verify` by may be several folders, in a list as OpenSSL has it. All connections
    to a server have one SSLContext: to load the authorities takes 16 ms, and 0.4 MB.
    """

    def __init__(self, most: int = 64) -> None:
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._kinds: dict[type, type] = {}
        self._contexts: dict[tuple[Any, Any], ssl.SSLContext] = {}
        self._lock = threading.Lock()
        super().__init__(pool_maxsize=most)

    def close(self) -> None:
        """Close all connections, also of a pool that somebody holds: urllib3 leaves those be."""
        super().close()
        self.cut()

    def cut(self) -> None:
        """Break all connections: who reads or writes there sees their end."""
        for each in list(self._sockets):
            with suppress(OSError):
                # Not ssl's own, which would take its state away from the thread that reads.
                socket.socket.shutdown(each, socket.SHUT_RDWR)

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """The pool of a request, whose connections are watched."""
        proxy = select_proxy(request.url, proxies)
        if proxy and proxy.startswith("https:"):  # made once, with what it is to be verified by
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
        """What a pool is found by."""
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
        """Nothing: the pool's SSLContext has it all, and requests would have it loaded again."""

    def pool(
        self,
        prepared: requests.PreparedRequest,
        proxies: "Proxies",
        authorities: str | bool,
        certificate: ClientCertificate | None,
    ) -> HTTPConnectionPool:
        """The pool of connections for a request."""
        found: HTTPConnectionPool = self.get_connection_with_tls_context(
            prepared,
            authorities,
            proxies=dict(proxies.known),
            cert=certificate and certificate.pair,
        )
        return found


def _tls(verify: str | bool, cert: "str | tuple[str, str] | None") -> ssl.SSLContext:
    """What verifies servers by these authorities, and is known to them by this certificate."""
    context = create_urllib3_context()
    path = verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH
    is_folder = all(Path(one).is_dir() for one in path.split(os.pathsep)) or Path(path).is_dir()
    context.load_verify_locations(**{"capath" if is_folder else "cafile": path})
    if cert is not None:
        file, key = (cert, None) if isinstance(cert, str) else cert
        context.load_cert_chain(file, key)
    return context


class _Response(StrictResponse):
    """An answer behind any number of interim ones (RFC 9110, section 15.2) that is no absurd one.

    http.client takes 100 alone for interim, and an endless row of them for an answer to come.
    """

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(_MOST_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == http.client.SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise BadAnswerError(f"the server sent {_MOST_INTERIM} interim answers and no other")


class Watched(http.client.HTTPConnection):
    """A connection whose sockets are known to its transport."""

    response_class = _Response
    sockets: WeakSet[socket.socket]
    # Of the request that was sent last, as it was sent.
    head = b""

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        self.sockets.add(made)
        return made

    def connect(self) -> None:
        super().connect()
        if self.sock is not None:
            self.sockets.add(self.sock)

    def putrequest(self, *args: Any, **more: Any) -> None:
        self.head = b""
        super().putrequest(*args, **more)

    def send(self, data: Any) -> None:
        self.head = self.head or data
        super().send(data)

    def detached(self) -> socket.socket | None:
        """The socket, which is another's from now on: the connection makes itself a new one.

        None where there is none, or none of the system's: TLS within TLS has no socket.
        """
        found: Any = self.sock
        if not isinstance(found, socket.socket):
            return None
        self.sock = None
        return found


class Proxies(NamedTuple):
    """The proxies for a URL as requests takes them, and the variable that names the one in use."""

    known: Mapping[str, str]
    variable: str | None = None

    @classmethod
    def of(cls, context: Context, url: str) -> "Proxies":
        """The proxies of the environment; this machine is never asked through one.

        UsageError for a proxy's URL that cannot be one.
        """
        known = {} if is_loopback(url) else get_environ_proxies(url)
        used = select_proxy(url, known)
        if not used:
            return cls({})
        scheme = url.partition(":")[0]
        names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
        named = (name for name in names if os.environ.get(name) == used)
        variable = next(named, "the system's proxy")
        _check(context, used, variable)
        return cls(known, variable)

    def blamed(self, failed: CliError) -> CliError:
        """The failure; one of a proxy's tells the variable that names it."""
        if self.variable and (failed.hint == PROXY or failed.status == _PROXY_WANTS_PASSWORD):
            failed.hint = f"check {self.variable}"
        return failed


def _check(context: Context, proxy: str, variable: str) -> None:
    """UsageError for what can be no proxy's URL; its password is in no message."""
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


def authorities(context: Context) -> str | bool:
    """The user's own authorities, by the variables of requests, curl and OpenSSL; True is certifi.

    SSL_CERT_DIR is a list of folders; one that is missing is passed over, as OpenSSL does. Raises
    UsageError where nothing is there of what is named.
    """
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        if (named := context.variable(name)) is None:
            continue
        paths = named.split(os.pathsep) if name == "SSL_CERT_DIR" else [named]
        there = [path for path in paths if path and Path(path).exists()]
        if not there:
            raise UsageError(f"{name} names '{named}', which is not there")
        return os.pathsep.join(there)
    return True


class Connections(requests.Session):
    """A session of requests without redirects: it fails on a Location that is no URL."""

    def __init__(self, transport: Transport) -> None:
        super().__init__()
        # Proxies and authorities are looked up here; what else trust_env would bring is .netrc.
        self.trust_env = False
        for scheme in ("http://", "https://"):
            self.mount(scheme, transport)

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002
        return None
