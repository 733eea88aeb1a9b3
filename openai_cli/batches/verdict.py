"""What a failure means for a line, and for the whole run; pure functions."""

from enum import Enum, auto

from openai_cli.errors import (
    BadAnswerError,
    CliError,
    CredentialError,
    NetworkError,
    RateLimitError,
    UnreachableError,
)
from openai_cli.http import retry
from openai_cli.http.errorbody import detail_of
from openai_cli.http.whole import WholeResponse

# The API's codes for an exhausted budget, where waiting does not help:
# https://platform.openai.com/docs/guides/error-codes
SPENT = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "quota_exceeded"}
)
_NO_MODEL = frozenset({"model_not_found", "model_not_available"})

# A redirect, which is not followed, and what a proxy asks for.
_OF_THE_WAY = frozenset({*range(300, 400), 407})


class Verdict(Enum):
    """What to do about a line whose attempt has failed."""

    RETRY = auto()  # the server or the network failed: retry, as often as the client does
    WAIT = auto()  # the server is overloaded: retry, as often as it takes
    FAIL = auto()  # the line has failed for good; the others continue
    END = auto()  # every line would fail: the run ends


def verdict_of(error: CliError, response: WholeResponse | None, *, is_first: bool) -> Verdict:
    """Judge a failure; `response` is the response that reported it, if there was one.

    `is_first` means that no line was answered yet: what the server does not know then, it does not
    know for any line.
    """
    if isinstance(error, CredentialError | UnreachableError) or error.status in _OF_THE_WAY:
        return Verdict.END
    if response is None:
        return Verdict.RETRY if isinstance(error, NetworkError) else Verdict.FAIL
    if isinstance(error, RateLimitError):
        is_spent = not SPENT.isdisjoint(detail_of(response.body).names)
        return Verdict.END if is_spent else Verdict.WAIT
    if response.status == 404:
        is_model = not _NO_MODEL.isdisjoint(detail_of(response.body).names)
        return Verdict.END if is_model or is_first else Verdict.FAIL
    if isinstance(error, BadAnswerError) and response.status < 300:
        return Verdict.FAIL
    return Verdict.RETRY if retry.may_retry(response.status, response.headers) else Verdict.FAIL


def is_busy(verdict: Verdict, error: CliError) -> bool:
    """Whether sending fewer requests at once would help."""
    if verdict is Verdict.WAIT:
        return True
    return verdict is Verdict.RETRY and isinstance(error, BadAnswerError | NetworkError)
