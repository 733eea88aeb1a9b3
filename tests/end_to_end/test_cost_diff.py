"""`cost diff`: what a change costs. Expectations were reckoned by hand from the published prices.

In USD a million: gpt-4o 2.5 in and 10 out, batch half of that; gpt-4o-mini 0.15 and 0.6. "hello"
is a token, and so is each " hello" behind it; a message's frame has 7.
"""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from openai_cli import commands
from openai_cli.app import annotations
from openai_cli.completion.candidates import Tree, completions
from openai_cli.context import Context
from tests.conftest import Result, Run
from tests.end_to_end.conftest import THAT_DAY, Diff, Repository

D = Decimal


def parsed(done: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.out, parse_float=D, parse_int=D)
    return found


def by_name(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["custom_id"] or row["path"]: row for row in found["rows"]}


def line(custom_id: str | None, content: str, **body: Any) -> str:
    """A line of a file of requests."""
    request = {"model": "gpt-4o", **body, "messages": [{"role": "user", "content": content}]}
    if custom_id is None:
        return json.dumps(request)
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions",
                       "body": request})  # fmt: skip


def test_texts_that_were_added_removed_and_changed(repository: Repository, diff: Diff) -> None:
    for name in ("same", "longer", "gone"):
        repository.write(f"prompts/{name}.txt", "hello")
    base = repository.commit()
    repository.write("prompts/longer.txt", "hello hello hello")
    repository.write("prompts/new.txt", "Hello")
    (repository.folder / "prompts/gone.txt").unlink()
    done = diff("--base", "main", "--files", "prompts", "-m", "gpt-4o", "--output-tokens", "2",
                "--json")  # fmt: skip
    assert done.code == 0, done.err
    found = parsed(done)
    rows = by_name(found)
    assert set(rows) == {"prompts/longer.txt", "prompts/new.txt", "prompts/gone.txt"}
    # 8 input and 2 output tokens: 0.00002 + 0.00002.
    longer = rows["prompts/longer.txt"]
    assert (longer["status"], longer["base"], longer["head"]) == (
        "changed",
        D("0.00004"),
        D("0.000045"),
    )
    assert (longer["change"], longer["percent"]) == (D("0.000005"), D("12.5"))
    assert longer["parts"] == {"text": D("0.000005")}
    new = rows["prompts/new.txt"]
    assert (new["status"], new["base"], new["head"], new["percent"]) == (
        "added",
        0,
        D("0.00004"),
        None,
    )
    gone = rows["prompts/gone.txt"]
    assert (gone["status"], gone["change"], gone["percent"]) == ("removed", D("-0.00004"), -100)
    assert found["unchanged"] == {"rows": 1, "usd": D("0.00004")}
    assert (found["base"]["usd"], found["head"]["usd"]) == (D("0.00012"), D("0.000125"))
    assert found["parts"] == {
        "added": D("0.00004"),
        "removed": D("-0.00004"),
        "text": D("0.000005"),
    }
    assert found["base"]["commit"] == base


def test_the_split_adds_up_and_each_part_is_what_it_changes(
    repository: Repository, diff: Diff
) -> None:
    """By batch prices of gpt-4o: 1.25 in and 5 out; of gpt-4o-mini 0.075 and 0.3."""
    repository.write("r.jsonl", line("a", "hello", max_tokens=100))
    repository.commit()
    repository.write("r.jsonl", line("a", "hello hello", model="gpt-4o-mini", max_tokens=200))
    found = parsed(diff("--base", "main", "--request", "r.jsonl", "--json"))
    (row,) = found["rows"]
    assert row["base"] == D("0.00051")  # 8 * 1.25 + 100 * 5
    assert row["head"] == D("0.000060675")  # 9 * 0.075 + 200 * 0.3
    assert row["parts"] == {
        "text": D("0.00000125"),
        "model": D("-0.000480575"),  # 9 * (0.075 - 1.25) + 100 * (0.3 - 5)
        "limits": D("0.00003"),
    }
    assert sum(row["parts"].values()) == row["change"]
    assert row["model"] == {"base": "gpt-4o", "head": "gpt-4o-mini"}


def test_another_tier_is_another_price(repository: Repository, diff: Diff) -> None:
    repository.write("r.json", line(None, "hello", max_tokens=100))
    repository.commit()
    repository.write("r.json", line(None, "hello", max_tokens=100, service_tier="priority"))
    (row,) = parsed(diff("--base", "main", "--request", "r.json", "--json"))["rows"]
    assert row["parts"] == {"price": D("0.000714")}  # 8 * 1.75 + 100 * 7
    assert row["line"] == 1


