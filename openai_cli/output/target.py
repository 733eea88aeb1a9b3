"""What takes the bytes of a result as they come: a stream, and a terminal that is shown no more
than text.
"""

import select
from contextlib import suppress
from io import RawIOBase
from typing import BinaryIO, Protocol

from openai_cli.terminal import Cleaner, drawn

Data = bytes | bytearray | memoryview


class Target(Protocol):
    """Something that takes the bytes of a result.

    `is_live` says that a reader sees what was written before the result is whole, `is_terminal`
    that a person does; `written` gives what no reader has seen.
    """

    is_live: bool
    is_terminal: bool

    def write(self, data: Data) -> None: ...
    def written(self) -> bytes: ...
    def commit(self) -> None: ...
    def discard(self) -> None: ...


def write_all(stream: BinaryIO | RawIOBase, data: Data) -> None:
    """Write all of it: an unbuffered stream may take a part, and a full non-blocking one nothing.

    A stream can be non-blocking because another program that shares it has made it so.
    """
    rest = data
    while (count := stream.write(rest)) != len(rest):
        if count is None:
            select.select([], [stream], [])
        rest = memoryview(rest)[count or 0 :]


class Stream:
    """Stdout, a device or a FIFO: written directly."""

    is_live = True
    is_terminal = False

    def __init__(self, stream: BinaryIO | RawIOBase, *, owned: bool = False) -> None:
        self._stream = stream
        self._owned = owned

    def write(self, data: Data) -> None:
        write_all(self._stream, data)

    def written(self) -> bytes:
        return b""

    def commit(self) -> None:
        if self._owned:
            self._stream.close()

    def discard(self) -> None:
        if self._owned:
            with suppress(OSError):
                self._stream.close()


class Terminal(Stream):
    """A terminal, the one place where the program writes to one: all that comes is cleaned here."""

    is_terminal = True

    def __init__(self, stream: BinaryIO | RawIOBase, *, owned: bool = False) -> None:
        super().__init__(stream, owned=owned)
        self._cleaner = Cleaner()

    def write(self, data: Data) -> None:
        super().write(self._cleaner.clean(data))

    def draw(self, data: Data) -> None:
        """Write what has colours, or is drawn anew: of control sequences these alone act."""
        super().write(drawn(bytes(data).decode()).encode())

    def commit(self) -> None:
        super().write(self._cleaner.clean(b"", is_last=True))
        super().commit()
