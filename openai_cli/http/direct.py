"""Many requests to one path, each tried once, from many threads.

They go through the connections that requests has set up, with its proxies and certificates, but
past what it does for each request: of the processor time of a small one that is more than half.
"""

from typing import NamedTuple

import requests
import urllib3

from openai_cli.errors import CliError
from openai_cli.http import failure
from openai_cli.http.address import name_and_port
from openai_cli.http.decoding import LARGEST, pieces_of
from openai_cli.http.exceptions import FOREIGN, translated
from openai_cli.http.transport import ClientCertificate, Proxies, Transport
from openai_cli.http.whole import WholeResponse


class Timeouts(NamedTuple):
    """In seconds, to connect and for each read."""

    connect: float
    read: float


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
            raise self._translated(error) from error
        self._target = transport.request_url(prepared, proxies.known)

    def post(self, data: bytes, *, read_timeout: float | None = None) -> WholeResponse:
        """Send the body once; gives the answer of whatever status.

        Raises NetworkError when none came, or none that is whole, and BadAnswerError when it is too
        large or encoded in a way that was not asked for.
        """
        try:
            response = self._pool.urlopen(
                "POST",
                self._target,
                body=data,
                headers=self._headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=urllib3.Timeout(
                    connect=self._timeouts.connect, read=read_timeout or self._timeouts.read
                ),
                preload_content=False,
                decode_content=False,
            )
        except FOREIGN as error:
            raise self._translated(error) from error
        try:
            body = b"".join(pieces_of(response, LARGEST))
        except BaseException:
            response.close()
            raise
        response.release_conn()
        return WholeResponse(response.status, response.headers, body, response.reason or "")

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

    def _translated(self, error: BaseException) -> CliError:
        return self._proxies.blamed(translated(error, name_and_port(self._url)))
