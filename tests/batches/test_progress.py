"""What is said of a run while it goes."""

import io
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest

from openai_cli.batches import progress as progress_module
from openai_cli.batches.job import FLEX_PATIENCE, Job
from openai_cli.batches.progress import RunProgress
from openai_cli.messages import Messages
from openai_cli.prices.money import UNITS


@dataclass
class Clock:
    """A clock that stands until it is set."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress_module, "time", clock)
    return clock


def begun(**counts: Any) -> tuple[RunProgress, io.StringIO]:
    stream = io.StringIO()
    now = 1000.0
    times: dict[str, Any] = {"_began": now, "_shown": now}
    return RunProgress(Messages(stream, environ={}), **counts, **times), stream


GOING = SimpleNamespace(in_flight=7)


def test_it_tells_how_far_how_fast_how_dear_and_how_long_still(clock: Clock) -> None:
    going, _ = begun(lines=2000, done=500)
    for _ in range(100):
        going.count(20, UNITS // 1000)
    going.fail()
    clock.now += 10
    assert going.text(clock.now, 7) == (
        "600 of 2,000 done, 1 failed, 7 in flight, 10.1 requests and 200 tokens a second, "
        "0.1000 USD of some 1.4851 USD, 2 min 19 s left"
    ).replace(" USD of some 1.4851 USD", " USD of some 1.4851")


def test_of_a_price_that_nobody_knows_nothing_is_told(clock: Clock) -> None:
    going, _ = begun(lines=10)
    going.count(None, None)
    assert "USD" not in going.text(clock.now + 1, 0)


def test_in_a_pipe_there_is_a_line_a_minute(clock: Clock) -> None:
    going, stream = begun(lines=10)
    for _ in range(185):
        clock.now += 1
        going.tick(GOING)
    assert stream.getvalue().count("0 of 10 done, 7 in flight") == 3


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(5, "5 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (3600, "1 h 0 min"), (7300, "2 h 1 min")],
)
def test_a_span(seconds: float, said: str) -> None:
    assert progress_module._span(seconds) == said


@pytest.mark.parametrize(
    ("tier", "has_own", "patience"),
    [("flex", False, FLEX_PATIENCE), ("flex", True, None), ("default", False, None),
     (None, False, None)],
)  # fmt: skip
def test_flex_has_more_time(tier: str | None, has_own: bool, patience: float | None) -> None:
    job = cast("Job", SimpleNamespace(has_own_timeout=has_own))
    assert Job.patience_for(job, {"service_tier": tier}) == patience
    assert FLEX_PATIENCE == 900


def test_it_tells_what_the_batch_api_has_answered_and_not_given_yet(clock: Clock) -> None:
    going, _ = begun(lines=2000)
    going.answered = 1200
    assert going.text(clock.now, 2000).startswith(
        "0 of 2,000 done, 2000 in flight, 1,200 of them answered, 0.0 requests"
    )