def test_lines_without_a_name_are_matched_by_what_they_say(
    repository: Repository, diff: Diff
) -> None:
    """A line in front moves all others: they are the same for all that."""
    lines = [line(None, "hello " * count, max_tokens=9) for count in range(1, 5)]
    repository.write("r.jsonl", "\n".join(lines))
    repository.commit()
    repository.write("r.jsonl", "\n".join([line(None, "new", max_tokens=9), "", *lines]))
    found = parsed(diff("--base", "main", "--request", "r.jsonl", "--json"))
    assert [(row["status"], row["line"]) for row in found["rows"]] == [("added", 1)]
    assert found["unchanged"]["rows"] == 4


def test_custom_ids_are_matched_wherever_they_stand(repository: Repository, diff: Diff) -> None:
    first, second = line("a", "hello", max_tokens=9), line("b", "ho", max_tokens=9)
    repository.write("r.jsonl", f"{first}\n{second}\n")
    repository.commit()
    repository.write("r.jsonl", f"{second}\n{first}\n")
    assert parsed(diff("--base", "main", "--request", "r.jsonl", "--json"))["rows"] == []


def test_a_limit_that_is_taken_away_lets_the_output_grow(
    repository: Repository, diff: Diff
) -> None:
    """The longest output of gpt-4o is 16,384 tokens."""
    repository.write("r.jsonl", f"{line('a', 'hello', max_tokens=100)}\n{line('b', 'hello')}")
    repository.commit()
    repository.write("r.jsonl", f"{line('a', 'hello')}\n{line('b', 'hello hello')}")
    rows = by_name(parsed(diff("--base", "main", "--request", "r.jsonl", "--json")))
    assert rows["a"]["parts"] == {"limits": D("0.08142")}  # 16,284 * 5
    assert rows["b"]["change"] == D("0.00000125")  # without an output on both sides


def test_the_base_is_what_both_have_in_common(repository: Repository, diff: Diff) -> None:
    """What main got behind the branch is no change of the branch."""
    repository.write("a.txt", "hello")
    fork = repository.commit()
    repository.git("switch", "--quiet", "--create", "branch")
    repository.git("switch", "--quiet", "main")
    repository.write("a.txt", "hello hello hello")
    repository.commit()
    repository.git("switch", "--quiet", "branch")
    found = parsed(diff("--base", "main", "a.txt", "-m", "gpt-4o", "--json"))
    assert (found["change"], found["base"]["commit"]) == (0, fork)
    tip = parsed(diff("--base", "main", "--no-merge-base", "a.txt", "-m", "gpt-4o", "--json"))
    assert tip["change"] == D("-0.000005")


def test_a_head_that_is_no_working_folder(repository: Repository, diff: Diff) -> None:
    repository.write("p/a.txt", "hello")
    repository.write("r.jsonl", line("a", "hello", max_tokens=1))
    repository.commit()
    repository.git("switch", "--quiet", "--create", "branch")
    repository.write("p/a.txt", "hello hello")
    repository.write("r.jsonl", line("a", "hello hello", max_tokens=1))
    repository.commit()
    repository.git("switch", "--quiet", "main")
    found = parsed(diff("--base", "main", "--head", "branch", "p", "--request", "r.jsonl", "-m",
                        "gpt-4o", "--json"))  # fmt: skip
    assert {row["path"]: row["change"] for row in found["rows"]} == {
        "p/a.txt": D("0.0000025"), "r.jsonl": D("0.00000125"),
    }  # fmt: skip


def test_what_a_walk_leaves_out_is_on_neither_side(repository: Repository, diff: Diff) -> None:
    repository.write(".gitignore", "ignored.txt\n")
    for name in (".hidden", "ignored.txt", "binary", ":kept.txt"):
        repository.write(f"p/{name}", b"\0" if name == "binary" else "hello")
    (repository.folder / "p/link").symlink_to(":kept.txt")
    repository.commit()
    for name in (".hidden", "ignored.txt", "binary"):
        (repository.folder / "p" / name).unlink()
    found = parsed(diff("--base", "main", "p", "-m", "gpt-4o", "--json"))
    assert (found["rows"], found["unchanged"]["rows"]) == ([], 1)


