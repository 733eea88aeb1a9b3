"""The endpoints with handlers of their own, and how to find one; table.py has the others."""

import re
from collections.abc import Iterator

from openai_cli.sandbox.route import ROOT, Route
from openai_cli.sandbox.rules import check_chat, check_completion

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
    Route("GET", "/responses/{response_id}", "stored_responses.get_response"),
    Route("POST", "/responses/{response_id}/cancel", "stored_responses.cancel_response"),
    Route("DELETE", "/responses/{response_id}", "stored_responses.delete_response"),
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
    """The endpoint for a method and a path, and the values of its path parameters.

    `?beta=true` after the path selects the endpoint's beta edition, if it has one.
    """
    for place in dict.fromkeys((path, path.partition("?")[0])):
        for route in _routes_near(place):
            if route.method == method and (parameters := route.parameters(place)) is not None:
                return route, parameters
    return None


def allowed_methods(path: str) -> list[str]:
    """The methods that a path accepts; none if there is no such path."""
    found = (route.method for route in _routes_near(path) if route.parameters(path) is not None)
    return list(dict.fromkeys(found))


def _routes_near(path: str) -> Iterator[Route]:
    """Endpoints that may match a path, those with a handler of their own first."""
    yield from ROUTES
    from openai_cli.sandbox.table import routes_of  # not needed for those in ROUTES

    group = re.match(f"{ROOT}/([a-z_]+)", path)
    yield from routes_of(group[1]) if group else ()
