"""Events that are joined: what is printed, the error and the answer are those of each by itself."""

import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.answer.base import Answer
from openai_cli.answer.completion import Completion
from openai_cli.answer.parts import read
from openai_cli.answer.response import ModelResponse
from openai_cli.answer.text import Text
from openai_cli.context import Context
from openai_cli.errors import CliError, NetworkError
from openai_cli.output.sink import open_sink
from openai_cli.output.writers import TextWriter, write_answer
from tests.answer.reading import http
from tests.servers import delta, events

Body = dict[str, Any]
Make = Callable[[], Answer]
Path = tuple[str | int, ...]

MISSING = object()
# A value for any place in an event, and the places that matter.
ODD_VALUES: tuple[Any, ...] = (
    None, False, True, 0, 1, 0.0, 1.5, "", "a", "0", "error", [], ["a"], {}, {"a": 1},
    {"refusal": "no", "status": "failed", "message": "no", "a": 1}, MISSING,
)  # fmt: skip
OF_EVENT = ("model", "service_tier", "usage", "error", "object", "choices")
OF_CHOICE = ("index", "delta", "message", "text", "finish_reason", "usage", "error")
OF_DELTA = ("content", "role", "refusal", "tool_calls", "function_call", "reasoning", "audio")
TEXT_PATHS: list[Path] = [
    *((name,) for name in OF_EVENT),
    *(("choices", 0, name) for name in OF_CHOICE),
]
CHAT_PATHS: list[Path] = [*TEXT_PATHS, *(("choices", 0, "delta", name) for name in OF_DELTA)]
RESPONSE_PATHS: list[Path] = [
    (name,) for name in ("type", "delta", "sequence_number", "error", "object", "response")
]


def completed(text: str) -> Body:
    """An event of a streamed completion."""
    return {"model": "m", "choices": [{"index": 0, "text": text, "finish_reason": None}]}


def spoken(text: str) -> Body:
    """An event of a streamed response."""
    return {"type": "response.output_text.delta", "delta": text, "sequence_number": len(text)}


def called(text: str) -> Body:
    function = {"name": "f", "arguments": text}
    return delta(tool_calls=[{"index": 0, "id": "c", "function": function}])


def changed(body: Body, path: Path, to: Any) -> Body:
    """A copy of an event with another value at this path; the event itself if it has no path."""
    copy = place = json.loads(json.dumps(body))
    try:
        for name in path[:-1]:
            place = place[name]
        if to is MISSING:
            del place[path[-1]]
        else:
            place[path[-1]] = to
    except (KeyError, TypeError):
        return body
    return copy  # type: ignore[no-any-return]


@dataclass
class Seen:
    """What came of a stream: what was printed by each arrival, the error, and the answer."""

    printed: list[bytes]
    error: Any
    answer: Any


class OneByOne(TextWriter):
    """Prints a text event by event."""

    joins = False


def seen(
    make: Make, chunks: Iterable[bytes], kind: type[TextWriter], *, forgets: bool, is_cut: bool
) -> Seen:
    out, answer, error = io.BytesIO(), make(), None
    printed: list[bytes] = []
    source = http(*chunks, end=NetworkError("it broke") if is_cut else None)
    try:
        with open_sink(Context.test(stdout=out), None) as sink:

            def arrived() -> None:
                sink.flush()
                printed.append(out.getvalue())

            write_answer(source, answer, kind(sink), arrived=arrived, forgets=forgets)
    except CliError as failed:
        error = (type(failed), vars(failed), str(failed))
    return Seen([*printed, out.getvalue()], error, state(answer))