def test_what_is_in_a_submodule_is_on_neither_side(repository: Repository, diff: Diff) -> None:
    repository.write("p/a.txt", "hello")
    repository.commit()
    repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
                   f"file://{repository.folder}", "p/inner")  # fmt: skip
    repository.commit()
    done = diff("--base", "main", "p", "-m", "gpt-4o", "--json")
    found = parsed(done)
    assert (found["rows"], found["unchanged"]["rows"]) == ([], 1)
    assert "1 in a submodule" in done.err


@pytest.mark.parametrize("name", [":(top)a.txt", ":a.txt", "*.txt", "-a.txt"])
def test_a_name_is_no_pattern(repository: Repository, diff: Diff, name: str) -> None:
    repository.write(name, "hello")
    repository.write("other.txt", "hello")
    repository.commit()
    repository.write(name, "hello hello")
    found = parsed(diff("--base", "main", "-m", "gpt-4o", "--json", "--", name))
    assert [row["status"] for row in found["rows"]] == ["changed"]


def test_no_flag_is_named_that_it_has_not(repository: Repository, diff: Diff) -> None:
    repository.write("p/a.txt", "hello")
    repository.write("p/latin.txt", b"caf\xe9")
    repository.commit()
    folder = diff("--base", "main", "p", "-m", "gpt-4o")
    file = diff("--base", "main", "p/latin.txt", "-m", "gpt-4o")
    assert (folder.code, file.code) == (0, 2)
    assert "--input-encoding" not in folder.err + file.err


def test_paths_stay_as_they_were_typed(repository: Repository, diff: Diff) -> None:
    repository.write("deep/p/a.txt", "hello")
    repository.write("deep/p/gone é.txt", "hello")
    repository.commit()
    repository.write("deep/p/a.txt", "hello hello")
    (repository.folder / "deep/p/gone é.txt").unlink()
    for typed in ("deep/p", "deep/p/", "./deep/p", str(repository.folder / "deep/p")):
        rows = by_name(parsed(diff("--base", "main", typed, "-m", "gpt-4o", "--json")))
        assert set(rows) == {f"{typed.rstrip('/')}/{name}.txt" for name in ("a", "gone é")}


def test_a_folder_that_is_gone_was_removed(repository: Repository, diff: Diff) -> None:
    repository.write("p/a.txt", "hello")
    repository.write("b.txt", "hello")
    repository.commit()
    (repository.folder / "p/a.txt").unlink()
    (repository.folder / "p").rmdir()
    found = parsed(diff("--base", "main", "p", "b.txt", "-m", "gpt-4o", "--json"))
    assert [(row["path"], row["status"]) for row in found["rows"]] == [("p/a.txt", "removed")]


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        (["--max-increase", "0.000004"],
         "it can cost 0.000005 USD more, which exceeds --max-increase 0.000004"),
        (["--max-increase-percent", "12"], "25 % more, which exceeds --max-increase-percent 12"),
        (["--max-increase-percent", "12%"], "25 % more, which exceeds --max-increase-percent 12"),
        (["--max-increase-each", "0.000004"],
         "a.txt: it can cost 0.000005 USD more, which exceeds --max-increase-each 0.000004"),
        (["--max-increase-percent-each", "24.9"],
         "a.txt: it can cost 25 % more, which exceeds --max-increase-percent-each 24.9"),
        (["--max-increase", "0", "--ignore-below", "0.000005"],
         "0.000005 USD more, which exceeds --max-increase 0"),
        (["--max-cost", "0.00002"],
         "it can cost 0.000025 USD, more than the 0.00002 of --max-cost"),
    ],
)  # fmt: skip
def test_what_is_above_a_limit_is_exit_8(
    repository: Repository, diff: Diff, limits: list[str], problem: str
) -> None:
    repository.write("a.txt", "hello")
    repository.commit()
    repository.write("a.txt", "hello hello hello")
    done = diff("--base", "main", "a.txt", "-m", "gpt-4o", *limits)
    assert done.code == 8
    assert problem in done.err
    assert "total" in done.out.decode()
    warned = diff("--base", "main", "a.txt", "-m", "gpt-4o", *limits, "--warn")
    assert warned.code == 0
    assert f"notice: {problem}" in warned.err or f": notice: it can cost {problem}" in warned.err


@pytest.mark.parametrize(
    "limits",
    [
        ["--max-increase", "0.000005"],
        ["--max-increase-percent", "25"],
        ["--max-increase-each", "0.000005", "--max-increase-percent-each", "25"],
        ["--max-cost", "0.000025"],
        ["--max-increase", "0", "--max-increase-each", "0", "--max-increase-percent", "0",
         "--ignore-below", "0.000006"],
    ],
)  # fmt: skip
def test_what_is_at_a_limit_passes(repository: Repository, diff: Diff, limits: list[str]) -> None:
    repository.write("a.txt", "hello")
    repository.commit()
    repository.write("a.txt", "hello hello hello")
    assert diff("--base", "main", "a.txt", "-m", "gpt-4o", *limits).code == 0


