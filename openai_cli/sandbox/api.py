"""A request in, an answer out: routing, the key, the body, the checks. No sockets."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.sandbox import chat, completions, input_tokens
from openai_cli.sandbox.checks import check
from openai_cli.sandbox.exchange import CREATED, Reply, Request, whole
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.rules import check_chat, check_completion

MODELS = ("gpt-6-luna", "gpt-6-sol", "gpt-3.5-turbo-instruct")

NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank "
    "username) if you're accessing the API from your browser and are prompted for a username and "
    "password. You can obtain an API key from https://platform.openai.com/account/api-keys."
)
NOT_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using "
    "your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not "
    "valid JSON. If you have trouble figuring out how to fix this, please contact us through our "
    "help center at help.openai.com.)"
)


@dataclass(frozen=True)
class _Endpoint:
    schema: str
    rules: Callable[[Mapping[str, Any]], None]
    answer: Callable[[Request], Reply]


def _no_rules(_body: Mapping[str, Any]) -> None:
    """Nothing beyond the schema."""


ENDPOINTS = {
    "/v1/chat/completions": _Endpoint("CreateChatCompletionRequest", check_chat, chat.answer),
    "/v1/completions": _Endpoint("CreateCompletionRequest", check_completion, completions.answer),
    "/v1/responses/input_tokens": _Endpoint("TokenCountsBody", _no_rules, input_tokens.answer),
}
METHODS = {"/v1/models": "GET", **dict.fromkeys(ENDPOINTS, "POST")}


def respond(method: str, path: str, authorization: str, content: bytes) -> Reply:
    """The answer to a request; a Refusal becomes the API's error body.

    `path` has no query; `authorization` is the header's value, empty where there is none.
    """
    try:
        return _respond(method, path, authorization, content)
    except Refusal as refusal:
        return refused(refusal)
    except UsageError as error:
        # The tokenizer's: a token that the encoding does not have, a text that it cannot split.
        return refused(Refusal(f"Invalid request: {error.problem}."))
    except RecursionError:
        return refused(Refusal(NOT_JSON))


def refused(refusal: Refusal) -> Reply:
    """A refusal as an answer."""
    return whole(refusal.body, refusal.status)


def request_id(method: str, path: str, content: bytes) -> str:
    """The id of a request: of its bytes, so that the same request has the same."""
    return f"req_{_digest(method, path, content)}"


def _respond(method: str, path: str, authorization: str, content: bytes) -> Reply:
    if path not in METHODS:
        raise Refusal(f"Invalid URL ({method} {path})", status=404)
    if method != METHODS[path]:
        hint = "(HINT: Perhaps you meant to use a different HTTP method?)"
        raise Refusal(f"Not allowed to {method} on {path}. {hint}", status=405)
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refusal(NO_KEY, status=401)
    if path not in ENDPOINTS:
        return whole({"object": "list", "data": [_model(name) for name in MODELS]})
    endpoint = ENDPOINTS[path]
    body = _parsed(content)
    check(body, endpoint.schema)
    endpoint.rules(body)
    return endpoint.answer(Request(body, _digest(method, path, content)))


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "sandbox"}


def _digest(method: str, path: str, content: bytes) -> str:
    return hashlib.sha256(f"{method} {path}\n".encode() + content).hexdigest()[:32]


def _parsed(content: bytes) -> dict[str, Any]:
    """The body as an object of finite numbers."""
    try:
        body = json.loads(content, parse_constant=_finite, parse_float=_finite)
    except ValueError:
        raise Refusal(NOT_JSON) from None
    if not isinstance(body, dict):
        raise Refusal(NOT_JSON)
    return body


def _finite(text: str) -> float:
    """The number; NaN, Infinity and 1e999 are none in JSON, or none that a float can have."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
