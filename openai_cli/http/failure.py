"""What a server says when it fails, made a CliError: by status, and by the many forms of body."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openai_cli.errors import (
    BadAnswerError,
    CliError,
    CredentialError,
    RateLimitError,
    RefusedError,
)

REQUEST_ID = "x-request-id"
# In characters: the API's longest known message, that of a missing key, has 443.
_LONGEST = 1000

# The API's error types and codes where an error comes without a status: in a stream, in a batch.
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
    # Of the ResponseErrorCode of the published description those that a request is to blame for.
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
    401: "openai-cli key show tells which key was sent",
    403: "the key may not do this: check its project and permissions",
    404: "check the model or the id, and --base-url",
    413: "send less: the request is too large",
    429: "wait, or look at the limits and the billing of your project",
}


@dataclass(frozen=True)
class Detail:
    """What an error body says: `names` are its type and its code."""

    message: str = ""
    parameter: str | None = None
    names: tuple[str, ...] = ()
    status: int | None = None


def of_status(status: int, headers: Mapping[str, str], body: bytes, reason: str) -> CliError:
    """The failure that an HTTP answer of 3xx, 4xx or 5xx tells of."""
    detail = _detail(body)
    problem = detail.message or reason or "the server gave no reason"
    if 300 <= status < 400:
        problem = f"the server redirects to {headers.get('location', 'nowhere')}"
    return _class_of(status)(
        problem,
        status=status,
        parameter=detail.parameter,
        request_id=headers.get(REQUEST_ID),
        hint="check --base-url: redirects are not followed" if status < 400 else _HINTS.get(status),
        body=body,
    )


def of_error(error: Any, request_id: str | None, body: bytes) -> CliError:
    """The failure that an error object tells of, in an event of a stream or in a body of 200."""
    detail = _of_value(error)
    status = detail.status or next(
        (_STATUS_OF_NAME[name] for name in detail.names if name in _STATUS_OF_NAME), 500
    )
    return _class_of(status)(
        detail.message or "the server reports an error and gives no reason",
        parameter=detail.parameter,
        request_id=request_id,
        hint=_HINTS.get(status),
        body=body,
    )


def _class_of(status: int) -> type[CliError]:
    if status in (401, 403):
        return CredentialError
    if status == 429:
        return RateLimitError
    return BadAnswerError if status >= 500 or status == 408 else RefusedError


def _detail(body: bytes) -> Detail:
    import json

    text = body.decode(errors="replace").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return Detail(_prose(text))
    if isinstance(value, dict):
        for key in ("error", "detail", "message"):
            if value.get(key):
                return _of_value(value[key])
    return Detail(_prose(text))


def _of_value(error: Any) -> Detail:
    """`{"message": …, "type": …, "param": …, "code": …}`, a text, or FastAPI's list of problems."""
    while isinstance(error, dict) and isinstance(error.get("error"), dict | str):
        error = error["error"]
    if isinstance(error, str):
        return Detail(_prose(error))
    if isinstance(error, list):
        problems = [_of_value(item).message for item in error if isinstance(item, dict | str)]
        return Detail(_cut("; ".join(problems)))
    if not isinstance(error, dict):
        return Detail()
    message = error.get("message") or error.get("msg") or error.get("detail") or ""
    if isinstance(where := error.get("loc"), list):
        message = f"{'.'.join(str(part) for part in where)}: {message}"
    param, code = error.get("param"), error.get("code")
    names = (code, error.get("type"))
    return Detail(
        message=_cut(str(message)),
        parameter=param if isinstance(param, str) and param else None,
        names=tuple(name for name in names if isinstance(name, str)),
        status=_status(code) or _status(error.get("status")),
    )


def _status(code: Any) -> int | None:
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code[:4])
    return code if isinstance(code, int) and 300 <= code < 600 else None


def _prose(text: str) -> str:
    """Plain text as it is; of HTML its title, else its text. Linear, whatever the text is."""
    if text.startswith("<"):
        tags = text.split("<")
        titles = (tag.partition(">")[2] for tag in tags if tag[:5].lower() == "title")
        text = next(titles, "") or " ".join(tag.partition(">")[2] for tag in tags)
    return _cut(" ".join(text.split()))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
