"""Read text files on both sides, each priced as the message that `chat < FILE` sends.

All files of the head are counted, in one pass; of the base, only those that git reports as changed.
"""

import os
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from openai_cli.diff.items import Entry, Item, Pricer
from openai_cli.diff.moves import pairs
from openai_cli.diff.repository import Repository, is_pointer, not_fetched, roots_of
from openai_cli.errors import UsageError
from openai_cli.prices.bodies import Asked
from openai_cli.records import NamedTuple
from openai_cli.tokens.corpus import FileCount, LeftOut, count_contents, count_files

Counted = Iterable[FileCount | LeftOut | UsageError]


# Why a file is left out of which only the pointer is here.
_IN_LFS = "kept by Git LFS"


class Message(NamedTuple):
    """The message that a text is priced as: its request, and its tokens without the text."""

    asked: Asked
    frame: int
    encoding: str


class Sides(NamedTuple):
    """The two sides in a repository; `head` None is the working tree."""

    repository: Repository
    base: str
    head: str | None


def text_entries(
    sides: Sides, paths: Sequence[str], message: Message, pricer: Pricer, left_out: Counter[str]
) -> tuple[list[Entry], list[Entry]]:
    """Return the entries of the base and of the head, in the order of the paths.

    Raises UsageError for a path that neither side has, and for a file that cannot be read or
    counted.
    """
    typed: dict[str, str] = {}
    for path in paths:
        typed.setdefault(sides.repository.path(path), path)
    named = {path: place for place, path in typed.items()}
    before = _listed(sides, sides.base, named)
    head = _head_counts(sides, named, before, message.encoding, left_out)
    if sides.head is None:
        before = _checked_out(before, sides.repository.unwalked.sparse, left_out)
    changed = sides.repository.changed(sides.base, sides.head)
    same = {place for place in before if place in head and place not in changed}
    moved = _moved(sides, before, head)
    base = {place: head[place] for place in (*same, *moved)}
    found = {*same, *moved.values()}
    gone = {place: before[place] for place in before if place not in found}
    counts, kept = _of_blobs(sides, gone, message.encoding, Counter())
    base |= counts
    if sides.head is None:
        suspects = {*kept, *(place for place in head if place not in before and place not in moved)}
        head = _without_pointers(sides.repository, head, suspects, left_out)
    for place in kept:
        if place in head:
            raise not_fetched(place)
    shown = _Shown(named)
    was = {shown(place): shown(old) for place, old in moved.items()}
    return (
        _entries(base, shown, message, pricer),
        [
            entry._replace(was=was.get(entry.path))
            for entry in _entries(head, shown, message, pricer)
        ],
    )


def _moved(sides: Sides, before: Mapping[str, str], head: Mapping[str, int]) -> dict[str, str]:
    """Find files of the head that have the same bytes at another path: return the old paths."""
    gone = [place for place in before if place not in head]
    new = [place for place in head if place not in before]
    if not gone or not new:
        return {}
    if sides.head is None:
        blobs = dict(zip(new, sides.repository.hashes(new), strict=True))
    else:
        there = sides.repository.files(sides.head)
        blobs = {place: there.get(place, "") for place in new}
    return pairs({place: before[place] for place in gone}, blobs)


def folder_entries(
    paths: Sequence[str], message: Message, pricer: Pricer, left_out: Counter[str]
) -> list[Entry]:
    """Return the entries of files on disk; UsageError if one cannot be read or counted."""
    counted = count_files(paths, encoding=message.encoding, left_out=left_out)
    return _entries(dict(_tokens(counted)), str, message, pricer)


class _Shown:
    """Converts git's paths back to the paths as typed, or below a typed folder."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._typed = {root: typed for typed, root in named.items()}

    def __call__(self, place: str) -> str:
        root = next(roots_of(place, self._typed))
        typed = self._typed[root]
        below = place[len(root) :].lstrip("/")
        return os.path.join(typed, below) if below else typed  # noqa: PTH118


def _listed(sides: Sides, commit: str, named: Mapping[str, str]) -> dict[str, str]:
    """Return a commit's files at or below the paths, as walking the folders would find them."""
    roots = set(named.values())
    found: dict[str, str] = {}
    for place, blob in sides.repository.files(commit, roots).items():
        root = next(roots_of(place, roots))
        below = place[len(root) :].lstrip("/")
        if not any(part.startswith(".") for part in below.split("/")):
            found[place] = blob
    ignored = sides.repository.ignored([place for place in found if place not in roots])
    return {place: blob for place, blob in found.items() if place not in ignored}