def test_a_rise_is_not_hidden_by_a_fall_elsewhere(repository: Repository, diff: Diff) -> None:
    repository.write("a.txt", "hello")
    repository.write("b.txt", "hello hello hello")
    repository.commit()
    repository.write("a.txt", "hello hello hello")
    repository.write("b.txt", "hello")
    asked = ("--base", "main", "a.txt", "b.txt", "-m", "gpt-4o")
    assert diff(*asked, "--max-increase", "0").code == 0
    assert diff(*asked, "--max-increase-each", "0").code == 8


def test_what_is_new_has_no_percents(repository: Repository, diff: Diff) -> None:
    repository.write("other.txt", "")
    repository.commit()
    repository.write("a.txt", "hello")
    done = diff("--base", "main", "a.txt", "-m", "gpt-4o", "--max-increase-percent", "5")
    assert done.code == 0
    assert " new" in done.out.decode()
    assert "percent" in done.err  # that nothing was judged by them is told
    assert diff("--base", "main", "a.txt", "-m", "gpt-4o", "--max-increase", "0").code == 8


def test_calls_are_of_each(repository: Repository, diff: Diff) -> None:
    repository.write("a.txt", "hello")
    repository.commit()
    repository.write("a.txt", "hello hello")
    done = diff("--base", "main", "a.txt", "-m", "gpt-4o", "--calls", "1000/day", "--max-increase",
                "0.001")  # fmt: skip
    assert done.code == 8
    assert "0.0025 USD more" in done.err
    assert "1000 calls of each a day" in done.out.decode()


def test_an_unknown_model_is_wrong_in_the_head_alone(repository: Repository, diff: Diff) -> None:
    repository.write("r.jsonl", line("a", "hello", model="no-such-model", max_tokens=9))
    repository.commit()
    repository.write("r.jsonl", line("a", "hello", max_tokens=9))
    done = diff("--base", "main", "--request", "r.jsonl", "--json")
    assert done.code == 0, done.err
    (row,) = parsed(done)["rows"]
    assert (row["base"], row["head"]) == (0, D("0.000055"))
    assert "no-such-model" in done.err
    repository.commit()
    repository.write("r.jsonl", line("a", "hello", model="no-such-model", max_tokens=9))
    wrong = diff("--base", "HEAD", "--request", "r.jsonl")
    assert (wrong.code, wrong.out) == (2, b"")
    assert "'r.jsonl', line 1" in wrong.err
    assert "no-such-model" in wrong.err


def test_what_was_no_request_is_new(repository: Repository, diff: Diff) -> None:
    repository.write("r.jsonl", "{broken")
    repository.commit()
    repository.write("r.jsonl", line("a", "hello", max_tokens=9))
    done = diff("--base", "main", "--request", "r.jsonl", "--json")
    assert [row["status"] for row in parsed(done)["rows"]] == ["added"]
    assert "the base is not priced: 'r.jsonl'" in done.err
    repository.write("r.jsonl", "\n{broken")
    wrong = diff("--base", "main", "--request", "r.jsonl")
    assert wrong.code == 2
    assert "'r.jsonl': line 2" in wrong.err


def test_what_has_no_bound_is_above_any_limit(repository: Repository, diff: Diff) -> None:
    def searching(**more: Any) -> str:
        return json.dumps({"model": "gpt-4o", "input": "hello", "max_output_tokens": 9, **more})

    repository.write("r.json", searching())
    repository.commit()
    repository.write("r.json", searching(tools=[{"type": "web_search"}]))
    asked = ("--base", "main", "--request", "r.json")
    assert diff(*asked).code == 0
    done = diff(*asked, "--max-increase", "1")
    assert done.code == 8
    assert "may cost more than is known" in done.err
    assert diff(*asked, "--max-increase", "1", "--allow-unbounded").code == 0


def test_usage_files(repository: Repository, diff: Diff) -> None:
    def usage(tokens: int) -> str:
        return json.dumps({"model": "gpt-4o", "object": "chat.completion",
                           "usage": {"prompt_tokens": tokens, "completion_tokens": 0,
                                     "total_tokens": tokens}})  # fmt: skip

    repository.write("usage.jsonl", usage(1000))
    repository.commit()
    repository.write("usage.jsonl", f"{usage(1000)}\n{usage(400)}\n")
    (row,) = parsed(diff("--base", "main", "--response", "usage.jsonl", "--json"))["rows"]
    assert (row["base"], row["head"], row["parts"]) == (
        D("0.0025"), D("0.0035"), {"text": D("0.001")},
    )  # fmt: skip


