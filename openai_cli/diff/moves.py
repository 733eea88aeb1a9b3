"""Moved files: those that the head has at another path, byte for byte."""

from collections.abc import Mapping, Sequence

from openai_cli.diff.repository import Repository


def pairs(gone: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return the old path of each moved file by its new one; both arguments map paths to blobs.

    Of several files with the same bytes, as many count as moved as are gone.
    """
    left: dict[str, list[str]] = {}
    for place, blob in gone.items():
        left.setdefault(blob, []).append(place)
    return {place: left[blob].pop(0) for place, blob in new.items() if left.get(blob)}


def moved_files(
    repository: Repository, base: str, head: str | None, places: Sequence[str]
) -> dict[str, str]:
    """Return the old paths of the moved files among these, from anywhere in the base.

    Without a `head`, the files are those of the working tree.
    """
    before = repository.files(base)
    new = [place for place in places if place not in before]
    if not new:
        return {}
    there = dict(zip(new, repository.hashes(new), strict=True)) if head is None else {}
    after = there if head is None else repository.files(head)
    gone = {place: before[place] for place in repository.gone(base, head) if place in before}
    return pairs(gone, {place: after[place] for place in new if after.get(place)})
