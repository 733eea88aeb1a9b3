"""Kinds of values that may have several types, as they occur in the table of operations."""

from collections.abc import Sequence

from openai_cli.flags.values import Number, Read
from openai_cli.jsontext import Json, json_or_text, parse_json, quoted
from openai_cli.records import NamedTuple


class Numbers(NamedTuple):
    """An array of numbers: the flag repeated, or given once with a JSON array."""

    each: Number = Number()
    most: int | None = None

    @property
    def metavar(self) -> str:
        return self.each.metavar

    def parse(self, raw: Sequence[str], read: Read) -> list[int | float]:
        if len(raw) == 1 and raw[0].lstrip().startswith("["):
            values = [self.each.check(value) for value in parse_json(raw[0])]
        else:
            values = [self.each.parse(text, read) for text in raw]
        if self.most is not None and len(values) > self.most:
            raise ValueError(f"takes at most {self.most} values, not {len(values)}")
        return values


class TextOrScalar(NamedTuple):
    """A boolean, a number or a string: the first of these that the typed value can be."""

    types: tuple[str, ...] = ("integer", "string")
    names: tuple[str, ...] = ()

    @property
    def metavar(self) -> str:
        nouns = {"integer": "INT", "number": "NUMBER", "boolean": "true|false"}
        return "|".join([*(nouns[kind] for kind in self.types if kind in nouns), "TEXT"])

    def parse(self, raw: str, _read: Read) -> Json:
        if "boolean" in self.types and raw in ("true", "false"):
            return raw == "true"
        try:
            if "number" in self.types or "integer" in self.types:
                return Number(integer="number" not in self.types).parse(raw)
        except ValueError:
            if "string" not in self.types:
                raise
        return raw


class AnyJson(NamedTuple):
    """Any JSON: as typed, `@file`, or `@-` for stdin.

    With `is_text_too`, what is not JSON is a string. With `is_array`, it must be an array.
    """

    is_text_too: bool = False
    is_array: bool = False

    @property
    def metavar(self) -> str:
        return "TEXT|JSON" if self.is_text_too else "JSON"

    def parse(self, raw: str, read: Read) -> Json:
        if raw.startswith("@") and not raw.startswith("@@"):
            value = parse_json(read(raw[1:]))
        elif self.is_text_too:
            value = json_or_text(raw.removeprefix("@") if raw.startswith("@@") else raw)
        else:
            value = parse_json(raw)
        if self.is_array and not isinstance(value, list):
            raise ValueError(f"must be a JSON array, not {quoted(raw)}")
        return value


class FileOrJson(NamedTuple):
    """A file's path, or an object that identifies a file, which begins with `{`."""

    metavar: str = "FILE|JSON"

    def parse(self, raw: str, _read: Read) -> Json:
        return parse_json(raw) if raw.lstrip().startswith("{") else raw
