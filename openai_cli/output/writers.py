"""The writers for the formats of a result: text, JSON, a query.

A writer receives every part of an answer as it arrives, and finally the whole answer.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from openai_cli.answer.base import Answer
from openai_cli.answer.choice import Choice
from openai_cli.answer.parts import Part, check_weight, read
from openai_cli.errors import OutputError, UsageError
from openai_cli.jsontext import encode_json, finite_json, weight
from openai_cli.messages import Messages
from openai_cli.output.sink import Sink, keep, lined, utf8_bytes
from openai_cli.records import NamedTuple, field, mutable_record, record
from openai_cli.terminal import escaped

if TYPE_CHECKING:
    from openai_cli.http.decoding import Incoming
    from openai_cli.output.shapes import Shape

# The overhead of a part that is kept in memory, in bytes.
_OF_PART = 400


class Writer(Protocol):
    """Writes an answer to a sink; with `joins`, it needs the texts but not each part (`read`)."""

    joins: ClassVar[bool] = False

    def take(self, part: Part, added: list[tuple[Choice, str]]) -> None:
        """Write a part that has arrived and has added these texts to these choices."""

    def needs(self, choice: Choice) -> bool:  # noqa: ARG002
        """Return whether the text of a choice is needed once the answer is complete."""
        return True

    def finish(self, answer: Answer) -> None:
        """Write the rest of the answer, which is complete now."""


@record
class Affixes:
    """Text to print before and after a choice's own: with `--whole`, the prompt and the suffix."""

    before: str = ""
    after: str = ""


@mutable_record
class TextWriter(Writer):
    """Writes the text of every choice: choice 0 as it arrives, the others after it.

    Each choice ends in one newline, with `separator` between them; with `null`, each ends in NUL
    instead. A tool call is a line of JSON. `affixes` apply by choice; the last one applies to all
    further choices. With a `shape`, only its part of each complete text is printed, or all of the
    text with a `notice` if it has no such part.
    """

    joins = True
    sink: Sink
    separator: str = "\n"
    null: bool = False
    affixes: tuple[Affixes, ...] = (Affixes(),)
    shape: "Shape | None" = None
    notice: Callable[[str], object] = lambda _text: None
    _has_shown: bool = False
    _last: str = ""
    _held: str = ""

    def take(self, _part: Part, added: list[tuple[Choice, str]]) -> None:
        for choice, text in added:
            if choice.index == 0 and text and self.shape is None:
                self._print(text if self._has_shown else self._affixes(0).before + text)
                self._has_shown = True

    def needs(self, choice: Choice) -> bool:
        return choice.index != 0 or self.shape is not None

    def finish(self, answer: Answer) -> None:
        for position, choice in enumerate(answer.in_order):
            if position and not self.null:
                self._print(self.separator)
            self._finish_choice(choice)
        self.sink.write(utf8_bytes(self._held))

    def _finish_choice(self, choice: Choice) -> None:
        """Print the rest of a choice, beyond what was printed while it arrived."""
        affixes = self._affixes(choice.index)
        calls = [self._json(call) for call in choice.calls]
        is_out = choice.index == 0 and self._has_shown
        self._last = self._last if is_out else ""
        if choice.has_content:
            before = "" if is_out else f"{affixes.before}{self._shaped(choice)}"
            self._print(before + affixes.after)
            if (calls or not self.null) and (before or self.shape is None):
                self._end_line()
        for position, call in enumerate(calls, 1):
            self._print(call if self.null and position == len(calls) else lined(call))
        if self.null:
            self._print("\0")

    def _shaped(self, choice: Choice) -> str:
        text = str(choice.text)
        if self.shape is None or not text:
            return text
        if (found := self.shape.of(text)) is None:
            self.notice(self.shape.lacking)
            return text
        return found

    def _json(self, value: Any) -> str:
        text = finite_json(value)
        return escaped(text) if self.sink.is_terminal else text

    def _affixes(self, index: int) -> Affixes:
        return self.affixes[min(index, len(self.affixes) - 1)]

    def _end_line(self) -> None:
        if self._last != "\n":
            self._print("\n")

    def _print(self, text: str) -> None:
        """Print, but hold back the first half of a surrogate pair until the second arrives."""
        if self._held:
            text, self._held = self._held + text, ""
        last = text[-1:]
        self._last = last or self._last
        if "\ud800" <= last <= "\udbff":
            text, self._held = text[:-1], last
        self.sink.write(utf8_bytes(text))


