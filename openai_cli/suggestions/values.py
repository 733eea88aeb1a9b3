"""Suggest what was meant by a value that a flag does not take."""

import shlex
from collections.abc import Sequence

from openai_cli.flags.values import Kind, Object, Structure, TextOrObject
from openai_cli.reading import is_file
from openai_cli.suggestions.flag_synonyms import VALUES
from openai_cli.suggestions.near import did_you_mean

_OF_JSON = (Object, Structure, TextOrObject)


def value_hint(flag: str, kind: Kind, raw: str | Sequence[str]) -> str | None:
    """Return what to type instead of a value that the kind refused, or None if not known.

    `raw` is what was typed: a text, or several for a repeatable flag.
    """
    if not isinstance(kind, _OF_JSON):
        return None
    for piece in [raw] if isinstance(raw, str) else raw:
        if told := VALUES.get((flag, piece)):
            return told
        if hint := file_hint(flag, piece) or _pair_hint(flag, kind, piece):
            return hint
    return None


def file_hint(flag: str, text: str) -> str | None:
    """Return how to read the file with this name, or None if there is none."""
    return f"{flag} @{shlex.quote(text)} reads the file" if is_file(text) else None


def _pair_hint(flag: str, kind: Kind, piece: str) -> str | None:
    """Return a hint with the KEY=VALUE that a lone value or key belongs to, or None."""
    if not isinstance(kind, Object):
        return None
    for key, values in kind.names.items():
        if piece in values:
            return did_you_mean([f"{flag} {key}={piece}"])
        if piece == key:
            return did_you_mean([f"{flag} {key}={values[0] if values else 'VALUE'}"])
    return None
