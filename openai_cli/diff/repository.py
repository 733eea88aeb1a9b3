"""Ask git which files a commit has, which of them differ, and what they contain.

Nothing is checked out and nothing is written, not even the index.
"""

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, cast

from openai_cli.errors import UsageError

# A clone with only the newest commit, as CI makes it, has nothing to compare with.
SHALLOW = "a shallow clone lacks it: fetch the history, in GitHub's checkout by fetch-depth: 0"

# Without this, `git diff` refreshes the timestamps in the index.
_READ_ONLY = ("-c", "diff.autoRefreshIndex=false")

_REGULAR = (b"100644", b"100755")
_SUBMODULE = b"160000 "


class Repository:
    """The repository that contains the working directory.

    All paths are git's: relative to the root, with slashes.
    """

    def __init__(self) -> None:
        """Find the repository; raise UsageError if there is none, or no git."""
        self._folder = Path()
        root = self._text(
            "rev-parse", "--show-toplevel", wrong="the folder is not in a git repository"
        )
        self._folder = Path(root)

    def commit(self, ref: str) -> str:
        """Return the id of the commit that a ref names; raise UsageError if there is none."""
        return self._text(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}",
            wrong=f"there is no commit '{ref}'",
        )  # fmt: skip

    def merge_base(self, one: str, other: str) -> str:
        """Return the id of the newest common ancestor of two commits; UsageError if none."""
        return self._text(
            "merge-base", one, other,
            wrong=f"{one[:12]} and {other[:12]} have no commit in common",
        )  # fmt: skip

    def path(self, typed: str) -> str:
        """Convert a path to git's; '' is the root. Raise UsageError if it is outside."""
        try:
            found = Path(os.path.realpath(typed)).relative_to(os.path.realpath(self._folder))
        except ValueError:
            raise UsageError(f"'{typed}' is not in the repository '{self._folder}'") from None
        return "" if found == Path() else str(found)

    def typed(self, place: str) -> str:
        """Convert a path of git's to one relative to the working folder."""
        return os.path.relpath(os.path.join(self._folder, place))  # noqa: PTH118

    def files(self, commit: str, below: str) -> dict[str, str]:
        """Return the regular files of a commit at or below a path, with the ids of their blobs."""
        named = [f":(literal){below}"] if below else []
        command = ["ls-tree", "-r", "-z", "--full-tree", commit, "--", *named]
        found: dict[str, str] = {}
        for entry in self._bytes(*command).split(b"\0"):
            head, _, path = entry.partition(b"\t")
            mode, _, blob = head.partition(b" blob ")
            if mode in _REGULAR:
                found[os.fsdecode(path)] = blob.decode("ascii")
        return found

    def submodules(self) -> list[str]:
        """Return the folders of the working tree that are submodules."""
        listed = self._bytes("ls-files", "--stage", "-z").split(b"\0")
        modules = (entry for entry in listed if entry.startswith(_SUBMODULE))
        return [os.fsdecode(entry.partition(b"\t")[2]) for entry in modules]

    def changed(self, base: str, head: str | None) -> set[str]:
        """Return the paths that differ between two commits, or a commit and the working tree.

        `head` None is the working tree; touched but unchanged files there may be included.
        """
        sides = [base, *([head] if head else [])]
        listed = self._bytes("diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", *sides)
        return {os.fsdecode(path) for path in listed.split(b"\0") if path}

    def gone(self, base: str, head: str | None) -> list[str]:
        """Return the paths of `base` that `head`, or the working tree if it is None, lacks."""
        sides = [base, *([head] if head else [])]
        options = ("--name-only", "--diff-filter=D", "--no-renames", "--no-ext-diff", "-z")
        listed = self._bytes("diff", *options, *sides)
        return [os.fsdecode(path) for path in listed.split(b"\0") if path]

    def ignored(self, paths: Sequence[str]) -> set[str]:
        """Return the paths that .gitignore and the like ignore, even if they are tracked."""
        if not paths:
            return set()
        # The ./ keeps git from reading a leading colon as pathspec magic.
        listed = b"".join(b"./" + os.fsencode(path) + b"\0" for path in paths)
        command = ["check-ignore", "--no-index", "-z", "--stdin"]
        found = self._run(command, given=listed)
        return {os.fsdecode(path[2:]) for path in found.stdout.split(b"\0") if path}

    def blobs(self, ids: Iterable[str]) -> Iterator[bytes]:
        """Yield the contents of the blobs with these ids, in order, with a single git process."""
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
        """Return the blob ids that these files of the working tree would have, in order."""
        if any("\n" in path for path in paths):  # git takes one path per line
            return ["" for _ in paths]
        listed = b"".join(os.fsencode(path) + b"\n" for path in paths)
        found = self._run(["hash-object", "--stdin-paths"], given=listed)
        return found.stdout.decode("ascii").split() if not found.returncode else ["" for _ in paths]

    def _text(self, *arguments: str, wrong: str) -> str:
        found = self._run(arguments)
        if found.returncode:
            told = found.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
            hint = SHALLOW if self._is_shallow() else None
            raise UsageError(f"{wrong}{f' ({told})' if told else ''}", hint=hint)
        return os.fsdecode(found.stdout.rstrip(b"\n"))

    def _is_shallow(self) -> bool:
        return self._run(["rev-parse", "--is-shallow-repository"]).stdout == b"true\n"

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
        """Start a git process and return its output as a stream."""
        pipe = subprocess.PIPE
        with subprocess.Popen(  # noqa: S603 - git's own words
            self._command(arguments), stdin=stdin, stdout=pipe, env=_environment()
        ) as process:
            yield cast("IO[bytes]", process.stdout)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return ["git", "-C", str(self._folder), *_READ_ONLY, *arguments]


def _environment() -> dict[str, str]:
    """Return an environment with git's messages in English and no optional locks."""
    return {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}


def _no_git() -> UsageError:
    return UsageError("git is not installed", hint="--baseline FILE compares without it")
