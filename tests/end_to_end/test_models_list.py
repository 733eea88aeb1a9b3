"""`models list --local`: the table, with the user's own over it, as columns and as JSON."""

import json
from decimal import Decimal
from pathlib import Path

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
    assert davinci in rows


def test_a_terminal_gets_columns_under_a_head(folder: Path) -> None:
    terminal = Terminal("models", "list", "--local", base_url="http://127.0.0.1:1", cwd=folder)
    head, *lines = terminal.read_all().decode().splitlines()
    [luna] = [line for line in lines if line.startswith("gpt-6-luna ")]
    assert head.split()[:4] == ["model", "context", "output", "encoding"]
    assert luna.index("1050000") == head.index("context")
    assert luna.index("o200k_base") == head.index("encoding")


def test_json_has_all_tiers_and_the_rates_of_long_requests(run: Run) -> None:
    text = run("models", "list", "--local", "--json").text
    found = json.loads(text, parse_float=Decimal)
    assert len(found["digest"]) == 64
    luna = found["models"]["gpt-6-luna"]
    assert luna["source"] == "https://developers.openai.com/api/docs/pricing"
    assert luna["tiers"]["standard"]["output"] == Decimal("0.5")
    assert luna["tiers"]["batch"]["above"]["272000"]["output"] == Decimal("0.375")
    assert "above" not in found["models"]["gpt-4o"]["tiers"]["standard"]


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
    assert run("models", "list", "--local", "--query", "a").code == 2
