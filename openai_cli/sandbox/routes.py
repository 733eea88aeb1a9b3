"""The endpoints: method and path, the schema of the request, and what answers it."""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any
from urllib.parse import unquote

from openai_cli.sandbox.exchange import ApiRequest, HttpResponse
from openai_cli.sandbox.rules import check_chat, check_completion

ROOT = "/v1"


class Route:
    """An endpoint. `path` is below the root; `{name}` in it stands for what has no slash.

    `handler` is `module.function` of this package, imported when first asked. `schema` is that of a
    JSON body, `form` that of a multipart form; an endpoint has one, both, or no body at all. With
    `takes_ticket` a URL that has been handed out needs no key.
    """

    def __init__(
        self,
        method: str,
        path: str,
        handler: str,
        *,
        schema: str | None = None,
        form: str | None = None,
        rules: Callable[[Mapping[str, Any]], None] = lambda _body: None,
        takes_ticket: bool = False,
    ) -> None:
        self.method = method
        self.takes_ticket = takes_ticket
        self.schema = schema
        self.form = form
        self.rules = rules
        self._handler = handler
        self._pattern = re.compile(ROOT + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def parameters(self, path: str) -> dict[str, str] | None:
        """What the names in the path stand for; None where the path is another."""
        found = self._pattern.fullmatch(path)
        return found and {name: unquote(text) for name, text in found.groupdict().items()}

    @cached_property
    def answer(self) -> Callable[[ApiRequest], HttpResponse]:
        """The function that answers it."""
        module, _, name = self._handler.partition(".")
        answer: Callable[[ApiRequest], HttpResponse] = getattr(
            import_module(f"openai_cli.sandbox.{module}"), name
        )
        return answer


ROUTES = (
    Route(
        "POST",
        "/chat/completions",
        "chat.create_chat_completion",
        schema="CreateChatCompletionRequest",
        rules=check_chat,
    ),
    Route(
        "POST",
        "/completions",
        "completions.create_completion",
        schema="CreateCompletionRequest",
        rules=check_completion,
    ),
    Route("POST", "/responses", "responses.create_response", schema="CreateResponse"),
    Route(
        "POST",
        "/responses/input_tokens",
        "input_tokens.count_input_tokens",
        schema="TokenCountsBody",
    ),
    Route("GET", "/responses/{id}", "responses.get_response"),
    Route("POST", "/responses/{id}/cancel", "responses.cancel_response"),
    Route("DELETE", "/responses/{id}", "responses.delete_response"),
    Route("POST", "/embeddings", "embeddings.create_embedding", schema="CreateEmbeddingRequest"),
    Route(
        "POST", "/moderations", "moderations.create_moderation", schema="CreateModerationRequest"
    ),
    Route(
        "POST",
        "/audio/transcriptions",
        "transcriptions.create_transcription",
        form="CreateTranscriptionRequest",
    ),
    Route(
        "POST",
        "/audio/translations",
        "transcriptions.create_translation",
        form="CreateTranslationRequest",
    ),
    Route("POST", "/audio/speech", "speech.create_speech", schema="CreateSpeechRequest"),
    Route("POST", "/images/generations", "images.create_image", schema="CreateImageRequest"),
    Route(
        "POST",
        "/images/edits",
        "images.create_image_edit",
        schema="EditImageBodyJsonParam",
        form="CreateImageEditRequest",
    ),
    Route(
        "POST",
        "/images/variations",
        "images.create_image_variation",
        form="CreateImageVariationRequest",
    ),
    Route("GET", "/images/{kind}/{size}", "images.get_image", takes_ticket=True),
    Route("GET", "/models", "models.list_models"),
    Route("GET", "/models/{id}", "models.retrieve_model"),
    Route("DELETE", "/models/{id}", "models.delete_model"),
    Route("GET", "/files", "files.list_files"),
    Route("POST", "/files", "files.create_file", form="CreateFileRequest"),
    Route("GET", "/files/{id}", "files.retrieve_file"),
    Route("GET", "/files/{id}/content", "files.download_file"),
    Route("DELETE", "/files/{id}", "files.delete_file"),
)


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The endpoint of a method and a path, and what the names in its path stand for."""
    for route in ROUTES:
        if route.method == method and (parameters := route.parameters(path)) is not None:
            return route, parameters
    return None


def allowed_methods(path: str) -> list[str]:
    """The methods that a path takes; none where there is no such path."""
    return [route.method for route in ROUTES if route.parameters(path) is not None]
