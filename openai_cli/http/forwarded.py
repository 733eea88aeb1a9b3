"""What a server answers to a request that another client made, as it comes."""

from collections.abc import Iterator

import requests

from openai_cli.http.decoding import LARGEST, pieces_of


class Forwarded:
    """An answer of whatever status whose body is still to come; `headers` are as they came."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self.status = response.status_code
        self.headers = tuple(response.raw.headers.items())

    def pieces(self) -> Iterator[bytes]:
        """The body, decoded, in pieces as they arrive; raises what `pieces_of` raises."""
        return pieces_of(self._response.raw, LARGEST)

    def close(self) -> None:
        """Give the connection back where all was read, else close it."""
        self._response.close()
