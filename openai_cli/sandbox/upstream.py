"""The upstream: a server that answers in the sandbox's place, and whose answers are recorded."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from typing import Protocol

from openai_cli.errors import CliError, CredentialError, OutputError
from openai_cli.sandbox.access import is_admin
from openai_cli.sandbox.asked import Asked
from openai_cli.sandbox.events import events_of, is_ended
from openai_cli.sandbox.exchange import Ending, HttpResponse, strict_json
from openai_cli.sandbox.recordings import Recorded, Recordings
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.route import ROOT

# Headers of a single connection (RFC 9110, section 7.6.1), or about its framing.
_HOP_BY_HOP = frozenset(
    {
        "connection", "content-length", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
# Headers meant for the sandbox and not the upstream: the client's key is the sandbox's.
_OF_SANDBOX = _HOP_BY_HOP | {
    "accept-encoding",
    "authorization",
    "expect",
    "host",
    "x-sandbox-fault",
}
# Bodies arrive decoded, and the sandbox sends its own Server and Date.
_OF_UPSTREAM = _HOP_BY_HOP | {"content-encoding", "date", "server"}

EVENT_STREAM, JSON = "text/event-stream", "application/json"


class Answered(Protocol):
    """An answer whose body is still to come; `pieces` raises CliError if it breaks off."""

    status: int
    headers: tuple[tuple[str, str], ...]

    def pieces(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Forward(Protocol):
    """Sends a request to the upstream, to `path` below its base URL; raises CliError.

    Admin requests (`is_admin`) get the admin key.
    """

    def __call__(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes, *, is_admin: bool
    ) -> Answered: ...


@dataclass(frozen=True)
class Upstream:
    """Forwards requests with `forward`, tells the user with `tell`, records complete answers."""

    forward: Forward
    tell: Callable[[str], None]
    recordings: Recordings | None = None

    def answer(self, asked: Asked, headers: Iterable[tuple[str, str]]) -> HttpResponse:
        """The upstream's answer, as it arrives; a Refusal if the upstream cannot be reached."""
        moment = "" if self.recordings is None else self.recordings.moment()
        came = self._came(asked, headers)
        left = _OF_UPSTREAM | _of_connection(came.headers)
        passed = [(name, value) for name, value in came.headers if name.lower() not in left]
        kind = _header(came, "content-type").partition(";")[0].strip().lower()
        head = HttpResponse(came.status, content_type=kind, headers=tuple(passed), is_foreign=True)
        relay = _Relay(self, asked, moment, came, head)
        if kind == EVENT_STREAM:
            return replace(head, events=relay.passed(events_of(came.pieces())))
        is_whole = not kind or kind == JSON or bool(_header(came, "content-length"))
        return relay.whole() if is_whole else replace(head, events=relay.passed(came.pieces()))

    def _came(self, asked: Asked, headers: Iterable[tuple[str, str]]) -> Answered:
        given = [*headers]
        left = _OF_SANDBOX | _of_connection(given)
        sent = {name: value for name, value in given if name.lower() not in left}
        path = asked.target.removeprefix(ROOT)
        try:
            admin = is_admin(asked.target)
            return self.forward(asked.method, path, sent, asked.content, is_admin=admin)
        except CredentialError as error:
            raise Refusal(f"The sandbox has no key for this: {error.problem}", status=401) from None
        except CliError as error:
            self.tell(f"the upstream gave no answer to {asked.method} {path}: {error.problem}")
            problem = f"The sandbox got no answer from its upstream: {error.problem}"
            raise Refusal(problem, status=502) from None


@dataclass(frozen=True)
class _Relay:
    """An answer on its way from the upstream to the client and into the recordings."""

    upstream: Upstream
    asked: Asked
    moment: str
    came: Answered
    head: HttpResponse

    def whole(self) -> HttpResponse:
        """The answer with its whole body; if it breaks off, the client's copy does too."""
        kept: list[bytes] = []
        try:
            kept.extend(self.passed(self.came.pieces()))
        except ConnectionAbortedError:
            return replace(self.head, events=iter(kept), ending=Ending.CUT)
        return replace(self.head, content=b"".join(kept))

    def passed(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the pieces of the body as they arrive; ConnectionAbortedError if they break off.

        If the client leaves early, the rest is still read and recorded.
        """
        kept: list[bytes] = []
        with self._under_way(), closing(self.came):
            try:
                for piece in pieces:
                    kept.append(piece)
                    yield piece
            except GeneratorExit:
                if self.upstream.recordings is not None:
                    self._finish(kept, pieces)
                raise
            except CliError as error:
                raise self._cut(error.problem) from None
            if not self._is_whole(kept):
                raise self._cut("the answer ended before it was whole")
            self._keep(kept)

    def _finish(self, kept: list[bytes], rest: Iterator[bytes]) -> None:
        try:
            kept.extend(rest)
        except CliError as error:
            self._cut(error.problem)
            return
        if self._is_whole(kept):
            self._keep(kept)

    def _under_way(self) -> AbstractContextManager[None]:
        recordings = self.upstream.recordings
        return nullcontext() if recordings is None else recordings.one_under_way()

    def _cut(self, problem: str) -> ConnectionAbortedError:
        """Report an incomplete answer; return the error that ends the connection to the client."""
        recordings = self.upstream.recordings
        unrecorded = "" if recordings is None else "; it is not recorded"
        what = f"{self.asked.method} {self.asked.target.removeprefix(ROOT)}"
        if recordings is None or not recordings.is_over:
            self.upstream.tell(f"the answer to {what} was cut: {problem}{unrecorded}")
        return ConnectionAbortedError(problem)

    def _is_whole(self, pieces: list[bytes]) -> bool:
        """Whether a body is complete that ended with its connection, which HTTP accepts."""
        if _header(self.came, "content-length") or _header(self.came, "transfer-encoding"):
            return True
        if self.head.content_type == EVENT_STREAM:
            return is_ended(pieces)
        return self.head.content_type != JSON or _is_json(b"".join(pieces))

    def _keep(self, pieces: list[bytes]) -> None:
        if (recordings := self.upstream.recordings) is None:
            return
        is_stream = self.head.content_type == EVENT_STREAM
        recorded = Recorded(self.head.status, self.head.headers, pieces, is_stream)
        try:
            recordings.add(self.asked, self.moment, recorded)
        except OutputError as error:
            self.upstream.tell(error.problem)


def _header(came: Answered, name: str) -> str:
    return next((value for each, value in came.headers if each.lower() == name), "")


def _of_connection(headers: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The header names that the header Connection adds to the hop-by-hop ones."""
    named = (value for name, value in headers if name.lower() == "connection")
    return frozenset(each.strip().lower() for value in named for each in value.split(","))


def _is_json(content: bytes) -> bool:
    try:
        strict_json(content)
    except (ValueError, RecursionError):
        return False
    return True
