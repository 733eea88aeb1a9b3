"""Much text: a folder of 200 MB and a batch file of 100,000 lines, made of this machine's files.

A tokenizer may cache words, so text seen before is counted faster; no file is used twice.
"""

import json
import os
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import BIN, alternate, median, row, write_ranks

FOLDER_SIZE = 200_000_000
LINES = 100_000
LINE_TEXT = 800
RUNS = 3

ROOTS = (sys.base_prefix, "/usr/lib", "/usr/share", "/usr/include", "/opt", str(Path.home()))
KINDS = {".py", ".txt", ".md", ".rst", ".html", ".js", ".ts", ".c", ".h", ".json", ".pm", ".xml"}

TIKTOKEN = """
import sys
from pathlib import Path
from openai_cli.tokens.encoders import full_encoder
encoder = full_encoder("o200k_base")
print(sum(len(encoder.encode_ordinary(path.read_text())) for path in Path(sys.argv[1]).iterdir()))
"""

GIGATOKEN = """
import sys
from pathlib import Path
from gigatoken.gigatoken_rs import BPETokenizer
tokenizer = BPETokenizer.from_tiktoken(sys.argv[2], "o200k")
print(sum(len(tokenizer.encode(path.read_bytes())) for path in Path(sys.argv[1]).iterdir()))
"""

# The command without the extra.
WITHOUT_BULK = """
import sys
from openai_cli.__main__ import main
from openai_cli.tokens import bulk
bulk.Counter.name = "tiktoken"
main()
"""

# Bytes.
STDIN_SIZE = 50_000_000
RUN_SIZE = 20_000_000

# Ten calls, each of which is large enough to start a process.
EACH_ANEW = """
from openai_cli import tokens
for _ in range(10):
    tokens.count_texts(["hello world " * 200_000], workers=1)
"""

KEPT = """
from openai_cli import tokens
with tokens.Counter(workers=1) as counter:
    for _ in range(10):
        counter.count_texts(["hello world " * 200_000])
"""

LOADS = """
import json, sys
for line in open(sys.argv[1], "rb"):
    json.loads(line)
"""


def bulk() -> None:
    """Measure both, and print the rows."""
    python = str(BIN / "python")
    ours = [str(BIN / "openai-cli")]
    with tempfile.TemporaryDirectory() as name:
        folder, ranks = Path(name, "folder"), Path(name, "ranks")
        write_ranks(ranks)
        size = write_folder(folder)
        what = f"tokens --files, {size / 1e6:.0f} MB in {len(list(folder.iterdir()))} files"
        count = [*ours, "tokens", "--files", str(folder)]
        row(f"{what}, with bulk", "tiktoken in one thread", count,
            [python, "-c", TIKTOKEN, str(folder)], goal=1 / 8, runs=RUNS)  # fmt: skip
        row(f"{what}, with bulk", "gigatoken called bare", count,
            [python, "-c", GIGATOKEN, str(folder), str(ranks)],
            goal=1 / 0.8, runs=RUNS)  # fmt: skip
        parallel(folder, count)
        without = [python, "-c", WITHOUT_BULK, "tokens", "--files", str(folder)]
        row(f"{what}, without bulk", "tiktoken in one thread", without,
            [python, "-c", TIKTOKEN, str(folder)], goal=1 / 1.4, runs=RUNS)  # fmt: skip
        used, alone = alternate(count, without, {}, runs=1)
        print(
            f"peak memory of its largest process: {median(used, 'mib'):.0f} MiB with bulk, "
            f"{median(alone, 'mib'):.0f} without (goal: under 300)"
        )
        stdin(Path(name, "text"))
        lines = Path(name, "batch.jsonl")
        write_batch(lines)
        row(f"cost --request, {LINES:,} lines, {lines.stat().st_size / 1e6:.0f} MB", "json.loads",
            [*ours, "cost", "--request", str(lines)], [python, "-c", LOADS, str(lines)],
            goal=2.0, runs=7)  # fmt: skip


