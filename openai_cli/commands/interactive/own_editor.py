"""The user's own editor: $VISUAL, $EDITOR, or the machine's default."""

import shlex
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.jsontext import utf8

# `editor` is the machine's default editor on Debian.
_USUAL = ("editor", "vi", "nano")


def edited(context: Context, text: str) -> str:
    """Let the user edit the text; return it as saved, without a final newline.

    Raises UsageError if the editor cannot be started, fails, or leaves invalid UTF-8. What was
    written is then kept in a file that the error names.
    """
    command = _command(context)
    try:
        return _saved(context, command, text)
    except OSError as error:
        raise UsageError(f"no file can be made for the editor: {error.strerror}") from None


def _saved(context: Context, command: list[str], text: str) -> str:
    """As `edited`; OSError if there is no place for the file."""
    with tempfile.TemporaryDirectory(prefix="openai-cli-edit-") as folder:
        path = Path(folder, "message.md")
        before = f"{text}\n".encode(errors="surrogateescape") if text else b""
        path.write_bytes(before)
        try:
            _run(context, [*command, str(path)])
            return utf8(_read(path)).removesuffix("\n")
        except ValueError as error:
            problem = f"what was written {error}"
        except (OSError, subprocess.CalledProcessError) as error:
            problem = f"the editor '{shlex.join(command)}' {_failure(error)}"
        raise UsageError(problem, hint=f"nothing was sent{_kept(path, before)}")


def _command(context: Context) -> list[str]:
    """The words that start the editor; UsageError if there is none."""
    for name in ("VISUAL", "EDITOR"):
        if given := context.variable(name):
            try:
                words = shlex.split(given)
            except ValueError:
                words = []
            if not words:
                raise UsageError(f"{name} is not a command: {given!r}")
            return words
    found = next(filter(None, map(shutil.which, _USUAL)), None)
    if found is None:
        raise UsageError("there is no editor", hint="export EDITOR=NAME sets one")
    return [found]


def _run(context: Context, command: list[str]) -> None:
    """Run the editor on the terminal, even if stdout goes elsewhere."""
    stream = context.messages.stream
    terminal = stream.fileno() if stream is not None and stream.isatty() else None
    with _interrupts_are_its_own():
        subprocess.run(command, stdout=terminal, check=True)  # noqa: S603 - the user's own


@contextmanager
def _interrupts_are_its_own() -> Iterator[None]:
    """Leave Ctrl-C to the editor. A handler, since the editor would inherit an ignored signal."""
    before = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _failure(error: OSError | subprocess.CalledProcessError) -> str:
    if isinstance(error, OSError):
        return f"could not be run: {error.strerror}"
    code = error.returncode
    return f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"


def _read(path: Path) -> bytes:
    """What the editor left; nothing if it removed the file."""
    return path.read_bytes() if path.exists() else b""


def _kept(path: Path, before: bytes) -> str:
    """Where the text was kept, in words; empty if nothing was written."""
    from openai_cli.output.sink import keep

    data = _read(path)
    if data in (b"", before):
        return ""
    return f"; what was written is kept in {keep(data, what='message')}"