def test_what_is_not_known_at_two_tiers_is_told_once(repository: Repository, diff: Diff) -> None:
    repository.commit()
    answer = {"model": "gpt-4o", "object": "chat.completion", "usage": {"prompt_tokens": 1000}}
    tiers = ("default", "priority")
    lines = (json.dumps({**answer, "service_tier": tier}) for tier in tiers)
    repository.write("usage.jsonl", "\n".join(lines))
    (row,) = parsed(diff("--base", "main", "--response", "usage.jsonl", "--json"))["rows"]
    assert row["unknown"] == ["the output tokens are not reported"]


def test_a_baseline_of_files_requests_and_sums(run: Run, folder: Path, diff: Diff) -> None:
    (folder / "a.txt").write_text("hello")
    (folder / "r.jsonl").write_text(line("a", "hello", max_tokens=100))
    for name, arguments in {
        "files": ["--files", "a.txt", "-m", "gpt-4o"],
        "requests": ["--request", "r.jsonl", "--by-request"],
        "sum": ["--request", "r.jsonl"],
    }.items():
        run("cost", *arguments, "--json", "-o", f"{name}.json", env=THAT_DAY, key=None)
    (folder / "a.txt").write_text("hello hello")
    (folder / "r.jsonl").write_text(line("a", "hello hello", max_tokens=200))
    files = parsed(diff("--baseline", "files.json", "a.txt", "-m", "gpt-4o", "--json"))
    assert files["rows"][0]["parts"] == {"text": D("0.0000025")}
    requests = parsed(diff("--baseline", "requests.json", "--request", "r.jsonl", "--json"))
    assert requests["rows"][0]["custom_id"] == "a"
    assert requests["rows"][0]["parts"] == {"text": D("0.00000125"), "limits": D("0.0005")}
    whole = parsed(diff("--baseline", "sum.json", "--request", "r.jsonl", "--json"))
    assert (whole["change"], whole["rows"][0]["status"]) == (D("0.00050125"), "changed")


def test_a_baseline_may_come_from_stdin(run: Run, folder: Path, diff: Diff) -> None:
    (folder / "a.txt").write_text("hello")
    made = run("cost", "--files", "a.txt", "-m", "gpt-4o", "--json", env=THAT_DAY, key=None)
    (folder / "a.txt").write_text("hello hello")
    done = diff("--baseline", "-", "a.txt", "-m", "gpt-4o", stdin=made.out)
    assert (done.code, "base stdin, head the working tree" in done.text) == (0, True), done.err
    wrong = diff("--baseline", "-", "a.txt", "-m", "gpt-4o", stdin=b"{}")
    assert "--baseline: 'stdin' is not what `cost --json` printed" in wrong.err
    twice = diff("--baseline", "-", "--request", "-", stdin=made.out)
    assert (twice.code, "stdin is read by --baseline" in twice.err) == (2, True)


def test_a_baseline_of_other_prices_is_told(run: Run, folder: Path, diff: Diff) -> None:
    """Both sides go by the same table: what prices did since is no change of the prompts."""
    (folder / "a.txt").write_text("hello")
    (folder / "dear.json").write_text('{"models": {"gpt-4o": {"input": 25, "output": 100}}}')
    run("cost", "--files", "a.txt", "-m", "gpt-4o", "--json", "-o", "b.json", "--prices",
        "dear.json", env=THAT_DAY, key=None)  # fmt: skip
    done = diff("--baseline", "b.json", "a.txt", "-m", "gpt-4o", "--json")
    assert parsed(done)["change"] == 0
    assert "the baseline's 0.0002 USD" in done.err
    assert "it is 0.00002 USD" in done.err


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"rows": [1]}', "nonsense", '{"rows": []}'])
def test_what_is_no_baseline(folder: Path, diff: Diff, content: str) -> None:
    (folder / "a.txt").write_text("hello")
    (folder / "b.json").write_text(content)
    done = diff("--baseline", "b.json", "a.txt")
    assert done.code == 2
    assert "--baseline: 'b.json' is not what `cost --json` printed" in done.err


