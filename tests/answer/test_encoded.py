"""Base64 in the forms in which servers send it."""

from base64 import b64encode, urlsafe_b64encode
from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.answer.encoded import decoded
from openai_cli.errors import BadAnswerError

BYTES = st.binary(min_size=1, max_size=200)


@given(BYTES, st.integers(1, 80))
def test_every_form_of_base64_is_read(data: bytes, width: int) -> None:
    text = b64encode(data).decode()
    lines = "\r\n".join(text[at : at + width] for at in range(0, len(text), width))
    forms = (
        text,
        f" {lines}\n",
        text.rstrip("="),
        urlsafe_b64encode(data).decode(),
        urlsafe_b64encode(data).decode().rstrip("="),
        f"data:image/png;base64,{text}",
        f"DATA:;BASE64,{quote(text)}",
        f"data:,{quote(data)}",
    )
    assert [decoded(form, "it") for form in forms] == [data] * len(forms)


@pytest.mark.parametrize(
    "text", ["", "=", " \n", "!", "abc!", "a", "abcde", "<html>", "data:", "data:image/png", "é"]
)
def test_what_is_none_is_of_the_wrong_shape(text: str) -> None:
    with pytest.raises(BadAnswerError, match="an image is"):
        decoded(text, "an image")


@given(st.text(max_size=30))
def test_any_text_is_data_or_none(text: str) -> None:
    with suppress(BadAnswerError):
        assert decoded(text, "it")
