"""The forms of a result: text, JSON, a query.

A writer takes every part of the answer as it arrives, and at the end the answer.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from openai_cli.answer.base import Answer
from openai_cli.answer.choice import Choice
from openai_cli.answer.parts import Part, read
from openai_cli.errors import OutputError, UsageError
from openai_cli.jsontext import encode_json, finite_json
from openai_cli.messages import Messages
from openai_cli.output.sink import Sink, keep, lined, utf8_bytes
from openai_cli.terminal import escaped

if TYPE_CHECKING:
    from openai_cli.http.client import HttpResponse


class Writer(Protocol):
    """Writes an answer into a sink."""

    def take(self, part: Part, added: list[tuple[Choice, str]]) -> None:
        """A part arrived, and added this text to these choices."""

    def finish(self, answer: Answer) -> None:
        """The answer is whole."""


@dataclass(frozen=True)
class Affixes:
    """Text to print before and after each choice's own: `--whole` puts it between its ends."""

    before: str = ""
    after: str = ""


@dataclass
class TextWriter:
    """The text of every choice; choice 0 as it arrives, the others after it.

    Each choice ends in one newline, and `separator` stands between them; or, with `null`, each
    ends in NUL. A tool call is a line of JSON. `affixes` go by choice, the last for all the rest.
    """

    sink: Sink
    separator: str = "\n"
    null: bool = False
    affixes: tuple[Affixes, ...] = (Affixes(),)
    _shown: int = 0
    _held: str = ""

    def take(self, _part: Part, added: list[tuple[Choice, str]]) -> None:
        for choice, text in added:
            if choice.index == 0 and text:
                live = text if self._shown else self._affixes(0).before + text
                self._shown += len(live)
                self._print(live)

    def finish(self, answer: Answer) -> None:
        for position, choice in enumerate(answer.in_order):
            rendered = self._rendered(choice)
            if choice.index == 0:
                rendered = rendered[self._shown :]
            if position and not self.null:
                rendered = self.separator + rendered
            self._print(rendered)
        self.sink.write(utf8_bytes(self._held))

    def _rendered(self, choice: Choice) -> str:
        affixes = self._affixes(choice.index)
        pieces = [self._json(call) for call in choice.calls]
        if choice.content is not None:
            pieces.insert(0, f"{affixes.before}{choice.content}{affixes.after}")
        if self.null:
            return "".join(lined(piece) for piece in pieces[:-1]) + "".join(pieces[-1:]) + "\0"
        return "".join(lined(piece) for piece in pieces)

    def _json(self, value: Any) -> str:
        text = finite_json(value)
        return escaped(text) if self.sink.is_terminal else text

    def _affixes(self, index: int) -> Affixes:
        return self.affixes[min(index, len(self.affixes) - 1)]

    def _print(self, text: str) -> None:
        """Print, but hold back the first half of a surrogate pair until the second comes."""
        if self._held:
            text, self._held = self._held + text, ""
        if "\ud800" <= text[-1:] <= "\udbff":
            text, self._held = text[:-1], text[-1]
        self.sink.write(utf8_bytes(text))


@dataclass
class JsonWriter:
    """The body exactly as it came, or every event of a stream on a line of its own."""

    sink: Sink

    def take(self, part: Part, _added: list[tuple[Choice, str]]) -> None:
        # A raw newline can only stand between the tokens of JSON, never in a string.
        raw = (
            part.raw.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
            if part.streamed
            else part.raw
        )
        self.sink.write_json(raw)
        if self.sink.is_terminal:
            self.sink.end_line()

    def finish(self, _answer: Answer) -> None:
        """All is written already."""


class Query:
    """A JMESPath expression; UsageError when it is none."""

    def __init__(self, expression: str) -> None:
        import jmespath

        self.expression = expression
        self._errors = jmespath.exceptions.JMESPathError
        try:
            self._compiled = jmespath.compile(expression)
            # What does not hang on the data is found out before anything is paid for.
            with suppress(jmespath.exceptions.JMESPathTypeError):
                self._compiled.search({})
        except (self._errors, ValueError) as error:
            raise UsageError(
                f"--query is no JMESPath expression: {str(error).splitlines()[0]}",
                hint="jmespath.org has the language",
            ) from None

    def search(self, part: Part) -> Any:
        """What the expression finds in the part; None when nothing.

        Raises OutputError when it cannot be evaluated on it: then the part is kept, for it may
        have been paid for.
        """
        try:
            return self._compiled.search(part.body if part.value is None else part.value)
        except (self._errors, ValueError) as error:
            raise OutputError(
                f"--query cannot be evaluated on the answer: {error}",
                hint=f"the answer is kept in {keep(part.raw)}",
            ) from None


