"""What the sandbox says, and how it is cut."""

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.sandbox.text import answer_text, insertion, speak
from openai_cli.sandbox.usage import token_ids

ENCODING = "o200k_base"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Say this is a test", "this is a test"),
        ("say Hello", "Hello"),
        (" \nSAY  two\nlines \n", "two\nlines \n"),
        ("Say", 'This is a sandbox, not a model; your text was "Say".'),
        ("Say \n", 'This is a sandbox, not a model; your text was "Say".'),
        ("Saying so", 'This is a sandbox, not a model; your text was "Saying so".'),
        ("a\n  b", 'This is a sandbox, not a model; your text was "a b".'),
        (" \n", "This is a sandbox, not a model; your text was empty."),
        ("x" * 60, f'This is a sandbox, not a model; your text was "{"x" * 60}".'),
        (
            "x" * 1234,
            f'This is a sandbox, not a model; your text was "{"x" * 60}…" (1234 characters).',
        ),
    ],
)
def test_reply(text: str, said: str) -> None:
    assert answer_text(text, 0) == said


def test_later_answers_say_which_they_are() -> None:
    assert answer_text("hi", 1) == 'Answer 2: This is a sandbox, not a model; your text was "hi".'
    assert answer_text("Say hi", 1) == "hi"
    assert insertion("hi", 0) == " (inserted by a sandbox, not a model) "
    assert insertion("hi", 2) == " (answer 3, inserted by a sandbox, not a model) "
    assert insertion("Say hi", 2) == "hi"


def test_what_came_with_the_text_is_named() -> None:
    said = 'This is a sandbox, not a model; your text was "hi", with 1 image.'
    assert answer_text("hi", 0, "1 image") == said


@pytest.mark.parametrize(
    ("limit", "stops", "said", "tokens", "finish"),
    [
        (None, [], "one two three four", 4, "stop"),
        (4, [], "one two three four", 4, "stop"),
        (3, [], "one two three", 3, "length"),
        (0, [], "", 0, "length"),
        (None, ["three"], "one two ", 3, "stop"),
        (None, ["four", " two"], "one", 1, "stop"),
        (3, ["four"], "one two three", 3, "length"),
        (3, ["two"], "one ", 2, "stop"),
        (None, ["one"], "", 0, "stop"),
        (None, ["", "five"], "one two three four", 4, "stop"),
    ],
)
def test_speak(limit: int | None, stops: list[str], said: str, tokens: int, finish: str) -> None:
    spoken = speak("one two three four", limit=limit, stops=stops, encoding=ENCODING)
    assert (spoken.text, spoken.tokens, spoken.finish) == (said, tokens, finish)


def test_a_character_of_several_tokens_is_never_broken() -> None:
    text = "a 👩\u200d👩\u200d👧 b 𓀀 c"
    tokens = len(token_ids(text, ENCODING))
    assert tokens > len(text)
    texts = [
        speak(text, limit=limit, stops=[], encoding=ENCODING).text for limit in range(tokens + 1)
    ]
    assert all(text.startswith(cut) for cut in texts)
    assert texts[-1] == text


@settings(max_examples=50)
@given(st.text(st.characters(codec="utf-8")), st.integers(0, 20) | st.none())
def test_the_pieces_are_characters_and_are_the_text(text: str, limit: int | None) -> None:
    spoken = speak(text, limit=limit, stops=[], encoding=ENCODING)
    assert text.startswith(spoken.text)
    assert "" not in spoken.pieces
    assert spoken.tokens <= (len(token_ids(text, ENCODING)) if limit is None else limit)
    if spoken.finish == "stop":
        assert list(accumulate(spoken.pieces))[-1:] == ([text] if text else [])
