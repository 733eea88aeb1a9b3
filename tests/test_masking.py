"""What may be a secret is told by its name or its form, and never shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.masking import (
    MASK,
    bare_keys,
    in_json,
    is_secret_name,
    query_secrets,
    shown_url,
    without,
    without_keys,
)

KEYS = [
    "sk-made-up",
    "sk-proj-made_up-0123",
    "sk-ant-api03-made-up",
    "gsk_madeup0123456789",
    "xai-madeup0123456789",
    "AIzaMadeUp0123456789",
    "hf_madeup0123456789",
    "AKIA0123456789MADEUP"[:20],
    "eyJtYWRlIjoxfQ.eyJ1cCI6MX0abc.c2lnbmF0dXJl",
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("around", ["{}", "no '{}'", "-k{}", "x={}&y=1", '"{}"', "Bearer {}."])
def test_what_has_the_form_of_a_key_is_masked(key: str, around: str) -> None:
    assert without_keys(around.format(key)) == around.format(MASK)


@pytest.mark.parametrize(
    "text", ["gpt-5.4-mini", "ask-me-anything", "risk-free", "req_b81dd096eb6ae27669cba44", "sk-"]
)
def test_what_is_no_key_stays(text: str) -> None:
    assert without_keys(text) == text


def test_a_key_of_no_known_form_among_arguments() -> None:
    key = "0123456789abcdef0123456789abcdef"
    assert [*bare_keys(["chat", key])] == [key]
    assert [*bare_keys([f"-k{key}"])] == [key]
    assert [*bare_keys([f"--api-key-file={key}"])] == [key]
    assert not [*bare_keys(["a text of many words 12", "conversation-2026-11-28", "x" * 40, "a1"])]


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        ("api_key", True), ("apiKey", True), ("X-API-Key", True), ("Authorization", True),
        ("access_token", True), ("client-secret", True), ("Cookie", True), ("password", True),
        ("max_tokens", False), ("model", False), ("prompt_cache_key", False), ("keyboard", False),
    ],
)  # fmt: skip
def test_the_name_of_a_secret(name: str, is_secret: bool) -> None:
    assert is_secret_name(name) is is_secret


@given(st.text("abcXYZ012!/", min_size=4, max_size=40), st.integers(4, 40))
def test_a_secret_that_was_cut_is_masked(secret: str, size: int) -> None:
    shown = without(secret, f"the key is {secret[:size]}…")
    assert shown == f"the key is {MASK}…"


@pytest.mark.parametrize(
    "written", [r"pass\/word", r"\u0070ass/word", r"\u0070\u0061\u0073\u0073\u002f\u0077ord"]
)
def test_a_secret_in_json_is_masked_whatever_its_escapes(written: str) -> None:
    text = f'{{"a": "the {written} \\n", "b": "c\\td"}} and "{written}" \\'
    shown = in_json(text, lambda value: without("pass/word", value))
    assert "ass" not in shown
    assert json.loads(shown.partition(" and ")[0]) == {"a": f"the {MASK} \n", "b": "c\td"}
    assert r'"c\td"' in shown, "what has no secret stays as it is"


@given(st.text())
def test_what_has_no_secret_is_as_it_was(text: str) -> None:
    assert in_json(text, lambda value: value) == text


@pytest.mark.parametrize(
    ("url", "shown", "secrets"),
    [
        ("https://h/v1", "https://h/v1", []),
        ("https://h/v1?api-version=2024", "https://h/v1?api-version=2024", []),
        ("https://h/v1?api_key=a&b=c&d", f"https://h/v1?api_key={MASK}&b={MASK}&d", ["a", "c"]),
        ("https://me:pass@h/v1", f"https://{MASK}@h/v1", []),
        ("https://h/a@b?x=@y", f"https://h/a@b?x={MASK}", ["@y"]),
    ],
)
def test_a_url_is_shown_without_what_may_be_secret(
    url: str, shown: str, secrets: list[str]
) -> None:
    assert shown_url(url) == shown
    assert query_secrets(url) == secrets