@pytest.mark.parametrize("value", [1, 1.5, True, [], {}])
@pytest.mark.parametrize("name", ["path", "custom_id", "line", "model", "tier", "region"])
def test_a_baseline_with_a_value_of_another_type(
    run: Run, folder: Path, diff: Diff, name: str, value: Any
) -> None:
    (folder / "a.txt").write_text("hello")
    made = run("cost", "--files", "a.txt", "-m", "gpt-4o", "--json", env=THAT_DAY, key=None)
    baseline = json.loads(made.out)
    baseline["rows"][0][name] = "1" if (name, value) == ("line", 1) else value
    (folder / "b.json").write_text(json.dumps(baseline))
    done = diff("--baseline", "b.json", "a.txt", "-m", "gpt-4o")
    assert (done.code, done.out) == (2, b"")
    assert "'b.json' is not what `cost --json` printed" in done.err


def test_markdown_has_a_marker_and_stays_small(repository: Repository, diff: Diff) -> None:
    repository.write("p/x.txt", "")
    repository.commit()
    for number in range(3000):
        repository.write(f"p/{'long' * 20}{number}.txt", "hello")
    done = diff("--base", "main", "p", "-m", "gpt-4o", "--markdown")
    text = done.out.decode()
    assert text.startswith("<!-- openai-cli cost diff -->\n")
    assert 50_000 < len(done.out) < 64_000
    assert "smaller changes are not shown" in text
    assert "Prices of 2026-11-28 (sha256 " in text


def test_markdown_of_a_name_is_no_markup(repository: Repository, diff: Diff) -> None:
    repository.write("x", "")
    repository.commit()
    repository.write("p/a|b`<c>.txt", "hello")
    text = diff("--base", "main", "p", "-m", "gpt-4o", "--markdown").out.decode()
    assert "p/a&#124;b&#96;&#60;c&#62;.txt" in text


def test_github_gets_annotations_a_summary_and_outputs(
    repository: Repository, folder: Path, diff: Diff
) -> None:
    repository.write("x", "")
    repository.commit()
    for number in range(12):
        repository.write(f"p/{number},a:b%.txt", "hello")
    env = {"GITHUB_STEP_SUMMARY": "summary.md", "GITHUB_OUTPUT": "out", "GITHUB_WORKSPACE": "."}
    (folder / "summary.md").write_text("before\n")
    done = diff("--base", "main", "p", "-m", "gpt-4o", "--github", "--max-increase", "0", env=env)
    assert done.code == 8
    lines = [text for text in done.err.splitlines() if text.startswith("::")]
    assert len(lines) == 10
    assert lines[0] == (
        "::error title=cost::it can cost 0.00024 USD more, which exceeds --max-increase 0"
    )
    assert lines[1].startswith(
        "::notice title=cost,file=p/0%2Ca%3Ab%25.txt,line=1::p/0,a:b%25.txt: "
    )
    summary = (folder / "summary.md").read_text()
    assert summary.startswith("before\n<!-- openai-cli cost diff -->")
    assert (folder / "out").read_text() == (
        "base=0\nhead=0.00024\nincrease=0.00024\npercent=\nchanged=true\npassed=false\n"
    )
    warned = diff("--base", "main", "p", "--github", "--max-increase", "0", "--warn", env=env)
    assert "::warning title=cost::" in warned.err


