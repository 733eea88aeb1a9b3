"""`cost --response` of usage lines: by what they are added up, and which days are taken."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run


def line(time: str | None, **given: Any) -> dict[str, Any]:
    """A line of a usage file whose call cost 0.0035 USD; without a time, of an older version."""
    base = {"model": "gpt-4o", "input_tokens": 1000, "output_tokens": 100, "usd": 0.0035}
    return {**({"time": time} if time else {}), **base, **given}


FIRST = line("2026-11-01T23:59:59.999Z", command="chat", label="nightly")
SECOND = line("2026-11-02T00:00:00.000Z", command="respond", label=None, model="gpt-4o-mini")
OLD = line(None)
FREE = {"model": "gpt-4o", "input_tokens": None, "output_tokens": None, "usd": 0}


@pytest.fixture
def ledger(run: Run, folder: Path) -> Any:
    """Run `cost` over lines of a usage file."""

    def told(lines: list[dict[str, Any]], *flags: str) -> Any:
        (folder / "u").write_text("".join(f"{json.dumps(each)}\n" for each in lines))
        return run("cost", "--response", "u", *flags)

    return told


def groups(done: Any, key: str) -> list[tuple[str | None, int]]:
    assert done.code == 0, done.err
    return [(group[key], group["requests"]) for group in json.loads(done.out)["groups"]]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("day", [("2026-11-01", 2), ("2026-11-02", 1), (None, 1)]),
        ("model", [("gpt-4o", 3), ("gpt-4o-mini", 1)]),
        ("label", [("nightly", 2), (None, 2)]),
        ("command", [("chat", 2), ("respond", 1), (None, 1)]),
    ],
)
def test_calls_are_added_up_by(ledger: Any, key: str, expected: Any) -> None:
    done = ledger([FIRST, SECOND, OLD, FIRST], "--by", key, "--json")
    assert groups(done, key) == expected


def test_a_group_has_one_row_whatever_its_models(ledger: Any) -> None:
    both = [FIRST, {**SECOND, "label": "nightly"}]
    assert ledger(both, "--by", "label").text == (
        "label    requests  input  output      USD\n"
        "nightly         2   2000     200  0.00371\n"
        "total           2   2000     200  0.00371\n"
    )


def test_what_other_models_made_goes_with_its_call(ledger: Any) -> None:
    also = [{"model": "gpt-4o-mini", "service_tier": "standard", "input_tokens": 1000,
             "output_tokens": 100}]  # fmt: skip
    given = [{**FIRST, "also": also}]
    assert [name for name, _ in groups(ledger(given, "--by", "label", "--json"), "label")] == [
        "nightly"
    ]
    assert len(groups(ledger(given, "--by", "model", "--json"), "model")) == 2


@pytest.mark.parametrize(
    ("flags", "total"),
    [
        (["--since", "2026-11-01"], "0.00371"),
        (["--since", "2026-11-02"], "0.00021"),
        (["--until", "2026-11-01"], "0.0035"),
        (["--since", "2026-11-02", "--until", "2026-11-02"], "0.00021"),
        (["--since", "2026-11-03"], "0"),
    ],
)
def test_both_days_are_included(ledger: Any, flags: list[str], total: str) -> None:
    done = ledger([FIRST, SECOND, FREE], *flags, "--total")
    assert (done.code, done.text) == (0, f"{total}\n")
    assert "not known" not in done.err


def test_a_line_without_a_time_is_in_no_sum_and_told_of(ledger: Any) -> None:
    done = ledger([FIRST, OLD], "--since", "2026-11-01", "--total")
    assert (done.code, done.text) == (0, "0.0035\n")
    assert "at least that: line 2: the time of the call is unknown" in done.err
    assert ledger([FIRST, OLD], "--since", "2026-11-01", "--max-cost", "1").code == 8


def test_answers_of_the_api_are_of_no_day(ledger: Any) -> None:
    answer = {"model": "gpt-4o", "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    done = ledger([FIRST, answer], "--since", "2026-11-01")
    assert (done.code, done.out) == (2, b"")
    assert "line 2: only lines of --usage-file have the time of a call" in done.err


def test_csv_has_the_rows_alone_and_quotes_what_needs_it(ledger: Any) -> None:
    done = ledger([{**FIRST, "label": 'a,"b"'}, SECOND], "--by", "label", "--csv")
    assert list(csv.reader(io.StringIO(done.text))) == [
        ["label", "requests", "input", "output", "USD"],
        ['a,"b"', "1", "1000", "100", "0.0035"],
        ["(none)", "1", "1000", "100", "0.00021"],
    ]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--by", "week"], "--by is one of day, model, label, command, not 'week'"),
        (["--since", "today"], "--since must be a day such as 2026-11-23"),
        (["--until", "2026-06-31"], "--until must be a day"),
        (["--since", "2026-11-02", "--until", "2026-11-01"], "--until is before --since"),
        (["--by", "day", "--by-request"], "--by and --by-request: give one of them"),
        (["--csv", "--json"], "--json and --csv: give one of them"),
        (["--by", "day", "-m", "gpt-4o", "-m", "gpt-4.1"], "--by takes one --model"),
    ],
)
def test_what_makes_no_sense(ledger: Any, flags: list[str], told: str) -> None:
    done = ledger([FIRST], *flags)
    assert (done.code, done.out) == (2, b"")
    assert told in done.err


@pytest.mark.parametrize("flag", ["--by=day", "--since=2026-11-01", "--until=2026-11-01"])
def test_only_usage_lines_have_days(run: Run, flag: str) -> None:
    done = run("cost", "hi", flag)
    assert (done.code, done.out) == (2, b"")
    assert f"{flag.partition('=')[0]} goes only with --response" in done.err
