"""Files for a multipart form: what is at a path, or on stdin, checked before anything is sent."""

import stat
from collections.abc import Callable, Sequence
from mimetypes import guess_type
from pathlib import Path
from typing import NamedTuple

from openai_cli.errors import UsageError
from openai_cli.http.payload import FormFile
from openai_cli.media import HEAD, is_named_so
from openai_cli.reading import opened
from openai_cli.request.inputs import Inputs

_MB = 1024 * 1024


class Rule(NamedTuple):
    """What a file must be: `kind_of` gives the extension of the kind that its first bytes show.

    `largest` is in bytes; `taken` names the kinds in a message. Without one of them there is no
    such rule.
    """

    kind_of: Callable[[bytes], str | None] | None = None
    taken: str = ""
    largest: int | None = None


def sources(
    inputs: Inputs, given: Sequence[str] | None, named: str | None, *, example: str
) -> list[str]:
    """The files of a call: its arguments, that of --file, or stdin where it is piped."""
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
    """The file at a path, or stdin for `-`, as the field of a form.

    A regular file is read as it is sent; all else is read now. Raises UsageError for what cannot be
    read, is empty, a folder, larger or of another kind than the rule has it.
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
            inputs.context.messages.notice(f"'{source}' holds {kind}, and is sent as '{name}'")
    content_type = guess_type(f"a{extension}")[0] or guess_type(name)[0]
    return FormFile(field, name, content_type or "application/octet-stream", source, path, data)


def _bounded(inputs: Inputs, source: str, largest: int | None) -> bytes:
    """What is read from a pipe or a device, with at most a byte above the largest."""
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
    """The kind of the file, where the rule tells kinds apart."""
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
