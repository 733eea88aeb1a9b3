"""Embedding many lines: counting them, concurrent requests, and formatting the vectors."""

import random
import tempfile
from pathlib import Path

from batch import serving
from measure import BIN, alternate, median, row

RUNS = 3
A_REQUEST = 2048
# The dimensions of text-embedding-3-small.
NUMBERS = 1536

# json's part of the work: reading the answers, and writing each vector.
JSON = """
import json, os, sys, urllib.request
body = json.dumps({"model": "m", "input": sys.stdin.read().splitlines()}).encode()
url = os.environ["OPENAI_BASE_URL"] + "/embeddings"
for item in json.loads(urllib.request.urlopen(urllib.request.Request(url, body)).read())["data"]:
    print(json.dumps(item["embedding"], separators=(",", ":")))
"""


def embed() -> None:
    """Ratios within one run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _counting(folder)
        _at_once(folder)
        _numbers(folder)


def _counting(folder: Path) -> None:
    """The lines are counted because the tokens of a request are limited."""
    chance = random.Random(1)  # noqa: S311 - texts, the same each time
    words = (Path(__file__).read_text() * 2).split()
    path = folder / "lines"
    texts = (" ".join(chance.choices(words, k=150))[:880] for _ in range(10_000))
    path.write_text("".join(f"{text}\n" for text in texts))
    ours = str(BIN / "openai-cli")
    row("embed --lines --dry-run, 10,000 lines of 880 bytes", "tokens",
        [ours, "embed", "--lines", "--dry-run"],
        [ours, "tokens", "-m", "text-embedding-3-small"],
        goal=3, of="cpu", stdin=path, runs=RUNS)  # fmt: skip


def _at_once(folder: Path) -> None:
    path = folder / "short"
    path.write_text("".join(f"line {number}\n" for number in range(40 * A_REQUEST)))
    ours = [str(BIN / "openai-cli"), "embed", "--lines"]
    with serving(0.2, A_REQUEST, 4) as env:
        one, several = alternate([*ours, "--concurrency", "1"], ours, env, stdin=path, runs=RUNS)
    a, b = median(one, "wall"), median(several, "wall")
    print(
        f"embed --lines, 40 requests of 200 ms: {b:.2f} s; one after the other: {a:.2f} s; "
        f"ratio {a / b:.1f} (goal: at least 3); peak memory {median(several, 'mib'):.0f} MiB, "
        f"and {median(one, 'mib'):.0f}"
    )


def _numbers(folder: Path) -> None:
    path = folder / "request"
    path.write_text("".join(f"line {number}\n" for number in range(A_REQUEST)))
    with serving(0, A_REQUEST, NUMBERS) as env:
        row(f"embed --lines, {A_REQUEST:,} vectors of {NUMBERS:,} numbers", "json.loads and dumps",
            [str(BIN / "openai-cli"), "embed", "--lines"], [str(BIN / "python"), "-c", JSON],
            goal=0.6, of="cpu", env=env, stdin=path, runs=RUNS)  # fmt: skip
