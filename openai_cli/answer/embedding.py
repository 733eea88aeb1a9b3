"""The response of POST /embeddings."""

import struct
from collections.abc import Mapping
from typing import Any

from openai_cli.answer.base import Answer
from openai_cli.answer.encoded import decoded
from openai_cli.answer.shape import are_finite, as_objects, misshapen
from openai_cli.errors import BadAnswerError
from openai_cli.records import mutable_record


@mutable_record
class Embeddings(Answer):
    """A response with one vector for each of the `expected` inputs; the vectors are not kept."""

    largest = 512 * 1024 * 1024
    has_many_numbers = True

    expected: int = 1

    def check(self, body: dict[str, Any]) -> None:
        found = vectors(body)
        if len(found) != self.expected:
            raise misshapen(f"it has {len(found)} vectors for {self.expected} inputs")
        if not all(map(are_finite, found)):
            raise _no_numbers()


def inputs_of(body: Mapping[str, Any]) -> int:
    """Return the number of inputs of a request: one text or one array of token ids is one."""
    given = body.get("input")
    return len(given) if isinstance(given, list) and given and type(given[0]) is not int else 1


def vectors(body: dict[str, Any]) -> list[list[float]]:
    """Return the vectors in the order of the inputs; BadAnswerError if the shape is wrong.

    Whether they have numbers alone is left to `Embeddings.check`, which takes as long as the rest.
    """
    data = as_objects(body.get("data"), "data")
    places = [item.get("index", place) for place, item in enumerate(data)]
    if any(type(place) is not int for place in places) or sorted(places) != [*range(len(data))]:
        raise misshapen("the indexes of the vectors do not match the inputs")
    found: list[list[float]] = [[]] * len(data)
    for place, item in zip(places, data, strict=True):
        found[place] = _vector(item.get("embedding"))
    return found


def _vector(value: Any) -> list[float]:
    """Return a vector, from an array or from base64 of little-endian 32-bit floats."""
    if isinstance(value, str):
        data = decoded(value, "an embedding")
        if len(data) % 4:
            raise misshapen("an embedding is not base64 of 32-bit floats")
        value = list(struct.unpack(f"<{len(data) // 4}f", data))
    if not isinstance(value, list):
        raise _no_numbers()
    return value


def _no_numbers() -> BadAnswerError:
    return misshapen("an embedding is not an array of numbers")