def stdin(file: Path) -> None:
    """Long text on stdin, compared with a file; text without any cut; and text in pieces.

    The text without any cut is 20 MB of random Chinese characters without punctuation.
    """
    count = [str(BIN / "openai-cli"), "tokens"]
    with file.open("w", encoding="utf-8") as out:
        for number, text in enumerate(texts()):
            out.write(text)
            if number % 64 == 0 and out.tell() >= STDIN_SIZE:
                break
    row("tokens < file", "tokens --files", count, [*count, "--files", str(file)],
        goal=1.3, of="cpu", stdin=file, runs=3)  # fmt: skip
    used, _ = alternate(count, [*count, "x"], {}, stdin=file, runs=1)
    print(f"tokens < file: peak memory {median(used, 'mib'):.0f} MiB (goal: under 300)")
    split = [*count, "--split", "1000", "-o", os.devnull]
    used, _ = alternate(split, [*count, "x"], {}, stdin=file, runs=1)
    print(f"tokens --split: {median(used, 'mib') * 2**20 / file.stat().st_size:.1f} bytes a byte")
    write_run(file)
    used, _ = alternate([*count, "--files", str(file)], [*count, "x"], {}, runs=1)
    print(
        f"tokens --files, {RUN_SIZE / 1e6:.0f} MB that nothing parts: {median(used, 'cpu'):.1f} s "
        f"of CPU, peak memory {median(used, 'mib'):.0f} MiB (goal: under 300)"
    )


def write_run(file: Path) -> None:
    """Write the random characters, three bytes each, a few at a time.

    The memory that this process has held is part of the peak of all that it starts.
    """
    chance = random.Random(5)  # noqa: S311
    with file.open("w", encoding="utf-8") as out:
        for _ in range(RUN_SIZE // 30_000):
            out.write("".join(map(chr, chance.choices(range(0x4E00, 0x9FA6), k=10_000))))


def parallel(folder: Path, count: list[str]) -> None:
    """Measure what more processes gain: on many files, on one, kept ones, and a cluster."""
    python = str(BIN / "python")
    one = folder.with_name("one.txt")
    with one.open("wb") as file:
        for path in folder.iterdir():
            file.write(path.read_bytes())
    for what, path in ("many files", folder), ("one file", one):
        row(f"tokens --files, {what}, {os.cpu_count()} processors", "--workers 1",
            [*count[:-1], str(path)], [*count[:-1], str(path), "--workers", "1"],
            goal=0.8, runs=RUNS)  # fmt: skip
    row("ten calls of a kept Counter", "of count_texts", [python, "-c", KEPT],
        [python, "-c", EACH_ANEW], goal=0.3, runs=RUNS)  # fmt: skip
    row("tokens --files --engine dask, a local cluster", "the processes of this machine",
        [*count, "--engine", "dask"], count, goal=3, runs=RUNS)  # fmt: skip


def texts() -> Iterator[str]:
    """Yield the texts of this machine's files, each once."""
    seen = set()
    for root in ROOTS:
        for folder, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                path = Path(folder, name)
                if path.suffix not in KINDS or path.is_symlink():
                    continue
                try:
                    text = path.read_text(encoding="utf-8")
                except (OSError, UnicodeDecodeError):
                    continue
                if text and "\0" not in text and hash(text) not in seen:
                    seen.add(hash(text))
                    yield text


def write_folder(folder: Path) -> int:
    """Fill the folder; return its size, which is smaller if the machine has less text."""
    folder.mkdir()
    size = 0
    for number, text in enumerate(texts()):
        if size >= FOLDER_SIZE:
            break
        size += (folder / f"{number}.txt").write_bytes(text.encode())
    return size


def write_batch(path: Path) -> None:
    """Write requests that differ in the user's text."""
    pieces = (
        text[start : start + LINE_TEXT]
        for text in texts()
        for start in range(0, len(text), LINE_TEXT)
    )
    with path.open("w") as file:
        for number, piece in zip(range(LINES), pieces, strict=False):
            body = {
                "model": "gpt-4o-mini",
                "messages": [
                    {"role": "system", "content": "Summarise this text in one sentence."},
                    {"role": "user", "content": piece},
                ],
                "max_tokens": 100,
            }
            line = {"custom_id": f"{number}", "method": "POST", "url": "/v1/chat/completions"}
            file.write(json.dumps({**line, "body": body}) + "\n")
