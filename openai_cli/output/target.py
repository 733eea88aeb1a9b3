"""The targets that receive a result's bytes: a plain stream, and a terminal with cleaned text."""

import select
from contextlib import suppress
from io import RawIOBase
from typing import BinaryIO, Protocol

from openai_cli.terminal import Cleaner, drawn

Data = bytes | bytearray | memoryview


class Target(Protocol):
    """A destination for the bytes of a result.

    `is_live` says that readers see data before the result is complete, `is_terminal` that a person
    does. `written` returns the data that no reader has seen.
    """

    is_live: bool
    is_terminal: bool

    def write(self, data: Data) -> None: ...
    def written(self) -> bytes: ...
    def commit(self) -> None: ...
    def discard(self) -> None: ...


def write_all(stream: BinaryIO | RawIOBase, data: Data) -> None:
    """Write all the data, even if the stream takes only part of it or, non-blocking, nothing.

    Another program that shares a stream may have made it non-blocking.
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
    """A terminal. All output to terminals passes through here and is cleaned."""

    is_terminal = True

    def __init__(self, stream: BinaryIO | RawIOBase, *, owned: bool = False) -> None:
        super().__init__(stream, owned=owned)
        self._cleaner = Cleaner()

    def write(self, data: Data) -> None:
        super().write(self._cleaner.clean(data))

    def draw(self, data: Data) -> None:
        """Write text with colours or redrawn lines; any other control sequences are disarmed."""
        super().write(drawn(bytes(data).decode()).encode())

    def commit(self) -> None:
        super().write(self._cleaner.clean(b"", is_last=True))
        super().commit()
