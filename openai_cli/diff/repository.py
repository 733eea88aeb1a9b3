"""Ask git which files a commit has, which of them differ, and what they contain.

Nothing is checked out and nothing is written, not even the index.
"""

import os
import re
import secrets
import subprocess
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, cast

from openai_cli.errors import UsageError
from openai_cli.reading import opened
from openai_cli.records import NamedTuple

# A clone with only the newest commit, as CI makes it, has nothing to compare with.
SHALLOW = "a shallow clone lacks it: fetch the history, in GitHub's checkout by fetch-depth: 0"
_UNFETCHED = "git branch --all lists the branches that are here, and git fetch gets others"
_WITHOUT = "--baseline FILE compares without git"

# Without this, `git diff` refreshes the timestamps in the index.
_READ_ONLY = ("-c", "diff.autoRefreshIndex=false")

# The id of a commit, by SHA-1 or SHA-256.
_ID = r"[0-9a-f]{40}|[0-9a-f]{64}"

# Variables that name a folder, relative to the one in which git is started.
_FOLDERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")

# What a repository has in place of a file that Git LFS keeps elsewhere; it is below 1,024 bytes:
# https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_POINTER, _LARGEST_POINTER = b"version https://git-lfs.github.com/spec/v1\n", 1024

# How many paths git looks for by itself.
_MOST_ROOTS = 100

_REGULAR = (b"100644", b"100755")
_SUBMODULE = b"160000"
# How `ls-files -t` tags a file that a sparse checkout leaves out.
_SPARSE = b"S"


class Unwalked(NamedTuple):
    """The folders that are submodules, and the files that a sparse checkout leaves out."""

    submodules: tuple[str, ...]
    sparse: frozenset[str]


class Repository:
    """The repository that contains the working directory.

    All paths are git's: relative to the root, with slashes.
    """

    def __init__(self) -> None:
        """Find the repository; raise UsageError if there is none, or no git."""
        self._folder = Path()
        self._environment = _environment()
        root = self._text(
            "rev-parse", "--show-toplevel",
            wrong="the folder is not in the working tree of a git repository", hint=_WITHOUT,
        )  # fmt: skip
        self._folder = Path(root)

    def commit(self, ref: str) -> str:
        """Return the id of the commit that a ref names; raise UsageError if there is none."""
        # A whole id looks like a key, which messages mask.
        shown = ref[:12] if re.fullmatch(_ID, ref) else ref
        return self._text(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}",
            wrong=f"there is no commit '{shown}'",
        )  # fmt: skip

    def merge_base(self, one: str, other: str) -> str:
        """Return the id of the newest common ancestor of two commits; UsageError if none."""
        return self._text(
            "merge-base", one, other,
            wrong=f"{one[:12]} and {other[:12]} have no commit in common",
        )  # fmt: skip

    def path(self, typed: str) -> str:
        """Convert a path to git's; '' is the root. Raise UsageError if it is outside, or empty."""
        if not typed:
            raise UsageError("a path must not be empty")
        try:
            found = Path(os.path.realpath(typed)).relative_to(os.path.realpath(self._folder))
        except ValueError:
            raise UsageError(f"'{typed}' is not in the repository '{self._folder}'") from None
        return "" if found == Path() else str(found)

    def typed(self, place: str) -> str:
        """Convert a path of git's to one relative to the working folder."""
        return os.path.relpath(os.path.join(self._folder, place))  # noqa: PTH118

    def files(self, commit: str, roots: Collection[str] = ("",)) -> dict[str, str]:
        """Return the regular files of a commit at or below some paths, with the ids of blobs."""
        # For many paths, git compares each file with each of them.
        is_whole = "" in roots or len(roots) > _MOST_ROOTS
        named = () if is_whole else (f":(literal){root}" for root in roots)
        command = ["ls-tree", "-r", "-z", "--full-tree", commit, "--", *named]
        wanted = set(roots)
        found: dict[str, str] = {}
        for entry in self._bytes(*command).split(b"\0"):
            head, _, name = entry.partition(b"\t")
            mode, _, blob = head.partition(b" blob ")
            path = os.fsdecode(name)
            if mode in _REGULAR and next(roots_of(path, wanted), None) is not None:
                found[path] = blob.decode("ascii")
        return found

    @cached_property
    def unwalked(self) -> "Unwalked":
        """What the working tree has and a walk through its folders does not find."""
        modules: list[str] = []
        sparse: list[str] = []
        for entry in self._bytes("ls-files", "-t", "--stage", "-z").split(b"\0"):
            head, _, path = entry.partition(b"\t")
            tag, _, mode = head.partition(b" ")
            if mode.startswith(_SUBMODULE):
                modules.append(os.fsdecode(path))
            elif tag == _SPARSE:
                sparse.append(os.fsdecode(path))
        absent = (place for place in sparse if not os.path.lexists(self.typed(place)))
        return Unwalked(tuple(modules), frozenset(absent))

    def has_pointer(self, path: str) -> bool:
        """Return whether a file of the working tree is but the pointer to one of Git LFS."""
        with opened(self._folder / path) as file:
            return is_pointer(file.read(_LARGEST_POINTER))

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

    def blobs(self, named: Iterable[tuple[str, str]]) -> Iterator[bytes]:
        """Yield the contents of blobs in order, given their paths and ids, with one git process.

        They are as a checkout would write them at these paths, with the line ends, the encoding and
        the filters of .gitattributes, because files of the working tree are too.
        """
        asked = list(named)
        # The size that git tells is that before the filters, so a mark parts the contents.
        mark = secrets.token_hex(16).encode("ascii")
        given = 0
        with TemporaryFile() as listed, TemporaryFile() as told:
            for path, blob in asked:  # git takes one path per line
                listed.write(f"{blob} ".encode("ascii") + os.fsencode(path).replace(b"\n", b" "))
                listed.write(b"\n")
            listed.seek(0)
            batch = f"--batch={mark.decode('ascii')}"
            with self._started("cat-file", batch, "--filters", stdin=listed, stderr=told) as found:
                for content in _parted(found, mark + b"\n"):
                    given += 1
                    yield content
            if given < len(asked):
                told.seek(0)
                raise UsageError(
                    f"git cannot read all files of the commit{_in_brackets(told.read())}",
                    hint=self._lacking(),
                )

    def hashes(self, paths: Sequence[str]) -> list[str]:
        """Return the blob ids that these files of the working tree would have, in order."""
        if any("\n" in path for path in paths):  # git takes one path per line
            return ["" for _ in paths]
        listed = b"".join(os.fsencode(path) + b"\n" for path in paths)
        found = self._run(["hash-object", "--stdin-paths"], given=listed)
        return found.stdout.decode("ascii").split() if not found.returncode else ["" for _ in paths]

    def _text(self, *arguments: str, wrong: str, hint: str | None = None) -> str:
        found = self._run(arguments)
        if found.returncode:
            wrong += _in_brackets(found.stderr)
            raise UsageError(wrong, hint=self._lacking() if hint is None else hint)
        return os.fsdecode(found.stdout.rstrip(b"\n"))

    def _lacking(self) -> str:
        """Return what to do about a commit that the repository lacks."""
        if self._run(["rev-parse", "--is-shallow-repository"]).stdout == b"true\n":
            return SHALLOW
        if not self._run(["rev-list", "--all", "--max-count=1"]).stdout:
            return f"the repository has no commit yet; {_WITHOUT}"
        return _UNFETCHED

    def _bytes(self, *arguments: str) -> bytes:
        found = self._run(arguments)
        if found.returncode:
            raise UsageError(f"git {arguments[0]} failed{_in_brackets(found.stderr)}")
        return found.stdout

    def _run(
        self, arguments: Sequence[str], *, given: bytes = b""
    ) -> "subprocess.CompletedProcess[bytes]":
        try:
            return subprocess.run(  # noqa: S603 - git's own words, and refs behind --end-of-options
                self._command(arguments), input=given, capture_output=True, check=False,
                env=self._environment,
            )  # fmt: skip
        except FileNotFoundError:
            raise _no_git() from None

    @contextmanager
    def _started(self, *arguments: str, stdin: IO[bytes], stderr: IO[bytes]) -> Iterator[IO[bytes]]:
        """Start a git process and return its output as a stream."""
        with subprocess.Popen(  # noqa: S603 - git's own words
            self._command(arguments), stdin=stdin, stdout=subprocess.PIPE, stderr=stderr,
            env=self._environment,
        ) as process:  # fmt: skip
            yield cast("IO[bytes]", process.stdout)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return ["git", "-C", str(self._folder), *_READ_ONLY, *arguments]


