"""The pictures show what the commands print now."""

import html
import re
import runpy
from collections.abc import Callable
from operator import itemgetter
from xml.etree import ElementTree as ET

import pytest

from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / "pictures"
PICTURES: Callable[[], dict[str, str]]
DRAWN: Callable[[str, str], str]
PICTURES, DRAWN = itemgetter("pictures", "drawn")(
    runpy.run_path(str(ROOT / "tools" / "pictures.py"))
)


def text_of(svg: str) -> str:
    """The text of a picture, without what rich makes of its places and colours."""
    shown = re.sub(r"<style>.*?</style>|<[^>]+>", "", svg, flags=re.DOTALL)
    return "".join(html.unescape(shown).split())


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return PICTURES()


def test_the_committed_pictures_are_those_of_today(made: dict[str, str]) -> None:
    committed = {path.name: text_of(path.read_text()) for path in FOLDER.iterdir()}
    assert committed == {name: text_of(svg) for name, svg in made.items()}, "run make docs"


def test_a_picture_is_well_formed_and_fetches_nothing(made: dict[str, str]) -> None:
    for svg in made.values():
        ET.fromstring(svg)  # noqa: S314 - our own
        assert re.findall(r"(?:href|src|url\()[^#]*https?://", svg) == []


def test_a_long_line_is_broken_where_a_terminal_does() -> None:
    rows = re.findall(r">([^<]+)</text>", DRAWN("a" * 79 + "東" + "b", "dark"))
    assert [html.unescape(row).strip() for row in rows if row.strip()] == ["a" * 79, "東b"]