def test_junit_has_a_case_for_each_row(repository: Repository, folder: Path, diff: Diff) -> None:
    repository.write("a.txt", "hello")
    repository.commit()
    repository.write("a.txt", "hello hello")
    repository.write("b&<\x01.txt", "hello")
    diff("--base", "main", "a.txt", "b&<\x01.txt", "-m", "gpt-4o", "--junit", "report.xml",
         "--max-increase-percent-each", "5")  # fmt: skip
    suite = ET.parse(folder / "report.xml").getroot()[0]  # noqa: S314 - our own
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    assert [case.get("name") for case in suite] == ["total", "a.txt", "b&<\ufffd.txt"]
    assert suite[1].find("failure") is not None


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["a.txt"], "there is nothing to compare with: --base REF or --baseline FILE"),
        (["--base", "main"], "there is nothing to compare: give paths"),
        (["--base", "main", "--baseline", "b", "a.txt"], "--base and --baseline: give one"),
        (["--base", "nope", "a.txt"], "there is no commit 'nope'"),
        (["--base=--upload-pack=x", "a.txt"], "there is no commit '--upload-pack=x'"),
        (["--base", "main", "nowhere"], "cannot read 'nowhere': neither side has it"),
        (["--base", "main", "--request", "nowhere"], "--request: cannot read 'nowhere'"),
        (["--base", "main", "/"], "'/' is not in the repository"),
        (["--base", "main", "a.txt", "--calls", "0"], "--calls must be a number of calls"),
        (["--base", "main", "a.txt", "--calls", "5/hour"], "--calls must be a number of calls"),
        (["--base", "main", "a.txt", "--max-increase", "-1"], "--max-increase must be an amount"),
        (["--base", "main", "a.txt", "-m", "nope"], "nope"),
        (["--base", "main", "a.txt", "-m", "gpt-4o", "--junit", "no/where"],
         "--junit: cannot write 'no/where'"),
        (["--base", "main", "--response", "a.txt"], "'a.txt': line 1"),
        (["--base", "main", "--request", "a.txt"], "'a.txt': line 1"),
        (["--base", "main", "a.txt", "--json", "--markdown"], "--json and --markdown: give one"),
        (["--base", "main", "a.txt", "--max-increase-percent", "x"],
         "--max-increase-percent must be a percentage such as 10, not 'x'"),
        (["--base", "main", "a.txt", "--max-increase-percent-each", ""],
         "--max-increase-percent-each must be a percentage such as 10, not ''"),
        (["--base", "main", "a.txt", "--junit", "-"], "--junit and --output: give each a file"),
        (["--base", "main", "a.txt", "--junit", "o", "-o", "./o"],
         "--junit and --output: give each a file"),
        (["--base", "main", "a.txt", "--warn"], "--warn goes only with --max-increase or "),
        (["--base", "main", "a.txt", "--allow-unbounded"],
         "--allow-unbounded goes only with --max-increase or "),
        (["--base", "main", "a.txt", "--max-cost", "1", "--ignore-below", "1"],
         "--ignore-below goes only with --max-increase or "),
        (["--base", "main", "--request", "a.txt", "--files"], "--files goes only with PATH"),
        (["--base", "main", "--response", "a.txt", "-m", "gpt-4o"],
         "--model goes only with PATH or --request"),
        (["--base", "main", "--response", "a.txt", "--output-tokens", "9"],
         "--output-tokens goes only with PATH or --request"),
        (["--baseline", "b.json", "a.txt", "--no-merge-base"],
         "--merge-base and --baseline: give one of them"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_exit_2(
    repository: Repository, diff: Diff, arguments: list[str], problem: str
) -> None:
    repository.write("a.txt", "hello")
    repository.commit()
    done = diff(*arguments)
    assert (done.code, done.out) == (2, b"")
    assert problem in done.err


def test_a_shallow_clone_says_how_to_fetch(repository: Repository, diff: Diff) -> None:
    repository.write("a.txt", "hello")
    newest = repository.commit()
    whole = diff("--base", "origin/main", "a.txt").err
    repository.write(".git/shallow", f"{newest}\n")
    shallow = diff("--base", "origin/main", "a.txt").err
    assert whole == (
        "openai-cli: error: there is no commit 'origin/main'; git branch --all lists the branches "
        "that are here, and git fetch gets others\n"
    )
    assert "there is no commit 'origin/main'; a shallow clone lacks it" in shallow
    assert "fetch-depth: 0" in shallow


@pytest.mark.usefixtures("folder")
def test_without_a_repository(diff: Diff) -> None:
    done = diff("--base", "main", "a.txt")
    assert done.code == 2
    assert "not in the working tree of a git repository" in done.err


def test_nothing_is_written_into_the_repository(repository: Repository, diff: Diff) -> None:
    repository.write("a.txt", "hello")
    repository.commit()
    index = repository.folder / ".git/index"
    os.utime(repository.folder / "a.txt", ns=(1, 1))
    before = index.read_bytes()
    assert diff("--base", "main", "a.txt", "-m", "gpt-4o").code == 0
    assert index.read_bytes() == before


def test_the_text_diff_is_still_priced(run: Run) -> None:
    assert run("cost", "--total", "-m", "gpt-4o", "--", "diff", env=THAT_DAY).out == b"0.00002\n"


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["cost", "d"], ["diff"]),
        (["cost", "diff", "--base"], ["--base", "--baseline"]),
        (["cost", "-q", "d"], []),
    ],
)
def test_completion_offers_it(words: list[str], offered: list[str]) -> None:
    tree = Tree(commands.is_command, commands.is_group, commands.words, annotations)
    found = completions(Context.system(), tree, words)
    assert [candidate.value for candidate in found.candidates] == offered