def roots_of(path: str, roots: Container[str]) -> Iterator[str]:
    """Yield those of some paths that a path is, or is below, the nearest first; '' is the root."""
    while True:
        if path in roots:
            yield path
        if not path:
            return
        path = path.rpartition("/")[0]


def is_pointer(content: bytes) -> bool:
    """Return whether this is the pointer to a file of Git LFS, in place of its contents."""
    return content.startswith(_POINTER) and len(content) < _LARGEST_POINTER


def not_fetched(path: str) -> UsageError:
    """Return the error for a file of which only the pointer is here."""
    return UsageError(
        f"Git LFS keeps the contents of '{path}', and they are not here",
        hint="git lfs fetch --all gets them",
    )


def _parted(stream: IO[bytes], mark: bytes) -> Iterator[bytes]:
    """Yield the contents behind each line that is `mark`, without the newline that ends them.

    Nothing is yielded for a mark with nothing behind it, where git has stopped.
    """
    lines: list[bytes] | None = None
    for line in stream:
        if line != mark:
            if lines is not None:
                lines.append(line)
            continue
        if lines is not None:
            yield b"".join(lines)[:-1]
        lines = []
    if lines:
        yield b"".join(lines)[:-1]


def _in_brackets(told: bytes) -> str:
    """Return what git said on stderr, to be put behind a message."""
    words = " ".join(told.decode("utf-8", "replace").split())
    return f" ({words})" if words else ""


def _environment() -> dict[str, str]:
    """Return an environment for git: messages in English, no optional locks, no downloads.

    The user's own settings for pathspecs do not apply to ours, and folders are absolute because git
    is started in the root.
    """
    kept = {name: text for name, text in os.environ.items() if not name.endswith("_PATHSPECS")}
    folders = {name: os.path.abspath(kept[name]) for name in _FOLDERS if name in kept}  # noqa: PTH100
    ours = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_LFS_SKIP_SMUDGE": "1"}
    return {**kept, **folders, **ours}


def _no_git() -> UsageError:
    return UsageError("git is not installed", hint=_WITHOUT)
