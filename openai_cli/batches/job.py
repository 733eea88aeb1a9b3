"""What a run works on, live or on the Batch API: its input, its state, the bodies to send."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from openai_cli.answer.base import Answer
from openai_cli.batches.books import Books
from openai_cli.batches.lines import Line, parsed
from openai_cli.batches.progress import RunProgress
from openai_cli.batches.schema import Ended, Waiting
from openai_cli.batches.source import Source
from openai_cli.batches.state import State
from openai_cli.calls.session import Session
from openai_cli.errors import CliError, NetworkError, UsageError
from openai_cli.http.errorbody import detail_of
from openai_cli.http.whole import WholeResponse
from openai_cli.jsontext import encode_json

# Seconds that an answer at the tier flex may take.
# https://platform.openai.com/docs/guides/flex-processing#api-request-timeouts
FLEX_PATIENCE = 900.0


class Engine(Protocol):
    """A way to run the requests of a file.

    `ended_by` is why it ended early; all answers received are in the state.
    """

    ended_by: CliError | None

    def run(self) -> None:
        """Answer the waiting lines; OutputError if the state cannot be written."""


@dataclass(frozen=True, eq=False)
class Job:
    """A run: `path` is that of its endpoint; `tier` is --service-tier, None for that of the body.

    A line is retried up to `retries` times. `has_own_timeout` is True if --timeout was given, and
    `debug_on` if each attempt is to be shown.
    """

    session: Session
    state: State
    source: Source
    path: str
    books: Books
    progress: RunProgress
    retries: int = 2
    tier: str | None = None
    has_own_timeout: bool = False
    debug_on: bool = False

    def line_at(self, place: Waiting | Ended) -> Line:
        """The line of the input at that place."""
        return parsed(place.number, place.start, self.source.at(place.start, place.size))

    def checked(self, waiting: Waiting) -> tuple[Line, bytes]:
        """The line, and its body in bytes; UsageError if it has changed."""
        line = self.line_at(waiting)
        data = line.encoded()
        if line.digest(data) != waiting.digest:
            raise changed(self.source, waiting.number)
        return line, data

    def request(self, waiting: Waiting) -> tuple[Mapping[str, Any], bytes]:
        """The body to send, and its bytes; UsageError if the line has changed."""
        line, data = self.checked(waiting)
        if self.tier is None:
            return line.body, data
        body = {**line.body, "service_tier": self.tier}
        return body, encode_json(body)

    def patience_for(self, body: Mapping[str, Any]) -> float | None:
        """Seconds that an answer may take; None for the usual time-out."""
        is_flex = body.get("service_tier") == "flex" and not self.has_own_timeout
        return FLEX_PATIENCE if is_flex else None

    def shortfalls(self, answer: Answer) -> list[str]:
        """Why an answer is incomplete."""
        return list(answer.incomplete)

    def code_of(self, error: CliError, response: WholeResponse | None) -> str:
        """The code of a failure, for programs: the API's own, else from the status or the error."""
        if response is None or response.status < 300:
            return error.code or ("network" if isinstance(error, NetworkError) else "bad_answer")
        detail = detail_of(response.body)
        return detail.code or next(iter(detail.names), f"http_{response.status}")


def changed(source: Source, number: int) -> UsageError:
    """The error for a line that has changed since the run began."""
    return UsageError(
        f"{source.shown}: line {number} has changed since the run began",
        hint="restore it, or start over with another output",
    )
