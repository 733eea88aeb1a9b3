"""How the answers of operations are printed: a thing, a list, what was deleted, or nothing."""

import shutil
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from openai_cli.answer.choice import Choice
from openai_cli.answer.page import Deletion
from openai_cli.answer.parts import Part
from openai_cli.answer.shape import as_string
from openai_cli.jsontext import encode_json, finite_json
from openai_cli.output.columns import aligned, moment, tabbed
from openai_cli.output.sink import Sink
from openai_cli.output.writers import AnswerWriter, JsonWriter
from openai_cli.records import mutable_record
from openai_cli.request.body import Request

# Endings of the names of times, besides `created`.
_TIMES = ("_at", "_time")


@mutable_record
class ThingWriter(JsonWriter):
    """Writes the body as it came; on a terminal it is indented."""

    def take(self, part: Part, added: list[tuple[Choice, str]]) -> None:
        if part.streamed or not self.sink.is_terminal:
            super().take(part, added)
        else:
            self.sink.write_json(encode_json(part.body, indent=2) + b"\n")


@mutable_record
class NothingWriter(JsonWriter):
    """Writes nothing, as the API answers without a body; a body that comes anyway is printed."""

    def take(self, part: Part, added: list[tuple[Choice, str]]) -> None:
        if part.body:
            super().take(part, added)


class Deleted:
    """Reads the answer to a delete request, and prints the id of what was deleted."""

    def __init__(self, request: Request) -> None:
        path = request.path.partition("?")[0]
        self._name = unquote(path.rpartition("/")[2])

    def reader(self) -> Deletion:
        return Deletion(instead={"id": self._name})

    def writer(self, sink: Sink) -> AnswerWriter:
        return AnswerWriter(sink, self._line)

    def _line(self, answer: Deletion) -> str:
        # The answer for an item may be the thing that it was removed from.
        body = answer.body
        return as_string(body.get("id"), "id") if "deleted" in body and "id" in body else self._name


class Rows:
    """Prints the items of a list in columns, with headings on a terminal."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._is_headed = False

    def lines(self, sink: Sink, found: list[dict[str, Any]]) -> str:
        """The lines of a page."""
        if not self._columns:
            return "".join(f"{finite_json(item)}\n" for item in found)
        rows = [[_cell(name, item.get(name)) for name in self._columns] for item in found]
        return _at_terminal(self._heads(), rows) if sink.is_terminal else tabbed(rows)

    def _heads(self) -> list[list[str]]:
        if self._is_headed:
            return []
        self._is_headed = True
        return [[name.replace("_", " ") for name in self._columns]]


def _at_terminal(heads: list[list[str]], rows: list[list[str]]) -> str:
    """Align the columns under headings, and cut each line at the width of the terminal."""
    if not rows:
        return ""
    width = shutil.get_terminal_size().columns
    text = aligned([*heads, *([" ".join(cell.split()) for cell in row] for row in rows)])
    return "".join(
        f"{line if len(line) <= width else f'{line[: width - 1]}…'}\n" for line in text.splitlines()
    )


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if type(value) is int and (name == "created" or name.endswith(_TIMES)):
        return moment(value)
    return value if isinstance(value, str) else finite_json(value)
