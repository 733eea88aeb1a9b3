"""What a failure means for a line, and for the run."""

import json

import pytest

from openai_cli.batches.verdict import Verdict, is_busy, verdict_of
from openai_cli.errors import BadAnswerError, CliError, NetworkError, UnreachableError
from openai_cli.http import failure
from openai_cli.http.whole import WholeResponse


def judged(
    status: int, code: str = "", headers: dict[str, str] | None = None, *, is_first: bool = False
) -> Verdict:
    body = json.dumps({"error": {"message": "No.", "code": code}}).encode()
    error = failure.of_status(status, headers or {}, body, "")
    response = WholeResponse(status, headers or {}, body)
    return verdict_of(error, response, is_first=is_first)


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (400, "invalid_value", Verdict.FAIL),
        (413, "", Verdict.FAIL),
        (422, "", Verdict.FAIL),
        (404, "", Verdict.FAIL),
        (404, "model_not_found", Verdict.END),
        (401, "invalid_api_key", Verdict.END),
        (403, "", Verdict.END),
        (429, "rate_limit_exceeded", Verdict.WAIT),
        (429, "resource_unavailable", Verdict.WAIT),
        (429, "insufficient_quota", Verdict.END),
        (429, "billing_hard_limit_reached", Verdict.END),
        (408, "", Verdict.RETRY),
        (409, "", Verdict.RETRY),
        (500, "", Verdict.RETRY),
        (503, "", Verdict.RETRY),
        (301, "", Verdict.END),
        (304, "", Verdict.END),
        (407, "", Verdict.END),
    ],
)
def test_a_status(status: int, code: str, verdict: Verdict) -> None:
    assert judged(status, code) is verdict


def test_what_is_not_found_before_any_answer_is_found_for_no_line() -> None:
    assert judged(404, is_first=True) is Verdict.END
    assert judged(400, is_first=True) is Verdict.FAIL


def test_the_servers_own_word_goes_before_its_status() -> None:
    assert judged(500, headers={"x-should-retry": "false"}) is Verdict.FAIL
    assert judged(400, headers={"x-should-retry": "true"}) is Verdict.RETRY


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (NetworkError("broken"), Verdict.RETRY),
        (UnreachableError("no such host"), Verdict.END),
        (BadAnswerError("too large"), Verdict.FAIL),
    ],
)
def test_a_failure_without_an_answer(error: CliError, verdict: Verdict) -> None:
    assert verdict_of(error, None, is_first=False) is verdict


def test_an_answer_of_the_wrong_kind_was_paid_for_and_is_not_asked_for_again() -> None:
    response = WholeResponse(200, {}, b"<html>")
    assert verdict_of(BadAnswerError("it is a page"), response, is_first=False) is Verdict.FAIL


def test_fewer_at_once_help_where_the_server_has_too_much_to_do() -> None:
    assert is_busy(Verdict.WAIT, CliError(""))
    assert is_busy(Verdict.RETRY, BadAnswerError(""))
    assert is_busy(Verdict.RETRY, NetworkError(""))
    assert not is_busy(Verdict.FAIL, BadAnswerError(""))
