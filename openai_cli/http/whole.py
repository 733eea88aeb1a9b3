"""A response of any status whose body is already in memory."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from openai_cli.http import failure
from openai_cli.records import record

# Statuses of an answer that is whole (RFC 9110, section 15.3): 206 is a part that nobody asked for.
WHOLE = frozenset({200, 201, 202, 203, 204})


@record
class WholeResponse:
    """A response of any status whose body has been read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    reason: str = ""
    age: ClassVar[None] = None

    @property
    def request_id(self) -> str | None:
        return self.headers.get(failure.REQUEST_ID)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    def pieces(self) -> Iterator[bytes]:
        """Iterate over the body, like `HttpResponse.pieces`."""
        return iter((self.body,))

    def end_within(self, seconds: float | None) -> None:
        """Do nothing: the body is complete."""
