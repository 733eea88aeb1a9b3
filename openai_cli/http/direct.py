"""Send many requests to one path without the per-request work of requests, and without retries.

They use the connection pool, the proxies and the certificates that requests has set up.
"""

import re
import socket
from typing import Any, Self

import urllib3

from openai_cli.errors import CliError
from openai_cli.http import failure
from openai_cli.http.address import name_and_port
from openai_cli.http.decoding import body_of
from openai_cli.http.exceptions import FOREIGN, translated
from openai_cli.http.library import requests
from openai_cli.http.transport import ClientCertificate, Proxies, Transport, Watched
from openai_cli.http.whole import WholeResponse
from openai_cli.records import NamedTuple


class Timeouts(NamedTuple):
    """The timeouts for connecting and for each read, in seconds."""

    connect: float
    read: float


_LENGTH = re.compile(rb"\r\ncontent-length: *[0-9]+\r\n", re.IGNORECASE)


class Connected(NamedTuple):
    """An open connection, and the head of its requests before and after the Content-Length."""

    socket: socket.socket
    before: bytes
    after: bytes

    @classmethod
    def of(cls, connection: Watched) -> Self | None:
        """Take over the socket of a connection that has sent a request; None if it has no socket.

        Also None if the request had no Content-Length.
        """
        head = connection.head
        if (found := _LENGTH.search(head)) is None or (sock := connection.detached()) is None:
            return None
        return cls(sock, head[: found.start()] + b"\r\nContent-Length: ", head[found.end() - 2 :])

    def request(self, data: bytes) -> bytes:
        """Return the bytes of a request with this body."""
        return b"%b%d%b%b" % (self.before, len(data), self.after, data)


class Direct:
    """A sender of POST requests to one URL, with its connection pool and its headers.

    The constructor raises CliError if a proxy or a certificate is not valid.
    """

    def __init__(
        self,
        transport: Transport,
        prepared: requests.PreparedRequest,
        proxies: Proxies,
        *,
        authorities: str | bool,
        certificate: ClientCertificate | None,
        timeouts: tuple[float, float],
        base_url: str,
    ) -> None:
        self._url = str(prepared.url)
        self._proxies = proxies
        self._base_url = base_url
        self._timeouts = Timeouts(*timeouts)
        self._headers = {
            name: value
            for name, value in prepared.headers.items()
            if name.lower() != "content-length"
        }
        try:
            self._pool = transport.pool(prepared, proxies, authorities, certificate)
        except FOREIGN as error:
            raise self.translated(error) from error
        self._target = transport.request_url(prepared, proxies.known)

    @property
    def read_timeout(self) -> float:
        """The default read timeout, in seconds."""
        return self._timeouts.read

    def post(
        self, data: bytes, *, read_timeout: float | None = None
    ) -> tuple[WholeResponse, Connected | None]:
        """Send the body and return the response, whatever its status.

        If the connection can be reused, it is returned too, and the caller owns it. Raises
        NetworkError if no response arrives or it is truncated, and BadAnswerError if it is too
        large or has a content encoding that was not requested.
        """
        response = self._opened(data, read_timeout or self.read_timeout)
        connection: Any = response.connection
        connected = Connected.of(connection) if isinstance(connection, Watched) else None
        is_all = False
        try:
            body, is_all = body_of(response)
        finally:
            if not is_all:
                response.close()
                if connected is not None:
                    connected.socket.close()
                connected = None
        response.release_conn()
        whole = WholeResponse(response.status, response.headers, body, response.reason or "")
        return whole, connected

    def _opened(self, data: bytes, read_timeout: float) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.urlopen(
                "POST",
                self._target,
                body=data,
                headers=self._headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=urllib3.Timeout(connect=self._timeouts.connect, read=read_timeout),
                preload_content=False,
                decode_content=False,
            )
        except FOREIGN as error:
            raise self.translated(error) from error

    def failure(self, response: WholeResponse) -> CliError:
        """Return the error that a response without a complete result stands for."""
        failed = failure.of_status(
            response.status,
            response.headers,
            response.body,
            response.reason,
            with_key=any(name.lower() == "authorization" for name in self._headers),
        )
        failure.add_base_url_hint(failed, self._base_url)
        return self._proxies.blamed(failed)

    def translated(self, error: BaseException, *, has_begun: bool = False) -> CliError:
        """Translate an exception of the connection; `has_begun`: part of the response had come."""
        host = name_and_port(self._url)
        return self._proxies.blamed(translated(error, host, has_begun=has_begun))