@dataclass
class QueryWriter:
    """What a JMESPath expression finds in the body, or in each event: strings bare, else JSON.

    Each ends in a newline, or with `null` in NUL. Where no stream was asked for (`as_whole`) and
    one came, it goes over what would have come whole.
    """

    sink: Sink
    query: Query
    messages: Messages
    null: bool = False
    as_whole: bool = False
    _found: bool = False
    _held: list[Part] = field(default_factory=list)

    def take(self, part: Part, _added: list[tuple[Choice, str]]) -> None:
        if part.streamed and self.as_whole:
            self._held.append(part)
        else:
            self._print(part)

    def finish(self, answer: Answer) -> None:
        if self._held and (whole := answer.final) is not None:
            self._held = [Part(encode_json(whole), whole, streamed=False)]
        for part in self._held:
            self._print(part)
        if not self._found:
            self.messages.notice(f"--query found nothing: {self.query.expression}")

    def _print(self, part: Part) -> None:
        found = self.query.search(part)
        if found is None:
            return
        self._found = True
        if isinstance(found, str):
            self.sink.write(utf8_bytes(found))
        else:
            self.sink.write_json(utf8_bytes(finite_json(found)))
        if self.null:
            self.sink.write(b"\0")
        elif not isinstance(found, str) or not found.endswith("\n"):
            self.sink.write(b"\n")


@dataclass
class BodyWriter:
    """The lines that `printed` makes of each part, with `null` each ended by NUL instead."""

    sink: Sink
    printed: Callable[[dict[str, Any]], str]
    null: bool = False

    def take(self, part: Part, _added: list[tuple[Choice, str]]) -> None:
        if text := self.printed(part.body):
            _write_lines(self.sink, text, null=self.null)

    def finish(self, _answer: Answer) -> None:
        """All is written already."""


@dataclass
class BytesWriter:
    """The bytes that `held` finds in each part."""

    sink: Sink
    held: Callable[[dict[str, Any]], bytes]

    def take(self, part: Part, _added: list[tuple[Choice, str]]) -> None:
        self.sink.write(self.held(part.body))

    def finish(self, _answer: Answer) -> None:
        """All is written already."""


@dataclass
class AnswerWriter:
    """The lines that `printed` makes of the answer, once it is whole; `null` as in BodyWriter."""

    sink: Sink
    printed: Callable[[Any], str]
    null: bool = False

    def take(self, _part: Part, _added: list[tuple[Choice, str]]) -> None:
        """What it says is printed at the end."""

    def finish(self, answer: Answer) -> None:
        if text := self.printed(answer):
            _write_lines(self.sink, text, null=self.null)


def _write_lines(sink: Sink, text: str, *, null: bool) -> None:
    data = utf8_bytes(lined(text))
    sink.write(data.replace(b"\n", b"\0") if null else data)


def write_answer(
    http: "HttpResponse",
    answer: Answer,
    writer: Writer,
    *,
    arrived: Callable[[], None] = lambda: None,
) -> None:
    """Read an answer, and give each of its parts to the writer as it arrives.

    `arrived` is called when all that has come is written. Raises what `read` raises.
    """
    answer.request_id = http.request_id
    for part, added in read(http, answer, arrived=arrived):
        writer.take(part, added)
    writer.finish(answer)


@dataclass
class Kept:
    """Writes nothing, and keeps the parts: `replay` gives them to another writer."""

    taken: list[tuple[Part, list[tuple[Choice, str]]]] = field(default_factory=list)

    def take(self, part: Part, added: list[tuple[Choice, str]]) -> None:
        self.taken.append((part, added))

    def finish(self, answer: Answer) -> None:
        """All is kept already."""

    def replay(self, answer: Answer, writer: Writer) -> None:
        """Write what was kept of an answer."""
        for part, added in self.taken:
            writer.take(part, added)
        writer.finish(answer)
