"""What the manual says in tables is what the code does; and its links lead somewhere."""

import re
from pathlib import Path

import pytest

from openai_cli import __version__
from openai_cli.commands import COMMANDS, declared
from openai_cli.errors import ExitCode
from tests.docs.pages import PAGES, ROOT, Example, pieces
from tests.docs.test_examples import every_page
from tests.test_layers import LAYERS

DOCS = ROOT / "docs"


def first_cells(page: Path) -> list[str]:
    """The first cell of every row of a page's tables."""
    return re.findall(r"^\| (.*?) \|", page.read_text(), re.MULTILINE)


def test_the_changelog_begins_with_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## \[(.+?)\] - (Unreleased|\d{4}-\d\d-\d\d)$", text, re.MULTILINE)
    assert len(versions) == len(re.findall(r"^## ", text, re.MULTILINE))
    assert versions[0][0] == __version__


@pytest.mark.parametrize("name", ["README.md", "docs/exit-codes.md"])
def test_every_exit_code_is_told_of(name: str) -> None:
    codes = [int(code) for cell in first_cells(ROOT / name) for code in re.findall(r"\d+", cell)]
    assert codes == sorted(ExitCode)


def test_every_environment_variable_is_told_of() -> None:
    name = re.compile(r'"(OPENAI_[A-Z_]+|NO_COLOR|TERM|COLUMNS|[A-Z]+_CA_BUNDLE|SSL_CERT_[A-Z]+)"')
    sources = (ROOT / "openai_cli").rglob("*.py")
    read = {found for source in sources for found in name.findall(source.read_text())}
    table = ", ".join(first_cells(DOCS / "connection.md"))
    assert len(read) > 8
    assert read <= set(table.split(", "))


DEFAULT_MODELS = {
    name: model for name in COMMANDS if (model := declared(name).options.endpoint.default_model)
}


@pytest.mark.parametrize("command", DEFAULT_MODELS)
def test_the_default_models(command: str) -> None:
    assert f"| `{command}` | `{DEFAULT_MODELS[command]}`" in (DOCS / "chat.md").read_text()


def test_the_layers_are_those_that_the_imports_are_tested_for() -> None:
    items = re.findall(r"^\d+\. (`.*?)(?=^\d+\.|^$)", section("Layers"), re.MULTILINE | re.DOTALL)
    named = [set(re.findall(r"`(\w+)`", item)) for item in items]
    there = {path.stem for path in (ROOT / "openai_cli").iterdir()} - {"__init__"}
    assert [layer & there for layer in named] == [layer & there for layer in LAYERS]


def section(title: str) -> str:
    """A section of the page on architecture."""
    text = (DOCS / "architecture.md").read_text()
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0] + "\n\n"


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_page_is_in_the_table_of_contents() -> None:
    listed = {
        (list_.parent / target).resolve()
        for list_ in (DOCS / "index.md", *DOCS.glob("*/index.md"))
        for target in re.findall(r"\]\(([^)#]+)\)", list_.read_text())
    }
    assert {page for page in PAGES if page.is_relative_to(DOCS)} - listed <= {DOCS / "index.md"}


def test_the_size_of_an_endpoint_is_the_one_that_is_told() -> None:
    text = (DOCS / "adding-an-endpoint.md").read_text()
    rows = re.findall(r"^\| `(\S+)` \| (\d+) \|", text, re.MULTILINE)
    assert len(rows) == 5
    for name, lines in rows:
        assert (name, int(lines)) == (name, len((ROOT / name).read_text().splitlines()))


@every_page
def test_nobody_is_told_to_install_a_stranger(page: Path) -> None:
    """The public index has another project of the command's name."""
    found = re.findall(
        r"\b(?:pip3?|pipx|uvx|uv tool) [^\n`]*\bopenai-cli\b(?!-toolkit)", page.read_text()
    )
    assert not found


def test_the_readme_says_first_that_it_is_not_openais() -> None:
    first_screen = " ".join((ROOT / "README.md").read_text().splitlines()[:24])
    assert "not affiliated with OpenAI" in first_screen


def test_the_readme_has_ten_lines_to_paste() -> None:
    """Each is one line: what goes over several has the signs of a prompt in it."""
    text = (
        (ROOT / "README.md").read_text().partition("## Ten one-liners\n")[2].partition("\n## ")[0]
    )
    examples = [piece for piece in pieces(text) if isinstance(piece, Example)]
    commands = [example.command for example in examples if example.output is not None]
    assert len(commands) == 10
    assert not any("\n" in command for command in commands)
