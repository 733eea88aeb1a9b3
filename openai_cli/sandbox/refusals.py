"""The sandbox's refusals: the API's status and error body, as an exception."""

from http import HTTPStatus
from typing import Any

Body = dict[str, Any]

# The API's type, code and message for each status.
# https://platform.openai.com/docs/guides/error-codes
_ERRORS = {
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided"),
    403: (
        "request_forbidden",
        "unsupported_country_region_territory",
        "Country, region, or territory not supported",
    ),
    404: ("invalid_request_error", "model_not_found", "The model does not exist"),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached for requests"),
    500: ("server_error", None, "The server had an error while processing your request"),
    503: ("server_error", None, "The engine is currently overloaded, please try again later"),
}
_QUOTA = (
    "insufficient_quota",
    "insufficient_quota",
    "You exceeded your current quota, please check your plan and billing details",
)


class Refusal(Exception):  # noqa: N818 - an answer to the client, not a failure of ours
    """A response other than 200: an HTTP `status` and the API's error body."""

    def __init__(
        self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(message, _usual_type(status), param=param, code=code)


def error_body(
    message: str, kind: str, *, param: str | None = None, code: str | None = None
) -> Body:
    """The API's error body; `kind` is its `type`."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def usual_error(status: int, code: str | None = None) -> Body:
    """The API's error body for a status; its message says that the sandbox made it.

    `code` replaces the usual one; `insufficient_quota` has its own type and message.
    """
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else f"HTTP {status}"
    kind, usual, words = _ERRORS.get(status, (_usual_type(status), None, phrase))
    if code == "insufficient_quota":
        kind, usual, words = _QUOTA
    return error_body(f"{words} (made by the sandbox).", kind, code=code or usual)


def _usual_type(status: int) -> str:
    return "server_error" if status >= 500 else "invalid_request_error"
