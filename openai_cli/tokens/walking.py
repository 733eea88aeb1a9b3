"""Find the files that paths name, and those in named folders, much like ripgrep.

A named path is always used. In folders, these are skipped and counted by kind: hidden entries,
those that .gitignore or git's other files ignore, links, and anything but regular files.
"""

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from openai_cli.errors import UsageError
from openai_cli.reading import unreadable
from openai_cli.records import NamedTuple
from openai_cli.tokens.gitfolder import exclude_files
from openai_cli.tokens.gitignore import Patterns
from openai_cli.tokens.remote_paths import Remote, is_remote, walk_remote

_RULES_FILE = ".gitignore"

# The one reason to skip an entry that is a noun.
LINK = "link"

# The folders with the open files of a process.
_OF_PROCESS = ("/dev/", "/proc/")


class Found(NamedTuple):
    """A file; `is_named` says that its own path was given, not that of a folder around it.

    `size` is in bytes; it is None for anything but a regular file, for a path that means a
    different file in each process, and if it is not known.
    """

    path: str
    is_named: bool
    size: int | None = None


class _Rules(NamedTuple):
    """The patterns of a .gitignore, which see a path without its first `behind` characters."""

    patterns: Patterns
    behind: int


class _Folder(NamedTuple):
    """A folder that is being walked.

    `path` is the path to it as it was given, `below` the one in the repository or, without one, in
    the named folder; both have a final slash. `names` are the remaining entries, and `rules` those
    that apply to them, nearest first. `error` says that its own .gitignore cannot be read.
    """

    path: str
    below: str
    names: Iterator[str]
    rules: tuple[_Rules, ...]
    error: UsageError | None = None


def walk(paths: Iterable[str], left_out: Counter[str]) -> Iterator[Found | UsageError]:
    """Yield the files of each path, in folders by name, and an error for what cannot be read.

    `left_out` receives the number of skipped folder entries by kind: "hidden", "ignored", "link",
    "special". A folder counts as one entry, whatever it contains.
    """
    for path in paths:
        if is_remote(path):
            for remote in walk_remote(path, left_out):
                yield Found(*remote) if isinstance(remote, Remote) else remote
            continue
        try:
            found = os.stat(path)  # noqa: PTH116 - bytes in its name
        except OSError as error:
            yield unreadable(path, error)
        except ValueError:  # a NUL
            yield UsageError(f"'{path}' is not a file name")
        else:
            if stat.S_ISDIR(found.st_mode):
                yield from _walk_folder(path, left_out)
            else:
                is_regular = stat.S_ISREG(found.st_mode) and not _is_of_process(path)
                size = found.st_size if is_regular else None
                yield Found(path, is_named=True, size=size)


def _is_of_process(path: str) -> bool:
    """Return whether a path means another file in another process, such as /dev/stdin."""
    while not os.path.abspath(path).startswith(_OF_PROCESS):  # noqa: PTH100 - bytes in its name
        if not os.path.islink(path):  # noqa: PTH114
            return False
        path = os.path.join(os.path.dirname(path), os.readlink(path))  # noqa: PTH115, PTH118, PTH120
    return True


def _walk_folder(path: str, left_out: Counter[str]) -> Iterator[Found | UsageError]:
    # An explicit stack, because folders may be nested deeper than Python's recursion limit.
    way: list[_Folder] = []
    below, rules, errors = _outer_rules(path)
    yield from errors
    met: _Folder | Found | UsageError | None = _enter(path, below, rules)
    while True:
        if isinstance(met, _Folder):
            if met.error is not None:
                yield met.error
            way.append(met)
        elif met is not None:
            yield met
        if not way:
            return
        name = next(way[-1].names, None)
        met = way.pop() and None if name is None else _meet(way[-1], name, left_out)


def _enter(path: str, below: str, rules: tuple[_Rules, ...]) -> _Folder | UsageError:
    try:
        names = sorted(os.listdir(path))  # noqa: PTH208 - names, and no object for each
    except OSError as error:
        return unreadable(path, error)
    own = _rules_of(Path(path, _RULES_FILE), len(below)) if _RULES_FILE in names else ()
    path = os.path.join(path, "")  # noqa: PTH118 - the path as it was given
    if isinstance(own, UsageError):
        return _Folder(path, below, iter(names), rules, own)
    return _Folder(path, below, iter(names), own + rules)


def _meet(
    folder: _Folder, name: str, left_out: Counter[str]
) -> _Folder | Found | UsageError | None:
    """Return what an entry of a folder is, or None if it is skipped."""
    path = folder.path + name
    try:
        found = os.lstat(path)
    except OSError as error:
        return unreadable(path, error)
    mode = found.st_mode
    is_folder = stat.S_ISDIR(mode)
    below = f"{folder.below}{name}{'/' if is_folder else ''}"
    if reason := _reason(name, mode, below, folder.rules):
        left_out[reason] += 1
        return None
    if is_folder:
        return _enter(path, below, folder.rules)
    return Found(path, is_named=False, size=found.st_size)


def _reason(name: str, mode: int, below: str, rules: tuple[_Rules, ...]) -> str | None:
    """Return why an entry is skipped, or None."""
    if name.startswith("."):
        return "hidden"
    if _is_ignored(below, rules):
        return "ignored"
    if stat.S_ISLNK(mode):
        return LINK
    return None if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else "special"


def _is_ignored(below: str, rules: tuple[_Rules, ...]) -> bool:
    """Return the verdict of the last matching pattern in the nearest file that has one."""
    for patterns, behind in rules:
        verdict = patterns.verdict(below[behind:])
        if verdict is not None:
            return verdict
    return False


def _outer_rules(path: str) -> tuple[str, tuple[_Rules, ...], list[UsageError]]:
    """Return a named folder's path in its repository, and the rules of the folders around it.

    There are no rules if they ignore that folder itself, because it was named explicitly. Also
    returns an error for each file of rules that cannot be read.
    """
    place = Path(os.path.realpath(path))
    root = next((folder for folder in (place, *place.parents) if _has_git(folder)), None)
    if root is None:
        return "", (), []
    below = ""
    rules: tuple[_Rules, ...] = ()
    errors: list[UsageError] = []

    def take(file: Path) -> tuple[_Rules, ...]:
        found = _rules_of(file, len(below))
        if isinstance(found, UsageError):
            errors.append(found)
            return ()
        return found

    for file in exclude_files(root):
        rules += take(file)
    for name in place.relative_to(root).parts:
        rules = take(root / below / _RULES_FILE) + rules
        below += f"{name}/"
        if _is_ignored(below, rules):
            return "", (), errors
    return below, rules, errors


def _has_git(folder: Path) -> bool:
    return os.path.exists(folder / ".git")  # noqa: PTH110 - False where that cannot be seen


def _rules_of(file: Path, behind: int) -> tuple[_Rules, ...] | UsageError:
    """Return the rules of a file, none if it does not exist, or an error if it cannot be read."""
    try:
        return (_Rules(Patterns(file.read_bytes()), behind),)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return ()
    except OSError as error:
        return unreadable(str(file), error)
