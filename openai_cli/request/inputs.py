"""What a command reads: its argument, stdin (once, by one reader), and files."""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
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

# In bytes: of a file with short lines, each read by itself costs more than what is done with it.
_BUFFER = 2**20
# A list as other tools take it; one name may have a comma with a blank behind: `Smith, John`.
_SEVERAL = r",\S"
_FALSE = ("", "0", "false", "no")


@mutable_record
class Inputs:
    """The readers of one call.

    `use_stdin` is --stdin/--no-stdin, None when not given; where `is_required`, as by
    --require-input, stdin must have something.
    """

    context: Context
    use_stdin: bool | None = None
    is_required: bool = False
    _reader: str | None = field(default=None, init=False)

    def source(self, reader: str, path: str) -> bytes:
        """The bytes of a file, or of stdin for `-`; `reader` names the flag that asks.

        Raises UsageError when it cannot be read, or stdin has another reader.
        """
        name = "stdin" if path == "-" else f"{reader}: '{path}'"
        data = b"".join(self.read(reader, path, lambda stream: (read_whole(stream, name),)))
        if self.is_required and path == "-" and data in (b"", b"\n"):
            raise UsageError("stdin is empty, and --require-input demands something")
        return data

    def lines(self, reader: str, path: str) -> Iterator[bytes]:
        """The lines of a file, or of stdin for `-`, as they are read; raises what `source` raises.

        Each ends with its newline, but perhaps the last.
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
        """What `pieces` gives of the open file, or of stdin; raises what `source` raises."""
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
        """The text of the call: stdin, an empty line, the argument; None when there is neither.

        `-` as the argument is stdin alone. `flagged` says that a text flag was given: then stdin
        is read for `-` only. Of stdin one final newline is dropped and nothing else.
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
        """The text of a call that takes the argument or stdin, but never both; as `text` has it."""
        if argument is not None and argument != "-":
            self._tell_name(argument, "<")
            return argument
        return self.text(argument, flagged=flagged)

    def flag_text(self, flag: str, raw: str) -> str:
        """The text of a prompt that was typed for a flag of ours, as `prompt_text` has it.

        Raises UsageError for a file that cannot be read, or is not UTF-8.
        """
        self.tell_flag_name(flag, raw)
        try:
            return prompt_text(raw, partial(self.source, flag))
        except ValueError as error:
            raise UsageError(f"{flag} {error}") from None

    def raw_text(self, arguments: Sequence[str] | None) -> str | None:
        """The text of a command that counts: the arguments, or stdin as it is when there are none.

        Several arguments have a blank between them, as `echo` has it; `-` alone is stdin.
        """
        if arguments and list(arguments) != ["-"]:
            if all(map(_named, arguments)):
                self._tell_name(arguments[0], "--files")
            return " ".join(arguments)
        if not arguments and not self.is_piped:
            return None
        return self._stdin_text(_reader_of(arguments))

    def raw_stdin(self, arguments: Sequence[str] | None) -> Iterator[bytes] | None:
        """The blocks of stdin, where `raw_text` would read it; else None. They raise OSError."""
        if arguments and list(arguments) != ["-"]:
            return None
        if not arguments and not self.is_piped:
            return None
        return self.stdin_blocks(_reader_of(arguments))

    def stdin_blocks(self, reader: str) -> Iterator[bytes]:
        """What is read of stdin, some at a time, until it ends; raises OSError as it is read."""
        return iter(partial(self._stdin(reader).read, _BUFFER), b"")

    def tell_flag_name(self, flag: str, text: str) -> None:
        """Tell of a flag's text that is the name of what exists: its `@` may be forgotten."""
        if not text.startswith("@"):
            self._tell_name(text, "@", flag=f"{flag} ")

    def tell_several(self, flag: str, names: Iterable[str]) -> None:
        """Tell of a name with a comma in it, for a flag that is repeated for each."""
        for name in names:
            if re.search(_SEVERAL, name) and not name.startswith("["):
                self.context.messages.notice(
                    f"{flag} {quoted(name)} is taken as one name; repeat {flag} for each"
                )

    def tell_param_name(self, text: str) -> None:
        """Tell of a --param NAME=@FILE, whose file is not read."""
        name, _, value = text.partition("=")
        if value.startswith("@") and is_file(value[1:]):
            self.context.messages.notice(
                f"--param {name} is the text {quoted(value)}: --param reads no file"
            )

    def _tell_name(self, text: str | None, way: str, *, flag: str = "") -> None:
        """Tell of a text that is the name of what exists; `way` is what has its content read."""
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
        """Whether stdin is no terminal, may be read, and has no reader yet."""
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
        """Stdin, where this reader may have it; UsageError where it may not."""
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
    """The text that stdin is; UsageError names the first byte that is not UTF-8."""
    try:
        return utf8(data)
    except ValueError as error:
        raise UsageError(f"stdin {error}", hint="only UTF-8 text can be sent") from None


def _reader_of(arguments: Sequence[str] | None) -> str:
    """Who reads stdin as the text of a command that counts."""
    return "the argument -" if arguments else "the text"


# The fields of the options that are a FILE, and take a text for its name where it follows them.
_FILES = ("output", "usage_file")


def nothing_given(options: object, what: str, example: str) -> UsageError:
    """The error for a call without its text, which may have been taken for the name of a file."""
    for name in _FILES:
        taken = getattr(options, name, None)
        if isinstance(taken, str) and is_like_text(taken):
            hint = f"{flag_of(name)} took {quoted(taken)} as its FILE"
            return UsageError(f"there is no {what}", hint=hint)
    return UsageError(f"there is no {what}", hint=f"for example: openai-cli {example}")


def is_like_text(name: str) -> bool:
    """Whether what was typed for a file's name is more likely a text: words, and no such file."""
    is_path = name.startswith(("/", "./", "../", "~"))
    return not is_path and len(name.split()) > 1 and _named(name) is None


def _is_pipe_or_file(stream: BinaryIO | None) -> bool:
    """Whether somebody made it stdin for what is in it, as nobody does with /dev/null."""
    if stream is None:
        return False
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except OSError:  # a stream in memory has no number
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISREG(mode)


def _named(text: str) -> str | None:
    """The name of what exists that the text is, or has behind an `@`."""
    for name in (text, text.removeprefix("@")):
        if os.path.exists(name):  # noqa: PTH110 - where a Path raises, a text is just too long
            return name
    return None


def check_arguments(arguments: list[str]) -> None:
    """Refuse arguments that are not UTF-8: JSON could not carry them."""
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
