"""The files of a run: all next to its output, and named after it."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

from openai_cli.errors import UsageError
from openai_cli.locking import locked
from openai_cli.records import NamedTuple


class Files(NamedTuple):
    """The files of a run.

    `output` is as the user named it, or that of a shard; `failed` has the failures, and `state` the
    progress.
    """

    output: Path

    @classmethod
    def of(cls, output: str, shard: tuple[int, int] = (1, 1)) -> "Files":
        """The files for an output; a shard has its own, such as `out.2-of-4.jsonl`."""
        path, (index, count) = Path(output), shard
        if count > 1:
            path = path.with_name(f"{path.stem}.{index}-of-{count}{path.suffix}")
        return cls(path)

    @property
    def failed(self) -> Path:
        return self.output.with_name(f"{self.output.stem}.failed.jsonl")

    @property
    def state(self) -> Path:
        return self.output.with_name(f"{self.output.name}.run")

    def check(self, given: str | None = None) -> None:
        """Raise UsageError if the output cannot exist, or would overwrite the input `given`."""
        try:
            self._check(given)
        except OSError as error:
            raise UsageError(f"--output: cannot write '{self.output}': {error.strerror}") from None

    def _check(self, given: str | None) -> None:
        folder = self.output.parent
        if not folder.is_dir():
            raise UsageError(f"--output: there is no folder '{folder}'")
        if self.output.is_dir():
            raise UsageError(f"--output: '{self.output}' is a folder")
        for path in (self.output, self.failed, self.state):
            if given and path.exists() and Path(given).exists() and path.samefile(given):
                raise UsageError(f"'{given}' is the input, and would be overwritten as '{path}'")

    def locked(self) -> AbstractContextManager[None]:
        """Lock the run; UsageError if another process holds the lock."""
        lock = self.state.with_name(f"{self.state.name}.lock")
        return locked(lock, waits=lambda: None, sleep=self._refuse(), is_bounded=True)

    def is_held(self) -> bool:
        """Whether another process holds the lock of the run."""
        try:
            with self.locked():
                return False
        except UsageError:
            return True

    def _refuse(self) -> Callable[[float], None]:
        def refuse(_seconds: float) -> None:
            raise UsageError(
                f"another process is working on this run: '{self.state}' is its state",
                hint=f"openai-cli batch status {self.output} shows its progress",
            )

        return refuse


def private(path: Path) -> BinaryIO:
    """Open a file for writing, truncated, that only its owner may read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o600), "wb")
