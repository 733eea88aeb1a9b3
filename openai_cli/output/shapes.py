"""Extract the part of a model's text that is printed, such as a code block or rows."""

import csv
import io
from dataclasses import dataclass
from typing import Any, Protocol

from openai_cli.jsontext import finite_json, parse_json
from openai_cli.request.schema import ROWS


class Shape(Protocol):
    """A part of a text, or another form of it; `lacking` is the notice for a text without one."""

    @property
    def lacking(self) -> str: ...

    def of(self, text: str) -> str | None:
        """Return the part of a complete text that is printed, or None if it has none."""


@dataclass(frozen=True)
class CodeBlock(Shape):
    """The contents of a Markdown text's fenced code block at index `place`.

    Fences follow CommonMark, https://spec.commonmark.org/0.31.2/#fenced-code-blocks, but are also
    found in HTML and at any indentation.
    """

    place: int
    lacking: str = "the answer has no code block, so all of it is printed"

    def of(self, text: str) -> str | None:
        from markdown_it import MarkdownIt

        parser = MarkdownIt("commonmark").disable(["inline", "html_block", "code", "reference"])
        blocks = [token.content for token in parser.parse(text) if token.type == "fence"]
        return blocks[self.place] if blocks else None


@dataclass(frozen=True)
class Rows(Shape):
    """The rows of --schema-rows: a line of JSON each or, with `columns`, CSV with a header."""

    columns: tuple[str, ...] | None = None
    lacking: str = "the answer is not a list of objects, so all of it is printed"

    def of(self, text: str) -> str | None:
        try:
            rows = parse_json(text)[ROWS]
        except (ValueError, TypeError, KeyError):
            return None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            return None
        if self.columns is None:
            return "".join(f"{finite_json(row)}\n" for row in rows)
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_cell(row.get(name)) for name in self.columns] for row in rows)
        return out.getvalue()


def _cell(value: Any) -> str:
    """Format a CSV cell: a string unchanged, null as empty, anything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else finite_json(value)
