"""The official package's typed request parameters, made strict, to judge what we send."""

import collections.abc
import types
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from openai.types import completion_create_params as complete_params
from openai.types import (
    embedding_create_params,
    file_create_params,
    file_list_params,
    image_create_variation_params,
    image_edit_params,
    image_generate_params,
    moderation_create_params,
)
from openai.types.audio import (
    speech_create_params,
    transcription_create_params,
    translation_create_params,
)
from openai.types.chat import completion_create_params as chat_params
from openai.types.responses import input_token_count_params as count_params
from openai.types.responses import response_create_params, response_retrieve_params
from pydantic import TypeAdapter
from typing_extensions import TypedDict, is_typeddict


@dataclass(frozen=True)
class Endpoint:
    """The parameters of an endpoint, for whole and for streamed answers."""

    whole: Any
    streaming: Any

    @property
    def properties(self) -> set[str]:
        return {*get_type_hints(self.whole), *get_type_hints(self.streaming)}

    @cached_property
    def _adapters(self) -> dict[bool, TypeAdapter[Any]]:
        return {
            False: TypeAdapter(_strict(self.whole)),
            True: TypeAdapter(_strict(self.streaming)),
        }

    def check(self, body: dict[str, Any]) -> None:
        """Raise ValidationError for a body that the package's types do not allow."""
        self._adapters[body.get("stream") is True].validate_python(body)


CHAT = Endpoint(
    chat_params.CompletionCreateParamsNonStreaming, chat_params.CompletionCreateParamsStreaming
)
COMPLETE = Endpoint(
    complete_params.CompletionCreateParamsNonStreaming,
    complete_params.CompletionCreateParamsStreaming,
)

RESPOND = Endpoint(
    response_create_params.ResponseCreateParamsNonStreaming,
    response_create_params.ResponseCreateParamsStreaming,
)
SHOW = Endpoint(
    response_retrieve_params.ResponseRetrieveParamsNonStreaming,
    response_retrieve_params.ResponseRetrieveParamsStreaming,
)
TRANSCRIBE = Endpoint(
    transcription_create_params.TranscriptionCreateParamsNonStreaming,
    transcription_create_params.TranscriptionCreateParamsStreaming,
)
GENERATE = Endpoint(
    image_generate_params.ImageGenerateParamsNonStreaming,
    image_generate_params.ImageGenerateParamsStreaming,
)
EDIT = Endpoint(
    image_edit_params.ImageEditParamsNonStreaming, image_edit_params.ImageEditParamsStreaming
)


def _unstreamed(params: Any) -> Endpoint:
    return Endpoint(params, params)


COUNT = _unstreamed(count_params.InputTokenCountParams)
EMBED = _unstreamed(embedding_create_params.EmbeddingCreateParams)
MODERATE = _unstreamed(moderation_create_params.ModerationCreateParams)
TRANSLATE = _unstreamed(translation_create_params.TranslationCreateParams)
SPEAK = _unstreamed(speech_create_params.SpeechCreateParams)
VARY = _unstreamed(image_create_variation_params.ImageCreateVariationParams)
LIST = _unstreamed(file_list_params.FileListParams)
UPLOAD = _unstreamed(file_create_params.FileCreateParams)


def _strict(annotation: Any) -> Any:
    """Turn iterables into lists, as pydantic checks an iterable only when it is iterated.

    Typed dictionaries then reject unknown keys, and no value is coerced.
    """
    if is_typeddict(annotation):
        return _strict_dict(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is None or origin is Literal:
        return annotation
    strict = tuple(_strict(argument) for argument in arguments)
    if origin in (collections.abc.Iterable, collections.abc.Sequence):
        return list.__class_getitem__(strict)
    if origin in (Union, types.UnionType):
        return Union[strict]  # noqa: UP007 - of a tuple
    return origin[strict if len(strict) > 1 else strict[0]]


@lru_cache
def _strict_dict(typed: Any) -> Any:
    make: Any = TypedDict
    hints = get_type_hints(typed, include_extras=True)
    strict = make(
        typed.__name__, {key: _strict(value) for key, value in hints.items()}, total=False
    )
    strict.__pydantic_config__ = {"extra": "forbid", "strict": True}
    return strict
