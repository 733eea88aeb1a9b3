"""Turn a server's error response into a CliError, by its status or by its error object."""

from collections.abc import Mapping
from typing import Any

from openai_cli.errors import (
    BadAnswerError,
    CliError,
    CredentialError,
    RateLimitError,
    RefusedError,
)
from openai_cli.http.address import has_version, joined
from openai_cli.http.errorbody import detail_of, detail_of_value

REQUEST_ID = "x-request-id"

# The status for the API's error types and codes, for errors that come without one: in a stream or a
# batch. Any other name counts as a server error (500), so that it never exits 0.
_STATUS_OF_NAME = {
    "authentication_error": 401,
    "invalid_api_key": 401,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "tokens": 429,
    "requests": 429,
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "model_not_found": 404,
    "not_found_error": 404,
    # The ResponseErrorCode values of the published description that blame the request.
    **dict.fromkeys(
        (
            "invalid_prompt", "data_residency_mismatch", "bio_policy", "invalid_image",
            "invalid_image_format", "invalid_base64_image", "invalid_image_url", "image_too_large",
            "image_too_small", "image_parse_error", "image_content_policy_violation",
            "invalid_image_mode", "image_file_too_large", "unsupported_image_media_type",
            "empty_image_file", "failed_to_download_image", "image_file_not_found",
        ),
        400,
    ),
}  # fmt: skip

_HINTS = {
    401: "openai-cli key show tells you which key was sent",
    403: "the key may not do this: check its project and permissions",
    404: "check the model or the id, and --base-url",
    413: "send less: the request is too large",
    429: "wait, or look at the limits and the billing of your project",
}


_NO_KEY = "no key was sent: set OPENAI_API_KEY, or store one with openai-cli key set"

# What else to do about a request that takes the admin key.
_ADMIN_HINTS = {
    401: "openai-cli key show --admin tells you which key was sent",
    403: "the request takes an admin key with the permission: openai-cli key show --admin",
}
_NO_ADMIN_KEY = (
    "no key was sent: set OPENAI_ADMIN_KEY, or store one with openai-cli key set --admin"
)


def of_status(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    reason: str,
    *,
    with_key: bool = True,
    is_admin: bool = False,
) -> CliError:
    """Return the error for an HTTP response without a complete result.

    `with_key` says whether the request carried a key, and `is_admin` that it takes the admin key.
    """
    if status < 300:
        return BadAnswerError(
            "the server sent only part of an answer, which was not requested"
            if status == 206
            else "the server sent no complete answer",
            status=status,
            request_id=headers.get(REQUEST_ID),
            body=body,
        )
    detail = detail_of(body)
    hints = {**_HINTS, **_ADMIN_HINTS} if is_admin else _HINTS
    if not with_key:
        hints = {**hints, 401: _NO_ADMIN_KEY if is_admin else _NO_KEY}
    problem = detail.message or reason or "the server gave no reason"
    if 300 <= status < 400:
        problem = f"the server redirects to {headers.get('location', 'nowhere')}"
    return _class_of(status)(
        problem,
        status=status,
        parameter=detail.parameter,
        request_id=headers.get(REQUEST_ID),
        hint="check --base-url: redirects are not followed" if status < 400 else hints.get(status),
        body=body,
    )


def of_error(error: Any, request_id: str | None, body: bytes) -> CliError:
    """Return the error for an error object in a stream's event or in the body of a 200 response."""
    detail = detail_of_value(error)
    status = detail.status or next(
        (_STATUS_OF_NAME[name] for name in detail.names if name in _STATUS_OF_NAME), 500
    )
    return _class_of(status)(
        detail.message or "the server reports an error and gives no reason",
        parameter=detail.parameter,
        code=detail.code,
        request_id=request_id,
        hint=_HINTS.get(status),
        body=body,
    )


def add_base_url_hint(error: CliError, base_url: str) -> None:
    """Suggest /v1 if the base URL has no version and the response looks like a wrong path.

    That is a 404 or 405, an HTML page, or LM Studio's "unexpected endpoint" with status 200.
    """
    is_page = error.status is None and (error.body or b"").lstrip()[:1] == b"<"
    is_elsewhere = error.status in (404, 405) or "unexpected endpoint" in error.problem.lower()
    if (is_page or is_elsewhere) and not has_version(base_url):
        error.add_hint(f"most base URLs end in /v1: --base-url {joined(base_url, '/v1')}")


def _class_of(status: int) -> type[CliError]:
    if status in (401, 403):
        return CredentialError
    if status == 429:
        return RateLimitError
    return BadAnswerError if status >= 500 or status == 408 else RefusedError
