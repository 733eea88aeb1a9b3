"""What an answer may take of memory and time, whatever a server sends."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from openai_cli.answer import text as texts
from openai_cli.answer.completion import Completion
from openai_cli.answer.embedding import Embeddings
from openai_cli.answer.parts import collected
from openai_cli.answer.text import Text
from openai_cli.answer.toolcalls import ToolCalls
from openai_cli.errors import BadAnswerError
from openai_cli.http.sse import Decoder, EventTooLongError
from tests.answer.reading import taken
from tests.servers import chat, delta, events

MB = 1024 * 1024


def test_a_text_grows_in_pieces() -> None:
    text = Text("a")
    for _ in range(10_000):
        text.append("bc")
    assert str(text) == "a" + "bc" * 10_000
    text.forget()
    assert (str(text), bool(text)) == ("", True)
    text.append("d")
    assert str(text) == "d"
    assert not Text()


def test_a_text_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "LARGEST", 10)
    text = Text("123456789")
    text.append("0")
    with pytest.raises(BadAnswerError):
        text.append("1")
    text = Text()
    for _ in range(100):
        text.append("123456789")
        text.forget()


def test_a_body_has_a_limit() -> None:
    assert collected([b"ab", b"c"], 3) == b"abc"
    with pytest.raises(BadAnswerError, match="larger than 0 MB"):
        collected([b"ab", b"c"], 2)


OBJECTS = b'{"choices": [' + b",".join([b"{}"] * 1_100_000) + b"]}"


@pytest.mark.parametrize("answer", [Completion, Embeddings])
def test_small_objects_do_not_fill_the_memory(answer: Any) -> None:
    with pytest.raises(BadAnswerError, match="MB of memory"):
        taken(answer(), OBJECTS)


def test_small_objects_of_an_event_do_not_fill_the_memory() -> None:
    with pytest.raises(BadAnswerError, match="MB of memory"):
        taken(Completion(), b"data: " + OBJECTS + b"\n\n")


def test_vectors_may_have_many_numbers() -> None:
    numbers = ",".join(["0"] * 4_000_000)
    raw = f'{{"data": [{{"index": 0, "embedding": [{numbers}]}}]}}'.encode()
    taken(Embeddings(), raw)
    with pytest.raises(BadAnswerError, match="MB of memory"):
        taken(Completion(), raw)


@pytest.mark.parametrize(
    "pieces",
    [
        [b"data: a\n"] * 200,
        [b"data: " + b"a" * 100] * 20,
        [b"a"] * 1100,
        [b"data: a\ndata: b\n"] * 99,
        [b"data: a\n\n", b"data: " + b"a" * 900, b"a" * 100 + b"\n\n"],
    ],
)
def test_an_event_has_a_limit(pieces: Iterable[bytes]) -> None:
    decoder = Decoder(1000)
    with pytest.raises(EventTooLongError):
        list(map(decoder.feed, pieces))


def test_events_together_have_none() -> None:
    decoder = Decoder(1000)
    for _ in range(1000):
        assert len(decoder.feed(b"data: a\ndata: b\n\n")) == 1
        assert decoder.feed(b": " + b"a" * 900 + b"\n") == []


def test_choices_have_a_limit() -> None:
    raw = events(*({"choices": [{"index": index, "delta": {}}]} for index in range(10_001)))
    with pytest.raises(BadAnswerError, match="10000 choices"):
        taken(Completion(), raw)


def piece(**parts: Any) -> dict[str, Any]:
    return {"function": {"arguments": "ab"}, **parts}


def test_arguments_in_many_pieces_are_joined_once() -> None:
    """Each was joined to all before it, which took 95 s for 40,000."""
    tools = ToolCalls()
    for _ in range(40_000):
        tools.add_pieces([piece(index=0, id="a")])
    [call] = tools.calls
    assert call["function"]["arguments"] == "ab" * 40_000


def test_many_calls_are_found_by_their_ids() -> None:
    """Each was looked for among all before it, which took 38 s for 20,000."""
    tools = ToolCalls()
    for round_ in range(2):
        for number in range(20_000):
            tools.add_pieces([piece(id=f"call_{number}")])
        assert len(tools.calls) == 20_000, round_
    assert tools.calls[7] == {"function": {"arguments": "abab"}, "id": "call_7"}


def test_calls_are_json_as_far_as_they_came() -> None:
    tools = ToolCalls()
    tools.add_pieces([piece(index=0)])
    assert json.dumps(tools.calls) == '[{"function": {"arguments": "ab"}}]'
    tools.add_pieces([piece(index=0)])
    tools.complete()
    [call] = tools.calls
    assert call["function"]["arguments"] == "abab"


def test_an_answer_of_the_usual_size_is_taken() -> None:
    taken(Completion(), json.dumps(chat("a" * MB)).encode())
    pieces = (delta("a" * 1000) for _ in range(100))
    taken(Completion(), events(*pieces, delta(finish="stop")))
