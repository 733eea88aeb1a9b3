"""What git knows: which files a commit has, which of them differ, and what was in them.

Nothing is checked out and nothing is written, the index neither.
"""

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, cast

from openai_cli.errors import UsageError

# In a clone that has the newest commit alone, as CI makes them, there is nothing to compare with.
SHALLOW = "a shallow clone lacks it: fetch the history, in GitHub's checkout by fetch-depth: 0"

# Else `git diff` writes an index of its own that has newer times.
_READ_ONLY = ("-c", "diff.autoRefreshIndex=false")

_REGULAR = (b"100644", b"100755")


class Repository:
    """The repository around the working tree.

    Paths that it takes and gives are those of git: below its root, with slashes.
    """

    def __init__(self) -> None:
        """UsageError where there is no repository, or no git."""
        self._folder = Path()
        root = self._text(
            "rev-parse", "--show-toplevel", wrong="the folder is in no git repository"
        )
        self._folder = Path(root)

    def commit(self, ref: str) -> str:
        """The id of the commit that a ref names; UsageError where there is none."""
        return self._text(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}",
            wrong=f"there is no commit '{ref}'", hint=SHALLOW,
        )  # fmt: skip

    def merge_base(self, one: str, other: str) -> str:
        """The id of the newest commit that two of them have in common; UsageError without one."""
        return self._text(
            "merge-base", one, other,
            wrong=f"{one[:12]} and {other[:12]} have no commit in common", hint=SHALLOW,
        )  # fmt: skip

    def path(self, typed: str) -> str:
        """How git names a path of the working tree; '' is the root. UsageError outside it."""
        try:
            found = Path(os.path.realpath(typed)).relative_to(os.path.realpath(self._folder))
        except ValueError:
            raise UsageError(f"'{typed}' is not in the repository '{self._folder}'") from None
        return "" if found == Path() else str(found)

    def files(self, commit: str, below: str) -> dict[str, str]:
        """The regular files of a commit at or below a path, each with the id of its blob."""
        command = ["ls-tree", "-r", "-z", "--full-tree", commit, "--", *([below] if below else [])]
        found: dict[str, str] = {}
        for entry in self._bytes(*command).split(b"\0"):
            head, _, path = entry.partition(b"\t")
            mode, _, blob = head.partition(b" blob ")
            if mode in _REGULAR:
                found[os.fsdecode(path)] = blob.decode("ascii")
        return found

    def changed(self, base: str, head: str | None) -> set[str]:
        """The paths that differ between a commit and another, or may differ from the working tree.

        That is None as the `head`; what was touched there and is as it was may be among them.
        """
        sides = [base, *([head] if head else [])]
        listed = self._bytes("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", *sides)
        return {os.fsdecode(path) for path in listed.split(b"\0") if path}

    def ignored(self, paths: Sequence[str]) -> set[str]:
        """Those of the paths that .gitignore and its like leave out, tracked or not."""
        if not paths:
            return set()
        listed = b"".join(os.fsencode(path) + b"\0" for path in paths)
        command = ["check-ignore", "--no-index", "-z", "--stdin"]
        found = self._run(command, given=listed)
        return {os.fsdecode(path) for path in found.stdout.split(b"\0") if path}

    def blobs(self, ids: Iterable[str]) -> Iterator[bytes]:
        """What is in the blobs of these ids, in their order, by one process of git."""
        with TemporaryFile() as asked:
            asked.writelines(f"{blob}\n".encode("ascii") for blob in ids)
            asked.seek(0)
            with self._started("cat-file", "--batch", stdin=asked) as found:
                for head in iter(found.readline, b""):
                    words = head.split()
                    if len(words) != 3:
                        raise UsageError(f"git has no blob {os.fsdecode(words[0])}", hint=SHALLOW)
                    yield found.read(int(words[2]))
                    found.read(1)

    def hashes(self, paths: Sequence[str]) -> list[str]:
        """The ids that the blobs of these files of the working tree would have, in their order."""
        if any("\n" in path for path in paths):  # git takes a path a line
            return ["" for _ in paths]
        listed = b"".join(os.fsencode(path) + b"\n" for path in paths)
        found = self._run(["hash-object", "--stdin-paths"], given=listed)
        return found.stdout.decode("ascii").split() if not found.returncode else ["" for _ in paths]

    def _text(self, *arguments: str, wrong: str, hint: str | None = None) -> str:
        found = self._run(arguments)
        if found.returncode:
            told = found.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
            raise UsageError(f"{wrong}{f' ({told})' if told else ''}", hint=hint)
        return os.fsdecode(found.stdout.rstrip(b"\n"))

    def _bytes(self, *arguments: str) -> bytes:
        found = self._run(arguments)
        if found.returncode:
            told = found.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
            raise UsageError(f"git {arguments[0]} failed: {told}")
        return found.stdout

    def _run(
        self, arguments: Sequence[str], *, given: bytes = b""
    ) -> "subprocess.CompletedProcess[bytes]":
        try:
            return subprocess.run(  # noqa: S603 - git's own words, and refs behind --end-of-options
                self._command(arguments), input=given, capture_output=True, check=False,
                env=_environment(),
            )  # fmt: skip
        except FileNotFoundError:
            raise _no_git() from None

    @contextmanager
    def _started(self, *arguments: str, stdin: IO[bytes]) -> Iterator[IO[bytes]]:
        """What a process of git prints, as it does."""
        pipe = subprocess.PIPE
        with subprocess.Popen(  # noqa: S603 - git's own words
            self._command(arguments), stdin=stdin, stdout=pipe, env=_environment()
        ) as process:
            yield cast("IO[bytes]", process.stdout)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return ["git", "-C", str(self._folder), *_READ_ONLY, *arguments]


def _environment() -> dict[str, str]:
    """Git's messages in English, its index left as it is."""
    return {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}


def _no_git() -> UsageError:
    return UsageError("there is no git to ask", hint="--baseline FILE compares without it")
