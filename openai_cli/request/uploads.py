"""Prepare the files of a multipart form, and check them before anything is sent."""

import stat
from collections.abc import Callable, Sequence
from mimetypes import guess_type
from pathlib import Path

from openai_cli.errors import UsageError
from openai_cli.http.payload import FormFile
from openai_cli.media import HEAD, is_named_so
from openai_cli.reading import opened
from openai_cli.records import NamedTuple
from openai_cli.request.inputs import Inputs

_MB = 1024 * 1024


class Rule(NamedTuple):
    """The requirements for a file: its kind and its size; a missing one is not checked.

    `kind_of` returns the extension for a file's first bytes, or None if its kind is not accepted.
    `taken` describes the accepted kinds in a message; `largest` is in bytes.
    """

    kind_of: Callable[[bytes], str | None] | None = None
    taken: str = ""
    largest: int | None = None


def sources(
    inputs: Inputs, given: Sequence[str] | None, named: str | None, *, example: str
) -> list[str]:
    """Return the files of a call: its arguments, --file, or piped stdin."""
    if given and named is not None:
        raise UsageError("the file is given twice: as the argument and by --file")
    found = list(given or ([named] if named is not None else []))
    if not found and inputs.is_piped:
        found = ["-"]
    if not found:
        raise UsageError("there is no file to send", hint=f"for example: openai-cli {example}")
    return found


def form_file(
    field: str, source: str, inputs: Inputs, *, rule: Rule, filename: str | None = None
) -> FormFile:
    """Return the form file for a path, or for stdin with `-`.

    A regular file is read while it is sent; anything else is read now. Raises UsageError if it
    cannot be read, is a folder, is empty, or breaks the rule.
    """
    path = None if source == "-" else Path(source)
    if path is not None and _is_regular(path, source):
        head, size, data = _head_of(path, source), path.stat().st_size, b""
    else:
        data = _bounded(inputs, source, rule.largest)
        head, size, path = data[:HEAD], len(data), None
    kind = _checked(source, head, size, rule)
    extension = f".{kind}" if kind else ""
    name = filename or ("stdin" if source == "-" else Path(source).name)
    suffix = Path(name).suffix
    if filename is None and kind and not is_named_so(suffix[1:], head):
        name = name.removesuffix(suffix) + extension
        if suffix:
            inputs.context.messages.notice(f"'{source}' contains {kind}, and is sent as '{name}'")
    content_type = guess_type(f"a{extension}")[0] or guess_type(name)[0]
    return FormFile(field, name, content_type or "application/octet-stream", source, path, data)


def _bounded(inputs: Inputs, source: str, largest: int | None) -> bytes:
    """Read a pipe or a device, up to one byte more than the largest size."""
    size = -1 if largest is None else largest + 1
    return b"".join(inputs.read(f"the file {source}", source, lambda file: (file.read(size),)))


def _is_regular(path: Path, source: str) -> bool:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not a file name"
        raise UsageError(f"cannot read '{source}': {why}") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"'{source}' is a folder, not a file")
    return stat.S_ISREG(mode)


def _head_of(path: Path, source: str) -> bytes:
    try:
        with opened(path) as file:
            return file.read(HEAD)
    except OSError as error:
        raise UsageError(f"cannot read '{source}': {error.strerror}") from None


def _checked(source: str, head: bytes, size: int, rule: Rule) -> str | None:
    """Check a file against the rule; return its kind, or None if that is not known."""
    shown = "stdin" if source == "-" else f"'{source}'"
    if not size:
        raise UsageError(f"{shown} is empty")
    if rule.largest is not None and size > rule.largest:
        raise UsageError(
            f"{shown} is too large: {size / _MB:.1f} MB, and the API takes {rule.largest // _MB} MB"
        )
    kind = rule.kind_of(head) if rule.kind_of else None
    if rule.taken and kind is None:
        raise UsageError(f"{shown} is not of a kind that the API takes", hint=rule.taken)
    return kind
