"""A request that passed the checks, and the response shapes that all endpoints share."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest
from typing import Any

from openai_cli.sandbox.calls import ToolCall
from openai_cli.sandbox.store import SandboxStore

Json = dict[str, Any]

# No clock and no randomness: the same request always gets the same answer, to the byte.
CREATED = 1_767_225_600

FINGERPRINT = "sandbox-not-a-model"

# The last event of a stream.
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True)
class FixedContent:
    """What to answer instead of the sandbox's own words: a text, calls, or a refusal."""

    text: str | None = None
    calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None


@dataclass(frozen=True)
class Upload:
    """A file in a form."""

    filename: str
    content_type: str
    data: bytes

    @property
    def description(self) -> Json:
        """What conditions and records see of it; `size` is in bytes."""
        return {
            "filename": self.filename,
            "content_type": self.content_type,
            "size": len(self.data),
            "sha256": hashlib.sha256(self.data).hexdigest(),
        }


def described(value: Any) -> Any:
    """The body, with each file replaced by its description."""
    match value:
        case Upload():
            return value.description
        case list():
            return [described(item) for item in value]
        case dict():
            return {name: described(item) for name, item in value.items()}
    return value


@dataclass(frozen=True)
class Operation:
    """What the description says of an operation, apart from its request.

    `path` is below the root, with `{name}` for its parameters; `answer` names the schema of a JSON
    answer, and `media` the type of a binary one; `query` maps the query parameters to schemas.
    """

    method: str
    path: str
    answer: str = ""
    status: int = 200
    media: str = ""
    query: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def shape(self) -> str:
        """The path without its query, with `{}` for each parameter."""
        return re.sub(r"\{\w+\}", "{}", self.path.partition("?")[0])


@dataclass(frozen=True)
class ApiRequest:
    """A request; `body` matches its schema, and `digest` is a hash of the request in hex, for ids.

    `parameters` are those of the path, `query` those of the query, which are texts unless the
    `operation` gives their types; `store` holds what is stored. `size` is that of the body in
    bytes, `root` the URL that the client used, without a path, and `key` the required key.
    """

    body: Mapping[str, Any]
    digest: str
    said: FixedContent | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    store: SandboxStore = field(default_factory=SandboxStore)
    size: int = 0
    root: str = ""
    key: str | None = None
    operation: Operation = field(default_factory=lambda: Operation("", ""))
    ask: Callable[[str, Mapping[str, Any]], "HttpResponse"] = field(default=lambda _, __: _nobody())
    meets: Callable[[str], Any] = field(default=lambda _of: None)


class Ending(Enum):
    """What happens to the connection after an answer."""

    WHOLE = "kept or closed, as HTTP has it"
    CUT = "closed before the stream has ended"
    STALL = "left open and silent"
    RESET = "reset"


@dataclass(frozen=True)
class HttpResponse:
    """A whole answer in `content`, or a stream of server-sent `events`; neither with `status` 0.

    A response that `is_foreign` comes from another server: `headers` are all of its headers, and
    its pieces need not be events.
    """

    status: int
    content: bytes = b""
    events: Iterator[bytes] | None = None
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    ending: Ending = Ending.WHOLE
    is_foreign: bool = False


def _nobody() -> HttpResponse:
    return HttpResponse(404)


def strict_json(content: bytes) -> Any:
    """Parse JSON in UTF-8; ValueError if it is invalid, or has a number that is not finite."""
    return json.loads(content, parse_constant=_finite, parse_float=_finite)


def _finite(text: str) -> float:
    """Parse a number; ValueError for NaN, Infinity, and numbers such as 1e999."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def envelope(request: ApiRequest, prefix: str, kind: str) -> Json:
    """The properties that an answer, or a chunk of one, starts with; `prefix` is that of its id."""
    return {
        "id": f"{prefix}-{request.digest}",
        "object": kind,
        "created": CREATED,
        "model": request.body["model"],
        "system_fingerprint": FINGERPRINT,
    }


def json_response(body: object, status: int = 200) -> HttpResponse:
    """A response with a JSON body; lone surrogates, which UTF-8 cannot encode, become `?`."""
    return HttpResponse(status, json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))


def streamed_response(
    request: ApiRequest, start: Json, choices: Sequence[Sequence[Json]], usage: Json
) -> HttpResponse:
    """A stream of chunks: `start` with one step of one choice each, the choices taking turns.

    If usage was asked for, a last chunk has it and no choices, and it is null in the others.
    """
    options = request.body.get("stream_options") or {}
    told = usage if options.get("include_usage") else None
    return HttpResponse(200, events=_events(_chunks(start, choices, told)))


def _chunks(start: Json, choices: Sequence[Sequence[Json]], usage: Json | None) -> Iterator[Json]:
    no_usage: Json = {} if usage is None else {"usage": None}
    for turn in zip_longest(*choices):
        for step in turn:
            if step is not None:
                yield {**start, "choices": [step], **no_usage}
    if usage is not None:
        yield {**start, "choices": [], "usage": usage}


def sse_event(body: Json, *, is_named: bool = False) -> bytes:
    """A server-sent event; if named, its name is the type of its body."""
    name = f"event: {body['type']}\n".encode() if is_named else b""
    return name + b"data: " + json_response(body).content + b"\n\n"


def _events(chunks: Iterable[Json]) -> Iterator[bytes]:
    yield from map(sse_event, chunks)
    yield DONE


def stop_words(body: Mapping[str, Any]) -> list[str]:
    """The value of `stop` as a list."""
    stop = body.get("stop") or []
    return [stop] if isinstance(stop, str) else stop
