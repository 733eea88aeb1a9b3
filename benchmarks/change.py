"""`cost diff` of 10,000 changed prompts, compared with `tokens --files` of the same."""

import random
import subprocess
import tempfile
from pathlib import Path

from measure import BIN, row

FILES = 10_000
WORDS = 300
GIT = ("git", "-c", "user.name=Bench", "-c", "user.email=bench@bench.example")


def change() -> None:
    """Create a repository, and print the row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_repository(folder)
        ours = str(BIN / "openai-cli")
        diff = f"{ours} cost diff --quiet --base HEAD --files prompts -m gpt-4o"
        row(f"cost diff, {FILES:,} files, all changed", "tokens --files of the same",
            _within(folder, diff), _within(folder, f"{ours} tokens --quiet --files prompts"),
            goal=3, runs=5)  # fmt: skip


def write_repository(folder: Path) -> None:
    """Commit prompts of made-up words, then add a word to each."""
    chance = random.Random(7)  # noqa: S311 - texts, and the same ones each time
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(20_000)]
    files = [folder / "prompts" / str(number % 100) / f"{number}.txt" for number in range(FILES)]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(" ".join(chance.choices(words, k=WORDS)))
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "prompts"]):
        subprocess.run([*GIT, *command], cwd=folder, check=True)
    for file in files:
        with file.open("a") as stream:
            stream.write(" more")


def _within(folder: Path, line: str) -> list[str]:
    return ["sh", "-c", f"cd {folder} && exec {line}"]
