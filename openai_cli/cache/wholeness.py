"""Which answers are kept: those that are known to be finished, to their last byte."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from openai_cli.answer.ending import WHOLE_STATUS
from openai_cli.cache.entry import Entry
from openai_cli.errors import CliError
from openai_cli.records import mutable_record, record

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer
    from openai_cli.http.client import HttpResponse

# What a text lacks; None where it lacks nothing.
Check = Callable[[str], str | None]

_OK = 200
_PIECE = 64 * 1024


@record
class Replayed:
    """An answer that is read again: its bytes as they came; `age` is how old they are, in seconds.

    It is of no request that was sent, and so has no id of one.
    """

    content_type: str
    body: bytes
    age: float
    request_id: str | None = None

    @classmethod
    def of(cls, entry: Entry, now: float) -> "Replayed":
        """The answer of an entry, as old as it is now."""
        return cls(entry.content_type, entry.body, max(now - entry.asked, 0))

    def pieces(self) -> Iterator[bytes]:
        """The body."""
        for begin in range(0, len(self.body), _PIECE):
            yield self.body[begin : begin + _PIECE]

    def end_within(self, seconds: float | None) -> None:
        """Nothing is waited for."""


@mutable_record
class Overheard:
    """An answer as it arrives, of which the bytes are kept, up to `most`.

    `is_ended` says that its last byte came.
    """

    http: "HttpResponse"
    most: int
    is_ended: bool = False
    _kept: list[bytes] = field(default_factory=list)
    _size: int = 0

    @property
    def body(self) -> bytes | None:
        """What came so far; None where that is too much."""
        return b"".join(self._kept) if self._size <= self.most else None

    @property
    def age(self) -> None:
        """It is new."""

    @property
    def request_id(self) -> str | None:
        """That of the request."""
        return self.http.request_id

    @property
    def content_type(self) -> str:
        """As the server has it."""
        return self.http.content_type

    @property
    def status(self) -> int:
        """As the server has it."""
        return self.http.status

    @property
    def has_known_end(self) -> bool:
        """Whether the server says where the body ends."""
        return self.http.has_known_end

    def pieces(self) -> Iterator[bytes]:
        """The body, in pieces as they arrive."""
        for piece in self.http.pieces():
            self._size += len(piece)
            if self._size <= self.most:
                self._kept.append(piece)
            else:
                self._kept.clear()
            yield piece
        self.is_ended = True

    def end_within(self, seconds: float | None) -> None:
        """As the answer has it."""
        self.http.end_within(seconds)


def shortfall(
    path: str, asked: Mapping[str, Any], heard: Overheard, check: Check = lambda _text: None
) -> str | None:
    """Why an answer is not known to be whole; None where it is.

    `asked` has the properties of its request, whose `path` is one of those that the rules know.
    `check` says what the text of a choice lacks that the user wants of it.
    """
    if heard.status != _OK:
        return f"it has status {heard.status}"
    body = heard.body
    if body is None:
        return f"it is above {heard.most:,} bytes"
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
    """Why the end of what is no JSON may be missing: nothing in it tells."""
    is_sure = heard.is_ended and heard.has_known_end
    return None if is_sure else "the server does not say where it ends"


def _is_stream(answer: "Answer", http: Replayed) -> bool:
    """Have an answer read; gives whether it came in events.

    Raises CliError for one that is not of its shape, or does not last.
    """
    from openai_cli.answer.parts import read

    is_stream = False
    for part, _ in read(http, answer):
        is_stream = part.streamed
        data = part.body.get("data")
        if any(isinstance(item, dict) and item.get("url") for item in data or (part.body,)):
            raise CliError("its image is at an address, which expires")
    return is_stream


def _has_last(answer: "Answer") -> bool:
    """Whether a stream has the event that only a whole one has."""
    from openai_cli.answer.completion import Completion

    return answer.is_done if isinstance(answer, Completion) else answer.is_ended


def _lack(answer: "Answer", asked: Mapping[str, Any]) -> str | None:
    """What an answer that was read says of itself that is not whole."""
    from openai_cli.answer.images import Images
    from openai_cli.answer.page import AnyWhole
    from openai_cli.answer.response import ModelResponse

    if answer.has_replaced:
        return "bytes of it are no UTF-8"
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
    """How many choices were asked for; a form has the number as text."""
    try:
        return int(asked.get("n") or 1)
    except (TypeError, ValueError):
        return 1


# What reads the answer of each endpoint, made when there is one.


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
