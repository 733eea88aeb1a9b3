"""When a request is tried again and after how long, by the rules that the manual states."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openai_cli.http import retry

# Sun, 06 Nov 1994 08:49:37 GMT is RFC 9110's own example of a date.
NOW = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC).timestamp()

RETRIED = {408, 409, 429, *range(500, 600)}


def test_the_statuses_that_are_tried_again() -> None:
    assert {status for status in range(300, 600) if retry.may_retry(status, {})} == RETRIED
    assert retry.may_retry(None, {}), "a connection failed"


@pytest.mark.parametrize("status", [None, 200, 302, 400, 401, 404, 408, 409, 422, 429, 500, 503])
def test_the_server_has_the_last_word(status: int | None) -> None:
    assert retry.may_retry(status, {"x-should-retry": "true"})
    assert not retry.may_retry(status, {"x-should-retry": "false"})


@pytest.mark.parametrize("said", ["", "yes", "0", "1", "null"])
def test_any_other_word_of_the_server_decides_nothing(said: str) -> None:
    assert retry.may_retry(503, {"x-should-retry": said})
    assert not retry.may_retry(400, {"x-should-retry": said})


MS, AFTER = "retry-after-ms", "retry-after"
DELAYS: list[tuple[dict[str, str], float | None]] = [
    ({}, None),
    ({AFTER: "5"}, 5),
    ({AFTER: "0"}, None),
    ({AFTER: "1.5"}, 1.5),
    ({AFTER: "120"}, 120),
    ({AFTER: "3600"}, 3600),
    ({MS: "250"}, 0.25),
    ({MS: "0"}, None),
    ({MS: "0", AFTER: "5"}, 5),
    ({MS: "-0.0"}, None),
    ({MS: "1500.5"}, 1.5005),
    ({MS: "250", AFTER: "5"}, 0.25),
    ({MS: "soon", AFTER: "5"}, 5),
    ({MS: "-1", AFTER: "5"}, 5),
    ({MS: "nan", AFTER: "5"}, 5),
    ({MS: "", AFTER: "5"}, 5),
    ({MS: "soon"}, None),
    ({AFTER: "Sun, 06 Nov 1994 08:49:37 GMT"}, None),
    ({AFTER: "Sun, 06 Nov 1994 08:49:47 GMT"}, 10),
    ({AFTER: "Sun, 06 Nov 1994 09:49:37 GMT"}, 3600),
    ({AFTER: "Sun, 06 Nov 1994 08:00:00 GMT"}, None),
    ({AFTER: "Thu, 01 Jan 1970 00:00:00 GMT"}, None),
    ({AFTER: "Sunday, 06-Nov-94 08:49:47 GMT"}, 10),
    ({AFTER: "Sun Nov  6 08:49:47 1994"}, 10),
    ({AFTER: "Sun, 06 Nov 1994 03:49:47 -0500"}, 10),
    ({AFTER: "Sun, 99 Nov 1994 08:49:37 GMT"}, None),
    ({AFTER: "-5"}, None),
    ({AFTER: "nan"}, None),
    ({AFTER: "inf"}, None),
    ({AFTER: "-inf"}, None),
    ({AFTER: "infinity"}, None),
    ({AFTER: ""}, None),
    ({AFTER: "soon"}, None),
    ({AFTER: "5 seconds"}, None),
    ({AFTER: "1e999"}, None),
]


@pytest.fixture
def _far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A date of RFC 9110 is in UTC whatever the machine's own zone, asctime's form too."""
    monkeypatch.setenv("TZ", "XYZ+5")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_far_from_greenwich")
@pytest.mark.parametrize(("headers", "seconds"), DELAYS)
def test_the_delay_that_the_server_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    found = retry.asked_delay(headers, NOW)
    assert found == (None if seconds is None else pytest.approx(seconds))


@given(st.text() | st.floats().map(str) | st.integers().map(str), st.sampled_from([MS, AFTER]))
@example("Sun, 06 Nov 0000 08:49:37 GMT", AFTER)
@example("Fri, 31 Dec 9999 23:59:59 -2359", AFTER)
@example("Mon, 01 Jan 0001 00:00:00 +2359", AFTER)
@example("Sun, 06 Nov 1994 08:49:37 +9999999999", AFTER)
@example("1 2 3 4 5 6", AFTER)
def test_nothing_that_a_header_says_raises_or_asks_for_no_wait(text: str, name: str) -> None:
    found = retry.asked_delay({name: text}, NOW)
    assert found is None or 0 < found < float("inf")


def test_a_delay_that_was_asked_for_is_kept_to_the_letter() -> None:
    assert [retry.delay(attempt, 7.25, 0.9) for attempt in (0, 1, 50)] == [7.25] * 3


def test_without_one_delays_double_up_to_a_cap() -> None:
    delays = [retry.delay(attempt, None, 0.0) for attempt in range(8)]
    assert delays == [0.5, 1, 2, 4, 8, 8, 8, 8]


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_jitter_takes_at_most_a_quarter_off(attempt: int, chance: float) -> None:
    longest = retry.delay(attempt, None, 0.0)
    assert 0.75 * longest <= retry.delay(attempt, None, chance) <= longest <= 8


@given(st.integers(0, 20), st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_more_chance_is_a_shorter_delay(attempt: int, low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert retry.delay(attempt, None, high) <= retry.delay(attempt, None, low)


def test_two_minutes_are_the_longest_that_is_waited() -> None:
    assert retry.LONGEST == 120
