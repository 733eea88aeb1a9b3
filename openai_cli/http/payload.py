"""Request bodies: JSON, or a multipart form that streams its files."""

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
    """A request body, which is `opened` again for each attempt."""

    @property
    def content_type(self) -> str: ...

    def opened(self, stack: ExitStack) -> Any:
        """Return the body as the `data` argument of requests; `stack` closes its files."""


@record
class Json:
    """A body of encoded JSON."""

    data: bytes
    content_type = "application/json"

    def opened(self, _stack: ExitStack) -> bytes:
        return self.data


@record
class FormFile:
    """A file in a form: read from `path` while it is sent or, with `path` None, held in `data`.

    `field` is the name of its form field, `shown` what the user typed for it: a path or `-`.
    """

    field: str
    filename: str
    content_type: str
    shown: str
    path: Path | None = None
    data: bytes = b""

    @property
    def size(self) -> int:
        """The size in bytes."""
        return len(self.data) if self.path is None else self.path.stat().st_size

    def start(self, size: int = 65536) -> bytes:
        """Return at most the first `size` bytes."""
        if self.path is None:
            return self.data[:size]
        with opened(self.path) as file:
            return file.read(size)

    def opened(self, stack: ExitStack) -> "Measured | bytes":
        """Return the bytes or the open file; raise UsageError if it cannot be read."""
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
    """A section of a file: `length` bytes from offset `begin`, read while they are sent."""

    begin: int = 0
    length: int = 0

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self.length

    def _measured(self, file: BinaryIO) -> "Measured":
        file.seek(self.begin)
        return Measured(file, self.shown, self.length)


class Measured:
    """A file reader limited to `size` bytes, or to the file's current size; `len` bytes remain.

    Data appended later is not read. `read` raises UsageError if the file has become shorter.
    """

    def __init__(self, file: BinaryIO, shown: str, size: int | None = None) -> None:
        self._file = file
        self._shown = shown
        self.len = os.fstat(file.fileno()).st_size if size is None else size

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, or all that remain if `size` is negative."""
        wanted = self.len if size < 0 else min(size, self.len)
        data = self._file.read(wanted)
        if len(data) < wanted:
            raise UsageError(f"'{self._shown}' became shorter while it was being sent")
        self.len -= wanted
        return data


@record
class Form:
    """A multipart form (RFC 7578); `watch` is called with the number of bytes just sent."""

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
    """Yield the form fields for the properties of a body, in order.

    An array becomes repeated `name[]` fields and an object `name[key]` fields, as in the API's own
    client (openai 3.54, `_serialize_multipartform`). Strings are sent unchanged, other values as
    JSON.
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
