"""What a release check finds wrong with a changelog, a wheel, an sdist and a command."""

import io
import runpy
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

tool = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "tools/release_check.py")))

MODULE = "openai_cli/__init__.py"
MAN = "openai_cli_toolkit-1.2.0.data/data/share/man/man1/openai-cli.1"
PACKAGE = [MODULE, *tool.MARKS, "docs/man/openai-cli.1"]
TRACKED = [*PACKAGE, "tests/test_a.py", "README.md"]
INFO = "openai_cli_toolkit-1.2.0.dist-info"
METADATA = """\
Metadata-Version: 2.4
Name: openai-cli-toolkit
Version: 1.2.0
License-Expression: MIT
Requires-Python: >=3.11
"""
SCRIPTS = "[console_scripts]\nopenai-cli = openai_cli.__main__:main\n"
WHEEL = {
    **dict.fromkeys([MODULE, *tool.MARKS, MAN], ""),
    f"{INFO}/METADATA": METADATA,
    f"{INFO}/entry_points.txt": SCRIPTS,
    f"{INFO}/licenses/LICENSE": "",
}


@pytest.mark.parametrize(
    ("heading", "problems"),
    [
        ("## [1.2.0] - 2026-11-23", []),
        ("## [1.2.0] - Unreleased", ["CHANGELOG.md has no date for 1.2.0: Unreleased"]),
        ("## [1.1.0] - 2026-11-23", ["the newest entry of CHANGELOG.md is not 1.2.0"]),
        ("", ["the newest entry of CHANGELOG.md is not 1.2.0"]),
    ],
)
def test_the_changelog(heading: str, problems: list[str]) -> None:
    text = f"# Changelog\n\n{heading}\n\n## [1.0.0] - 2025-01-01\n"
    assert tool.changelog_problems(text, "1.2.0") == problems


@pytest.mark.parametrize(
    ("changed", "problems"),
    [
        ({}, []),
        ({tool.MARKS[0]: None}, ["openai_cli/py.typed is missing"]),
        ({MAN: None}, [f"{MAN} is missing"]),
        ({"openai_cli/x.pyc": ""}, ["openai_cli/x.pyc is too much"]),
        ({"tests/test_a.py": ""}, ["tests/test_a.py is too much"]),
        ({f"{INFO}/licenses/LICENSE": None}, ["LICENSE is missing"]),
        ({f"{INFO}/entry_points.txt": ""}, ["there is no command"]),
        (
            {f"{INFO}/METADATA": METADATA.replace("MIT", "GPL")},
            ["License-Expression is GPL, not MIT"],
        ),
    ],
)
def test_the_wheel(changed: dict[str, str | None], problems: list[str], tmp_path: Path) -> None:
    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in {**WHEEL, **changed}.items():
            if content is not None:
                archive.writestr(name, content)
    assert tool.wheel_problems(wheel, TRACKED, "1.2.0") == problems


def test_the_sdist(tmp_path: Path) -> None:
    sdist = tmp_path / "a.tar.gz"
    names = [
        *PACKAGE,
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "Makefile",
        "pyproject.toml",
    ]
    with tarfile.open(sdist, "w:gz") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(f"openai_cli_toolkit-1.2.0/{name}"), io.BytesIO())
    assert tool.sdist_problems(sdist, TRACKED) == ["tests/test_a.py is missing"]
    assert tool.sdist_problems(sdist, PACKAGE) == []


def test_a_command_that_says_something_else(tmp_path: Path) -> None:
    program = tmp_path / "openai-cli"
    program.write_text('#!/bin/sh\n[ "$1" = tokens ] && echo 2 && exit\necho broken >&2; exit 1\n')
    program.chmod(0o755)
    problems = tool._smoke(program)
    assert [problem.partition(":")[0] for problem in problems] == [
        "--version",
        "chat --sandbox Say it runs",
        "cost hello -m gpt-4o --output-tokens 1 --total",
        "models list --local",
    ]
    assert all(problem.endswith(": broken") for problem in problems)
