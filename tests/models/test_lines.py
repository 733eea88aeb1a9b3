"""The file of models, line by line."""

import json

import pytest

from openai_cli.models.lines import DATA, Lines, known_name, packaged
from openai_cli.models.table import load_table

CONTENT = DATA.read_bytes()
MODELS = json.loads(CONTENT)["models"]


def test_each_model_is_found_by_its_line_alone() -> None:
    lines = Lines(CONTENT)
    assert {name: lines[name] for name in MODELS} == MODELS
    assert "_all" not in vars(lines), "the whole file was parsed"
    assert (list(lines), len(lines)) == (list(MODELS), len(MODELS))
    assert lines.date == json.loads(CONTENT)["date"]


@pytest.mark.parametrize(
    "name", ["", "gpt", "4o", "prices", "date", "models", 'gpt-4o"', "gpt-4o\n", "gpt-4ö", "\ud800"]
)
def test_what_is_no_model_is_not_found(name: str) -> None:
    lines = Lines(CONTENT)
    assert name not in lines
    assert lines.get(name) is None
    assert lines.line(name) is None


def test_the_file_is_read_once() -> None:
    assert packaged() is packaged()


def test_a_snapshot_is_its_model() -> None:
    table = load_table()
    assert table.find("gpt-6-luna-2026-10-01") is table.find("gpt-6-luna")
    assert table.find("gpt-9") is None


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("gpt-6-luna", "gpt-6-luna"),
        ("gpt-6-luna-2026-10-01", "gpt-6-luna"),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        ("ft:gpt-4o:org::id", "ft:gpt-4o"),
        ("gpt-6-luna-2026-10-1", None),
        ("gpt-6-luna-2026-10-01-x", None),
        ("-2026-10-01", None),
        ("", None),
    ],
)
def test_the_name_of_a_model(name: str, known: str | None) -> None:
    there = {"gpt-6-luna", "gpt-4o", "gpt-4o-2024-08-06", "ft:gpt-4o"}
    assert known_name(name, there) == known
