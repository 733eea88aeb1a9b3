"""OpenAI's token vocabularies, read where they lie in the package.

A vocabulary is two files in `data/`: `NAME.trie`, a marisa `BinaryTrie` of the tokens' bytes, and
`NAME.ranks`, the rank of each token in the order of the trie's key ids, four bytes each,
little-endian as the trie's integers are. Both are opened by mmap: a short text reads a few pages.

Building an encoder from a whole vocabulary takes 0.4 s and 90 MiB. Byte-pair encoding only ever
merges bytes that stand side by side, so a text can use no token that is not a substring of it: an
encoder built from the tokens that occur in the text, the slice, encodes that text the same.
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

# How many prefixes the slices of one vocabulary may visit in a process before the whole of it is
# loaded: 0.3 us each, so about a quarter of the time that the whole takes is lost at most.
PREFIX_BUDGET = 300_000

# Building an encoder from a slice takes 3 ms (most of it to compile the pattern), as 10,000
# prefixes do: charged to each slice, it ends the slicing of many short texts too.
SLICE_COST = 10_000

# In bytes. Hardly a longer text stays within the budget, and the list of its pieces would take six
# times its length in memory.
LONGEST_SLICED = 500_000

# No encoding's pattern matches across such a place: after an ASCII letter or digit, before an
# ASCII character that is neither, nor the apostrophe of "it's". So no token is used that reaches
# across it, and a word that occurs twice is walked once: half the walk for 50 kB of source code.
_CUT = re.compile(rb"(?<=[0-9A-Za-z])(?=[\x00-&(-/:-@\[-`{-\x7f])")


class _Trie(Protocol):
    """What is used of marisa_trie.BinaryTrie, which has no type information."""

    def __len__(self) -> int: ...
    def __getitem__(self, key: bytes) -> int: ...
    def iteritems(self) -> Iterator[tuple[bytes, int]]: ...
    def prefixes(self, key: bytes) -> list[bytes]: ...
    def restore_key(self, index: int) -> bytes: ...


class Vocabulary:
    """The tokens of one pair of files whose rank is lower than `below`."""

    def __init__(self, name: str, below: int) -> None:
        self._trie = _open_trie(DATA / f"{name}.trie")
        with (DATA / f"{name}.ranks").open("rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._ranks = memoryview(content).cast("I")
        self._below = below
        self._budget = PREFIX_BUDGET

    def slice_for(self, text: bytes) -> dict[bytes, int] | None:
        """The ranks of the tokens that UTF-8 `text` can use, by the tokens' bytes.

        None where `full` is the better way: from the first long text on, and once the budget of
        prefixes is spent, by this text or by those before it.
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
        """The ranks of all tokens, by the tokens' bytes."""
        return dict(self.items())

    def items(self) -> Iterator[tuple[bytes, int]]:
        """The bytes of each token with its rank, in no order."""
        return self._ranked(self._trie.iteritems())

    def token(self, rank: int) -> bytes:
        """The bytes of the token of this rank; KeyError if there is none."""
        if not 0 <= rank < self._below:
            raise KeyError(rank)
        return self._trie.restore_key(self._keys[rank])

    @cached_property
    def _keys(self) -> "array[int]":
        """The trie's key id of each rank; where there is no token, an id that the trie lacks."""
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
    """The one `Vocabulary` of this process with that name and that limit of ranks."""
    return Vocabulary(name, below)


def _windows(text: bytes) -> Iterator[bytes]:
    """Each place of `text` where a token may start, as the bytes from there on; repeats left out.

    Inside a long run of one character, which is up to four bytes, the windows repeat, and so do the
    tokens in them: 100 kB of spaces have 129 windows.
    """
    for piece in set(_CUT.split(text)):
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
