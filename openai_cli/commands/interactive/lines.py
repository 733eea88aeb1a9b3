"""One line per turn: from a script, or from a terminal that cannot redraw a line."""

from collections.abc import Callable
from typing import BinaryIO

from openai_cli.errors import UsageError
from openai_cli.jsontext import utf8
from openai_cli.messages import Messages
from openai_cli.request.inputs import Inputs

HOW_TO_END = "Ctrl-D or /exit ends the conversation"


class Script:
    """The lines of a stdin that is not a terminal; UsageError if stdin must not be read."""

    def __init__(self, inputs: Inputs) -> None:
        inputs.check_stdin("-i")  # fails before anything is sent
        self._lines = inputs.lines("-i", "-")
        self._number = 0

    def edit(self, _text: str) -> str:
        raise UsageError("/edit needs a terminal")

    def ask(self) -> str | None:
        """The next line, or None after the last; UsageError if it is not text."""
        self._number += 1
        return _text(next(self._lines, b""), f"stdin: line {self._number}")


class PlainTerminal:
    """A terminal that does its own line editing: TERM=dumb, or stderr elsewhere."""

    def __init__(self, stdin: BinaryIO, messages: Messages, *, edit: Callable[[str], str]) -> None:
        self.edit = edit
        self._stdin = stdin
        self._messages = messages

    def ask(self) -> str | None:
        """The line that was typed, '' after Ctrl-C, None at the end. Raises as Script does."""
        try:
            self._messages.prompt("> ")  # Ctrl-C may already come here
            text = _text(self._stdin.readline(), "the line")
        except KeyboardInterrupt:
            self._messages.block("")
            self._messages.notice(HOW_TO_END)
            return ""
        if text is None:
            self._messages.block("")  # ends the line of the prompt
        return text


def _text(line: bytes, where: str) -> str | None:
    if not line:
        return None
    try:
        return utf8(line.removesuffix(b"\n"))
    except ValueError as error:
        raise UsageError(f"{where} {error}", hint="only UTF-8 text can be sent") from None
