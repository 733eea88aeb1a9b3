"""The rows that requests are made from: lines of text, CSV, TSV, or JSON objects."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from openai_cli.errors import UsageError
from openai_cli.jsontext import encode_json, utf8
from openai_cli.reading import LONGEST_LINE, bounded_lines
from openai_cli.records import NamedTuple
from openai_cli.tokens.lines import objects

# The column name for a line of text.
PROMPT = "prompt"


class Row(NamedTuple):
    """A row: its number, from 1, the line where it begins, and its columns."""

    number: int
    line: int
    columns: Mapping[str, str]


Reader = Callable[[BinaryIO], Iterator[Row]]


def of_prompts(file: BinaryIO) -> Iterator[Row]:
    """Yield a row for each line that is not empty, numbered as its line."""
    for number, raw in enumerate(bounded_lines(file), 1):
        text = _text(raw, number)
        if text.strip():
            yield Row(number, number, {PROMPT: text})


def of_jsonl(file: BinaryIO) -> Iterator[Row]:
    """Yield a row for each object, numbered as its line; values other than strings become JSON."""
    for number, value in objects(bounded_lines(file), may_be_empty=True):
        columns = {name: _shown(one) for name, one in value.items()}
        yield Row(number, number, columns)


def of_csv(file: BinaryIO) -> Iterator[Row]:
    """Yield the rows of CSV (RFC 4180) after the head, which names the columns."""
    return _table(file, "excel")


def of_tsv(file: BinaryIO) -> Iterator[Row]:
    """Yield the rows of tab-separated values after the head."""
    return _table(file, "excel-tab")


READERS: Mapping[str, Reader] = {
    "prompts": of_prompts,
    "csv": of_csv,
    "tsv": of_tsv,
    "jsonl": of_jsonl,
}


def _table(file: BinaryIO, dialect: str) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(_texts(file), dialect, strict=True)
    names: list[str] | None = None
    number = 0
    for line, cells in _checked(reader):
        if names is None:
            names = _head(cells)
        elif cells:
            if len(cells) != len(names):
                raise UsageError(
                    f"line {line} has {len(cells)} columns, but the header has {len(names)}"
                )
            number += 1
            yield Row(number, line, dict(zip(names, cells, strict=True)))


def _checked(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield the records of a table, each with the line where it begins."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UsageError(f"line {line} is not CSV: {error}") from None
        yield line, cells


def _head(cells: list[str]) -> list[str]:
    for name in cells:
        if cells.count(name) > 1:
            raise UsageError(f"the header has two columns '{name}'")
    return cells


def _texts(file: BinaryIO) -> Iterator[str]:
    """The lines as text, with their newlines, as a cell may contain one."""
    return (_text(raw, number, keeps=True) for number, raw in enumerate(bounded_lines(file), 1))


def _text(raw: bytes, number: int, *, keeps: bool = False) -> str:
    try:
        text = utf8(raw)
    except ValueError as error:
        raise UsageError(f"line {number} {error}") from None
    text = text.removeprefix("\ufeff") if number == 1 else text
    return text if keeps else text.removesuffix("\n").removesuffix("\r")


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else encode_json(value).decode()


def written(rows: Iterable[Iterable[str]]) -> bytes:
    """Encode rows as CSV in UTF-8."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
