"""GET /models: some of the models that there are, by their names alone."""

from openai_cli.sandbox.exchange import CREATED, Json, Reply, Request, whole

MODELS = ("gpt-6-luna", "gpt-6-sol", "gpt-3.5-turbo-instruct")


def list_all(_request: Request) -> Reply:
    """GET /models."""
    return whole({"object": "list", "data": [_model(name) for name in MODELS]})


def _model(name: str) -> Json:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "sandbox"}
