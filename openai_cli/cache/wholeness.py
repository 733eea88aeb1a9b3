"""Decide which answers are kept: those that are known to be complete."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from openai_cli.answer.ending import WHOLE_STATUS
from openai_cli.cache.entry import Entry
from openai_cli.errors import CliError
from openai_cli.records import field, mutable_record, record

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer
    from openai_cli.http.client import HttpResponse

# Returns what a text lacks, or None.
Check = Callable[[str], str | None]

_OK = 200
_PIECE = 64 * 1024


@record
class Replayed:
    """A kept answer that is read again; `age` is in seconds.

    It has no request id, because no request was sent.
    """

    content_type: str
    body: bytes
    age: float
    request_id: str | None = None

    @classmethod
    def of(cls, entry: Entry, now: float) -> "Replayed":
        """Return the answer in an entry, with its current age."""
        return cls(entry.content_type, entry.body, max(now - entry.asked, 0))

    def pieces(self) -> Iterator[bytes]:
        """Iterate over the body."""
        for begin in range(0, len(self.body), _PIECE):
            yield self.body[begin : begin + _PIECE]

    def end_within(self, seconds: float | None) -> None:
        """Do nothing: the body is complete."""


@mutable_record
class Overheard:
    """An arriving answer whose bytes are recorded, up to `most`.

    `is_ended` says that the body was read to its end.
    """

    http: "HttpResponse"
    most: int
    is_ended: bool = False
    _kept: list[bytes] = field(default_factory=list)
    _size: int = 0

    @property
    def body(self) -> bytes | None:
        """The body so far, or None if it is too large."""
        return b"".join(self._kept) if self._size <= self.most else None

    @property
    def age(self) -> None:
        """None: the answer is new."""

    @property
    def request_id(self) -> str | None:
        """The id of the request."""
        return self.http.request_id

    @property
    def content_type(self) -> str:
        """The server's content type."""
        return self.http.content_type

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.http.status

    @property
    def has_known_end(self) -> bool:
        """Whether the server says where the body ends."""
        return self.http.has_known_end

    def pieces(self) -> Iterator[bytes]:
        """Iterate over the body as it arrives."""
        for piece in self.http.pieces():
            self._size += len(piece)
            if self._size <= self.most:
                self._kept.append(piece)
            else:
                self._kept.clear()
            yield piece
        self.is_ended = True

    def end_within(self, seconds: float | None) -> None:
        """Stop reading the body after so many seconds; None cancels that."""
        self.http.end_within(seconds)


def shortfall(
    path: str, asked: Mapping[str, Any], heard: Overheard, check: Check = lambda _text: None
) -> str | None:
    """Return why an answer is not known to be complete, or None if it is.

    `asked` has the properties of its request, whose `path` is one that the rules know. `check` says
    what the text of a choice lacks that the user requires.
    """
    if heard.status != _OK:
        return f"it has status {heard.status}"
    body = heard.body
    if body is None:
        return f"it is larger than {heard.most:,} bytes"
    if path == "/audio/speech" and asked.get("stream_format") != "sse":
        return _unended(heard) if body else "it is empty"
    answer = _READERS[path](asked)
    try:
        is_stream = _is_stream(answer, Replayed(heard.content_type, body, 0))
    except CliError as error:
        return error.problem
    if is_stream:
        lacks = None if _has_last(answer) else "the stream has no last event"
    elif answer.is_text:
        lacks = _unended(heard)
    else:
        lacks = None if heard.is_ended else "it was not read to its end"
    return lacks or _lack(answer, asked) or _unfit(answer, check)


def _unended(heard: Overheard) -> str | None:
    """Return why the end of an answer that is not JSON may be missing, or None."""
    is_sure = heard.is_ended and heard.has_known_end
    return None if is_sure else "the server does not say where it ends"


