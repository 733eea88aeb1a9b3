"""Check that the committed state can be released: `make release-check`.

It compares the version with the changelog, builds wheel and sdist and inspects them, installs both
into fresh environments, and tries them with every Python of PYTHONS on the machine, and with pipx.
It prints a line for each check, and exits with 1 if one failed.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")

# Files that a wheel must have besides the modules, and values that its metadata must have.
MARKS = ("openai_cli/py.typed", "openai_cli/tokens/data/LICENSE", "openai_cli/models/data/LICENSE")
METADATA = {"Name": "openai-cli-toolkit", "License-Expression": "MIT", "Requires-Python": ">=3.11"}

# Commands that need no key and no network, with their output; None means any line.
SMOKE: tuple[tuple[list[str], str | None], ...] = (
    (["--version"], None),
    (["tokens", "hamburger"], "2"),
    (["chat", "--sandbox", "Say it runs"], "it runs"),
    (["cost", "hello", "-m", "gpt-4o", "--output-tokens", "1", "--total"], "0.00003"),
    (["models", "list", "--local"], None),
)

_HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\] - (?P<date>\S+)$", re.MULTILINE)


def main() -> int:
    """Run all checks; return 1 if one failed."""
    failed = 0
    for name, problems in checks():
        print(f"{'FAILED' if problems else 'ok':<7}{name}", flush=True)
        failed += bool(problems)
        for problem in problems:
            print(f"       {problem}", flush=True)
    return int(failed > 0)


def checks() -> Iterator[tuple[str, list[str]]]:
    """Yield the name of each check, and the problems that it found."""
    found = re.search(
        r'__version__ = "(.+)"', (ROOT / "openai_cli/__init__.py").read_text(encoding="utf-8")
    )
    version = found[1] if found else ""
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    yield f"version {version} and the changelog", changelog_problems(changes, version)
    tracked = _output("git", "ls-files").splitlines()
    yield "all is committed", _output("git", "status", "--porcelain").splitlines()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tools = _environment(folder / "tools", sys.executable)
        _output(tools / "pip", "install", "--quiet", "build", "pipx")
        _output("git", "clone", "--quiet", ROOT, folder / "source")
        _output(tools / "python", "-m", "build", "--outdir", folder / "dist", folder / "source")
        (wheel,) = (folder / "dist").glob("*.whl")
        (sdist,) = (folder / "dist").glob("*.tar.gz")
        yield f"what is in {wheel.name}", wheel_problems(wheel, tracked, version)
        yield f"what is in {sdist.name}", sdist_problems(sdist, tracked)
        for python in PYTHONS:
            program = shutil.which(f"python{python}")
            if program and not _run(program, "--version").returncode:  # pyenv's may be a shim
                yield f"the wheel with Python {python}", tried(folder / python, program, wheel)
            else:
                yield f"Python {python} is not on this machine", []
        yield "the sdist", tried(folder / "sdist", sys.executable, sdist)
        yield "the wheel with pipx", tried_with_pipx(folder / "pipx", tools, wheel)


def changelog_problems(text: str, version: str) -> list[str]:
    """The problems of a changelog whose newest entry must be for the version."""
    heading = _HEADING.search(text)
    if heading is None or heading["version"] != version:
        return [f"the newest entry of CHANGELOG.md is not {version}"]
    try:
        date.fromisoformat(heading["date"])
    except ValueError:
        return [f"CHANGELOG.md has no date for {version}: {heading['date']}"]
    return []


def wheel_problems(wheel: Path, tracked: Iterable[str], version: str) -> list[str]:
    """What a wheel lacks or has too much, and wrong values in its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = f"openai_cli_toolkit-{version}.dist-info"
        metadata = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
        scripts = archive.read(f"{info}/entry_points.txt").decode()
    package = {name for name in tracked if name.startswith("openai_cli/")}
    pages = f"openai_cli_toolkit-{version}.data/data/share/man/man1/"
    package |= {f"{pages}{Path(name).name}" for name in tracked if name.startswith("docs/man/")}
    own = {name for name in names if not name.startswith(info)}
    expected = {**METADATA, "Version": version}
    return [
        *(f"{name} is missing" for name in sorted((package | set(MARKS)) - own)),
        *(f"{name} is too much" for name in sorted(own - package)),
        *([] if f"{info}/licenses/LICENSE" in names else ["LICENSE is missing"]),
        *(
            f"{key} is {metadata[key]}, not {value}"
            for key, value in expected.items()
            if metadata[key] != value
        ),
        *([] if "openai-cli = openai_cli.__main__:main" in scripts else ["there is no command"]),
    ]


def sdist_problems(sdist: Path, tracked: Iterable[str]) -> list[str]:
    """What an sdist lacks of the package, its tests, its manual and its tools."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    parts = ("openai_cli/", "tests/", "docs/", "tools/", "benchmarks/")
    wanted = {name for name in tracked if name.startswith(parts)}
    wanted |= {"LICENSE", "README.md", "CHANGELOG.md", "Makefile", "pyproject.toml"}
    return [f"{name} is missing" for name in sorted(wanted - names)]


def tried(folder: Path, python: str, archive: Path) -> list[str]:
    """Install the archive into a fresh environment, and try it."""
    scripts = _environment(folder, python)
    return [
        *_problems(scripts / "pip", "install", "--quiet", archive),
        *_problems(scripts / "pip", "check"),
        *_smoke(scripts / "openai-cli"),
        *_problems(scripts / "python", "-Pc", "import openai_cli.tokens as t; t.count('hello')"),
    ]


def tried_with_pipx(folder: Path, tools: Path, wheel: Path) -> list[str]:
    """Install the wheel with pipx, and try it."""
    places = {"PIPX_HOME": str(folder / "home"), "PIPX_BIN_DIR": str(folder / "bin")}
    return [
        *_problems(tools / "pipx", "install", "--quiet", wheel, env=places),
        *_smoke(folder / "bin" / "openai-cli"),
    ]


def _environment(folder: Path, python: str) -> Path:
    """Create a virtual environment; return the folder of its programs."""
    if python == sys.executable:
        venv.create(folder, with_pip=True)
    else:
        _output(python, "-m", "venv", folder)
    return folder / "bin"


def _smoke(program: Path) -> list[str]:
    problems = []
    for arguments, expected in SMOKE:
        done = _run(program, *arguments)
        printed = done.stdout.strip()
        if done.returncode or not printed or expected not in (None, printed):
            problems.append(f"{' '.join(arguments)}: {printed or done.stderr.strip()}")
    return problems


def _problems(*command: object, env: dict[str, str] | None = None) -> list[str]:
    done = _run(*command, env=env)
    return [f"{command[0]}: {done.stdout}{done.stderr}".strip()] if done.returncode else []


def _output(*command: object) -> str:
    done = _run(*command)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


def _run(*command: object, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
