"""`models list --local`: the table, with the user's own over it, as columns and as JSON."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from openai_cli.commands import models_list
from openai_cli.models.table import load_table
from tests.conftest import Run
from tests.servers import Server, reply
from tests.terminal import Terminal

OWN = '{"models": {"my-llama": {"input": 0.10, "output": "1e-7", "context_window": 9}, "new": {}}}'


def test_a_pipe_gets_tabs_and_no_head(run: Run) -> None:
    ended = run("models", "list", "--local", key=None)
    assert (ended.code, ended.err) == (0, "")
    rows = [line.split("\t") for line in ended.text.splitlines()]
    assert {len(row) for row in rows} == {7}
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    luna = ["gpt-6-luna", "1050000", "128000", "o200k_base", "0.1", "0.5", ""]
    davinci = ["text-davinci-003", "", "", "p50k_base", "20", "20", "2024-01-04"]
    assert luna in rows
    assert davinci not in rows
    others = run("models", "list", "--local", "--retired", key=None).text.splitlines()
    assert "\t".join(davinci) in others
    assert "\t".join(luna) not in others
    assert len(others) + len(rows) == len(load_table().models)


def test_a_terminal_gets_the_columns_that_it_has_room_for(folder: Path) -> None:
    terminal = Terminal("models", "list", "--local", base_url="http://127.0.0.1:1", cwd=folder)
    head, *lines = terminal.read_all().decode().splitlines()
    [luna] = [line for line in lines if line.startswith("gpt-6-luna ")]
    assert max(map(len, [head, *lines])) <= 80
    assert head.split() == ["model", "context", "USD", "in", "USD", "out", "retired"]
    assert luna.index("1050000") == head.index("context"), "seven digits below seven letters"
    points = {line.index(".", 50, 58) for line in lines if "." in line[50:58]}
    assert points == {luna.index("0.1") + 1}, "the points stand one below the other"


@pytest.mark.parametrize(
    ("columns", "heads"),
    [
        (200, ["model", "context", "output", "encoding", "USD in", "USD out", "retired"]),
        (48, ["model", "context", "output", "USD in", "USD out", "retired"]),
        (40, ["model", "context", "USD in", "USD out", "retired"]),
        (24, ["model", "USD in", "USD out"]),
    ],
)
def test_columns(columns: int, heads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    row = ["m", "c", "o", "encoding of a name", "1", "2", "r"]
    head, line = models_list._columns([row]).splitlines()
    assert [head[start:].split("  ")[0] for start in _starts(head)] == heads
    assert len(line.split()) >= len(heads)


def test_without_room_for_columns_what_is_known_stands_beneath_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "21")
    row = ["m", "128000", "16384", "o200k_base", "0.1", "0.25", ""]
    assert models_list._columns([row]).splitlines() == [
        "m",
        "  context 128000",
        "  output 16384",
        "  USD in 0.1",
        "  USD out 0.25",
    ]


def _starts(head: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("  +", head))]


def test_json_has_all_tiers_and_the_rates_of_long_requests(run: Run) -> None:
    text = run("models", "list", "--local", "--json").text
    found = json.loads(text, parse_float=Decimal)
    assert len(found["digest"]) == 64
    luna = found["models"]["gpt-6-luna"]
    assert luna["source"] == "https://developers.openai.com/api/docs/pricing"
    assert luna["tiers"]["standard"]["output"] == Decimal("0.5")
    assert luna["tiers"]["batch"]["above"]["272000"]["output"] == Decimal("0.375")
    assert "above" not in found["models"]["gpt-4o"]["tiers"]["standard"]
    assert luna["fees"]["web_search"] == Decimal("0.01")
    assert luna["regions"]["eu"] == Decimal("1.1")
    assert "web_search" not in luna["tiers"]["standard"]


def test_the_users_own_models_with_and_without_prices(run: Run, folder: Path) -> None:
    (folder / "own.json").write_text(OWN)
    lines = run("models", "list", "--local", "--prices", "own.json").text.splitlines()
    assert "my-llama\t9\t\t\t0.1\t0.0000001\t" in lines
    assert "new\t\t\t\t\t\t" in lines
    found = json.loads(run("models", "list", "--local", "--prices", "own.json", "--json").text)
    assert found["models"]["new"]["tiers"] == {}
    assert found["models"]["new"]["source"] is None


def test_without_local_the_server_is_asked(run: Run) -> None:
    answer = {"object": "list", "data": [{"id": "b"}, {"id": "a"}, {"id": "c-é"}]}
    with Server([reply(answer), reply(answer), reply({"data": [{}]})]) as server:
        assert run("models", "list", base_url=server.base_url).text == "a\nb\nc-é\n"
        found = run("models", "list", "--query", "data[0].id", base_url=server.base_url)
        assert found.text == "b\n"
        odd = run("models", "list", base_url=server.base_url)
    assert (odd.code, odd.out) == (6, b"")
    assert [request.line for request in server.received] == ["GET /v1/models HTTP/1.1"] * 3


def test_what_is_of_the_table_alone(run: Run) -> None:
    assert run("models", "list", "--prices", "own.json").code == 2
    assert run("models", "list", "--retired").code == 2
    assert run("models", "list", "--local", "--query", "a").code == 2
