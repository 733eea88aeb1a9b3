"""Build openai_cli/tokens/data from OpenAI's published rank files.

    python tools/build_vocabularies.py SOURCE_DIR [--into DIR] [--date YYYY-MM-DD]

SOURCE_DIR has the files that tiktoken downloads, under their own names: `o200k_base.tiktoken` and
so on. The list of files, their sha256, the patterns and the special tokens come from tiktoken's
table, `tiktoken_ext.openai_public`, whose download functions are patched while it is read. The same
sources, marisa-trie and date give the same bytes.
"""

import argparse
import datetime as dt
import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import files, version
from pathlib import Path
from unittest.mock import patch

import marisa_trie  # type: ignore[import-not-found]
from tiktoken.load import load_tiktoken_bpe
from tiktoken_ext import openai_public  # type: ignore[import-untyped]

from openai_cli.tokens.vocabulary import DATA, LONGEST_TOKEN

README = """\
# Token vocabularies

OpenAI's published vocabularies in the form that `openai_cli/tokens/vocabulary.py` reads. Built by
`tools/build_vocabularies.py` from the rank files that tiktoken downloads; do not edit by hand.

- Source: the addresses and digests in `tiktoken_ext/openai_public.py` of tiktoken {tiktoken}.
- Licence: MIT, as published with tiktoken: see LICENSE.
- Date: {date}, with marisa-trie {marisa}.

| source | tokens | sha256 |
| --- | --- | --- |
{sources}

`gpt2` has the tokens of r50k_base, `p50k_edit` those of p50k_base, `o200k_harmony` those of
o200k_base. Those of r50k_base are those of p50k_base with a rank lower than 50256, so they have no
files of their own.

| file | bytes | sha256 |
| --- | --- | --- |
{built}

`NAME.trie` is a marisa-trie BinaryTrie of the tokens' bytes. `NAME.ranks` has the rank of each
token, in the order of the trie's key ids, as little-endian integers of four bytes. `encodings.txt`
has a line for each encoding: its name and, as JSON, the files of its tokens (`vocabulary`), the
limit that their ranks are lower than (`below`), and tiktoken's pattern and special tokens.
"""


class Sources:
    """The rank files of a folder, each checked against tiktoken's sha256 for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ranks: dict[str, dict[bytes, int]] = {}
        self.hashes: dict[str, str] = {}

    def load(self, url: str, expected_hash: str) -> dict[bytes, int]:
        """Replaces `tiktoken.load.load_tiktoken_bpe`: read the file of that name."""
        path = self._folder / url.rpartition("/")[2]
        if path.stem not in self.ranks:
            found = _sha256(path)
            if found != expected_hash:
                sys.exit(f"{path}: the sha256 is {found}, tiktoken has {expected_hash}")
            self.ranks[path.stem] = load_tiktoken_bpe(str(path))
            self.hashes[path.stem] = found
        return self.ranks[path.stem]

    def load_gpt2(self, **_files: str) -> dict[bytes, int]:
        """gpt2 was published in another format; a test proves that its ranks are r50k_base's."""
        ranks: dict[bytes, int] = openai_public.r50k_base()["mergeable_ranks"]
        return ranks


@contextmanager
def reading_from(sources: Sources) -> Iterator[None]:
    """Make tiktoken's constructors take the ranks from `sources` instead of downloading them."""
    with (
        patch.object(openai_public, "load_tiktoken_bpe", sources.load),
        patch.object(openai_public, "data_gym_to_mergeable_bpe_ranks", sources.load_gpt2),
    ):
        yield


def build(sources: Sources, into: Path) -> None:
    """Write the data files of every encoding in tiktoken's table into a folder."""
    with reading_from(sources):
        encodings = {name: make() for name, make in openai_public.ENCODING_CONSTRUCTORS.items()}
    table = {}
    for name, encoding in encodings.items():
        ranks = encoding["mergeable_ranks"]
        below = max(ranks.values()) + 1
        table[name] = {
            "vocabulary": _holder(sources, ranks, below),
            "below": below,
            "pattern": encoding["pat_str"],
            "special_tokens": encoding["special_tokens"],
        }
    for vocabulary in sorted({str(fields["vocabulary"]) for fields in table.values()}):
        _write_vocabulary(into / vocabulary, sources.ranks[vocabulary])
    lines = (f"{name} {json.dumps(rules)}\n" for name, rules in table.items())
    (into / "encodings.txt").write_text("".join(lines), encoding="utf-8")
    (into / "LICENSE").write_text(_tiktoken_licence(), encoding="utf-8")


def _holder(sources: Sources, ranks: dict[bytes, int], below: int) -> str:
    """The largest source whose tokens with ranks lower than `below` are exactly these."""
    holders = [
        name
        for name, held in sources.ranks.items()
        if ranks == {token: rank for token, rank in held.items() if rank < below}
    ]
    return max(holders, key=lambda name: len(sources.ranks[name]))


def _write_vocabulary(stem: Path, ranks: dict[bytes, int]) -> None:
    longest = max(map(len, ranks))
    if longest > LONGEST_TOKEN:
        sys.exit(f"{stem.name} has a token of {longest} bytes: raise LONGEST_TOKEN")
    trie = marisa_trie.BinaryTrie(sorted(ranks))
    trie.save(str(stem.with_suffix(".trie")))
    in_order = (ranks[trie.restore_key(key)].to_bytes(4, "little") for key in range(len(trie)))
    stem.with_suffix(".ranks").write_bytes(b"".join(in_order))


def _tiktoken_licence() -> str:
    paths = [path for path in files("tiktoken") or [] if path.name == "LICENSE"]
    return paths[0].read_text(encoding="utf-8")


def _readme(sources: Sources, into: Path, date: str) -> str:
    source_rows = [
        f"| {name}.tiktoken | {len(ranks):,} | {sources.hashes[name]} |"
        for name, ranks in sources.ranks.items()
    ]
    built = sorted(into.glob("*.trie")) + sorted(into.glob("*.ranks")) + [into / "encodings.txt"]
    built_rows = [f"| {path.name} | {path.stat().st_size:,} | {_sha256(path)} |" for path in built]
    return README.format(
        tiktoken=version("tiktoken"),
        marisa=version("marisa-trie"),
        date=date,
        sources="\n".join(source_rows),
        built="\n".join(built_rows),
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Read the command line, build the data, and write its README."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("source", type=Path, metavar="SOURCE_DIR")
    parser.add_argument("--into", type=Path, default=DATA, metavar="DIR")
    parser.add_argument("--date", default=dt.date.today().isoformat())
    arguments = parser.parse_args()
    sources = Sources(arguments.source)
    build(sources, arguments.into)
    readme = _readme(sources, arguments.into, arguments.date)
    (arguments.into / "README.md").write_text(readme, encoding="utf-8")


if __name__ == "__main__":
    main()
