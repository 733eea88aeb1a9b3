"""OpenAI's token vocabularies, read from this package's data.

A vocabulary consists of two files in `data/`: `NAME.trie`, a marisa `BinaryTrie` of the tokens'
bytes, and `NAME.ranks`, the rank of each token in the order of the trie's key ids, as four
little-endian bytes, like the trie's integers. Both are memory-mapped: a short text reads only a few
pages.

Building an encoder from a whole vocabulary takes 0.4 s and 90 MiB. Byte-pair encoding only merges
adjacent bytes, so a text can only use tokens that are substrings of it. An encoder built from the
tokens that occur in a text, the slice, therefore encodes that text the same.
"""

import mmap
import re
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Protocol

DATA = Path(__file__).parent / "data"

# In bytes; the longest token of each vocabulary is a run of 128 spaces or of another character.
LONGEST_TOKEN = 128

# How many prefixes the slices of a vocabulary may visit in a process before all of it is loaded. At
# 0.3 us each, that wastes at most about a quarter of the time of loading it.
PREFIX_BUDGET = 300_000

# Building an encoder from a slice takes 3 ms, mostly to compile the pattern, as long as 10,000
# prefixes. This is charged to each slice, so that slicing also ends after many short texts.
SLICE_COST = 10_000

# In bytes. Longer texts rarely stay within the budget, and the list of their pieces would take six
# times their length in memory.
LONGEST_SLICED = 500_000

# No encoding's pattern matches across such a place: after an ASCII letter or digit, and before an
# ASCII character that is neither of these nor an apostrophe, as in "it's". So no token crosses it,
# and a repeated word is visited only once, which halves the work for 50 kB of source code.
_CUT = rb"(?<=[0-9A-Za-z])(?=[\x00-&(-/:-@\[-`{-\x7f])"
# In bytes. Cutting a shorter text takes longer than it saves.
_LEAST_CUT = 300


class _Trie(Protocol):
    """The used part of marisa_trie.BinaryTrie, which has no type information."""

    def __len__(self) -> int: ...
    def __getitem__(self, key: bytes) -> int: ...
    def iteritems(self) -> Iterator[tuple[bytes, int]]: ...
    def prefixes(self, key: bytes) -> list[bytes]: ...
    def restore_key(self, index: int) -> bytes: ...


class Vocabulary:
    """The tokens of one vocabulary with a rank lower than `below`."""

    def __init__(self, name: str, below: int) -> None:
        self._trie = _open_trie(DATA / f"{name}.trie")
        with (DATA / f"{name}.ranks").open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._ranks = memoryview(content).cast("I")
        self._below = below
        self._budget = PREFIX_BUDGET

    def slice_for(self, text: bytes) -> dict[bytes, int] | None:
        """Return the ranks of the tokens that UTF-8 `text` can use, by the tokens' bytes.

        Returns None if `full` is better: from the first long text on, and once this or earlier
        texts have used up the budget of prefixes.
        """
        if len(text) > LONGEST_SLICED:
            self._budget = -1
        if self._budget < 0:
            return None
        self._budget -= SLICE_COST
        found: set[bytes] = set()
        for window in _windows(text):
            prefixes = self._trie.prefixes(window)
            found.update(prefixes)
            self._budget -= len(prefixes)
            if self._budget < 0:
                return None
        return dict(self._ranked((token, self._trie[token]) for token in found))

    def full(self) -> dict[bytes, int]:
        """Return the ranks of all tokens, by the tokens' bytes."""
        return dict(self.items())

    def items(self) -> Iterator[tuple[bytes, int]]:
        """Iterate over the bytes and ranks of all tokens, in no particular order."""
        return self._ranked(self._trie.iteritems())

    def token(self, rank: int) -> bytes:
        """Return the bytes of the token with this rank; raise KeyError if there is none."""
        if not 0 <= rank < self._below:
            raise KeyError(rank)
        return self._trie.restore_key(self._keys[rank])

    @cached_property
    def _keys(self) -> "array[int]":
        """The trie's key id for each rank; an invalid id if there is no token."""
        keys = array("I", [len(self._trie)]) * self._below
        for key, rank in enumerate(self._ranks):
            if rank < self._below:
                keys[rank] = key
        return keys

    def _ranked(self, tokens: Iterable[tuple[bytes, int]]) -> Iterator[tuple[bytes, int]]:
        ranks, below = self._ranks, self._below
        return ((token, rank) for token, key in tokens if (rank := ranks[key]) < below)


@lru_cache
def open_vocabulary(name: str, below: int) -> Vocabulary:
    """Return this process's only `Vocabulary` with that name and that limit of ranks."""
    return Vocabulary(name, below)


def _windows(text: bytes) -> Iterator[bytes]:
    """Yield the bytes from each place in `text` where a token may start, without repeats.

    Inside a long run of one character, which takes up to four bytes, the windows repeat, and so do
    their tokens: 100 kB of spaces have 129 windows.
    """
    for piece in set(re.split(_CUT, text)) if len(text) > _LEAST_CUT else (text,):
        latest: deque[bytes] = deque(maxlen=4)
        for start in range(len(piece)):
            window = piece[start : start + LONGEST_TOKEN]
            if window not in latest:
                latest.append(window)
                yield window


def _open_trie(path: Path) -> _Trie:
    import marisa_trie  # type: ignore[import-not-found]

    trie: _Trie = marisa_trie.BinaryTrie().mmap(str(path))
    return trie
