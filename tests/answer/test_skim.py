"""A large answer is passed on as it comes, and judged by what is left of it."""

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.answer import skim
from openai_cli.answer.base import Answer
from openai_cli.answer.completion import Completion
from openai_cli.answer.images import Images
from openai_cli.answer.parts import read
from openai_cli.errors import BadAnswerError, CliError, NetworkError, RefusedError
from tests.answer.reading import completion, http
from tests.servers import chat

# In characters; one of a text may take twelve of JSON.
LONG = 48
SURE = LONG // 12 - 1
VALUES = st.recursive(
    st.none() | st.integers() | st.text() | st.text('\\"\u1234😀\ud800né ', min_size=LONG),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[begin : begin + size] for begin in range(0, len(data), size))


def skimmed(data: bytes, size: int) -> tuple[bytes, bytes]:
    """What is left of the data, which come in pieces of so many bytes, and what was passed on."""
    passed: list[bytes] = []
    left = skim.skimmed(cut(data, size), len(data) + 1, passed.append)
    return left, b"".join(passed)


def shorten(value: Any, most: int) -> Any:
    """The value, with so many characters of each text."""
    if isinstance(value, str):
        return value[:most]
    if isinstance(value, list | tuple):
        return [shorten(inner, most) for inner in value]
    return value


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skim, "_LONG", LONG)
    monkeypatch.setattr(skim, "LARGEST_JSON", 100)


@given(VALUES, st.booleans(), st.integers(1, 40))
def test_only_long_texts_lose_something(value: Any, escaped: bool, size: int) -> None:
    data = json.dumps(value, ensure_ascii=escaped).encode(errors="surrogatepass")
    left, passed = skimmed(data, size)
    assert passed == data
    found = json.loads(left.decode(errors="surrogatepass"), object_pairs_hook=list)
    assert shorten(found, SURE) == shorten(pairs(value), SURE)


def pairs(value: Any) -> Any:
    """The value as json reads it, with lists of pairs for objects."""
    return json.loads(json.dumps(value), object_pairs_hook=list)


@given(VALUES, st.integers(1, 40), st.data())
def test_what_is_no_json_stays_none(value: Any, size: int, data: st.DataObject) -> None:
    raw = bytearray(json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass"))
    place = data.draw(st.integers(0, len(raw)))
    raw[place : place + 1] = data.draw(
        st.sampled_from([b"", b"\x00", b"\xff", b"\\", b'"', b"\\u"])
    )
    left, _ = skimmed(bytes(raw), size)
    assert is_json(left) is is_json(bytes(raw))


def is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def passed_on(answer: Answer, data: bytes, size: int = 50) -> bytes:
    """What is passed on of an answer, which is read to its end."""
    passed: list[bytes] = []
    for part, _ in read(http(*cut(data, size)), answer, passed=passed.append):
        passed.append(part.raw)
    return b"".join(passed)


def test_a_large_answer_is_passed_on_and_judged() -> None:
    body = chat("a" * 1000, finish="length") | {"usage": {"prompt_tokens": 3}}
    data = json.dumps(body).encode()
    answer = Completion()
    assert passed_on(answer, data) == data
    assert answer.usage == {"prompt_tokens": 3}
    assert answer.incomplete == completion(data).incomplete != []


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (json.dumps(chat("a" * 1000)).encode()[:-20], NetworkError),
        (json.dumps(chat("a" * 1000)).encode()[:500], NetworkError),
        (b'{"choices": "' + b"a" * 1000 + b'"}', BadAnswerError),
        (b'{"text": "' + b"a" * 1000 + b'\n"}', BadAnswerError),
        (
            b'{"error": {"type": "invalid_request_error", "message": "' + b"a" * 1000 + b'"}}',
            RefusedError,
        ),
        (json.dumps(chat("a") | {"more": [1] * 1000}).encode(), BadAnswerError),
    ],
)
def test_a_large_answer_fails_as_a_small_one_does(data: bytes, error: type[CliError]) -> None:
    class Small(Completion):
        largest = 1000

    with pytest.raises(error):
        passed_on(Small(), data)


def test_a_small_answer_is_passed_on_once_it_is_judged() -> None:
    data = b'{"data": [{"b64_json": "' + b"QUJD" * 10 + b'"}]}'
    assert passed_on(Images(), data) == data
    passed: list[bytes] = []
    with pytest.raises(BadAnswerError):
        list(read(http(b'{"data": []}'), Images(), passed=passed.append))
    assert not passed


def test_an_image_takes_little_memory() -> None:
    piece = b"QUJD" * 16_000
    pieces = [b'{"data": [{"b64_json": "', *[piece] * 300, b'"}]}']
    answer = Images()
    tracemalloc.start()
    try:
        list(read(http(*pieces), answer, passed=lambda _piece: None))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.count == 1
    assert peak < 20 * len(piece)
