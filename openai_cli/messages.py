"""Write notices, usage and errors to stderr, one line each, and never a secret."""

from collections.abc import Mapping
from typing import Literal, TextIO

from openai_cli.errors import CliError
from openai_cli.terminal import visible

Color = Literal["auto", "always", "never"]

PROGRAM = "openai-cli"
# Both are readable on dark and on light backgrounds, unlike yellow.
_RED, _MAGENTA, _RESET = "\x1b[31m", "\x1b[35m", "\x1b[0m"


def one_line(text: str) -> str:
    """Collapse white space and make control characters visible, for one line on a terminal."""
    return visible(" ".join(text.split()))


class Messages:
    """Writes to stderr.

    `quiet` silences everything but errors; `color` is `--color`. Hidden secrets are masked
    everywhere. If stderr is closed, messages are dropped without an error.
    """

    def __init__(self, stream: TextIO | None, *, environ: Mapping[str, str]) -> None:
        self.stream = stream
        self.quiet = False
        self.color: Color = "auto"
        self._no_color = bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
        self._secrets: list[str] = []

    @property
    def is_watched(self) -> bool:
        """Whether a progress display would be seen: stderr is a terminal, and not quiet."""
        return not self.quiet and self.stream is not None and self.stream.isatty()

    def hide(self, secret: str) -> None:
        """Mask this text from now on, unless it is so short that it occurs in ordinary words."""
        if len(secret) >= 4:
            self._secrets.append(secret)

    def notice(self, text: str) -> None:
        """Write a notice, which is not an error."""
        if not self.quiet:
            self._line(f"{self._paint(_MAGENTA, 'notice:')} {one_line(text)}")

    def usage(self, text: str) -> None:
        """Write the usage of a call."""
        if not self.quiet:
            self._line(f"usage: {one_line(text)}")

    def debug(self, text: str) -> None:
        """Write a line for --debug."""
        if not self.quiet:
            self._line(f"debug: {one_line(text)}")

    def error(self, error: CliError, *, with_body: bool = False) -> None:
        """Write what went wrong, where, and what to do about it, on one line.

        With `with_body`, the API's own error body follows.
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
        """Write several lines unchanged: the API's error body, a traceback."""
        self._write(visible(text.rstrip("\n")) + "\n")

    def prompt(self, text: str) -> None:
        """Write a prompt, without a line end."""
        self._write(visible(text))

    def _line(self, text: str) -> None:
        self._write(f"{PROGRAM}: {text}\n")

    def _paint(self, color: str, text: str) -> str:
        is_terminal = self.stream is not None and self.stream.isatty()
        return f"{color}{text}{_RESET}" if self.may_color(terminal=is_terminal) else text

    def may_color(self, *, terminal: bool) -> bool:
        """Return whether a stream, which may be a `terminal`, gets colours."""
        if self.color != "auto":
            return self.color == "always"
        return terminal and not self._no_color

    def masked(self, text: str) -> str:
        """Mask every secret in a text, and everything that has the form of a key."""
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
