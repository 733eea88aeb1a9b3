"""A request in, an answer out: routing, the key, the body, the checks. No sockets."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.sandbox import chat, completions, input_tokens
from openai_cli.sandbox.checks import check
from openai_cli.sandbox.exchange import CREATED, Reply, Request, parse_json, whole
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.replies import Replies
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
NO_REPLIES = Replies()
METHODS = {"/v1/models": "GET", **dict.fromkeys(ENDPOINTS, "POST")}


def respond(
    method: str, path: str, authorization: str, content: bytes, replies: Replies = NO_REPLIES
) -> Reply:
    """The answer to a request; a Refusal becomes the API's error body.

    `path` has no query; `authorization` is the header's value, empty where there is none.
    """
    try:
        return _respond(method, path, authorization, content, replies)
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


def _respond(method: str, path: str, authorization: str, content: bytes, replies: Replies) -> Reply:
    _check_route(method, path, replies)
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refusal(NO_KEY, status=401)
    endpoint = ENDPOINTS.get(path)
    if endpoint is None:
        fixed = replies.find(path, _parsed(content) if content else None)
        if isinstance(fixed, Reply):
            return fixed
        _check_route(method, path, NO_REPLIES)
        return _models()
    body = _parsed(content)
    check(body, endpoint.schema)
    endpoint.rules(body)
    fixed = replies.find(path, body)
    if isinstance(fixed, Reply):
        return fixed
    return endpoint.answer(Request(body, _digest(method, path, content), fixed))


def _check_route(method: str, path: str, replies: Replies) -> None:
    """Refuse a path that there is not, unless fixed answers have it, and a method not for it."""
    if path not in METHODS and not replies.serves(path):
        raise Refusal(f"Invalid URL ({method} {path})", status=404)
    if method != METHODS.get(path, method):
        hint = "(HINT: Perhaps you meant to use a different HTTP method?)"
        raise Refusal(f"Not allowed to {method} on {path}. {hint}", status=405)


def _models() -> Reply:
    return whole({"object": "list", "data": [_model(name) for name in MODELS]})


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "sandbox"}


def _digest(method: str, path: str, content: bytes) -> str:
    return hashlib.sha256(f"{method} {path}\n".encode() + content).hexdigest()[:32]


def _parsed(content: bytes) -> dict[str, Any]:
    """The body as an object of finite numbers."""
    try:
        body = parse_json(content)
    except ValueError:
        raise Refusal(NOT_JSON) from None
    if not isinstance(body, dict):
        raise Refusal(NOT_JSON)
    return body
