"""What the program says on stderr: notices, usage, errors. One line each, and never a secret."""

from collections.abc import Mapping
from typing import Literal, TextIO

from openai_cli.errors import CliError
from openai_cli.terminal import visible

Color = Literal["auto", "always", "never"]

PROGRAM = "openai-cli"
# Both can be read on a dark ground and on a light one, where yellow cannot.
_RED, _MAGENTA, _RESET = "\x1b[31m", "\x1b[35m", "\x1b[0m"


def one_line(text: str) -> str:
    """The text with runs of white space folded, fit for a line on a terminal."""
    return visible(" ".join(text.split()))


class Messages:
    """The writer of stderr.

    `quiet` silences all but errors; `color` is `--color`; a `secret` is masked wherever it would
    appear. A stderr that is closed or gone is no reason to fail: what it would have shown is lost.
    """

    def __init__(self, stream: TextIO | None, *, environ: Mapping[str, str]) -> None:
        self.stream = stream
        self.quiet = False
        self.color: Color = "auto"
        self._no_color = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        self._secrets: list[str] = []

    @property
    def is_watched(self) -> bool:
        """Whether somebody sees what changes: stderr is a terminal, and not to be quiet."""
        return not self.quiet and self.stream is not None and self.stream.isatty()

    def hide(self, secret: str) -> None:
        """Mask this text from now on; a very short one guards nothing, and stands in any word."""
        if len(secret) >= 4:
            self._secrets.append(secret)

    def notice(self, text: str) -> None:
        """Something to know that is no error."""
        if not self.quiet:
            self._line(f"{self._paint(_MAGENTA, 'notice:')} {one_line(text)}")

    def usage(self, text: str) -> None:
        """What a call took."""
        if not self.quiet:
            self._line(f"usage: {one_line(text)}")

    def debug(self, text: str) -> None:
        """What --debug shows."""
        if not self.quiet:
            self._line(f"debug: {one_line(text)}")

    def error(self, error: CliError, *, with_body: bool = False) -> None:
        """What went wrong, where, and what to do about it, on one line.

        The API's own error body follows where that is wanted.
        """
        where = [
            f"parameter {error.parameter}" if error.parameter else "",
            f"HTTP {error.status}" if error.status else "",
            f"code {error.code}" if error.code else "",
            f"request id {error.request_id}" if error.request_id else "",
        ]
        named = ", ".join(part for part in where if part)
        text = f"{error.problem} ({named})" if named else error.problem
        if error.hint:
            text += f"{'' if text.endswith('.') else ';'} {error.hint}"
        self._line(f"{self._paint(_RED, 'error:')} {one_line(text)}")
        if with_body and error.body:
            self.block(error.body.decode(errors="replace"))

    def block(self, text: str) -> None:
        """Several lines as they are: the API's error body, a trace."""
        self._write(visible(text.rstrip("\n")) + "\n")

    def prompt(self, text: str) -> None:
        """What stands before a line that is to be typed."""
        self._write(visible(text))

    def _line(self, text: str) -> None:
        self._write(f"{PROGRAM}: {text}\n")

    def _paint(self, color: str, text: str) -> str:
        is_terminal = self.stream is not None and self.stream.isatty()
        return f"{color}{text}{_RESET}" if self.may_color(terminal=is_terminal) else text

    def may_color(self, *, terminal: bool) -> bool:
        """Whether a stream that is a terminal, or is none, may have colours."""
        if self.color != "auto":
            return self.color == "always"
        return terminal and not self._no_color

    def masked(self, text: str) -> str:
        """The text with every secret masked, and what has the form of a key."""
        from openai_cli.masking import in_json

        return in_json(self._plainly_masked(text), self._plainly_masked)

    def _plainly_masked(self, text: str) -> str:
        from openai_cli.masking import without, without_keys

        for secret in sorted(self._secrets, key=len, reverse=True):
            text = without(secret, text)
        return without_keys(text)

    def _write(self, text: str) -> None:
        if self.stream is None:
            return
        text = self.masked(text)
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            self.stream = None
