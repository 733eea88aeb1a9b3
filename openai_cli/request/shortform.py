"""Parse the short form of a JSON Schema: `name, age int, tags [str], address {city, zip}`.

Fields are separated by commas. A field is a name and a type, which defaults to a string. A type is
`str`, `int`, `float` or `bool`, or their names in JSON Schema, `[TYPE]` for a list, or `{…}` for an
object with fields of its own.
"""

import re
from typing import Any

Schema = dict[str, Any]

TYPES = {
    "str": "string",
    "string": "string",
    "int": "integer",
    "integer": "integer",
    "float": "number",
    "number": "number",
    "bool": "boolean",
    "boolean": "boolean",
}

# Far more than the ten levels that the API takes, and far less than would exhaust the stack.
_DEEPEST = 50
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[\w$][\w$-]*")


def schema_of(text: str) -> Schema:
    """Return the JSON Schema for a short form; the ValueError says what is wrong, and where."""
    parser = _Parser(text)
    found = parser.fields(0)
    if not parser.is_at_end:
        raise parser.expected("a comma between two fields")
    return found


class _Parser:
    """A parser for one text; `_at` is the current position."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._skip_space()

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._text)

    def fields(self, depth: int) -> Schema:
        """Parse comma-separated fields into an object schema."""
        if depth > _DEEPEST:
            raise ValueError("nests too deep")
        properties: dict[str, Schema] = {}
        while True:
            begin = self._at
            name = self._word("the name of a field")
            if name in properties:
                self._at = begin
                raise ValueError(f"has the field {name} twice, again at {self._place}")
            properties[name] = self._type(depth) if self._begins_type() else {"type": "string"}
            if not self._take(","):
                return {"type": "object", "properties": properties}

    def _begins_type(self) -> bool:
        return not self.is_at_end and self._text[self._at] not in ",}]"

    def _type(self, depth: int) -> Schema:
        if depth > _DEEPEST:
            raise ValueError("nests too deep")
        if self._take("["):
            items = self._type(depth + 1)
            self._close("]")
            return {"type": "array", "items": items}
        if self._take("{"):
            found = self.fields(depth + 1)
            self._close("}")
            return found
        begin = self._at
        word = self._word("a type: str, int, float, bool, [TYPE] or {FIELDS}")
        if word not in TYPES:
            self._at = begin
            raise ValueError(
                f"has no type '{word}' at {self._place}: "
                "there are str, int, float, bool, [TYPE] and {FIELDS}"
            )
        return {"type": TYPES[word]}

    def _word(self, what: str) -> str:
        if (match := _WORD.match(self._text, self._at)) is None:
            raise self.expected(what)
        self._at = match.end()
        self._skip_space()
        return match[0]

    def _take(self, mark: str) -> bool:
        if not self._text.startswith(mark, self._at):
            return False
        self._at += 1
        self._skip_space()
        return True

    def _close(self, mark: str) -> None:
        if not self._take(mark):
            raise self.expected(mark)

    def _skip_space(self) -> None:
        match = _SPACE.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def expected(self, what: str) -> ValueError:
        """Return the error for the current position, where `what` is expected."""
        found = "the end" if self.is_at_end else f"'{self._text[self._at]}'"
        return ValueError(f"must have {what} at {self._place}, not {found}")

    @property
    def _place(self) -> str:
        return f"column {self._at + 1}"
