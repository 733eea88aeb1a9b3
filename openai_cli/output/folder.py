"""Write several results as numbered files into a folder."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from openai_cli.errors import OutputError, UsageError
from openai_cli.output.links import followed
from openai_cli.output.sink import sync_folder


class NumberedFiles:
    """Numbered files that appear in a folder together once all are complete: 01.txt, 02.txt, ...

    Until `commit` they are in a hidden subfolder, which is removed when the `with` block ends.
    Raises UsageError if the folder cannot be created, OutputError if a file cannot be written.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._count = 0
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self._target = followed(folder)
            self._hidden = self._target / f".openai-cli-{os.urandom(8).hex()}"
            self._hidden.mkdir()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"--output-dir: cannot make '{folder}': {why}") from None

    def add(self, data: bytes) -> None:
        """Write the next file."""
        self._count += 1
        try:
            (self._hidden / str(self._count)).write_bytes(data)
        except OSError as error:
            raise self._failed(error) from None

    def commit(self) -> list[str]:
        """Sync the files once, move them into the folder and return their paths."""
        digits = len(str(self._count))
        names = [f"{number:0{digits}}.txt" for number in range(1, self._count + 1)]
        for name in names:
            if (self._target / name).is_dir():
                raise UsageError(f"--output-dir: '{Path(self._folder, name)}' is a folder")
        os.sync()
        try:
            for number, name in enumerate(names, 1):
                self._replace(self._hidden / str(number), self._target / name)
        except OSError as error:
            raise self._failed(error) from None
        sync_folder(self._target)
        return [str(Path(self._folder, name)) for name in names]

    def _replace(self, new: Path, old: Path) -> None:
        """Move a file into place; an existing file keeps its mode, as with --output."""
        with suppress(FileNotFoundError):
            new.chmod(old.stat().st_mode & 0o777)
        new.replace(old)

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(f"--output-dir: '{self._folder}' cannot be written: {error.strerror}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._hidden, ignore_errors=True)
