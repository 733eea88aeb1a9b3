"""The `openai` package's client, whose answers are checked strictly against their types."""

from collections.abc import Iterator
from typing import Any

import openai
from openai import BaseModel
from openai._base_client import BasePage
from pydantic import TypeAdapter


class Client(openai.OpenAI):
    """A client that keeps the last answer as it came, and its type."""

    last: tuple[Any, str] = (None, "")

    def request(self, cast_to: Any, options: Any, **more: Any) -> Any:
        self._asked_for = cast_to
        return super().request(cast_to, options, **more)

    def _process_response(self, *, response: Any, **more: Any) -> Any:
        if not more.get("stream"):
            response.read()
            self.last = (more["cast_to"], response.text if _is_json(response) else "")
        return super()._process_response(response=response, **more)


def _is_json(response: Any) -> bool:
    return "json" in response.headers.get("content-type", "")


# Properties of responses that the type lacks, one of which marks them as made up.
OF_RESPONSES = {".store", ".system_fingerprint"}


def held(kind: Any, text: str) -> Any:
    """Parse the answer strictly by its type; reject extra properties, which a client accepts."""
    made = TypeAdapter(kind).validate_json(text, strict=True)
    # The type of a page leaves out the page's own properties.
    unknown = [] if isinstance(made, BasePage) else _unknown(made, "")
    unknown = {*unknown, *_unknown(getattr(made, "data", None), ".data")} - OF_RESPONSES
    assert not unknown, f"{kind.__name__} has no {sorted(unknown)}"
    return made


def _unknown(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from _unknown(item, f"{path}[]")
