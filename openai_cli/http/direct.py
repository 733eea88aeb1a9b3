"""Requests to one path, each tried once, past what requests does for each.

They go through the connections that it has set up, with its proxies and certificates.
"""

import re
import socket
from typing import Any, NamedTuple, Self

import requests
import urllib3

from openai_cli.errors import CliError
from openai_cli.http import failure
from openai_cli.http.address import name_and_port
from openai_cli.http.decoding import LARGEST, pieces_of
from openai_cli.http.exceptions import FOREIGN, translated
from openai_cli.http.transport import ClientCertificate, Proxies, Transport, Watched
from openai_cli.http.whole import WholeResponse


class Timeouts(NamedTuple):
    """In seconds, to connect and for each read."""

    connect: float
    read: float


_LENGTH = re.compile(rb"\r\ncontent-length: *[0-9]+\r\n", re.IGNORECASE)


class Connected(NamedTuple):
    """A connection that is set up, and the head of its requests around the length of their body."""

    socket: socket.socket
    before: bytes
    after: bytes

    @classmethod
    def of(cls, connection: Watched) -> Self | None:
        """That of a connection which has had a request; None where it has no more."""
        head = connection.head
        if (found := _LENGTH.search(head)) is None or (sock := connection.detached()) is None:
            return None
        return cls(sock, head[: found.start()] + b"\r\nContent-Length: ", head[found.end() - 2 :])

    def request(self, data: bytes) -> bytes:
        """A request with this body."""
        return b"%b%d%b%b" % (self.before, len(data), self.after, data)


class Direct:
    """The way to one URL: its pool, its headers, what a failure there means.

    Raises CliError when it is made, for a proxy or a certificate that is wrong.
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
        """In seconds, of a read that has none of its own."""
        return self._timeouts.read

    def post(
        self, data: bytes, *, read_timeout: float | None = None
    ) -> tuple[WholeResponse, Connected | None]:
        """Send the body; gives the answer of whatever status.

        The connection comes with it where more can be sent on it, and is the caller's then. Raises
        NetworkError when no answer came, or none that is whole, and BadAnswerError when it is too
        large or encoded in a way that was not asked for.
        """
        response = self._opened(data, read_timeout or self.read_timeout)
        connection: Any = response.connection
        connected = Connected.of(connection) if isinstance(connection, Watched) else None
        try:
            body = b"".join(pieces_of(response, LARGEST))
        except BaseException:
            response.close()
            if connected is not None:
                connected.socket.close()
            raise
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
        """What an answer without a whole result tells of."""
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
        """What an exception of the connection means; `has_begun` says that the answer had begun."""
        host = name_and_port(self._url)
        return self._proxies.blamed(translated(error, host, has_begun=has_begun))
