"""Write the results of a run: answers in the order of the input, and failures as a new input."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openai_cli.answer.parts import Part, read
from openai_cli.batches.lines import Line
from openai_cli.batches.readers import reader_of
from openai_cli.batches.rows import READERS, Row, written
from openai_cli.batches.schema import Ended, Stage
from openai_cli.batches.state import State
from openai_cli.errors import UsageError
from openai_cli.http.whole import WholeResponse
from openai_cli.jsontext import encode_json
from openai_cli.output.links import followed
from openai_cli.output.sink import WholeFile, utf8_bytes
from openai_cli.output.writers import Query
from openai_cli.prices.answers import LIVE
from openai_cli.request.inputs import Inputs

# Bytes that are made before they are written.
_AT_ONCE = 2**18

# Formats an answer for the output, in bytes; empty if there is nothing to write.
Shape = Callable[[Ended], bytes]


def output_line(ended: Ended) -> bytes:
    """An answer as a line of the Batch API's output file, its body as it came.

    https://platform.openai.com/docs/api-reference/batch/request-output
    """
    answer = ended.answer
    # Newlines in JSON occur only between values: in a string they are escaped.
    body = (answer.body or b"null").strip().replace(b"\r", b" ").replace(b"\n", b" ")
    name, custom_id, request_id = (
        encode_json(text)
        for text in (
            answer.line_id or f"{LIVE}{ended.number:012d}",
            ended.custom_id,
            answer.request_id,
        )
    )
    return (
        b'{"id": %s, "custom_id": %s, "response": {"status_code": %d, "request_id": %s, "body": %s}'
        b', "error": null}\n' % (name, custom_id, answer.status or 200, request_id, body)
    )


def failed_line(ended: Ended, line: Line) -> bytes:
    """A failure as an input line, with its reason and the number of attempts."""
    answer = ended.answer
    error: dict[str, Any] = {"code": answer.code, "message": answer.reason}
    if answer.status is not None:
        error["status_code"] = answer.status
    if answer.request_id is not None:
        error["request_id"] = answer.request_id
    return line.as_input(error=error, attempts=ended.attempts)


@dataclass(frozen=True, eq=False)
class Wanted:
    """Formats the wanted part of an answer: its text, or what a query finds in its body.

    `path` is that of the endpoint. Each result ends in a newline, or in NUL with `null`.
    """

    path: str
    query: Query | None = None
    null: bool = False

    def __call__(self, ended: Ended) -> bytes:
        return b"".join(self._ended(text) for text in self.texts(ended))

    def _ended(self, text: str) -> bytes:
        data = utf8_bytes(text)
        if self.null:
            return data + b"\0"
        return data if data.endswith(b"\n") else data + b"\n"

    def texts(self, ended: Ended) -> list[str]:
        """The wanted part of the answer, as texts."""
        body = ended.answer.body or b"{}"
        if self.query is not None:
            value = json.loads(body)
            part = Part(body, value if isinstance(value, dict) else {}, False, value)
            return [found.text for found in self.query.search(part)]
        response = WholeResponse(200, {}, body)
        choices: dict[int, str] = {}
        reader = reader_of(self.path, {})
        for _, added in read(response, reader):
            for choice, text in added:
                choices[choice.index] = choices.get(choice.index, "") + text
        return [text for _, text in sorted(choices.items())]


def write(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file atomically; raises OSError."""
    file = WholeFile(followed(path))
    try:
        made = bytearray()
        for piece in pieces:
            made += piece
            if len(made) > _AT_ONCE:
                file.write(made)
                made = bytearray()
        file.write(made)
        file.commit()
    except BaseException:
        file.discard()
        raise


def answers(state: State, shape: Shape) -> Iterator[bytes]:
    """The formatted answers, in the order of the input."""
    return (shape(ended) for ended in state.ended(Stage.DONE))


def joined(
    state: State, rows: str, key: str | None, wanted: Wanted, inputs: Inputs
) -> Iterator[bytes]:
    """The rows of a CSV file, with columns for the answer and for the reason of a failure.

    A row's request is found by its column `key`, or by its number.
    """
    is_first = True
    for row in _rows(rows, inputs):
        if is_first:
            yield written([[*row.columns, "answer", "error"]])
            is_first = False
        ended = state.find(str(row.number) if key is None else row.columns[key])
        answer = reason = ""
        if ended is not None and ended.stage == Stage.DONE:
            answer = "\n".join(text.removesuffix("\n") for text in wanted.texts(ended))
        elif ended is not None:
            reason = ended.answer.reason or ""
        yield written([[*row.columns.values(), answer, reason]])


def _rows(path: str, inputs: Inputs) -> Iterator[Row]:
    kind = "tsv" if Path(path).suffix == ".tsv" else "csv"
    return inputs.read("--csv", path, READERS[kind])


def check_rows(path: str, key: str | None, inputs: Inputs) -> None:
    """Raise UsageError for rows to which `joined` cannot add its columns."""
    if path == "-":
        raise UsageError("--csv is read at the end: it must be a file, not stdin")
    if (row := next(_rows(path, inputs), None)) is None:
        return
    if key is not None and key not in row.columns:
        raise UsageError(
            f"--id: there is no column '{key}'", hint=f"the columns are {', '.join(row.columns)}"
        )
    if clash := {"answer", "error"} & row.columns.keys():
        raise UsageError(f"--csv: the rows have a column '{clash.pop()}' already")
