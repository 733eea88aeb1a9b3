"""POST /moderations: a category is flagged if its name occurs in the text."""

import re
from typing import Any

from openai_cli.sandbox.exchange import ApiRequest, HttpResponse, Json, json_response
from openai_cli.sandbox.refusals import Refusal

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
FLAGGED, CLEAR = 0.9375, 0.0009765625


def create_moderation(request: ApiRequest) -> HttpResponse:
    """Answer a body described by CreateModerationRequest."""
    inputs = _inputs(request.body["input"])
    return json_response(
        {
            "id": f"modr-{request.digest}",
            "model": request.body.get("model", "omni-moderation-latest"),
            "results": [_result(text, kinds) for text, kinds in inputs],
        }
    )


def _inputs(given: Any) -> list[tuple[str, list[str]]]:
    """The text of each input, and its types of content; content parts form one input."""
    if isinstance(given, str):
        given = [given]
    if not given or "" in given:
        raise Refusal("Input is empty.", param="input")
    if isinstance(given[0], str):
        return [(text, ["text"]) for text in given]
    texts = [part["text"] for part in given if part["type"] == "text"]
    kinds = ["text"] * bool(texts) + ["image"] * (len(texts) < len(given))
    return [("\n".join(texts), kinds)]


def _result(text: str, kinds: list[str]) -> Json:
    words = text.lower()
    flags = {name: bool(re.search(rf"\b{name}\b(?!/)", words)) for name in CATEGORIES}
    return {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": {name: FLAGGED if flags[name] else CLEAR for name in CATEGORIES},
        "category_applied_input_types": {name: kinds if flags[name] else [] for name in CATEGORIES},
    }
