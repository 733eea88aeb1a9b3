"""GET and DELETE /models: a few of the existing models, by name only."""

from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, Json, json_response
from openai_cli.sandbox.refusals import Refusal

MODELS = ("gpt-6-luna", "gpt-6-sol", "gpt-3.5-turbo-instruct")

# The prefix of fine-tuned models; any name with it exists until it is deleted.
TUNED = "ft:"


def list_models(_request: ApiRequest) -> HttpResponse:
    """GET /models."""
    return json_response({"object": "list", "data": [_model(name) for name in MODELS]})


def retrieve_model(request: ApiRequest) -> HttpResponse:
    """GET /models/ID."""
    return json_response(_model(_known(request)))


def delete_model(request: ApiRequest) -> HttpResponse:
    """DELETE /models/ID, for fine-tuned models."""
    name = _known(request)
    if not name.startswith(TUNED):
        raise Refusal(
            "You have insufficient permissions for this operation. Missing scopes: "
            "api.model.delete.",
            status=403,
        )
    request.store.deleted_models.put(name, name, len(name))
    return json_response({"id": name, "object": "model", "deleted": True})


def _known(request: ApiRequest) -> str:
    name = request.parameters["id"]
    is_deleted = name in request.store.deleted_models.all
    if (name in MODELS or name.startswith(TUNED)) and not is_deleted:
        return name
    raise Refusal(
        f"The model '{name}' does not exist", status=404, param="model", code="model_not_found"
    )


def _model(name: str) -> Json:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "sandbox"}