@mutable_record
class JsonWriter(Writer):
    """Writes the body exactly as it came, or every event of a stream on a line of its own."""

    sink: Sink

    def take(self, part: Part, _added: list[tuple[Choice, str]]) -> None:
        # In JSON, a raw newline can only occur between tokens, never in a string.
        raw = (
            part.raw.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
            if part.streamed
            else part.raw
        )
        self.sink.write_json(raw)
        if self.sink.is_terminal:
            self.sink.end_line()

    def needs(self, _choice: Choice) -> bool:
        return False

    @property
    def passed(self) -> Callable[[bytes], object] | None:
        """What takes the bytes of a large answer as they arrive; None if they need processing."""
        return None if self.sink.is_terminal else self.sink.write

    def finish(self, _answer: Answer) -> None:
        """Do nothing: everything is written already."""


class Found(NamedTuple):
    """A result of a query: a string unquoted, anything else as JSON."""

    text: str
    is_json: bool


def _is_jmespath(expression: str) -> bool:
    import jmespath

    try:
        jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError:
        return False
    return True


class Query:
    """A compiled JMESPath expression; with `lines`, each item of a list is a result of its own.

    The constructor raises UsageError if the expression is not valid.
    """

    def __init__(self, expression: str, *, lines: bool = False) -> None:
        import jmespath

        self.expression = expression
        self._lines = lines
        try:
            self._compiled = jmespath.compile(expression)
            # Find the errors that do not depend on the data before a request costs money.
            with suppress(jmespath.exceptions.JMESPathTypeError, TypeError):
                self._compiled.search({})
        except (jmespath.exceptions.JMESPathError, ValueError, RecursionError) as error:
            from openai_cli.suggestions.jq import MANUAL, hint_of

            hint = hint_of(expression, _is_jmespath)
            why = str(error).partition("\n")[0].removesuffix(", for expression:")
            raise UsageError(
                "--query is not a JMESPath expression" + ("" if hint else f": {why}"),
                hint=hint or MANUAL,
            ) from None

    def search(self, part: Part) -> list[Found]:
        """Evaluate the expression on a part: at most one result, or with `lines` many.

        Raises OutputError if it cannot be evaluated. The part, which may have been paid for, is
        then saved in a temporary file.
        """
        try:
            found = self._compiled.search(part.body if part.value is None else part.value)
            if found is None:
                return []
            items = found if self._lines and isinstance(found, list) else [found]
            return [_found(item) for item in items]
        except Exception as error:  # noqa: BLE001 - a function of jmespath raises what it meets
            why = str(error).partition("\n")[0]
            raise OutputError(
                f"--query cannot be evaluated on the answer: {why}",
                hint=f"the answer is kept in {keep(part.raw)}",
            ) from None


def _found(value: Any) -> Found:
    is_json = not isinstance(value, str)
    return Found(finite_json(value) if is_json else value, is_json)


@mutable_record
class QueryWriter(Writer):
    """Writes what a JMESPath expression finds in the body, or in each event of a stream.

    Strings are unquoted, anything else is JSON. Each result ends in a newline, or with `null` in
    NUL. With `as_whole`, no stream was requested: if one came anyway, the expression is evaluated
    on the body that would have come without streaming.
    """

    sink: Sink
    query: Query
    messages: Messages
    null: bool = False
    as_whole: bool = False
    _has_printed: bool = False
    _has_found: bool = False
    _held: list[Part] = field(default_factory=list)
    _weight: int = 0

    def take(self, part: Part, _added: list[tuple[Choice, str]]) -> None:
        if part.streamed and self.as_whole:
            self._weight += _OF_PART + len(part.raw) + weight(part.raw)
            check_weight(self._weight)
            self._held.append(part)
        else:
            self._print(part)

    def needs(self, _choice: Choice) -> bool:
        return self.as_whole

    def finish(self, answer: Answer) -> None:
        if self._held and (whole := answer.final) is not None:
            self._held = [Part(encode_json(whole), whole, streamed=False)]
        for part in self._held:
            self._print(part)
        if not self._has_found:
            self._tell_nothing()

    def _tell_nothing(self) -> None:
        """Notify the user if nothing was printed, or just an empty list where more was meant."""
        from openai_cli.suggestions.jq import hint_of_nothing

        why = hint_of_nothing(self.query.expression)
        told = f"--query found nothing: {self.query.expression}"
        if why or not self._has_printed:
            self.messages.notice(f"{told}; {why}" if why else told)

    def _print(self, part: Part) -> None:
        for found in self.query.search(part):
            self._print_one(found)

    def _print_one(self, found: Found) -> None:
        self._has_printed = True
        self._has_found |= found.text != "[]"
        data = utf8_bytes(found.text)
        (self.sink.write_json if found.is_json else self.sink.write)(data)
        if self.null:
            self.sink.write(b"\0")
        elif not data.endswith(b"\n"):
            self.sink.write(b"\n")


