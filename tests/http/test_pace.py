"""How fast requests go out: by concurrency, by caps of ours, by what the server says."""

from math import inf
from typing import Any

import pytest

from openai_cli.http.pace import Pace, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1s", 1), ("6m0s", 360), ("120ms", 0.12), ("1h2m3s", 3723), ("1.5s", 1.5), ("0s", 0),
     ("2m", 120), ("", None), (None, None), ("soon", None), ("5", None)],
)  # fmt: skip
def test_a_time_as_the_api_writes_it(text: str | None, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


# Concurrency


def test_it_begins_with_eight_or_what_is_the_most() -> None:
    assert Pace(64).wait(0, 7, 0) == 0
    assert Pace(64).wait(0, 8, 0) == inf
    assert Pace(2).wait(0, 2, 0) == inf


def test_it_doubles_with_each_round_and_stays_below_the_most() -> None:
    pace = Pace(64)
    for _ in range(8):
        pace.went_well()
    assert pace.window == 16
    for _ in range(1000):
        pace.went_well()
    assert pace.window == 64


def test_it_is_halved_once_for_all_that_were_sent_before() -> None:
    pace = Pace(64)
    pace.window = 40
    for _ in range(5):
        pace.too_much(now=10, sent=9)
    pace.too_much(now=11, sent=10)
    assert pace.window == 20
    pace.too_much(now=12, sent=11)
    assert pace.window == 10


def test_of_a_window_that_is_no_whole_number_the_rest_is_none() -> None:
    pace = Pace(64)
    pace.window = 8.5
    assert pace.wait(0, 7, 0) == 0
    assert pace.wait(0, 8, 0) == inf


def test_after_that_a_round_adds_one() -> None:
    pace = Pace(64)
    pace.window = 20
    pace.too_much(now=1, sent=0)
    for _ in range(10):
        pace.went_well()
    assert 10.9 < pace.window < 11


def test_it_never_comes_to_a_stand() -> None:
    pace = Pace(64)
    for now in range(20):
        pace.too_much(now=now, sent=now - 0.5)
    assert pace.wait(100, 0, 0) == 0


def test_nothing_goes_before_the_time_that_the_server_asks_for() -> None:
    pace = Pace(64)
    pace.too_much(now=10, sent=9, asked=30)
    assert pace.wait(15, 0, 0) == 25
    pace.too_much(now=16, sent=9, asked=2)
    assert pace.wait(17, 0, 0) == 23
    assert pace.wait(40, 0, 0) == 0


# Our own caps


def test_requests_a_minute() -> None:
    pace = Pace(64, rpm=120)
    pace.sent(0, 0)
    assert pace.wait(0, 1, 0) == 0.5
    assert pace.wait(0.5, 1, 0) == 0
    # A pause is not made up for.
    pace.sent(100, 0)
    assert pace.wait(100, 1, 0) == 0.5


def test_tokens_a_minute() -> None:
    pace = Pace(64, tpm=6000)
    pace.sent(0, 300)
    assert pace.wait(0, 1, 10) == 3
    assert pace.wait(3, 1, 10) == 0


def simulated(pace: Pace, minutes: int) -> int:
    """How many requests of 100 tokens go out in so many minutes, each as soon as it may."""
    now, count = 0.0, 0
    while (now := now + pace.wait(now, 0, 100)) < minutes * 60:
        pace.sent(now, 100)
        count += 1
    return count


@pytest.mark.parametrize(("caps", "most"), [({"rpm": 50}, 50), ({"tpm": 3000}, 30)])
def test_no_minute_has_more_than_the_cap(caps: dict[str, Any], most: int) -> None:
    assert simulated(Pace(64, **caps), 10) == pytest.approx(10 * most, abs=1)


# What the server says


def headers(name: str, limit: int, left: int, reset: str) -> dict[str, str]:
    return {
        f"x-ratelimit-limit-{name}": str(limit),
        f"x-ratelimit-remaining-{name}": str(left),
        f"x-ratelimit-reset-{name}": reset,
    }


def test_requests_that_are_left() -> None:
    pace = Pace(64)
    # 60 in a minute: one comes back each second.
    pace.heed(0, headers("requests", 60, 1, "59s"))
    assert pace.wait(0, 0, 0) == 0
    pace.sent(0, 0)
    assert pace.wait(0, 0, 0) == pytest.approx(1)
    assert pace.wait(1, 0, 0) == 0


def test_tokens_that_are_left() -> None:
    pace = Pace(64)
    pace.heed(0, headers("tokens", 6000, 100, "59s"))
    assert pace.wait(0, 0, 100) == 0
    assert pace.wait(0, 0, 300) == pytest.approx(2)


def test_a_request_above_the_limit_goes_when_all_is_there() -> None:
    pace = Pace(64)
    pace.heed(0, headers("tokens", 6000, 0, "60s"))
    assert pace.wait(0, 0, 9000) == pytest.approx(60)
    assert pace.wait(61, 0, 9000) == 0


def test_an_answer_that_comes_late_does_not_give_back_what_went_since() -> None:
    pace = Pace(64)
    pace.heed(0, headers("requests", 60, 2, "58s"))
    pace.sent(0, 0)
    pace.sent(0, 0)
    pace.heed(0, headers("requests", 60, 2, "58s"))
    assert pace.wait(0, 0, 0) > 0


def test_what_came_back_meanwhile_counts() -> None:
    pace = Pace(64)
    pace.heed(0, headers("tokens", 6000, 100, "59s"))
    pace.heed(20, headers("tokens", 6000, 2000, "40s"))
    assert pace.wait(20, 0, 2000) == 0


def test_a_pause_gives_no_more_than_the_limit() -> None:
    pace = Pace(64)
    pace.heed(0, headers("requests", 60, 0, "60s"))
    for _ in range(60):
        assert pace.wait(600, 0, 0) == 0
        pace.sent(600, 0)
    assert pace.wait(600, 0, 0) == pytest.approx(1)


def test_where_much_is_left_nothing_is_waited_for() -> None:
    pace = Pace(64)
    pace.heed(0, headers("requests", 60, 0, "60s"))
    pace.heed(0, headers("requests", 60, 55, "5s"))
    assert pace.wait(0, 0, 0) == 0


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"x-ratelimit-remaining-requests": "many"},
        headers("requests", 10, 0, "soon"),
        headers("requests", 10, 0, "0s"),
        headers("requests", 10, -5, "1s"),
        headers("requests", 0, 0, "1s"),
    ],
)
def test_headers_that_say_nothing_are_passed_over(odd: dict[str, str]) -> None:
    pace = Pace(64)
    pace.heed(0, odd)
    pace.sent(0, 100)
    assert pace.wait(0, 0, 100) == 0
