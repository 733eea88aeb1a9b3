"""What calls took, and what they may cost, by the region of the server and by how they ended."""

import json
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from openai_cli.answer.base import Answer
from openai_cli.calls.budget import Budget
from openai_cli.calls.receipts import Receipts
from openai_cli.context import Context
from openai_cli.errors import (
    BadAnswerError,
    CliError,
    LimitError,
    NetworkError,
    RateLimitError,
    RefusedError,
    Terminated,
    UsageError,
)
from openai_cli.models.table import load_table
from openai_cli.records import replace
from openai_cli.request.body import Request
from openai_cli.settings import Settings

GLOBAL, EU = "https://api.openai.com/v1", "https://eu.api.openai.com/v1"
USAGE = {"input_tokens": 1000, "output_tokens": 100}


def told(
    path: Path,
    answer: Answer,
    base_url: str = GLOBAL,
    failed: Any = None,
    context: Context | None = None,
    **given: Any,
) -> Any:
    """The line of the usage file; None where there is none."""
    context = context or Context.test()
    receipts = Receipts(context, load_table, lambda: base_url, path=str(path), **given)
    receipts.open()
    receipts.add(answer, failed)
    receipts.close()
    receipts.check()
    text = path.read_text()
    path.unlink()
    return json.loads(text, parse_float=Decimal) if text else None


def test_the_region_of_the_server_is_in_the_cost(tmp_path: Path) -> None:
    answer = Answer(usage=USAGE, asked_model="gpt-5.4-mini")
    here, there = (told(tmp_path / "u", answer, url) for url in (GLOBAL, EU))
    assert ("region" in here, there["region"]) == (False, "eu")
    assert there["usd"] == here["usd"] * Decimal("1.1")


def test_the_region_of_the_server_is_in_the_bound() -> None:
    request = Request("/responses", {"model": "gpt-5.4-mini", "input": "hi",
                                     "max_output_tokens": 1000})  # fmt: skip
    # 1000 at 4.5 USD a million, and the prompt; a tenth more in the EU.
    limit = Decimal("0.0046")
    Budget(Context.test(), load_table, lambda: GLOBAL, limit).check(request)
    with pytest.raises(LimitError, match=r"the request can cost 0\.005"):
        Budget(Context.test(), load_table, lambda: EU, limit).check(request)


@pytest.mark.parametrize(
    ("error", "usd", "code"),
    [
        (RefusedError("no", status=400, request_id="r"), 0, 4),
        (RateLimitError("wait", status=429, request_id="r"), 0, 5),
        (BadAnswerError("late", status=408, request_id="r"), None, 6),
        (BadAnswerError("broken", status=500, request_id="r"), None, 6),
        (NetworkError("cut", request_id="r"), None, 7),
    ],
)
def test_what_the_api_refused_cost_nothing(
    error: CliError, usd: int | None, code: int, tmp_path: Path
) -> None:
    record = told(tmp_path / "u", Answer(asked_model="gpt-4o"), failed=error)
    assert (record["usd"], record["exit_code"], record["request_id"]) == (usd, code, "r")
    assert record["model"] == "gpt-4o"


def test_an_interrupted_call(tmp_path: Path) -> None:
    record = told(tmp_path / "u", Answer(asked_model="gpt-4o"), failed=KeyboardInterrupt())
    assert (record["usd"], record["exit_code"]) == (None, 130)
    answer = Answer(usage=USAGE, asked_model="gpt-6-luna")
    ended = told(tmp_path / "u", answer, failed=Terminated(signal.SIGTERM))
    assert ended["exit_code"] == 143
    partly = told(tmp_path / "u", answer, failed=KeyboardInterrupt())
    assert (partly["usd"], partly["unknown"]) == (Decimal("0.00015"), ["the call was cut off"])


def test_a_line_says_when_where_and_for_what_it_was(tmp_path: Path) -> None:
    context = replace(
        Context.test(now=1_000_002.5), command="models list", settings=Settings(profile="work")
    )
    answer = Answer(usage=USAGE, asked_model="gpt-6-luna", model="gpt-6-luna-2", began=1_000_000.0)
    record = told(tmp_path / "u", answer, context=context, label="nightly")
    assert (
        record.items()
        >= {
            "time": "1970-01-12T13:46:40.000Z",
            "duration": Decimal("2.5"),
            "command": "models list",
            "host": "api.openai.com",
            "profile": "work",
            "label": "nightly",
            "asked_model": "gpt-6-luna",
            "model": "gpt-6-luna-2",
            "exit_code": 0,
        }.items()
    )


def test_a_clock_that_was_set_back_makes_no_negative_duration(tmp_path: Path) -> None:
    answer = Answer(asked_model="m", began=9.0)
    assert told(tmp_path / "u", answer, context=Context.test(now=8.0))["duration"] == 0


def test_the_time_and_the_price_are_those_of_the_pinned_day(tmp_path: Path) -> None:
    pinned = Context.test(environ={"SOURCE_DATE_EPOCH": "1795867200"})
    record = told(
        tmp_path / "u", Answer(usage=USAGE, asked_model="gpt-4o", began=5.0), context=pinned
    )
    assert record["time"] == "2026-11-28T12:00:00.000Z"


def test_a_user_or_a_key_in_the_base_url_is_in_no_line(tmp_path: Path) -> None:
    record = told(tmp_path / "u", Answer(asked_model="m"), "http://me:made-up@proxy.test:8080/v1")
    assert record["host"] == "proxy.test"


def test_what_had_to_be_complete_and_is_not_has_its_exit_code(tmp_path: Path) -> None:
    answer = Answer(asked_model="m", is_done=True)
    assert told(tmp_path / "u", answer)["exit_code"] == 0
    assert told(tmp_path / "u", answer, must_be_complete=True)["exit_code"] == 9


@pytest.mark.parametrize("error", [UsageError("wrong"), LimitError("dear")])
def test_what_was_not_sent_has_no_line(error: CliError, tmp_path: Path) -> None:
    assert told(tmp_path / "u", Answer(asked_model="gpt-4o"), failed=error) is None
