"""Calls of tools, put together from whatever pieces servers make of them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.answer.toolcalls import ToolCalls
from openai_cli.errors import BadAnswerError


def piece(
    index: int | None = None,
    name: str | None = None,
    arguments: Any = None,
    /,
    **beside: Any,
) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    said = {key: value for key, value in function.items() if value is not None}
    return {**({} if index is None else {"index": index}), **beside, "function": said}


def whole(name: str, arguments: str, **beside: Any) -> dict[str, Any]:
    return {**beside, "function": {"name": name, "arguments": arguments}}


X = '{"x":1}'
PIECES: dict[str, tuple[list[list[dict[str, Any]]], list[dict[str, Any]]]] = {
    "indexes that begin at 1": (
        [[piece(1, "f", '{"x"', id="a")], [piece(1, None, ":1}")]],
        [whole("f", X, id="a")],
    ),
    "a gap": (
        [[piece(0, "f", '{"x"', id="a")], [piece(2, "g", "{}", id="b")], [piece(0, None, ":1}")]],
        [whole("f", X, id="a"), whole("g", "{}", id="b")],
    ),
    "interleaved": (
        [
            [piece(4, "f", '{"x"', id="a")],
            [piece(1, "g", '{"x"', id="b")],
            [piece(4, None, ":1}")],
            [piece(1, None, ":1}")],
        ],
        [whole("f", X, id="a"), whole("g", X, id="b")],
    ),
    "a negative index": (
        [[piece(-1, "f", '{"x"', id="a")], [piece(-1, None, ":1}")]],
        [whole("f", X, id="a")],
    ),
    "two ids on one index": (
        [
            [piece(0, "f", X, id="a")],
            [piece(0, "g", '{"x"', id="b")],
            [piece(0, None, ":1}")],
        ],
        [whole("f", X, id="a"), whole("g", X, id="b")],
    ),
    "two ids on one index, one name": (
        [[piece(0, "f", "{}", id="a"), piece(0, "f", X, id="b")]],
        [whole("f", "{}", id="a"), whole("f", X, id="b")],
    ),
    "two names on one index, no id": (
        [[piece(0, "f", "{}", id="")], [piece(0, "g", X, id="")]],
        [whole("f", "{}", id=""), whole("g", X, id="")],
    ),
    "empty texts wipe nothing": (
        [
            [piece(0, "f", '{"x"', id="a", type="function")],
            [piece(0, "", ":1}", id="", type="")],
            [piece(0, "", "", id="", type=None)],
        ],
        [whole("f", X, id="a", type="function")],
    ),
    "neither index nor id: a name begins a call": (
        [
            [piece(None, "f", '{"x"')],
            [piece(None, None, ":1}")],
            [piece(None, "g", '{"x"', id="")],
            [piece(None, "", ":1}", id="")],
        ],
        [whole("f", X), whole("g", X, id="")],
    ),
    "an id that goes on without an index": (
        [
            [piece(None, "f", '{"x"', id="a")],
            [piece(None, "g", "{}", id="b")],
            [piece(None, "f", ":1}", id="a")],
        ],
        [whole("f", X, id="a"), whole("g", "{}", id="b")],
    ),
    "a name that comes after its id": (
        [[{"index": 0, "id": "a"}], [piece(0, "f", X)]],
        [whole("f", X, id="a")],
    ),
    "an id that comes late": (
        [[piece(0, "f", '{"x"')], [piece(0, None, ":1}", id="a")]],
        [{"function": {"name": "f", "arguments": X}, "id": "a"}],
    ),
    "arguments that are an object": (
        [[piece(0, "f", {"x": "é"}, id="a")]],
        [whole("f", '{"x": "é"}', id="a")],
    ),
    "arguments that are an object, then nothing": (
        [[piece(0, "f", {"x": 1}, id="a")], [piece(0, None, "")]],
        [whole("f", '{"x": 1}', id="a")],
    ),
    "arguments without a number of JSON": (
        [[piece(0, "f", {"x": float("nan")}, id="a")]],
        [whole("f", '{"x": null}', id="a")],
    ),
}


@pytest.mark.parametrize(("pieces", "calls"), PIECES.values(), ids=PIECES)
def test_pieces_go_to_the_calls_that_they_are_of(
    pieces: list[list[dict[str, Any]]], calls: list[dict[str, Any]]
) -> None:
    tools = ToolCalls()
    for event in pieces:
        tools.add_pieces(event)
    assert tools.calls == calls


def test_calls_that_come_whole_are_as_many_whatever_their_ids() -> None:
    tools = ToolCalls()
    twice = [piece(0, "f", "{}", id="a"), piece(0, "f", {"x": 1}, id="a")]
    tools.add_whole([*twice, piece(None, "f")])
    tools.complete()
    assert [call["function"]["arguments"] for call in tools.calls] == ["{}", '{"x": 1}', "{}"]
    assert all("index" not in call for call in tools.calls)


@pytest.mark.parametrize("given_id", [None, ""])
def test_a_call_gets_what_the_api_demands_back(given_id: str | None) -> None:
    tools = ToolCalls()
    tools.add_pieces([{"index": 0, "id": given_id, "function": {"name": "f", "arguments": None}}])
    tools.add_pieces([{"index": 1, "type": None, "custom": {"name": "g", "input": "x"}}])
    tools.complete()
    first, second = tools.calls
    assert list(first) == ["id", "type", "function"]
    assert (first["type"], first["function"]["arguments"]) == ("function", "{}")
    assert (second["type"], second["custom"]) == ("custom", {"name": "g", "input": "x"})
    assert first["id"] != second["id"]
    assert all(call["id"].startswith("call_") for call in tools.calls)


def test_the_older_form_has_neither() -> None:
    tools = ToolCalls()
    tools.add_function({"name": "f", "arguments": '{"x"'})
    tools.add_function({"name": "", "arguments": ":1}"})
    tools.complete()
    assert tools.kept == ("function_call", {"name": "f", "arguments": X})


@pytest.mark.parametrize("index", ["0", 1.5, True, [], {}])
def test_an_index_that_is_no_number_is_of_the_wrong_shape(index: Any) -> None:
    with pytest.raises(BadAnswerError, match="index of a call"):
        ToolCalls().add_pieces([{"index": index, "function": {"name": "f"}}])


NAMES = st.sampled_from(["f", "g"])
TEXTS = st.lists(st.text('{}":x1', max_size=4), min_size=1, max_size=4)


@given(st.data(), st.lists(st.tuples(NAMES, TEXTS), min_size=1, max_size=4), st.booleans())
def test_calls_are_the_same_in_whatever_order_their_pieces_come(
    data: st.DataObject, calls: list[tuple[str, list[str]]], has_index: bool
) -> None:
    """Each call has an id; the pieces of several interleave by their index, or by that id."""
    indexes = data.draw(st.permutations(range(-2, 6))) if has_index else [None] * len(calls)
    queues = []
    for number, (name, texts) in enumerate(calls):
        repeated = {} if has_index else {"id": f"id{number}"}
        queues.append(
            [piece(indexes[number], name, texts[0], id=f"id{number}")]
            + [piece(indexes[number], None, text, **repeated) for text in texts[1:]]
        )
    tools = ToolCalls()
    begun: list[int] = []
    while any(queues):
        number = data.draw(st.sampled_from([n for n, queue in enumerate(queues) if queue]))
        if number not in begun:
            begun.append(number)
        tools.add_pieces([queues[number].pop(0)])
    assert [call["id"] for call in tools.calls] == [f"id{number}" for number in begun]
    assert [call["function"] for call in tools.calls] == [
        {"name": calls[number][0], "arguments": "".join(calls[number][1])} for number in begun
    ]


ODD_CALLS = st.dictionaries(
    st.sampled_from(["id", "name", "type"]), st.none() | st.text(max_size=2)
)


@given(st.lists(ODD_CALLS))
def test_whatever_comes_is_kept_as_json(calls: list[dict[str, Any]]) -> None:
    tools = ToolCalls()
    tools.add_whole([{**call, "function": {"name": "f", "arguments": call}} for call in calls])
    tools.complete()
    for call, given_call in zip(tools.calls, calls, strict=True):
        assert json.loads(call["function"]["arguments"]) == given_call
        assert call["id"]
