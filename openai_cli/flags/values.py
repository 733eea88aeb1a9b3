"""The kinds of flag values: pure parsers from the typed text to a JSON value.

A parser raises ValueError with the end of a sentence ("must be a number from 0 to 2, not 3"), and
the caller puts the parameter's name before it. Types, ranges and counts are those of OpenAI's
published description (openapi.json 2.3.0), and of its prose where the schema has none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol, TypeGuard, TypeVar

from openai_cli.jsontext import Json, json_or_text, parse_json, quoted, utf8
from openai_cli.records import NamedTuple

T = TypeVar("T")
Read = Callable[[str], bytes]

# RFC 8259, section 6, and other ways to type the same number: `+1`, `.7` and `1.`.
_INTEGER = r"[+-]?(?:0|[1-9][0-9]*)"
_NUMBER = rf"(?:{_INTEGER}(?:\.[0-9]*)?|[+-]?\.[0-9]+)(?:[eE][+-]?[0-9]+)?"


class Kind(Protocol):
    """A kind of value. `parse` converts what Typer collected for the flag to JSON.

    `read` returns the contents of `@file` or `@-`; a kind that takes no file ignores it.
    """

    @property
    def metavar(self) -> str: ...

    def parse(self, raw: Any, read: Read) -> Json: ...


class Number(NamedTuple):
    """A JSON number within inclusive bounds."""

    low: float | None = None
    high: float | None = None
    integer: bool = False

    @property
    def metavar(self) -> str:
        return "INT" if self.integer else "NUMBER"

    def parse(self, raw: str, _read: Read | None = None) -> int | float:
        if re.fullmatch(_INTEGER if self.integer else _NUMBER, raw) is None:
            raise ValueError(f"must be {self.described}, not {quoted(raw)}")
        try:
            value = int(raw) if re.fullmatch(_INTEGER, raw) else float(raw)
        except ValueError:  # Python's guard on the digits of an int
            raise ValueError(f"must be {self.described}, not one of {len(raw)} digits") from None
        if not self._holds(value):
            raise ValueError(f"must be {self.described}, not {quoted(raw)}")
        return value

    def check(self, value: Json) -> int | float:
        """Return the value if it is such a number; otherwise raise ValueError."""
        right = isinstance(value, int) if self.integer else isinstance(value, int | float)
        if not right or isinstance(value, bool) or not self._holds(value):
            raise ValueError(f"must be {self.described}, not {quoted(str(value))}")
        return value  # type: ignore[no-any-return]

    def _holds(self, value: float) -> bool:
        above = self.low is None or value >= self.low
        below = self.high is None or value <= self.high
        return above and below and abs(value) != float("inf")

    @property
    def described(self) -> str:
        noun = "an integer" if self.integer else "a number"
        if self.low is not None and self.high is not None:
            return f"{noun} from {self.low} to {self.high}"
        return noun if self.low is None else f"{noun} of at least {self.low}"


class Text(NamedTuple):
    """A string, as typed; `names` are known values, but any other is accepted.

    An empty string is refused unless it `may_be_empty`.
    """

    metavar: str = "TEXT"
    longest: int | None = None
    names: tuple[str, ...] = ()
    may_be_empty: bool = True

    def parse(self, raw: str, _read: Read | None = None) -> str:
        return self.check(raw)

    def check(self, value: Json) -> str:
        if not isinstance(value, str):
            raise ValueError(f"must be a string, not {quoted(str(value))}")
        if not value and not self.may_be_empty:
            raise ValueError("must not be empty")
        if self.longest is not None and len(value) > self.longest:
            raise ValueError(f"must have at most {self.longest} characters, not {len(value)}")
        return value


class PromptText(NamedTuple):
    """The text of a prompt: as typed, `@file`, or `@-` for stdin; see `prompt_text`.

    With `is_input`, for the text of the call, `-` is stdin too.
    """

    metavar: str = "TEXT|@FILE"
    longest: int | None = None
    is_input: bool = False

    def parse(self, raw: str, read: Read) -> str:
        text = prompt_text("@-" if self.is_input and raw == "-" else raw, read)
        return Text(longest=self.longest).check(text)


class Flag(NamedTuple):
    """`--name` is true, `--no-name` is false."""

    metavar: str = ""

    def parse(self, raw: bool, _read: Read) -> bool:
        return raw


class Texts(NamedTuple):
    """An array of strings: the flag repeated, or given once with a JSON array."""

    metavar: str = "TEXT"
    most: int | None = None
    names: tuple[str, ...] = ()

    def parse(self, raw: Sequence[str], _read: Read) -> list[str]:
        values = self._array(raw[0]) if len(raw) == 1 else list(raw)
        _count(values, 1, self.most, "values")
        return values

    def _array(self, raw: str) -> list[str]:
        value: str | list[Json] = json_or_text(raw) if raw.lstrip().startswith("[") else raw
        if isinstance(value, str):
            return [raw]
        if not _all_texts(value):
            raise ValueError(f"must be a text, or a JSON array of strings, not {quoted(raw)}")
        return value


class Structure(NamedTuple):
    """A JSON object, or an array of objects: JSON, `@file`, or `@-` for stdin."""

    shape: type[list[Json]] | type[dict[str, Json]] = list
    metavar: str = "JSON"
    least: int | None = None
    most: int | None = None

    def parse(self, raw: str, read: Read) -> Json:
        value = parse_json(_source(raw, read))
        if not isinstance(value, self.shape) or not _all_objects(value):
            noun = "array of objects" if self.shape is list else "object"
            raise ValueError(f"must be a JSON {noun}, or @file with one")
        _count(value, self.least, self.most, "items")
        return value


class Object(NamedTuple):
    """A JSON object: JSON, `@file`, `@-`, or `key=value`, repeated; a later key wins.

    `outer.inner=value` sets a key of an inner object, unless the API takes a single type of value:
    then `value` checks each of them. Without it, a value is JSON if it parses and otherwise a
    string; the keys in `texts` always have strings. `names` has known values and `ranges` the
    ranges of numbers, both by key.
    """

    metavar: str = "OBJECT"
    value: Number | Text | None = None
    key: Text | None = None
    most: int | None = None
    names: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    texts: tuple[str, ...] = ()
    ranges: Mapping[str, Number] = MappingProxyType({})

    def parse(self, raw: Sequence[str], read: Read) -> dict[str, Json]:
        merged: dict[str, Json] = {}
        for piece in raw:
            _put(merged, self._piece(piece, read), self._reaches_in(piece))
        _count(merged, None, self.most, "keys")
        return merged

    def _reaches_in(self, piece: str) -> bool:
        """Return whether a dot in the key separates it from a key of an inner object."""
        return self.value is None and not piece.startswith(("@", "{"))

    def _piece(self, piece: str, read: Read) -> dict[str, Json]:
        if piece.startswith(("@", "{")):
            found: dict[str, Json] = Structure(dict).parse(piece, read)
            return {self._key(key): self._value(key, value) for key, value in found.items()}
        key, equals, text = piece.partition("=")
        if not equals or not key:
            raise ValueError(
                f"must be a JSON object, @file with one, or key=value, not {quoted(piece)}"
            )
        return {self._key(key): self._typed(key, text)}

    def _key(self, key: str) -> str:
        return _within(f"key {quoted(key)}", self.key.check, key) if self.key else key

    def _value(self, key: str, value: Json) -> Json:
        kind = self.value
        if kind is None and isinstance(value, int | float):
            kind = self.ranges.get(key)
        return _within(f"value of {quoted(key)}", kind.check, value) if kind else value

    def _typed(self, key: str, text: str) -> Json:
        if self.value is not None:
            return _within(f"value of {quoted(key)}", self.value.parse, text)
        return text if key in self.texts else self._value(key, json_or_text(text))


class TextOrObject(NamedTuple):
    """A string or an object: `@file`, and text that starts like JSON and parses, is JSON."""

    metavar: str = "NAME|JSON"
    names: tuple[str, ...] = ()

    def parse(self, raw: str, read: Read) -> Json:
        value = _text_or_structure(raw, read)
        if not isinstance(value, str | dict):
            raise ValueError("must be a string or a JSON object")
        return value


class TextsOrIds(NamedTuple):
    """A prompt of POST /completions: a string, strings, token ids, or arrays of token ids.

    A single value may be JSON, and `-` is stdin; of several values, each is a string. For `@file`
    see `_text_or_json`.
    """

    metavar: str = "TEXT|JSON|@FILE"

    def parse(self, raw: Sequence[str], read: Read) -> Json:
        if len(raw) > 1:
            return [prompt_text(text, read) for text in raw]
        value = _text_or_json(raw[0], read)
        if isinstance(value, str) or self._is_array(value):
            return value
        raise ValueError(
            "must be a string, or a JSON array of strings, of token ids or of arrays of token ids"
        )

    def _is_array(self, value: Json) -> bool:
        return isinstance(value, list) and (
            _all_texts(value)
            or _are_ids(value)
            or all(isinstance(item, list) and item and _are_ids(item) for item in value)
        )


class TextOrItems(NamedTuple):
    """A string or an array of objects or, with `several`, of strings.

    A single value may be JSON, and `-` is stdin; of several values, each is a string. For `@file`
    see `_text_or_json`.
    """

    metavar: str = "TEXT|JSON|@FILE"
    several: bool = False

    def parse(self, raw: Sequence[str], read: Read) -> Json:
        if len(raw) > 1:
            if not self.several:
                raise ValueError("is one string or one JSON array: give it once")
            return [prompt_text(text, read) for text in raw]
        value = _text_or_json(raw[0], read)
        is_items = isinstance(value, list) and bool(value) and _all_objects(value)
        is_texts = isinstance(value, list) and bool(value) and _all_texts(value)
        if isinstance(value, str) or is_items or (self.several and is_texts):
            return value
        arrays = "objects or of strings" if self.several else "objects"
        raise ValueError(f"must be a string, or a JSON array of {arrays}")


def _put(merged: dict[str, Json], piece: dict[str, Json], reaches_in: bool) -> None:
    """Merge the keys into an object; with `reaches_in`, `outer.inner` sets a key of an inner one.

    Raises ValueError if `outer` has a value that is not an object.
    """
    if not reaches_in:
        merged.update(piece)
        return
    for key, value in piece.items():
        *outer, last = key.split(".") if _has_steps(key) else [key]
        at = merged
        for step in outer:
            at = at.setdefault(step, {})
            if not isinstance(at, dict):
                raise ValueError(f"has a {quoted(step)} that is not an object, and {quoted(key)}")
        at[last] = value


def _has_steps(key: str) -> bool:
    return "" not in key.split(".")


def _all_texts(value: list[Json]) -> TypeGuard[list[str]]:
    return all(isinstance(item, str) for item in value)


def _all_objects(value: list[Json] | dict[str, Json]) -> bool:
    return isinstance(value, dict) or all(isinstance(item, dict) for item in value)


def _are_ids(value: list[Json]) -> bool:
    return all(type(item) is int for item in value)


def prompt_text(raw: str, read: Read) -> str:
    """Return the text of a prompt that was given for a flag.

    `@file` is the file's text, byte for byte, and `@-` that of stdin without one final newline;
    `@@…` is a text that begins with `@`. Raises ValueError if it is not UTF-8.
    """
    if raw.startswith("@@") or not raw.startswith("@"):
        return raw[1:] if raw.startswith("@@") else raw
    text = utf8(read(raw[1:]))
    return without_final_newline(text) if raw == "@-" else text


def without_final_newline(text: str) -> str:
    """Remove one final newline, which `echo` and editors add."""
    return text.removesuffix("\n")


def _source(raw: str, read: Read) -> str | bytes:
    if raw.startswith("@"):
        return read(raw[1:])
    return read("-") if raw == "-" else raw


def _text_or_json(raw: str, read: Read) -> Json:
    """Parse a value that may be structured: JSON if it is, otherwise the text of a prompt.

    The contents of a file are treated like a typed value, but a file named .json must be JSON, so
    that a mistake in it does not turn it into text. `-` is always the text of stdin.
    """
    if raw == "-":
        return prompt_text("@-", read)
    if raw.startswith("@") and raw.endswith(".json") and not raw.startswith("@@"):
        return parse_json(read(raw[1:]))
    text = prompt_text(raw, read)
    if raw.startswith("@@") or not text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return text
    value = json_or_text(text.removeprefix("\ufeff"))
    return text if isinstance(value, str) else value


def _text_or_structure(raw: str, read: Read) -> Json:
    if raw.startswith("@"):
        return parse_json(read(raw[1:]))
    return json_or_text(raw) if raw.lstrip().startswith(("{", "[")) else raw


def _count(
    values: Sequence[Json] | dict[str, Json], least: int | None, most: int | None, noun: str
) -> None:
    if most is not None and len(values) > most:
        raise ValueError(f"takes at most {most} {noun}, not {len(values)}")
    if least is not None and len(values) < least:
        raise ValueError(f"takes at least {least} {noun.rstrip('s') if least == 1 else noun}")


def _within(where: str, check: Callable[[Json], T], value: Json) -> T:
    try:
        return check(value)
    except ValueError as error:
        raise ValueError(f"has a {where} that {error}") from None
