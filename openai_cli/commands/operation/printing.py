"""How the answers of operations are printed: a thing, a list, what was deleted, nothing."""

import shutil
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from openai_cli.answer.choice import Choice
from openai_cli.answer.page import Deletion, Page, items
from openai_cli.answer.parts import Part
from openai_cli.answer.shape import as_string
from openai_cli.calls.session import Session
from openai_cli.calls.stored import answered, pages
from openai_cli.flags.ours import number
from openai_cli.flags.values import Number
from openai_cli.jsontext import encode_json, finite_json
from openai_cli.operations.table import Operation
from openai_cli.output.columns import aligned, moment, tabbed
from openai_cli.output.sink import Sink
from openai_cli.output.writers import AnswerWriter, JsonWriter
from openai_cli.request.body import Request

# How the names of times end, beside `created`.
_TIMES = ("_at", "_time")


@dataclass
class ThingWriter(JsonWriter):
    """The body as it came; at a terminal it is indented."""

    def take(self, part: Part, added: list[tuple[Choice, str]]) -> None:
        if part.streamed or not self.sink.is_terminal:
            super().take(part, added)
        else:
            self.sink.write_json(encode_json(part.body, indent=2) + b"\n")


@dataclass
class NothingWriter(JsonWriter):
    """Nothing: the API answers without a body; what a server says all the same is printed."""

    def take(self, part: Part, added: list[tuple[Choice, str]]) -> None:
        if part.body:
            super().take(part, added)


class Deleted:
    """Reads what a request of deletion answers, and prints the id of what is deleted."""

    def __init__(self, request: Request) -> None:
        path = request.path.partition("?")[0]
        self._name = unquote(path.rpartition("/")[2])

    def reader(self) -> Deletion:
        return Deletion(instead={"id": self._name})

    def writer(self, sink: Sink) -> AnswerWriter:
        return AnswerWriter(sink, self._line)

    def _line(self, answer: Deletion) -> str:
        # An item's answer may be what it was taken from.
        body = answer.body
        return as_string(body.get("id"), "id") if "deleted" in body and "id" in body else self._name


class _Lines:
    """The lines of a list's things, at most so many."""

    def __init__(self, operation: Operation, sink: Sink, most: int | None) -> None:
        self._operation = operation
        self._sink = sink
        self._left = most
        self._is_headed = False

    @property
    def is_full(self) -> bool:
        """Whether no more is to be printed."""
        return self._left == 0

    def text(self, body: dict[str, Any]) -> str:
        """The lines of a page."""
        found = self._taken(items(body))
        columns = self._operation.columns
        if not columns:
            return "".join(f"{finite_json(item)}\n" for item in found)
        rows = [[_cell(name, item.get(name)) for name in columns] for item in found]
        if not self._sink.is_terminal:
            return tabbed(rows)
        return _at_terminal(self._heads(columns), rows)

    def count(self, body: dict[str, Any]) -> None:
        """Take note of a page that something else prints."""
        self._taken(items(body))

    def _taken(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self._left is None:
            return found
        taken = found[: self._left]
        self._left -= len(taken)
        return taken

    def _heads(self, columns: tuple[str, ...]) -> list[list[str]]:
        if self._is_headed:
            return []
        self._is_headed = True
        return [[name.replace("_", " ") for name in columns]]


def print_list(
    session: Session, request: Request, operation: Operation, max_items: str | None
) -> None:
    """Send the request, and those of the pages behind it, and print a line for each thing.

    `max_items` is what was typed for --max-items.
    """
    most = number("--max-items", max_items, Number(1, integer=True))
    with session.form.open(session.context) as sink:
        lines = _Lines(operation, sink, None if most is None else int(most))

        def get(request: Request) -> dict[str, Any]:
            body = answered(session, sink, request, lines.text, Page())
            if not session.form.is_text:
                lines.count(body)
            return body

        if not operation.pages:
            get(request)
            return
        for _ in pages(request, get, operation.pages):
            if lines.is_full:
                return
            sink.flush()


def _at_terminal(heads: list[list[str]], rows: list[list[str]]) -> str:
    """Columns under heads, each line as long as the terminal is wide at most."""
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
