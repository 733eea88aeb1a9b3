"""What calls took, and what they may cost, by the region of the server and by how they ended."""

import json
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
    UsageError,
)
from openai_cli.models.table import load_table
from openai_cli.request.body import Request

GLOBAL, EU = "https://api.openai.com/v1", "https://eu.api.openai.com/v1"
USAGE = {"input_tokens": 1000, "output_tokens": 100}


def told(path: Path, answer: Answer, base_url: str = GLOBAL, failed: Any = None) -> Any:
    """The line of the usage file; None where there is none."""
    receipts = Receipts(Context.test(), load_table, lambda: base_url, path=str(path))
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
    partly = told(tmp_path / "u", answer, failed=KeyboardInterrupt())
    assert (partly["usd"], partly["unknown"]) == (Decimal("0.00015"), ["the call was cut off"])


@pytest.mark.parametrize("error", [UsageError("wrong"), LimitError("dear")])
def test_what_was_not_sent_has_no_line(error: CliError, tmp_path: Path) -> None:
    assert told(tmp_path / "u", Answer(asked_model="gpt-4o"), failed=error) is None
