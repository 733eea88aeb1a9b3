"""An answer that is read to its end already, whatever its status."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from openai_cli.http import failure
from openai_cli.records import record


@record
class WholeResponse:
    """An answer of any status, with its body, read to the end."""

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
        """The body, as `HttpResponse` has it."""
        return iter((self.body,))

    def end_within(self, seconds: float | None) -> None:
        """Nothing: all of it is here."""
