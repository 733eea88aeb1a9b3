"""Read a command's input: its argument, files, and stdin, which has only one reader."""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import BinaryIO, TypeVar

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.names import flag_of
from openai_cli.flags.values import prompt_text, without_final_newline
from openai_cli.jsontext import quoted, utf8
from openai_cli.reading import bounded_lines, is_file, opened, read_whole
from openai_cli.records import mutable_record

T = TypeVar("T")

SILENT_AFTER = 2.0

# The read buffer, in bytes: with a small one, reading short lines costs more than processing them.
_BUFFER = 2**20
# A comma-separated list as in other tools. A single name may contain ", ": `Smith, John`.
_SEVERAL = r",\S"
_FALSE = ("", "0", "false", "no")


@mutable_record
class Inputs:
    """Reads the input of one call.

    `use_stdin` is --stdin/--no-stdin, or None if neither is given. With `is_required`
    (--require-input), stdin must not be empty.
    """

    context: Context
    use_stdin: bool | None = None
    is_required: bool = False
    _reader: str | None = None

    def source(self, reader: str, path: str) -> bytes:
        """Read a file, or stdin for `-`; `reader` is the flag that error messages name.

        Raises UsageError if it cannot be read, or if stdin has another reader.
        """
        name = "stdin" if path == "-" else f"{reader}: '{path}'"
        data = b"".join(self.read(reader, path, lambda stream: (read_whole(stream, name),)))
        if self.is_required and path == "-" and data in (b"", b"\n"):
            raise UsageError("stdin is empty, and --require-input demands something")
        return data

    def lines(self, reader: str, path: str) -> Iterator[bytes]:
        """Iterate over the lines of a file, or of stdin for `-`; raises the errors of `source`.

        Each line keeps its newline; the last one may have none.
        """
        name = "stdin" if path == "-" else f"{reader}: '{path}'"
        try:
            yield from self.read(reader, path, bounded_lines)
        except UsageError as error:
            if error.problem.startswith("has a line"):
                error.problem = f"{name} {error.problem}"
            raise

    def read(
        self, reader: str, path: str, pieces: Callable[[BinaryIO], Iterable[T]]
    ) -> Iterator[T]:
        """Yield what `pieces` yields for the open file or stdin; raises the errors of `source`."""
        try:
            if path == "-":
                yield from pieces(self._stdin(reader))
            else:
                with opened(path, buffering=_BUFFER) as file:
                    yield from pieces(file)
        except OSError as error:
            what = "cannot read stdin" if path == "-" else f"{reader}: cannot read '{path}'"
            raise UsageError(f"{what}: {error.strerror}") from None
        except ValueError:  # a NUL in the name
            raise UsageError(f"{reader}: '{path}' is not a file name") from None

    def text(self, argument: str | None, *, flagged: bool) -> str | None:
        """Return the text of the call: stdin, an empty line, the argument; None without both.

        The argument `-` means stdin alone. With `flagged`, a text flag was given, and stdin is read
        only for `-`. A single final newline of stdin is dropped.
        """
        if argument == "-":
            return without_final_newline(self._stdin_text("the argument -"))
        self._tell_name(argument, "<")
        if flagged or not self.is_piped:
            if self.is_required and self._reader is None:
                raise UsageError("stdin is not read, and --require-input demands it")
            return argument
        piped = without_final_newline(self._stdin_text("the text"))
        if not piped:
            if argument and _is_pipe_or_file(self.context.stdin):
                self.context.messages.notice("stdin is empty: the argument alone is sent")
            return argument
        return f"{piped}\n\n{argument}" if argument else piped

    def lone_text(self, argument: str | None, *, flagged: bool) -> str | None:
        """Return the text of a call that takes the argument or stdin, not both; see `text`."""
        if argument is not None and argument != "-":
            self._tell_name(argument, "<")
            return argument
        return self.text(argument, flagged=flagged)

    def flag_text(self, flag: str, raw: str) -> str:
        """Return the text given for one of our flags, with `@FILE` read as by `prompt_text`.

        Raises UsageError if the file cannot be read or is not UTF-8.
        """
        self.tell_flag_name(flag, raw)
        try:
            return prompt_text(raw, partial(self.source, flag))
        except ValueError as error:
            raise UsageError(f"{flag} {error}") from None

    def raw_text(self, arguments: Sequence[str] | None) -> str | None:
        """Return the text of a command that counts: its arguments or, without any, stdin unchanged.

        Several arguments are joined with spaces, as by `echo`; `-` alone means stdin.
        """
        if arguments and list(arguments) != ["-"]:
            if all(map(_named, arguments)):
                self._tell_name(arguments[0], "--files")
            return " ".join(arguments)
        if not arguments and not self.is_piped:
            return None
        return self._stdin_text(_reader_of(arguments))

    def raw_stdin(self, arguments: Sequence[str] | None) -> Iterator[bytes] | None:
        """Iterate over blocks of stdin if `raw_text` would read it; else return None.

        Iterating raises OSError.
        """
        if arguments and list(arguments) != ["-"]:
            return None
        if not arguments and not self.is_piped:
            return None
        return self.stdin_blocks(_reader_of(arguments))

    def stdin_blocks(self, reader: str) -> Iterator[bytes]:
        """Iterate over stdin in blocks; raises OSError while reading."""
        return iter(partial(self._stdin(reader).read, _BUFFER), b"")

    def tell_flag_name(self, flag: str, text: str) -> None:
        """Print a notice if a flag's text names an existing file: its `@` may be missing."""
        if not text.startswith("@"):
            self._tell_name(text, "@", flag=f"{flag} ")

    def tell_several(self, flag: str, names: Iterable[str]) -> None:
        """Print a notice for a name with a comma, given for a repeatable flag."""
        for name in names:
            if re.search(_SEVERAL, name) and not name.startswith("["):
                self.context.messages.notice(
                    f"{flag} {quoted(name)} is taken as one name; repeat {flag} for each"
                )

    def tell_param_name(self, text: str) -> None:
        """Print a notice for --param NAME=@FILE, because --param reads no file."""
        name, _, value = text.partition("=")
        if value.startswith("@") and is_file(value[1:]):
            self.context.messages.notice(
                f"--param {name} is the text {quoted(value)}: --param reads no file"
            )

    def _tell_name(self, text: str | None, way: str, *, flag: str = "") -> None:
        """Print a notice if a text names an existing file or folder; `way` is how to read that."""
        if text is None or (name := _named(text)) is None:
            return
        noun = "folder" if os.path.isdir(name) else "file"  # noqa: PTH112 - see _named
        told = f"{flag}{quoted(text)} is taken as text, but a {noun} has this name"
        if noun == "file" or way == "--files":
            import shlex

            typed = f"{way}{'' if way == '@' else ' '}{shlex.quote(name)}"
            told += f"; {typed} reads the {noun}"
        self.context.messages.notice(told)

    @property
    def is_piped(self) -> bool:
        """Whether stdin is not a terminal, may be read, and has no reader yet."""
        context = self.context
        is_pipe = context.stdin is not None and not context.stdin_is_terminal
        return is_pipe and self._may_read() and self._reader is None

    def _may_read(self) -> bool:
        if self.use_stdin is not None:
            return self.use_stdin
        return (self.context.variable("OPENAI_CLI_NO_STDIN") or "").lower() in _FALSE

    def _stdin_text(self, reader: str) -> str:
        return stdin_text(self.source(reader, "-"))

    def check_stdin(self, reader: str) -> BinaryIO:
        """Return stdin; raise UsageError if this reader may not have it."""
        if not self._may_read():
            raise UsageError(f"{reader} asks for stdin, and --no-stdin leaves it alone")
        if self._reader is not None:
            raise UsageError(
                f"stdin is read by {self._reader}, so {reader} cannot read it too",
                hint="put one of them into a file and use @FILE",
            )
        if self.context.stdin is None:
            raise UsageError(f"{reader} asks for stdin, and stdin is closed")
        return self.context.stdin

    def _stdin(self, reader: str) -> BinaryIO:
        stdin = self.check_stdin(reader)
        self._reader = reader
        if not self.context.stdin_is_terminal and not self.context.stdin_ready(SILENT_AFTER):
            self.context.messages.notice(
                f"waiting for stdin, which is open and silent, for {reader}; "
                "--no-stdin leaves it alone"
            )
        return stdin


