"""Find names that are similar to an unknown one."""

import re
from collections.abc import Iterable

from openai_cli.flags.names import hyphenated

# With more candidates, none is likely enough.
_MOST = 3
# In a name of up to so many letters, two edits can make it any other.
_SHORT = 3


def near(typed: str, names: Iterable[str], *, edits: int = 2) -> list[str]:
    """Return the names that may be meant, at most three; none if it would be a guess.

    These are the names that begin with it, or just one of them if that is a prefix of all others;
    otherwise those with the fewest edits, at most `edits`, or one if it has up to three letters.
    Case, `_` for `-`, and `maxTokens` for `max-tokens` make no difference.
    """
    plain = _plain(typed)
    found = {name: other for name in names if (other := _plain(name))}
    if not plain:
        return []
    if same := [name for name, other in found.items() if other == plain]:
        return same[:1]
    if begun := {name: other for name, other in found.items() if other.startswith(plain)}:
        shortest = min(begun, key=lambda name: len(begun[name]))
        if all(other.startswith(begun[shortest]) for other in begun.values()):
            return [shortest]
        if len(begun) <= _MOST:
            return list(begun)
    return _by_edits(plain, found, edits)


def did_you_mean(names: list[str]) -> str | None:
    """Return the question for these names, or None if there are none."""
    return f"did you mean {' or '.join(names)}?" if names else None


def _plain(name: str) -> str:
    """Normalize a name's spelling: `--maxTokens` and `max_tokens` become `max-tokens`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name.strip("-/"))
    return hyphenated(words).lower()


def _by_edits(plain: str, found: dict[str, str], most: int) -> list[str]:
    if len(plain) == 1:
        return []
    least = 1 if len(plain) <= _SHORT else most
    nearest: list[str] = []
    for name, other in found.items():
        # A name of one letter is one edit away from any name of two.
        if len(other) == 1 or abs(len(other) - len(plain)) > least:
            continue
        if (edits := _edits(plain, other)) < least:
            least, nearest = edits, []
        if edits == least:
            nearest.append(name)
    return nearest if len(nearest) <= _MOST else []


def _edits(one: str, other: str) -> int:
    """Return the edit distance: insertions, deletions, substitutions and adjacent swaps.

    This is the optimal string alignment variant of the Damerau-Levenshtein distance.
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            edits = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                edits = min(edits, before[j - 2] + 1)
            row.append(edits)
        before, last = last, row
    return last[-1]