@mutable_record
class BodyWriter(Writer):
    """Writes the lines that `printed` returns for each part; with `null`, each ends in NUL."""

    sink: Sink
    printed: Callable[[dict[str, Any]], Iterable[str]]
    null: bool = False

    def take(self, part: Part, _added: list[tuple[Choice, str]]) -> None:
        for text in self.printed(part.body):
            _write_lines(self.sink, text, null=self.null)

    def finish(self, _answer: Answer) -> None:
        """Do nothing: everything is written already."""


@mutable_record
class BytesWriter(Writer):
    """Writes the bytes that `held` returns for each part."""

    sink: Sink
    held: Callable[[dict[str, Any]], bytes]

    def take(self, part: Part, _added: list[tuple[Choice, str]]) -> None:
        self.sink.write(self.held(part.body))

    def finish(self, _answer: Answer) -> None:
        """Do nothing: everything is written already."""


@mutable_record
class AnswerWriter(Writer):
    """Writes the lines that `printed` returns for the complete answer; `null` as in BodyWriter."""

    sink: Sink
    printed: Callable[[Any], str]
    null: bool = False

    def take(self, _part: Part, _added: list[tuple[Choice, str]]) -> None:
        """Do nothing: the answer is printed at the end."""

    def finish(self, answer: Answer) -> None:
        _write_lines(self.sink, self.printed(answer), null=self.null)


def _write_lines(sink: Sink, text: str, *, null: bool) -> None:
    data = utf8_bytes(lined(text)) if text else b""
    sink.write(data.replace(b"\n", b"\0") if null else data)


def write_answer(
    http: "Incoming",
    answer: Answer,
    writer: Writer,
    *,
    arrived: Callable[[], None] = lambda: None,
    forgets: bool = False,
) -> None:
    """Read an answer and pass each of its parts to the writer as it arrives.

    `arrived` is called whenever all received data has been written. With `forgets`, text is dropped
    from the answer once it is written, and the bytes of a large response may be written before it
    has been read. Raises the errors of `read`.
    """
    answer.request_id, answer.age = http.request_id, http.age
    printed: dict[int, Choice] = {}

    def forget_printed() -> None:
        arrived()
        for choice in printed.values():
            if not writer.needs(choice):
                choice.text.forget()
        printed.clear()

    passed = writer.passed if forgets and isinstance(writer, JsonWriter) else None
    written = forget_printed if forgets else arrived
    for part, added in read(http, answer, arrived=written, passed=passed, joins=writer.joins):
        writer.take(part, added)
        if forgets:
            for choice, _ in added:
                printed[choice.index] = choice
    writer.finish(answer)


@mutable_record
class Kept(Writer):
    """Keeps the parts instead of writing them; `replay` passes them to another writer."""

    taken: list[tuple[Part, list[tuple[Choice, str]]]] = field(default_factory=list)
    _weight: int = 0

    def take(self, part: Part, added: list[tuple[Choice, str]]) -> None:
        if part.streamed:
            self._weight += _OF_PART + len(part.raw) + weight(part.raw)
            check_weight(self._weight)
        self.taken.append((part, added))

    def finish(self, answer: Answer) -> None:
        """Do nothing: everything is kept already."""

    def replay(self, answer: Answer, writer: Writer) -> None:
        """Write the kept parts of an answer."""
        for part, added in self.taken:
            writer.take(part, added)
        writer.finish(answer)
