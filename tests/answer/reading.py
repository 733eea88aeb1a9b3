"""HTTP responses with scripted bodies, and readers for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from openai_cli.answer.base import Answer
from openai_cli.answer.completion import Completion
from openai_cli.answer.parts import Part, read
from openai_cli.errors import CliError

if TYPE_CHECKING:
    from openai_cli.http.client import HttpResponse


@dataclass
class Scripted:
    """A response whose body arrives in these chunks; `end` is raised after the last.

    `limits` are the time limits, in seconds, that were set for the end of the body.
    """

    chunks: Sequence[bytes]
    end: Exception | None = None
    request_id: str | None = "req_1"
    content_type: str = "text/plain; charset=utf-8"
    age: float | None = None
    limits: list[float | None] = field(default_factory=list)

    def pieces(self) -> Iterator[bytes]:
        yield from self.chunks
        if self.end is not None:
            raise self.end

    def end_within(self, seconds: float | None) -> None:
        self.limits.append(seconds)


def http(*chunks: bytes, end: Exception | None = None, kind: str = "text/plain") -> "HttpResponse":
    return cast("HttpResponse", Scripted(chunks, end, content_type=kind))


def taken(answer: Answer, *chunks: bytes, end: Exception | None = None) -> list[Part]:
    """Read the chunks into an answer; return its parts."""
    return [part for part, _ in read(http(*chunks, end=end), answer)]


def completion(*chunks: bytes, expected: int = 1, end: Exception | None = None) -> Completion:
    """A completion, read to its end."""
    answer = Completion(expected=expected, request_id="req_1")
    taken(answer, *chunks, end=end)
    return answer


def failure(answer: Answer, *chunks: bytes, end: Exception | None = None) -> CliError:
    """The error that reading the answer raises."""
    with pytest.raises(CliError) as caught:
        taken(answer, *chunks, end=end)
    return caught.value