def test_a_table_of_its_own_sets_its_flags(repository: Repository, diff: Diff, run: Run) -> None:
    repository.write("a.txt", "hello")
    repository.write("config.toml", '[cost]\nmax_tokens = 5\n[cost.diff]\nbase = "main"\n')
    repository.commit()
    env = {"OPENAI_CLI_CONFIG": "config.toml"}
    assert diff("a.txt", "-m", "gpt-4o", env=env).code == 0
    with_limits = 'base = "main"\nwarn = true\nignore-below = 1\nmodel = "gpt-4o"\n'
    repository.write("config.toml", f"[cost.diff]\n{with_limits}")
    repository.write("a.txt", "hello hello")
    assert "gpt-4o" in diff("a.txt", "--json", env=env).text
    assert diff("a.txt", "--max-cost", "0", env=env).code == 0
    assert diff("a.txt", "--max-cost", "0", "--no-warn", env=env).code == 8
    assert diff("a.txt", "--max-increase", "0", "--no-warn", env=env).code == 0
    repository.write("config.toml", "[cost]\nmax_tokens = 5\n")
    priced = run("cost", "hello", "-m", "gpt-4o", "--total", env={**env, **THAT_DAY}, key=None)
    assert priced.out == b"0.00007\n"
    assert run("config", "check", env=env, key=None).code == 0


MOVED = "hello hello hello"


@pytest.mark.parametrize("head", ["", "HEAD"])
def test_what_is_moved_is_unchanged_and_told(repository: Repository, diff: Diff, head: str) -> None:
    repository.write("p/a.txt", MOVED)
    repository.write("p/twin.txt", MOVED)
    repository.write("p/stays.txt", "hello")
    repository.commit()
    (repository.folder / "p/a.txt").rename(repository.folder / "p/ü b.txt")
    repository.write("p/copy.txt", MOVED)
    flags = ["--files", "p", "--base", "before", "-m", "gpt-4o", "--max-increase-each", "0.00001"]
    repository.git("branch", "before")
    if head:
        repository.commit()
        flags += ["--head", head]
    done = diff(*flags, "--json")
    found = json.loads(done.out, parse_float=D)
    # One of the two new ones was moved, the other is a copy: that costs.
    assert [(row["path"], row["status"]) for row in found["rows"]] == [("p/ü b.txt", "added")]
    assert found["moved"] == [{"from": "p/a.txt", "to": "p/copy.txt"}]
    assert (found["unchanged"]["rows"], done.code) == (3, 8)
    table = diff(*flags, "--warn").text
    assert "moved: p/a.txt to p/copy.txt\n" in table
    assert "Moved: p/a.txt to p/copy.txt." in diff(*flags, "--warn", "--markdown").text


@pytest.mark.parametrize("head", ["", "HEAD"])
@pytest.mark.parametrize("named", [["new.jsonl"], ["old.jsonl", "new.jsonl"]])
def test_a_moved_file_of_requests_is_unchanged(
    repository: Repository, diff: Diff, head: str, named: list[str]
) -> None:
    lines = f"{line('a', 'hello')}\n{line(None, 'hello hello')}\n"
    repository.write("q/old.jsonl", lines)
    repository.commit()
    repository.git("branch", "before")
    (repository.folder / "q/old.jsonl").rename(repository.folder / "q/new.jsonl")
    flags = [word for name in named for word in ("--request", f"q/{name}")]
    if head:
        repository.commit()
        flags += ["--head", head]
    found = json.loads(diff(*flags, "--base", "before", "--json").out)
    assert (found["rows"], found["unchanged"]["rows"]) == ([], 2)
    assert found["moved"] == [{"from": "q/old.jsonl", "to": "q/new.jsonl"}]


def test_a_copy_of_a_file_of_requests_is_new(repository: Repository, diff: Diff) -> None:
    repository.write("old.jsonl", line("a", "hello"))
    repository.commit()
    repository.write("new.jsonl", line("a", "hello"))
    found = json.loads(diff("--request", "new.jsonl", "--base", "main", "--json").out)
    assert [row["status"] for row in found["rows"]] == ["added"]


def test_what_is_moved_and_changed_is_removed_and_added(repository: Repository, diff: Diff) -> None:
    repository.write("p/a.txt", MOVED)
    repository.commit()
    (repository.folder / "p/a.txt").unlink()
    repository.write("p/b.txt", f"{MOVED} hello")
    found = json.loads(diff("--files", "p", "--base", "main", "--json").out)
    assert {row["status"] for row in found["rows"]} == {"added", "removed"}
    assert found["moved"] == []
