"""The answers of the other endpoints: of any shape, and streams that are cut anywhere."""

import json
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from openai_cli.answer import page
from openai_cli.answer.base import Answer
from openai_cli.answer.embedding import Embeddings, vectors
from openai_cli.answer.images import Images, pictures
from openai_cli.answer.moderation import Moderation
from openai_cli.answer.parts import Part
from openai_cli.answer.parts import read as read_parts
from openai_cli.answer.response import ModelResponse
from openai_cli.answer.speech import Speech, sound
from openai_cli.answer.transcript import TextTranscript, Transcript
from openai_cli.errors import BadAnswerError, CliError, NetworkError
from openai_cli.models.table import load_table
from openai_cli.prices.receipt import Receipt
from tests.answer.reading import http, taken
from tests.prices.tables import OCCASION
from tests.servers import events

IMAGE = b64encode(b"an image").decode()
RESPONSE = {"id": "resp_1", "status": "completed", "output": [], "model": "m"}


class Kind(NamedTuple):
    """An endpoint's answer, what a command makes of each part, and a whole stream of it."""

    answer: Callable[[], Answer]
    taken: Callable[[dict[str, Any]], Any]
    stream: tuple[dict[str, Any], ...] = ()


KINDS = {
    "response": Kind(
        ModelResponse,
        lambda _body: None,
        (
            {"type": "response.created", "response": {"id": "resp_1"}},
            {"type": "response.output_text.delta", "delta": "Grü"},
            {"type": "response.output_text.delta", "delta": "ße"},
            {"type": "response.completed", "response": RESPONSE},
        ),
    ),
    "transcript": Kind(
        Transcript,
        lambda _body: None,
        (
            {"type": "transcript.text.delta", "delta": "Grüße"},
            {"type": "transcript.text.done", "text": "Grüße"},
        ),
    ),
    "speakers": Kind(
        partial(Transcript, speakers=True),
        lambda _body: None,
        (
            {"type": "transcript.text.segment", "speaker": "A", "text": "Hi"},
            {"type": "transcript.text.done", "text": "Hi"},
        ),
    ),
    "speech": Kind(
        Speech,
        sound,
        (
            {"type": "speech.audio.delta", "audio": IMAGE},
            {"type": "speech.audio.done", "usage": {"input_tokens": 1}},
        ),
    ),
    "images": Kind(
        Images,
        lambda body: [each.url or each.decoded() for each in pictures(body)],
        (
            {"type": "image_generation.partial_image", "b64_json": IMAGE},
            {"type": "image_generation.completed", "b64_json": IMAGE},
        ),
    ),
    "embeddings": Kind(Embeddings, vectors),
    "moderation": Kind(Moderation, lambda _body: None),
    "any": Kind(page.AnyWhole, page.after),
    "page": Kind(page.Page, page.items),
}
STREAMED = [name for name, kind in KINDS.items() if kind.stream]


def read(kind: Kind, raw: bytes) -> Answer:
    """All that a command does with an answer, but to print it."""
    answer = kind.answer()
    for part, _ in read_parts(http(raw), answer):
        kind.taken(part.body)
    usage = Receipt.of(answer, load_table(), date(2026, 11, 23))
    usage.line()
    json.loads(usage.record(OCCASION))
    return answer


# Streams


@pytest.mark.parametrize("name", STREAMED)
def test_a_stream_is_whole_with_its_last_event(name: str) -> None:
    kind = KINDS[name]
    assert read(kind, events(*kind.stream, done=False)).is_whole
    assert read(kind, events(*kind.stream, done=True)).is_whole


@pytest.mark.parametrize("name", STREAMED)
def test_a_stream_cut_anywhere_before_its_last_event_is_a_failure(name: str) -> None:
    kind = KINDS[name]
    raw = events(*kind.stream, done=False)
    for cut in range(1, len(raw) - 2):
        with pytest.raises((NetworkError, BadAnswerError)):
            read(kind, raw[:cut])


def test_an_unknown_stream_may_end_after_any_event_and_in_none() -> None:
    raw = events({"a": 1}, {"b": [2, 3]}, done=False)
    ends = [cut for cut in range(1, len(raw) + 1) if raw[:cut].endswith((b"}", b"}\n", b"}\n\n"))]
    for cut in range(raw.index(b"\n") + 2, len(raw) + 1):
        if cut in ends:
            read(KINDS["any"], raw[:cut])
        elif b"{" in raw[:cut].rpartition(b"\n\n")[2]:
            with pytest.raises(NetworkError):
                read(KINDS["any"], raw[:cut])


def test_the_texts_of_a_stream_are_those_of_the_whole() -> None:
    kind = KINDS["response"]
    raw = events(*kind.stream, done=False)
    assert read(kind, raw).in_order[0].content == "Grüße"


def test_a_text_that_no_event_told_is_that_of_the_last() -> None:
    message = {"type": "message", "content": [{"type": "output_text", "text": "all"}]}
    end = {"type": "response.completed", "response": {**RESPONSE, "output": [message]}}
    assert read(KINDS["response"], events(end, done=False)).in_order[0].content == "all"


def test_a_text_may_look_like_json_or_like_a_stream() -> None:
    for raw in (b'{"text": 1}', b"data: {}\n\n", b"[1]", b"", b"\xff"):
        answer = TextTranscript()
        (part,) = taken(answer, raw)
        assert part.raw == raw


# Wrong shapes


SCALARS: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(["", "a", IMAGE, 1.5, 2**70, "https://x.invalid/a"])
)
NAMES = st.sampled_from(
    [
        "id", "status", "output", "type", "content", "text", "refusal", "delta", "item", "response",
        "error", "incomplete_details", "reason", "usage", "model", "service_tier", "segments",
        "speaker", "data", "index", "embedding", "results", "categories", "category_scores", "hate",
        "b64_json", "url", "partial_image_index", "audio", "has_more", "last_id", "input_tokens",
        "output_tokens", "seconds", "input_tokens_details", "cached_tokens", "summary",
    ]
)  # fmt: skip
TYPES = st.sampled_from(
    [
        "message", "output_text", "refusal", "function_call", "reasoning",
        *(event["type"] for kind in KINDS.values() for event in kind.stream),
        "response.failed", "response.incomplete", "response.output_item.done", "error",
    ]
)  # fmt: skip
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=4)
        | st.fixed_dictionaries({"type": TYPES}, optional={"text": inner, "content": inner})
    ),
    max_leaves=12,
)
OBJECT = st.dictionaries(NAMES, JSON, max_size=5)
EVENT = st.tuples(OBJECT, TYPES).map(lambda pair: {**pair[0], "type": pair[1]})


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(OBJECT | EVENT, min_size=1, max_size=3))
def test_any_shape_is_taken_or_a_failure_that_is_told(bodies: list[dict[str, Any]]) -> None:
    """By each kind: to make a body takes longer than to read it."""
    for name, kind in KINDS.items():
        note(name)
        for raw in (json.dumps(bodies[0]).encode(), events(*bodies, done=True)):
            with suppress(CliError):
                read(kind, raw)


def test_a_part_of_an_answer_has_its_bytes() -> None:
    raw = b'{ "output": [], "status": "completed" }'
    assert taken(ModelResponse(), raw) == [Part(raw, json.loads(raw), False)]