def stdin_text(data: bytes) -> str:
    """Decode the text of stdin; the UsageError names the first byte that is not UTF-8."""
    try:
        return utf8(data)
    except ValueError as error:
        raise UsageError(f"stdin {error}", hint="only UTF-8 text can be sent") from None


def _reader_of(arguments: Sequence[str] | None) -> str:
    """Return the reader's name for stdin as the text of a command that counts."""
    return "the argument -" if arguments else "the text"


# The options that take a FILE, and so take a text that follows them for its name.
_FILES = ("output", "usage_file")


def nothing_given(options: object, what: str, example: str) -> UsageError:
    """Return the error for a missing text; an option may have taken it as its FILE."""
    for name in _FILES:
        taken = getattr(options, name, None)
        if isinstance(taken, str) and is_like_text(taken):
            hint = f"{flag_of(name)} took {quoted(taken)} as its FILE"
            return UsageError(f"there is no {what}", hint=hint)
    return UsageError(f"there is no {what}", hint=f"for example: openai-cli {example}")


def is_like_text(name: str) -> bool:
    """Return whether a file name is more likely a text: several words, and no such file."""
    is_path = name.startswith(("/", "./", "../", "~"))
    return not is_path and len(name.split()) > 1 and _named(name) is None


def _is_pipe_or_file(stream: BinaryIO | None) -> bool:
    """Return whether the stream was made stdin for its content, as /dev/null never is."""
    if stream is None:
        return False
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except OSError:  # a stream in memory has no number
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISREG(mode)


def _named(text: str) -> str | None:
    """Return the text, or its rest after an `@`, if a file or folder has that name; else None."""
    for name in (text, text.removeprefix("@")):
        if os.path.exists(name):  # noqa: PTH110 - where a Path raises, a text is just too long
            return name
    return None


def check_arguments(arguments: list[str]) -> None:
    """Raise UsageError for an argument that is not UTF-8, which JSON cannot represent."""
    for position, argument in enumerate(arguments, 1):
        try:
            argument.encode()
        except UnicodeEncodeError as error:
            offset = len(argument[: error.start].encode())
            raise UsageError(
                f"argument {position} is not UTF-8 at byte offset {offset}",
                hint="only UTF-8 text can be sent; a file of such a name is taken from stdin: "
                "- < FILE, with --filename NAME where the API wants a name",
            ) from None