def _head_counts(
    sides: Sides,
    named: Mapping[str, str],
    before: Mapping[str, str],
    encoding: str,
    left_out: Counter[str],
) -> dict[str, int]:
    """Count the tokens of the head's files, by git's path."""
    if sides.head is not None:
        after = _listed(sides, sides.head, named)
        _check_there(named, [*before, *after])
        counts, kept = _of_blobs(sides, after, encoding, left_out)
        if kept:
            left_out[_IN_LFS] += len(kept)
        return counts
    there = [path for path in named if os.path.lexists(path)]
    _check_there({path: named[path] for path in named if path not in there}, before)
    places = _Places(sides.repository, named)
    found = count_files(there, encoding=encoding, left_out=left_out)
    counted = {places(path): tokens for path, tokens in _tokens(found)}
    return _without_submodules(counted, sides.repository.unwalked.submodules, left_out)


def _without_submodules(
    counts: Mapping[str, int], modules: Iterable[str], left_out: Counter[str]
) -> dict[str, int]:
    """Leave out the files of submodules, of which a commit records only the submodule's commit."""
    folders = tuple(f"{module}/" for module in modules)
    kept = {place: tokens for place, tokens in counts.items() if not place.startswith(folders)}
    if len(kept) < len(counts):
        left_out["in a submodule"] += len(counts) - len(kept)
    return kept


def _checked_out(
    blobs: dict[str, str], sparse: Container[str], left_out: Counter[str]
) -> dict[str, str]:
    """Leave out files of the base that the working tree has, but not on disk."""
    kept = {place: blob for place, blob in blobs.items() if place not in sparse}
    if len(kept) < len(blobs):
        left_out["not checked out"] += len(blobs) - len(kept)
    return kept


class _Places:
    """Converts the paths of a walk to git's, with one lookup per folder."""

    def __init__(self, repository: Repository, named: Mapping[str, str]) -> None:
        self._repository = repository
        self._named = named
        self._folders: dict[str, str] = {}

    def __call__(self, path: str) -> str:
        if path in self._named:
            return self._named[path]
        folder, _, name = path.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = self._repository.path(folder or "/")
        return f"{self._folders[folder]}/{name}".lstrip("/")


def _check_there(named: Mapping[str, str], places: Iterable[str]) -> None:
    """Raise UsageError for a path that has no file on either side."""
    roots = set(named.values())
    found = {root for place in places for root in roots_of(place, roots)}
    for typed, root in named.items():
        if root not in found:
            raise UsageError(f"cannot read '{typed}': neither side has it")


def _without_pointers(
    repository: Repository,
    counts: Mapping[str, int],
    suspects: Container[str],
    left_out: Counter[str],
) -> dict[str, int]:
    """Leave out files of the working tree whose contents Git LFS keeps, among the suspects."""
    kept = {
        place: tokens
        for place, tokens in counts.items()
        if not (place in suspects and repository.has_pointer(place))
    }
    if len(kept) < len(counts):
        left_out[_IN_LFS] += len(counts) - len(kept)
    return kept


def _of_blobs(
    sides: Sides, blobs: Mapping[str, str], encoding: str, left_out: Counter[str]
) -> tuple[dict[str, int], list[str]]:
    """Count the tokens of blobs, by path; the second part is the paths of those in Git LFS."""
    kept: list[str] = []

    def contents() -> Iterator[tuple[str, bytes]]:
        found = sides.repository.blobs(blobs.items())
        for place, content in zip(blobs, found, strict=True):
            if is_pointer(content):
                kept.append(place)
            else:
                yield place, content

    counted = count_contents(contents(), encoding=encoding, left_out=left_out)
    return dict(_tokens(counted)), kept


def _tokens(counted: Counted) -> Iterator[tuple[str, int]]:
    for one in counted:
        if isinstance(one, UsageError):
            raise UsageError(one.problem)  # its hint is a flag of `tokens`
        if isinstance(one, FileCount):
            yield one.path, one.tokens


def _entries(
    counts: Mapping[str, int], shown: Callable[[str], str], message: Message, pricer: Pricer
) -> list[Entry]:
    items = (
        (place, Item(message.asked, tokens + message.frame)) for place, tokens in counts.items()
    )
    return [Entry(shown(place), item=item, amount=pricer.amount(item)) for place, item in items]
