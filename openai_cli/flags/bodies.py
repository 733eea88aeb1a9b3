"""Check a request body against its endpoint's flags, with the same types and ranges."""

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

# Kinds whose flag can be repeated, so that its unparsed value is a list.
_REPEATED = (Object, Texts, TextsOrIds, TextOrItems)


def value_faults(
    body: Mapping[str, Any], parameters: Mapping[str, ApiParameter]
) -> Iterator[tuple[str, str]]:
    """Yield the name and the error of each value that its flag would not accept.

    `parameters` are those of the command, by API name. Null values are not checked.
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
    """Yield the properties that no flag of the command sets, each with a suggestion or None."""
    for name in body:
        if name not in parameters:
            near = get_close_matches(name, parameters, n=1)
            yield name, near[0] if near else None


def _check(kind: Kind, value: Any) -> None:
    """Raise ValueError for a value that the kind does not accept."""
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
