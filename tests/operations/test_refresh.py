"""The tool that writes the table of operations, on a made-up description and package."""

import json
import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import pytest

from openai_cli.operations.table import every
from tests.docs.pages import ROOT
from tests.operations.made_up import DESCRIPTION, PACKAGE

TOOL = ROOT / "tools" / "refresh_operations.py"


@pytest.fixture
def sources(tmp_path: Path) -> tuple[str, str]:
    """The description and a wheel of the package."""
    return made_up(tmp_path)


def made_up(tmp_path: Path) -> tuple[str, str]:
    """Write the description and a wheel of the package; gives their paths."""
    description, wheel = tmp_path / "openapi.json", tmp_path / "openai-9.1.0-py3-none-any.whl"
    description.write_text(json.dumps(DESCRIPTION))
    with ZipFile(wheel, "w") as package:
        for name, text in PACKAGE.items():
            package.writestr(name, text)
    return str(description), str(wheel)


def refresh(sources: tuple[str, str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, str(TOOL), *sources, "--output", str(folder)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The rows of the made-up API by their commands."""
    folder = tmp_path_factory.mktemp("rows")
    refresh(made_up(folder), folder / "data")
    found = json.loads((folder / "data" / "toys.json").read_text())
    return {row["command"]: row for row in found}


def test_a_row_for_each_operation_of_both(rows: dict[str, Any]) -> None:
    assert {name: f"{row['method']} {row['path']}" for name, row in rows.items()} == {
        "toys content": "GET /toys/{toy_id}/content",
        "toys content replace": "POST /toys/{toy_id}/content",
        "toys create": "POST /toys",
        "toys delete": "DELETE /toys/{toy_id}",
        "toys lids create": "POST /toys/{toy_id}/lids",
        "toys lids list": "GET /toys/{toy_id}/lids",
        "toys list": "GET /toys",
        # The other list of toys would have the words of that one.
        "": "GET /toys/all",
        "toys peek show": "GET /toys/{toy_id}/peek",
        "toys show": "GET /toys/{toy_id}",
        "toys wind create": "POST /toys/{toy_id}/wind",
    }


def test_the_properties_are_those_of_both(rows: dict[str, Any]) -> None:
    assert rows["toys create"]["body"] == {
        "name": {
            "types": ["string"], "enum": ["bear", "car"], "open": True, "longest": 9,
            "required": True,
        },
        "box": {
            "types": ["object"],
            "keys": {
                "color": {
                    "types": ["string"], "enum": ["red", "blue"], "open": True, "required": True,
                },
                "weight": {"types": ["number"], "low": 0},
                "inner": {"types": ["object"]},
            },
        },
        "old": {
            "types": ["object", "string"],
            "keys": {
                "color": {"types": ["string"], "required": True},
                "weight": {"types": ["number"], "low": 0},
            },
        },
        "seed": {"types": ["integer"]},
        "size": {"types": ["integer"], "low": 1, "high": 5},
        "tags": {"types": ["array"], "most": 3, "items": {"types": ["string"]}},
    }  # fmt: skip


def test_a_property_is_of_the_place_where_it_is_sent(rows: dict[str, Any]) -> None:
    assert rows["toys list"]["query"] == {
        "include": {
            "types": ["array"],
            "items": {"types": ["string"], "enum": ["a"]},
            "required": True,
        },
        "after": {"types": ["string"]},
    }
    assert "body" not in rows["toys list"]
    assert list(rows["toys content replace"]["body"]) == ["file", "box"]


def test_the_kinds_of_answers(rows: dict[str, Any]) -> None:
    answers = {name: row["answer"] for name, row in rows.items()}
    assert answers == {
        "": "list",
        "toys content": "bytes",
        "toys content replace": "object",
        "toys create": "object",
        "toys delete": "nothing",
        "toys lids create": "nothing",
        "toys lids list": "list",
        "toys list": "list",
        "toys peek show": "object",
        "toys show": "object",
        "toys wind create": "bytes",
    }


def test_a_list_tells_its_things_apart_and_pages_where_it_can(rows: dict[str, Any]) -> None:
    assert rows["toys list"]["columns"] == ["id", "name", "created_at"]
    assert rows["toys list"]["pages"] == "after"
    assert rows["toys lids list"]["columns"] == ["id", "status"]
    assert "pages" not in rows["toys lids list"], "it takes no after"


def test_what_else_is_known(rows: dict[str, Any]) -> None:
    assert rows["toys create"]["headers"] == {"OpenAI-Beta": "toys=v1"}
    assert rows["toys content replace"]["form"] == "with files"
    assert rows["toys lids create"]["form"] == "always"
    assert rows["toys lids list"]["deprecated"] is True
    assert [name for name, row in rows.items() if row.get("admin")] == ["toys list"]
    assert "deprecated" not in rows["toys show"], "its other method is"


def test_no_sentence_of_the_sources_is_in_the_table(
    sources: tuple[str, str], tmp_path: Path
) -> None:
    refresh(sources, tmp_path / "data")
    for path in (tmp_path / "data").iterdir():
        assert "sentence" not in path.read_text()


def test_the_index_says_where_the_facts_come_from(sources: tuple[str, str], tmp_path: Path) -> None:
    refresh(sources, tmp_path / "data")
    index = json.loads((tmp_path / "data" / "index.json").read_text())
    source = index["source"]
    assert (source["description"]["version"], source["description"]["licence"]) == ("1.2.3", "MIT")
    assert source["package"]["version"] == "9.1.0"
    assert all(len(source[name]["sha256"]) == 64 for name in source)
    assert index["groups"] == {"toys": 11}


def test_the_same_sources_give_the_same_bytes(sources: tuple[str, str], tmp_path: Path) -> None:
    first = refresh(sources, tmp_path / "data")
    before = {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()}
    assert first.startswith("### New\n\n- no command (GET /toys/all)\n")
    assert refresh(sources, tmp_path / "data") == "Nothing has changed.\n"
    assert {path.name: path.read_bytes() for path in (tmp_path / "data").iterdir()} == before


def test_what_is_new_gone_and_changed(sources: tuple[str, str], tmp_path: Path) -> None:
    refresh(sources, tmp_path / "data")
    changed = json.loads(json.dumps(DESCRIPTION))
    del changed["paths"]["/toys/{toy_id}/wind"]
    create = changed["paths"]["/toys"]["post"]["requestBody"]["content"]["application/json"]
    properties = create["schema"]["allOf"][1]["properties"]
    properties["size"]["maximum"] = 6
    properties["new"] = {"type": "string"}
    del properties["old"]
    changed["paths"]["/toys/{toy_id}"]["patch"] = {"operationId": "modifyToy", "responses": {}}
    Path(sources[0]).write_text(json.dumps(changed))
    assert refresh(sources, tmp_path / "data") == (
        "### New\n\n"
        "- `toys update` (PATCH /toys/{toy_id})\n\n"
        "### Gone\n\n"
        "- `toys wind create` (POST /toys/{toy_id}/wind)\n\n"
        "### Changed\n\n"
        "- `toys create` (POST /toys): new `new`; no `old`; other values of `size`\n\n"
    )


def test_the_committed_table_has_what_the_installed_package_sends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A new release shows here: run the tool with it, and look at what it prints."""
    monkeypatch.syspath_prepend(TOOL.parent)
    sdk, types = (
        SimpleNamespace(**runpy.run_path(str(TOOL.parent / name)))
        for name in ("operations_of_sdk.py", "package_types.py")
    )
    rows = {(each.method, each.path): each for each in every()}
    folder = Path(str(find_spec("openai").origin)).parents[1]  # type: ignore[union-attr]
    found = sdk.operations(types.read_sources(folder))
    assert len(found) > 300
    for operation in found:
        told = "python tools/refresh_operations.py openapi.json openai-VERSION-py3-none-any.whl"
        row = rows.get((operation.method, operation.path))
        assert row is not None, (operation.method, operation.path, told)
        names = {*operation.query, *operation.body} - {*row.arguments}
        assert names <= {*row.query, *row.body}, (row.command, told)
