"""The file of an answer: whole, or nothing."""

from hypothesis import given
from hypothesis import strategies as st

from openai_cli.cache.entry import Entry, asked_in

KEY = "0" * 64
TIMES = st.floats(0, 4e9)
ENTRIES = st.builds(Entry, TIMES, TIMES, st.text(), st.binary())
ONE = Entry(1.0, 2.0, "application/json", b'{"a": 1}\n\nmore')


@given(ENTRIES)
def test_what_is_written_is_read(entry: Entry) -> None:
    data = entry.encoded(KEY)
    assert Entry.decoded(data, KEY) == entry
    assert asked_in(b"".join(data.splitlines(keepends=True)[:2])) == entry.asked


@given(ENTRIES)
def test_an_entry_of_another_key_is_none(entry: Entry) -> None:
    assert Entry.decoded(entry.encoded(KEY), "1" * 64) is None


def test_no_beginning_of_an_entry_is_one() -> None:
    data = ONE.encoded(KEY)
    assert not [size for size in range(len(data)) if Entry.decoded(data[:size], KEY) is not None]


@given(st.integers(0, len(ONE.encoded(KEY)) - 1), st.integers(1, 255))
def test_no_entry_with_a_wrong_byte_is_one(place: int, change: int) -> None:
    data = bytearray(ONE.encoded(KEY))
    data[place] ^= change
    assert Entry.decoded(bytes(data), KEY) is None


@given(st.binary())
def test_what_stands_behind_an_entry_makes_it_none(more: bytes) -> None:
    assert (Entry.decoded(ONE.encoded(KEY) + more, KEY) is None) is bool(more)


@given(st.binary())
def test_other_bytes_are_no_entry(data: bytes) -> None:
    assert Entry.decoded(data, KEY) is None
    assert asked_in(data) is None


def test_what_has_no_time_tells_none() -> None:
    for facts in (b"[]", b"{}", b'{"asked": "now"}', b"1", b"", b"\xff"):
        assert asked_in(b"first\n" + facts) is None