def state(value: Any) -> Any:
    """A value in a form that can be compared."""
    if isinstance(value, Text):
        return str(value), bool(value)
    if isinstance(value, dict):
        return {key: state(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [state(inner) for inner in value]
    return state(vars(value)) if hasattr(value, "__dict__") else value


def agree(make: Make, chunks: Sequence[bytes], *, is_cut: bool = False) -> None:
    """Assert that joining changes nothing; a stream that `is_cut` ends in a broken connection."""
    for forgets in (False, True):
        joined = seen(make, chunks, TextWriter, forgets=forgets, is_cut=is_cut)
        assert joined == seen(make, chunks, OneByOne, forgets=forgets, is_cut=is_cut)


KINDS: list[tuple[Make, Callable[[str], Body], Path]] = [
    *((Completion, delta, path) for path in CHAT_PATHS),
    *((Completion, completed, path) for path in TEXT_PATHS),
    *((ModelResponse, spoken, path) for path in RESPONSE_PATHS),
]


@pytest.mark.parametrize(
    ("make", "said", "path"), KINDS, ids=lambda given: getattr(given, "__name__", str(given))
)
def test_any_value_at_any_place_reads_the_same(
    make: Make, said: Callable[[str], Body], path: Path
) -> None:
    """Of five events, one is different, or several are, or all."""
    bodies = [said("a" * at) for at in range(5)]
    for to in ODD_VALUES:
        for which in ({2}, {3}, {2, 4}, {3, 4}, {0, 1, 2, 3, 4}):
            made = [changed(one, path, to) if at in which else one for at, one in enumerate(bodies)]
            agree(make, [events(*made, done=False)])


def test_a_model_that_is_named_late_is_the_first_that_is_named() -> None:
    models: tuple[Any, ...] = (MISSING, MISSING, "first", "second", MISSING)
    bodies = [changed(delta("a"), ("model",), model) for model in models]
    agree(Completion, [events(*bodies)])


def test_events_that_arrived_together_are_one_part() -> None:
    chunks = [events(*map(delta, "abcdef"), done=False), events(delta("g"), delta(finish="stop"))]
    for joins, count in ((False, 8), (True, 4)):  # the first event of all begins the choice
        found = list(read(http(*chunks), Completion(), joins=joins))
        assert len(found) == count
        assert "".join(text for _, added in found for _, text in added) == "abcdefg"


# Halves of a character, which are joined when they are printed, are among the texts.
TEXT = st.sampled_from(
    ["a", "b ", "\n", "", "é", "\U0001f600", "\ud83d", "\ude00", "\ud83da", "\x1b", '"']
)
FORM = st.sampled_from(
    [
        *[b"data: BODY\n\n"] * 6, b"event: x\ndata: BODY\n\n", b"data: BODY\r\n\r\n",
        b"data:BODY\n\n", b"data: BODY\n", b": ping\ndata: BODY \n\n",
    ]
)  # fmt: skip
ODD = st.sampled_from(
    [
        b"data: {\n\n", b"data: []\n\n", b"data: 1\n\n", b"data: {} {}\n\n", b"data: \n\n", b"\n",
        b"data: [DONE]\n\n", b"data: [DONE]\r\n\r\n", b": ping\n\n", b"data: a\ndata: b\n\n",
        b"event: error\ndata: no\n\n", b"event: error\n\n", b"error: {}\n\n", b"{}\n\n", b"id: 1\n",
        b'data: {"a": "\xff"}\n\n', b"data: {}{}\n\n", b'data: {"error": {"message": "no"}}\n\n',
        b"data: {", b"\xff", b"\r", b'data: {"choices": [',
    ]
)  # fmt: skip
CHAT = (
    st.builds(delta, TEXT)
    | st.builds(lambda text: delta(text, role="assistant"), TEXT)
    | st.builds(lambda text: delta(text, index=1), TEXT)
    | st.builds(called, st.sampled_from(["", "{", "}"]))
    | st.just(delta(finish="stop"))
)


def streams(bodies: st.SearchStrategy[Body], paths: list[Path]) -> st.SearchStrategy[list[bytes]]:
    """Streams of such events, some of them changed, some not events at all, cut anywhere."""
    change = st.builds(changed, bodies, st.sampled_from(paths), st.sampled_from(ODD_VALUES))
    event = st.builds(sent, bodies, FORM) | st.builds(sent, bodies | change, FORM) | ODD
    return st.builds(cut, st.lists(event, max_size=12), st.lists(st.integers(0, 2000), max_size=6))


def sent(body: Body, form: bytes) -> bytes:
    return form.replace(b"BODY", json.dumps(body).encode())


def cut(raw: list[bytes], places: list[int]) -> list[bytes]:
    whole = b"".join(raw)
    edges = [0, *sorted(place for place in places if place < len(whole)), len(whole)]
    return [whole[a:b] for a, b in pairwise(edges)]


@settings(max_examples=300)
@given(streams(CHAT | st.builds(completed, TEXT), CHAT_PATHS), st.booleans())
def test_any_completion_reads_the_same(chunks: list[bytes], is_cut: bool) -> None:
    agree(Completion, chunks, is_cut=is_cut)


@settings(max_examples=150)
@given(streams(st.builds(spoken, TEXT), RESPONSE_PATHS), st.booleans())
def test_any_response_reads_the_same(chunks: list[bytes], is_cut: bool) -> None:
    agree(ModelResponse, chunks, is_cut=is_cut)
