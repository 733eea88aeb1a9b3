"""What a request carries: JSON, or a multipart form whose files are read as they are sent."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from openai_cli.errors import UsageError
from openai_cli.reading import opened
from openai_cli.records import record


class Payload(Protocol):
    """The body of a request; `opened` anew for each try."""

    @property
    def content_type(self) -> str: ...

    def opened(self, stack: ExitStack) -> Any:
        """What requests takes as `data`; `stack` closes it once it is sent."""


@record
class Json:
    """Bytes of JSON."""

    data: bytes
    content_type = "application/json"

    def opened(self, _stack: ExitStack) -> bytes:
        return self.data


@record
class FormFile:
    """A file of a form: `field` is its name there; `path` is read as it is sent, `data` is at hand.

    `shown` is what the user typed for it, as a path or `-`.
    """

    field: str
    filename: str
    content_type: str
    shown: str
    path: Path | None = None
    data: bytes = b""

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.data) if self.path is None else self.path.stat().st_size

    def start(self, size: int = 65536) -> bytes:
        """Its first bytes, at most so many."""
        if self.path is None:
            return self.data[:size]
        with opened(self.path) as file:
            return file.read(size)

    def opened(self, stack: ExitStack) -> "Measured | bytes":
        """Its bytes, or the open file; UsageError where it cannot be read."""
        if self.path is None:
            return self.data
        try:
            return self._measured(stack.enter_context(opened(self.path)))
        except OSError as error:
            raise UsageError(f"cannot read '{self.shown}': {error.strerror}") from None

    def _measured(self, file: BinaryIO) -> "Measured":
        return Measured(file, self.shown)


@record
class FilePart(FormFile):
    """So many bytes of a file, from where they begin; they are read as they are sent."""

    begin: int = 0
    length: int = 0

    @property
    def size(self) -> int:
        """In bytes."""
        return self.length

    def _measured(self, file: BinaryIO) -> "Measured":
        file.seek(self.begin)
        return Measured(file, self.shown, self.length)


class Measured:
    """A file of the size that it has now, or of the `size`: `len` is left, in bytes.

    What is written behind it meanwhile is not read; UsageError where less is left.
    """

    def __init__(self, file: BinaryIO, shown: str, size: int | None = None) -> None:
        self._file = file
        self._shown = shown
        self.len = os.fstat(file.fileno()).st_size if size is None else size

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or all."""
        wanted = self.len if size < 0 else min(size, self.len)
        data = self._file.read(wanted)
        if len(data) < wanted:
            raise UsageError(f"'{self._shown}' has become shorter while it was sent")
        self.len -= wanted
        return data


@record
class Form:
    """A multipart form (RFC 7578); `watch` is told how many bytes more were sent."""

    fields: Sequence[tuple[str, str]]
    files: Sequence[FormFile]
    boundary: str
    watch: Callable[[int], None] = lambda _size: None

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self.boundary}"

    def opened(self, stack: ExitStack) -> Any:
        from requests_toolbelt import MultipartEncoder, MultipartEncoderMonitor

        files = [
            (file.field, (file.filename, file.opened(stack), file.content_type))
            for file in self.files
        ]
        encoder = MultipartEncoder([*self.fields, *files], boundary=self.boundary)
        sent = 0

        def tell(monitor: Any) -> None:
            nonlocal sent
            self.watch(monitor.bytes_read - sent)
            sent = monitor.bytes_read

        return MultipartEncoderMonitor(encoder, tell)


def form_fields(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields of a form for the properties of a body, in their order.

    An array is `name[]`, repeated, and an object `name[key]`, as the API's own clients write them
    (openai 3.54, `_serialize_multipartform`); a string stands as it is, all else as in JSON.
    """
    for name, value in body.items():
        yield from _fields(name, value)


def _fields(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _fields(f"{name}[]", item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _fields(f"{name}[{key}]", item)
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)
