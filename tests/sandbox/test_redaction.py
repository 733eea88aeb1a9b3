"""What is kept out of recordings, and that nothing else is changed."""

import json
import re
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.sandbox.redaction import Redaction

JANE = Redaction([r"J\w+ Doe", r"\d{4}-\d{4}"], ["made-up-secret"])
TEXTS = st.text("Jane Do01-", max_size=12)


def event(data: Any, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def delta(text: str, index: int = 0) -> bytes:
    return event({"id": "c-1", "choices": [{"index": index, "delta": {"content": text}}]})


def said(events: list[bytes], index: int = 0) -> list[str]:
    found = [json.loads(each.partition(b"data: ")[2])["choices"][0] for each in events]
    return [each["delta"]["content"] for each in found if each["index"] == index]


def test_texts_and_names_at_any_depth() -> None:
    value = {"a": ["I am Jane Doe.", {"Jane Doe": "card 1234-5678"}], "n": 12345678, "b": True}
    assert JANE.value(value) == {"a": ["I am ***.", {"***": "card ***"}], "n": 12345678, "b": True}


@pytest.mark.parametrize(
    "key", ["sk-made-up-in-a-text", "gsk_" + "a" * 20, "made-up-secret", "made+up(secret"]
)
def test_keys_are_kept_out_of_everything(key: str) -> None:
    secrets = ("made-up-secret", "made+up(secret")
    assert Redaction((), secrets).body(f"the key {key}".encode()) == b"the key ***"


@pytest.mark.parametrize(
    "content",
    [
        b'{ "a" :\t1.50,\n"b": "J\\u0061ne" }\n',
        b"a text",
        b"RIFF\xff\x00 Jane Doe",
        b"",
        b"[1e999]",
    ],
)
def test_what_has_nothing_to_keep_out_stays_as_it_is(content: bytes) -> None:
    assert JANE.body(content) == content


def test_json_whose_escapes_hide_it() -> None:
    assert (
        JANE.body(b'{"a": "J\\u0061ne\\u0020Doe", "e": "\\ud800"}') == b'{"a":"***","e":"\\ud800"}'
    )


def test_base64_is_no_text() -> None:
    digits = Redaction([r"\babcd|[a-z]\d"])
    picture = b64encode(bytes(range(256))).decode()
    assert digits.value({"data": picture}) == {"data": picture}
    assert digits.value({"data": "abcd"}) == {"data": "***"}
    assert digits.value({"texts": picture})["texts"] != picture


def test_a_name_that_a_stream_says_in_pieces() -> None:
    events = [delta("I am Ja"), delta("ne"), delta(" Doe"), delta(", hello")]
    assert said(JANE.events(events)) == ["I am ***", "", "", ", hello"]
    assert JANE.events(events)[3] == events[3], "what says nothing of it is the same bytes"


def test_the_choices_of_a_stream_are_texts_of_their_own() -> None:
    events = [delta("Jane"), delta("no", 1), delta(" Doe"), delta("body", 1)]
    redacted = JANE.events(events)
    assert (said(redacted), said(redacted, 1)) == (["***", ""], ["no", "body"])


def test_the_events_of_responses() -> None:
    name = "response.output_text.delta"
    texts = ["My name is Jane", " Doe"]
    events = [event({"type": name, "output_index": 0, "delta": text}, name) for text in texts]
    done = event({"type": "response.output_text.done", "text": "".join(texts)}, "x")
    first, second, last = JANE.events([*events, done])
    head = f'event: {name}\ndata: {{"type":"{name}","output_index":0,'
    assert first.decode() == f'{head}"delta":"My name is ***"}}\n\n'
    assert b'"delta":""' in second
    assert b'"text":"My name is ***"' in last


def test_what_stands_in_every_event_is_not_read_as_one_text() -> None:
    events = [event({"id": "12", "text": text}) for text in ("a", "b")]
    assert Redaction([r"1212"]).events(events) == events


def test_an_expression_that_matches_nothing_too_shows_where_it_matches_something() -> None:
    perhaps = Redaction([r"(Jane)?"])
    assert perhaps.text("I am Jane.") == "I am ***."
    assert said(perhaps.events([delta("I am Ja"), delta("ne.")])) == ["I am ***", "."]


def test_events_that_are_no_json() -> None:
    events = [b": Jane Doe\n\n", b"data: [DONE]\n\n", b"data: Jane\ndata: Doe\n\n", b"\xff\n\n"]
    assert JANE.events(events) == [b": ***\n\n", *events[1:]]


@given(st.lists(TEXTS, max_size=8))
def test_no_cut_shows_what_is_kept_out(texts: list[str]) -> None:
    """The text as a whole is what it is without cuts: nothing of a match is left, and no more."""
    pattern = re.compile(r"J\w* D|\d-\d")
    redacted = Redaction([pattern.pattern]).events([delta(text) for text in texts])
    shown = "".join(said(redacted))
    if len(set(texts)) > 1:
        assert not pattern.search(shown.replace("***", "\n"))
        assert shown.replace("***", "") == pattern.sub("", "".join(texts))
