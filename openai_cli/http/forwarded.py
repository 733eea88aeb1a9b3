"""The server's response to a request that was forwarded for another client."""

from collections.abc import Iterator

from openai_cli.http.decoding import LARGEST, pieces_of
from openai_cli.http.library import requests


class Forwarded:
    """A response of any status whose body has not been read; `headers` are unchanged."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers = tuple(response.raw.headers.items())

    def pieces(self) -> Iterator[bytes]:
        """Iterate over the decoded body as it arrives; raises the errors of `pieces_of`."""
        return pieces_of(self._response.raw, LARGEST)

    def close(self) -> None:
        """Return the connection to the pool if the body was read to its end; otherwise close it."""
        self._response.close()
