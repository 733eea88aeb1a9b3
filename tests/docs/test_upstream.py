"""The patches to libraries are told of, and apply to the versions that they are for."""

import re
import subprocess
from importlib.metadata import distribution

import pytest

from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "upstream"
ROWS: list[tuple[str, str, str]] = re.findall(
    r"^\| \[.*?\]\((.*?)\) \| (\w+) ([\d.]+) \|", (FOLDER / "index.md").read_text(), re.MULTILINE
)


def test_every_patch_is_told_of() -> None:
    assert sorted(name for name, _, _ in ROWS) == sorted(
        each.name for each in FOLDER.glob("*.patch")
    )


@pytest.mark.parametrize(("name", "library", "version"), ROWS)
def test_a_patch_applies_to_its_library(name: str, library: str, version: str) -> None:
    found = distribution(library)
    text = (FOLDER / name).read_text()
    assert set(re.findall(r"^--- a/(\w+)/", text, re.MULTILINE)) == {library}
    if found.version == version:  # to a newer one it may apply, or be in it
        check = ["git", "apply", "--check", str(FOLDER / name)]
        subprocess.run(check, cwd=str(found.locate_file("")), check=True, timeout=60)
