"""The tool that writes the package's data, run on rank files rebuilt from that data."""

import subprocess
import sys
from pathlib import Path

import pytest

from openai_cli.tokens.encoders import rules_of
from openai_cli.tokens.vocabulary import DATA, open_vocabulary
from tests.tokens.conftest import rank_file

TOOL = Path(__file__).parents[2] / "tools" / "build_vocabularies.py"
RANK_FILES = ("r50k_base", "p50k_base", "cl100k_base", "o200k_base")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder with the four rank files."""
    folder = tmp_path / "sources"
    folder.mkdir()
    for name in RANK_FILES:
        ranks = open_vocabulary(rules_of(name).vocabulary, rules_of(name).below).full()
        (folder / f"{name}.tiktoken").write_bytes(rank_file(ranks))
    return folder


def run_tool(sources: Path, into: Path) -> "subprocess.CompletedProcess[str]":
    into.mkdir()
    command: list[str | Path] = [
        sys.executable,
        TOOL,
        sources,
        "--into",
        into,
        "--date",
        "2026-01-01",
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_it_builds_the_data_of_the_package(sources: Path, tmp_path: Path) -> None:
    result = run_tool(sources, tmp_path / "built")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    for path in DATA.iterdir():
        if path.name != "README.md":
            assert (tmp_path / "built" / path.name).read_bytes() == path.read_bytes(), path.name
    assert "Date: 2026-01-01" in (tmp_path / "built" / "README.md").read_text(encoding="utf-8")


def test_it_refuses_a_file_that_is_not_the_published_one(sources: Path, tmp_path: Path) -> None:
    with (sources / "r50k_base.tiktoken").open("ab") as file:
        file.write(b"eA== 50256\n")
    result = run_tool(sources, tmp_path / "built")
    assert result.returncode == 1
    assert "r50k_base.tiktoken: the sha256 is" in result.stderr
    assert list((tmp_path / "built").iterdir()) == []
