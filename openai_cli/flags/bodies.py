"""A request body held against the flags of its endpoint's command: the same types and ranges."""

import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from openai_cli.flags.parameter import ApiParameter
from openai_cli.flags.values import (
    Flag,
    Kind,
    Number,
    Object,
    PromptText,
    Structure,
    Text,
    TextOrItems,
    Texts,
    TextsOrIds,
)

# Kinds whose flag is repeated, so that what is typed for it is a list.
_REPEATED = (Object, Texts, TextsOrIds, TextOrItems)


def value_faults(
    body: Mapping[str, Any], parameters: Mapping[str, ApiParameter]
) -> Iterator[tuple[str, str]]:
    """The parameters whose values their flags would not take, each with what is wrong.

    `parameters` are those of the command, by the API's names. What is null is not checked.
    """
    for name, value in body.items():
        if value is not None and (parameter := parameters.get(name)) is not None:
            try:
                _check(parameter.kind, value)
            except ValueError as error:
                yield name, str(error)


def unknown_names(
    body: Mapping[str, Any], parameters: Mapping[str, ApiParameter]
) -> Iterator[tuple[str, str | None]]:
    """The properties that no flag of the command has, each with the one that may be meant."""
    for name in body:
        if name not in parameters:
            near = get_close_matches(name, parameters, n=1)
            yield name, near[0] if near else None


def _check(kind: Kind, value: Any) -> None:
    """ValueError for a value that the kind does not take."""
    if isinstance(kind, Flag):
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
    elif isinstance(kind, Number | Text):
        kind.check(value)
    elif isinstance(kind, PromptText):
        Text(longest=kind.longest).check(value)
    elif isinstance(value, str):
        if isinstance(kind, Structure | Object):
            raise ValueError("must be an array or an object, not a string")
    else:
        typed = json.dumps(value)
        if isinstance(kind, Structure | Object) and not isinstance(value, dict | list):
            raise ValueError("must be an array or an object")
        kind.parse([typed] if isinstance(kind, _REPEATED) else typed, _no_file)


def _no_file(path: str) -> bytes:
    raise ValueError(f"names a file, '{path}'")