def _is_stream(answer: "Answer", http: Replayed) -> bool:
    """Read an answer, and return whether it is a stream.

    Raises CliError if it has the wrong shape or contains something that expires.
    """
    from openai_cli.answer.parts import read

    is_stream = False
    for part, _ in read(http, answer):
        is_stream = part.streamed
        data = part.body.get("data")
        if any(isinstance(item, dict) and item.get("url") for item in data or (part.body,)):
            raise CliError("its image is at a URL, which expires")
    return is_stream


def _has_last(answer: "Answer") -> bool:
    """Return whether a stream has the last event, which only a complete one has."""
    from openai_cli.answer.completion import Completion

    return answer.is_done if isinstance(answer, Completion) else answer.is_ended


def _lack(answer: "Answer", asked: Mapping[str, Any]) -> str | None:
    """Return what an answer lacks by its own account, or None."""
    from openai_cli.answer.images import Images
    from openai_cli.answer.page import AnyWhole
    from openai_cli.answer.response import ModelResponse

    if answer.has_replaced:
        return "it is not valid UTF-8"
    if answer.incomplete:
        return answer.incomplete[0]
    if isinstance(answer, ModelResponse):
        return None if answer.status == WHOLE_STATUS else f"its status is {answer.status}"
    if isinstance(answer, AnyWhole):
        return None if isinstance(answer.body.get("input_tokens"), int) else "it has no count"
    count = answer.count if isinstance(answer, Images) else len(answer.in_order)
    if "n" in asked and count != _n(asked):
        return f"it has {count} of {_n(asked)} choices"
    return None


def _unfit(answer: "Answer", check: Check) -> str | None:
    texts = (str(choice.text) for choice in answer.in_order if choice.has_content)
    return next(filter(None, map(check, texts)), None)


def _n(asked: Mapping[str, Any]) -> int:
    """Return how many choices were requested; in a form, the number is text."""
    try:
        return int(asked.get("n") or 1)
    except (TypeError, ValueError):
        return 1


# The readers of each endpoint's answers, imported when needed.


def _completion(asked: Mapping[str, Any]) -> "Answer":
    from openai_cli.answer.completion import Completion

    return Completion(expected=_n(asked))


def _response(_asked: Mapping[str, Any]) -> "Answer":
    from openai_cli.answer.response import ModelResponse

    return ModelResponse()


def _embeddings(asked: Mapping[str, Any]) -> "Answer":
    from openai_cli.answer.embedding import Embeddings, inputs_of

    return Embeddings(expected=inputs_of(asked))


def _moderation(asked: Mapping[str, Any]) -> "Answer":
    from openai_cli.answer.moderation import Moderation, inputs_of

    return Moderation(expected=inputs_of(asked))


def _images(asked: Mapping[str, Any]) -> "Answer":
    from openai_cli.answer.images import Images

    return Images(expected=_n(asked))


def _speech(_asked: Mapping[str, Any]) -> "Answer":
    from openai_cli.answer.speech import Speech

    return Speech()


def _transcript(asked: Mapping[str, Any]) -> "Answer":
    from openai_cli.answer.transcript import TEXTS, TextTranscript, Transcript

    is_text = asked.get("response_format") in TEXTS and asked.get("stream") != "true"
    return TextTranscript() if is_text else Transcript()


def _count(_asked: Mapping[str, Any]) -> "Answer":
    from openai_cli.answer.page import AnyWhole

    return AnyWhole()


_READERS: Mapping[str, Callable[[Mapping[str, Any]], "Answer"]] = {
    "/chat/completions": _completion,
    "/completions": _completion,
    "/responses": _response,
    "/responses/input_tokens": _count,
    "/embeddings": _embeddings,
    "/moderations": _moderation,
    "/images/generations": _images,
    "/images/edits": _images,
    "/images/variations": _images,
    "/audio/speech": _speech,
    "/audio/transcriptions": _transcript,
    "/audio/translations": _transcript,
}
