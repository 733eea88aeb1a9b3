"""The ledger: what is put into it, what `cost ledger` makes of it, and the budgets it holds."""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from openai_cli.ledger.pricing import opened
from tests.conftest import COMMAND, MADE_UP_KEY, Run
from tests.servers import Server, chat, reply
from tests.sounds import wav

# "hello" is 1 token and the frame of a message 7: 8 input tokens at 2.5 USD a million, and 100 of
# output at 10, are 0.00102 USD at most. What the server bills, 9 and 3 tokens, are 0.0000525.
HELLO = ("chat", "hello", "-m", "gpt-4o", "--max-completion-tokens", "100")
BOUND, BILLED = 0.00102, 0.0000525
USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
ANSWER = reply({**chat("a made-up answer"), "model": "gpt-4o", "usage": USAGE})


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Write the configuration file."""
    path = tmp_path / "config.toml"
    monkeypatch.setenv("OPENAI_CLI_CONFIG", str(path))

    def write(text: str) -> None:
        path.write_text(text)
        path.chmod(0o600)

    return write


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The ledger that the environment names."""
    path = tmp_path / "ledger.sqlite3"
    monkeypatch.setenv("OPENAI_CLI_LEDGER", str(path))
    return path


def kept(path: Path) -> list[dict[str, Any]]:
    """The lines of the calls in the ledger, in the order in which they were priced."""
    with opened(path) as store:
        found = store.rows("SELECT record FROM calls ORDER BY id")
    return [json.loads(record) for (record,) in found]


def figures(done: Any) -> Any:
    assert done.code == 0, done.err
    return json.loads(done.out)


def budget(done: Any) -> tuple[float, float]:
    """What is spent and what is reserved of the one budget."""
    (one,) = figures(done)["budgets"]
    return one["spent"], one["reserved"]


def test_with_ledger_in_the_file_a_call_is_kept_in_the_state_folder(
    run: Run, configured: Any, tmp_path: Path
) -> None:
    configured("ledger = true\n")
    with Server([ANSWER]) as server:
        done = run(*HELLO, "--label", "nightly", base_url=server.base_url)
    assert (done.code, done.text, done.err) == (0, "a made-up answer\n", "")
    path = tmp_path / "home/.local/state/openai-cli/ledger.sqlite3"
    (line,) = kept(path)
    told = {name: line[name] for name in ("command", "model", "label", "usd", "exit_code")}
    assert told == {
        "command": "chat", "model": "gpt-4o", "label": "nightly", "usd": BILLED, "exit_code": 0
    }  # fmt: skip
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_no_file_of_the_ledger_is_for_others_or_has_a_prompt_an_answer_or_a_key(
    run: Run, file: Path
) -> None:
    os.umask(0o022)
    with Server([ANSWER]) as server:
        run(*HELLO, base_url=server.base_url)
    for path in file.parent.glob("ledger.sqlite3*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        data = path.read_bytes()
        for secret in (b"hello", b"made-up answer", MADE_UP_KEY.encode()):
            assert secret not in data


def test_a_call_is_not_kept_where_nobody_asked(run: Run, folder: Path, tmp_path: Path) -> None:
    with Server([ANSWER]) as server:
        run(*HELLO, base_url=server.base_url)
    assert not (tmp_path / "home/.local").exists()


LEDGER = {"sqlite3", "openai_cli.ledger.book"}
# What the calls after the first need.
RECENT = {"openai_cli.ledger.book"}
# What pricing a call needs: 2 to 3 times the time of all that keeping it takes.
PRICES = {"decimal", "openai_cli.models.table", "openai_cli.prices.receipt"}
# What counting the tokens of a request needs.
COUNTS = {"tiktoken"}


@pytest.mark.parametrize(
    ("given", "loaded", "later"),
    [
        (("", [], ""), set(), set()),
        (("l", [], ""), LEDGER, RECENT),
        (("l", ["--usage"], ""), LEDGER | PRICES, LEDGER | PRICES),
        (("l", [], "[budget]\nmonth = 5.00\n"), LEDGER, RECENT),
        (
            ("l", ["--usage"], "[budget]\nmonth = 0.01\n"),
            LEDGER | PRICES | COUNTS,
            LEDGER | PRICES | COUNTS,
        ),
    ],
)
def test_what_is_loaded_for_the_ledger(
    configured: Any, folder: Path, given: Any, loaded: set[str], later: set[str]
) -> None:
    name, flags, budgeted = given
    configured(budgeted)
    # It ends as the command does, which leaves the database's log where it is.
    lines = ("import os, sys; from openai_cli import app; from openai_cli.context import Context",
             "app.run(Context.system(), sys.argv[1:]); print(*sys.modules, flush=True)",
             "os._exit(0)")  # fmt: skip
    env = {"OPENAI_API_KEY": MADE_UP_KEY, "OPENAI_CLI_LEDGER": name}
    for expected in (loaded, later):
        with Server([ANSWER]) as server:
            done = subprocess.run(
                [sys.executable, "-c", "\n".join(lines), *HELLO, *flags],
                env={**os.environ, "OPENAI_BASE_URL": server.base_url, **env},
                stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=folder, check=True,
            )  # fmt: skip
        assert set(done.stdout.split()) & (LEDGER | PRICES | COUNTS) == expected


def test_a_call_that_failed_is_kept_with_its_exit_code(run: Run, file: Path) -> None:
    refusal = reply({"error": {"message": "no"}}, status="400 Bad Request")
    with Server([refusal]) as server:
        assert run(*HELLO, base_url=server.base_url).code == 4
    (line,) = kept(file)
    assert (line["exit_code"], line["usd"]) == (4, 0)


def test_a_ledger_that_is_none_takes_neither_the_answer_nor_its_exit_code(
    run: Run, file: Path
) -> None:
    file.write_text("this is no database, and is long enough to be told from an empty one\n" * 9)
    with Server([ANSWER]) as server:
        done = run(*HELLO, base_url=server.base_url)
    assert (done.code, done.text) == (0, "a made-up answer\n")
    assert done.err == (
        "openai-cli: notice: the ledger cannot be written, so these calls are not in it: "
        f"'{file}': file is not a database\n"
    )


@pytest.mark.parametrize("version", [0, 1])
def test_the_database_of_another_program_is_left_as_it_is(
    run: Run, file: Path, folder: Path, version: int
) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.executescript(f"CREATE TABLE calls (x); PRAGMA user_version = {version}")
    before = file.read_bytes()
    (folder / "usage.jsonl").write_text(line("2026-11-01T00:00:00Z"))
    for task in ([], ["--import", "usage.jsonl"], ["--prune", "9d"]):
        done = run("cost", "ledger", *task)
        assert (done.code, done.err) == (2, f"openai-cli: error: '{file}' is not a ledger\n")
    with Server([ANSWER]) as server:
        done = run(*HELLO, base_url=server.base_url)
    assert (done.code, done.text) == (0, "a made-up answer\n")
    assert file.read_bytes() == before


def test_a_ledger_that_is_locked_takes_nothing_either(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai_cli.ledger.store.PATIENCE", 0.01)
    assert run("cost", "ledger", "--import", "-", stdin=b"").code == 0
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with Server([ANSWER]) as server:
            done = run(*HELLO, base_url=server.base_url)
    assert (done.code, done.text) == (0, "a made-up answer\n")
    assert "database is locked" in done.err


def line(time: str, **given: Any) -> str:
    base = {"model": "gpt-4o", "input_tokens": 1000, "output_tokens": 100, "usd": 0.0035}
    return json.dumps({"time": time, **base, **given}) + "\n"


LINES = "".join(
    [
        line("2026-10-31T23:59:59.999Z", command="chat", label="nightly", host="a.example"),
        line("2026-11-01T00:00:00.000Z", command="respond", model="gpt-4o-mini", usd=0.5),
        line("2026-11-02T00:00:00.000Z", command="chat", host="a.example", usd=None),
    ]
)


@pytest.fixture
def filled(run: Run, file: Path, folder: Path) -> Run:
    (folder / "usage.jsonl").write_text(LINES)
    done = run("cost", "ledger", "--import", "usage.jsonl")
    assert done.err == "openai-cli: notice: calls added: 3 of 3\n"
    return run


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("day", [("2026-10-31", 1), ("2026-11-01", 1), ("2026-11-02", 1)]),
        # The first of November is a Sunday.
        ("week", [("2026-10-26", 2), ("2026-11-02", 1)]),
        ("month", [("2026-10", 1), ("2026-11", 2)]),
        ("model", [("gpt-4o-mini", 1), ("gpt-4o", 2)]),
        ("label", [(None, 2), ("nightly", 1)]),
        ("command", [("respond", 1), ("chat", 2)]),
        ("host", [(None, 1), ("a.example", 2)]),
    ],
)
def test_calls_are_added_up_by(filled: Run, key: str, expected: Any) -> None:
    rows = figures(filled("cost", "ledger", "--by", key, "--json"))["rows"]
    assert [(row[key], row["calls"]) for row in rows] == expected


def test_the_last_days_that_there_are(run: Run, file: Path, folder: Path) -> None:
    (folder / "last.jsonl").write_text(line("9999-12-31T00:00:00Z"))
    run("cost", "ledger", "--import", "last.jsonl")
    assert "9999-12-27 to 9999-12-31" in run("cost", "ledger", "--by", "week").text
    with Server([reply({"object": "page", "data": [], "has_more": False})] * 7) as server:
        done = run("cost", "ledger", "--reconcile", "--since", "9999-12-31", "--until",
                   "9999-12-31", base_url=server.base_url,
                   env={"OPENAI_ADMIN_KEY": "sk-admin-made-up"})  # fmt: skip
        ends = {received.line.partition("end_time=")[2][:12] for received in server.received}
    assert (done.code, ends) == (0, {"253402300800"})


def test_the_days_are_both_included(filled: Run) -> None:
    found = figures(filled("cost", "ledger", "--since", "2026-10-31", "--until", "2026-11-01",
                           "--json"))  # fmt: skip
    assert (found["total"], found["at_least"]) == (0.5035, False)


def test_a_row_with_a_call_of_no_known_cost_is_the_least(filled: Run) -> None:
    rows = figures(filled("cost", "ledger", "--by", "day", "--json"))["rows"]
    assert [(row["unpriced"], row["at_least"]) for row in rows] == [
        (0, False), (0, False), (1, True),
    ]  # fmt: skip


def test_the_table_says_what_is_not_known(filled: Run) -> None:
    assert filled("cost", "ledger").text == (
        "month            calls  input  cached  output     USD\n"
        "2026-10              1   1000       0     100  0.0035\n"
        "2026-11              2   2000       0     200  0.5000\n"
        "total, at least      3   3000       0     300  0.5035\n"
        "1 call without a known cost\n"
    )


def test_csv_and_markdown_have_the_rows(filled: Run) -> None:
    assert filled("cost", "ledger", "--csv").text.splitlines()[1] == "2026-10,1,1000,0,100,0.0035"
    markdown = filled("cost", "ledger", "--markdown").text
    assert "| 2026-10 | 1 | 1000 | 0 | 100 | 0.0035 |\n" in markdown


def test_a_file_that_is_imported_twice_counts_once(filled: Run, folder: Path) -> None:
    # Two calls may have the same line, and are two.
    again = LINES.splitlines(keepends=True)[0]
    (folder / "usage.jsonl").write_text(LINES + again)
    done = filled("cost", "ledger", "--import", "usage.jsonl")
    assert done.err == "openai-cli: notice: calls added: 1 of 4; in the ledger already: 3\n"
    done = filled("cost", "ledger", "--import", "usage.jsonl")
    assert done.err == "openai-cli: notice: calls added: 0 of 4; in the ledger already: 4\n"


def test_the_usage_file_of_calls_that_were_kept_adds_none(run: Run, file: Path) -> None:
    with Server([ANSWER]) as server:
        run(*HELLO, "--usage-file", "u.jsonl", base_url=server.base_url)
    done = run("cost", "ledger", "--import", "u.jsonl")
    assert done.err == "openai-cli: notice: calls added: 0 of 1; in the ledger already: 1\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no\n", "line 2: it is not JSON"),
        ('{"model": "gpt-4o"}\n', "line 2: it is not a line of a usage file"),
        ('{"usd": 1}\n', "line 2: it does not say when the call was made"),
        (line("2026-11-01T00:00:00Z", usd=-1), "line 2: its usd is not an amount of at least 0"),
    ],
)
def test_of_a_file_with_a_wrong_line_nothing_is_imported(
    run: Run, file: Path, folder: Path, text: str, reason: str
) -> None:
    (folder / "u").write_text(line("2026-11-01T00:00:00Z") + text)
    done = run("cost", "ledger", "--import", "u")
    assert (done.code, done.err) == (2, f"openai-cli: error: --import: {reason}\n")
    assert not file.exists()


def test_prune_removes_what_is_older(filled: Run, file: Path) -> None:
    # The day of the tests is 2026-11-23: 22 days before it is the first of November.
    done = filled("cost", "ledger", "--prune", "22d")
    assert done.err == "openai-cli: notice: calls removed that are older than 22 days: 1\n"
    assert [one["time"][:10] for one in kept(file)] == ["2026-11-01", "2026-11-02"]
    assert "older than a day: 2\n" in filled("cost", "ledger", "--prune", "1d").err


def test_what_a_budget_counts_is_counted_once_and_outlives_its_calls(
    filled: Run, configured: Any, file: Path
) -> None:
    configured("[budget]\nmonth = 5\n")
    assert budget(filled("cost", "ledger", "--json")) == (0.5, 0)
    filled("cost", "ledger", "--import", "usage.jsonl")
    assert budget(filled("cost", "ledger", "--json")) == (0.5, 0)
    filled("cost", "ledger", "--prune", "1d")
    assert kept(file) == []
    assert budget(filled("cost", "ledger", "--json")) == (0.5, 0)


def test_calls_of_more_than_400_days_ago_leave_by_themselves(run: Run, file: Path) -> None:
    old = line("2025-10-18T00:00:00Z") + line("2025-10-19T00:00:00Z")
    assert run("cost", "ledger", "--import", "-", stdin=old.encode()).code == 0
    with Server([ANSWER]) as server:
        run(*HELLO, base_url=server.base_url)
    assert [one["time"][:10] for one in kept(file)] == ["2025-10-19", "2026-11-23"]


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--by", "hour"], "--by must be day, week, month, model, label, command or host"),
        (["--prune", "90"], "--prune must be a number of days such as 90d"),
        (["--since", "yesterday"], "--since must be a day"),
        (["--since", "2026-11-02", "--until", "2026-11-01"], "--until is before --since"),
        (["--json", "--csv"], "--json and --csv: give one of them"),
        (["--prune", "9d", "--reconcile"], "--prune and --reconcile: give one of them"),
        (["--import", "f", "--prune", "9d"], "--import and --prune: give one of them"),
        (["--prune", "400000d"], "--prune must be at most 99999d, not '400000d'"),
        (["--prune", f"{'9' * 5000}d"], "--prune must be at most 99999d"),
        (["--reconcile", "--since", "9999-01-01"], "--since is after today"),
    ],
)
def test_what_is_wrong_is_told(run: Run, flags: list[str], reason: str) -> None:
    done = run("cost", "ledger", *flags)
    assert (done.code, reason in done.err) == (2, True), done.err


REPORT = [
    ["--by", "day"], ["--since", "2026-11-01"], ["--until", "2026-11-01"], ["--json"], ["--csv"],
    ["--markdown"], ["-o", "report.txt"],
]  # fmt: skip


@pytest.mark.parametrize("flag", REPORT, ids=lambda flag: flag[0])
@pytest.mark.parametrize("task", [["--import", "usage.jsonl"], ["--prune", "9d"]])
def test_a_flag_of_the_report_is_refused_where_there_is_none(
    run: Run, file: Path, folder: Path, task: list[str], flag: list[str]
) -> None:
    (folder / "usage.jsonl").write_text(LINES)
    done = run("cost", "ledger", *task, *flag)
    name = flag[0].replace("-o", "--output")
    assert (done.code, done.out) == (2, b"")
    assert done.err == f"openai-cli: error: {name} does not go with {task[0]}\n"
    assert not file.exists()


def test_what_the_api_billed_is_by_day_and_model_alone(run: Run) -> None:
    done = run("cost", "ledger", "--reconcile", "--by", "day")
    assert (done.code, "--by does not go with --reconcile" in done.err) == (2, True)


@pytest.mark.parametrize("task", [[], ["--prune", "9d"]])
@pytest.mark.parametrize(
    "flag",
    [["--base-url", "http://127.0.0.1:9"], ["--sandbox"], ["--header", "a: b"], ["--timeout", "9"]],
    ids=lambda flag: flag[0],
)
def test_a_flag_of_the_connection_is_refused_where_nobody_is_asked(
    run: Run, task: list[str], flag: list[str]
) -> None:
    done = run("cost", "ledger", *task, *flag)
    assert (done.code, done.out) == (2, b"")
    assert f"{flag[0]} goes only with --reconcile" in done.err


def test_what_the_file_sets_is_left_where_it_has_no_effect(filled: Run, configured: Any) -> None:
    configured('base_url = "http://127.0.0.1:9"\ntimeout = 9\n[cost.ledger]\nby = "day"\n')
    assert filled("cost", "ledger", "--csv").text.startswith("day,")
    assert filled("cost", "ledger", "--csv", "--by", "host").text.startswith("host,")
    for task in (["--import", "usage.jsonl"], ["--prune", "400d"]):
        assert filled("cost", "ledger", *task).code == 0
    with Server([buckets()] * 7) as server:
        done = filled("cost", "ledger", "--reconcile", "--csv", "--base-url", server.base_url,
                      env={"OPENAI_ADMIN_KEY": "sk-admin-made-up"})  # fmt: skip
    assert (done.code, done.text[:10]) == (0, "day,model,"), done.err


def test_a_byte_order_mark_is_no_part_of_a_line(run: Run, file: Path, folder: Path) -> None:
    """Files that were joined may each have one."""
    lines = LINES.splitlines(keepends=True)
    (folder / "u").write_text(f"\ufeff{lines[0]}\ufeff{lines[1]}{lines[2]}\ufeff")
    assert run("cost", "ledger", "--import", "u").err.endswith("calls added: 3 of 3\n")
    (folder / "plain").write_text(LINES)
    assert "calls added: 0 of 3" in run("cost", "ledger", "--import", "plain").err


def test_half_a_surrogate_pair_is_no_reason_to_lose_the_ledger(
    run: Run, file: Path, folder: Path, configured: Any
) -> None:
    """SQLite takes none: the call could not be priced, and no budget be held from then on."""
    odd = reply({**chat("a"), "model": "gpt-4o\ud800", "usage": USAGE})
    configured("[budget]\nmonth = 5\n")
    with Server([odd, odd, ANSWER]) as server:
        for flags in ([], ["--usage-file", "u.jsonl"], []):
            assert run(*HELLO, *flags, base_url=server.base_url).code == 0
    rows = figures(run("cost", "ledger", "--by", "model", "--json"))["rows"]
    assert {row["model"]: row["calls"] for row in rows} == {"gpt-4o\ufffd": 2, "gpt-4o": 1}
    assert "added: 0 of 1" in run("cost", "ledger", "--import", "u.jsonl").err
    names = dict.fromkeys(("label", "command", "host", "model", "profile"), "half \ud800")
    (folder / "odd.jsonl").write_text(line("2026-11-01T00:00:00Z", **names))
    assert "added: 1 of 1" in run("cost", "ledger", "--import", "odd.jsonl").err


def test_without_a_ledger_it_is_told_how_to_keep_one(run: Run) -> None:
    done = run("cost", "ledger")
    assert (done.code, "`ledger = true` in config.toml" in done.err) == (0, True)


# Budgets


def test_a_budget_is_shown_before_the_first_call(run: Run, configured: Any, file: Path) -> None:
    configured("[budget]\nmonth = 5\n")
    assert run("cost", "ledger").text.endswith("0 of 5 USD spent, 0 reserved, 5 left\n")
    assert not file.exists()


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_above_a_budget_nothing_is_sent(run: Run, configured: Any, file: Path, period: str) -> None:
    configured(f"[budget]\n{period} = {BOUND + BILLED}\n")
    with Server([ANSWER, ANSWER]) as server:
        sent = [run(*HELLO, base_url=server.base_url) for _ in range(3)]
    assert [one.code for one in sent] == [0, 0, 8]
    assert sent[2].err == (
        f"openai-cli: error: [budget] {period}: the request can cost 0.00102 USD; 0.000105 of "
        "0.0010725 USD spent, 0 reserved, 0.0009675 left\n"
    )
    assert budget(run("cost", "ledger", "--json")) == (0.000105, 0)


def test_the_name_of_a_budget_is_no_markup_and_on_one_line(filled: Run, configured: Any) -> None:
    configured('[budget.labels."<b>|x\\ny`\\u001b[31m"]\nmonth = 5\n')
    table = filled("cost", "ledger").text.splitlines()[-1]
    shown = filled("cost", "ledger", "--markdown").text.splitlines()[-1]
    assert table.startswith("budget, month of label <b>|x y`")
    assert shown.startswith("budget, month of label &#60;b&#62;&#124;x y&#96;")
    assert "\x1b" not in table + shown


def test_from_80_percent_on_a_notice_says_how_far_it_is(
    run: Run, configured: Any, file: Path
) -> None:
    configured("[budget]\nmonth = 1\n")
    for usd, is_told in (("0.79", False), ("0.01", True)):
        spent = line("2026-11-20T00:00:00Z", usd=float(usd)).encode()
        assert run("cost", "ledger", "--import", "-", stdin=spent).code == 0
        with Server([ANSWER]) as server:
            done = run(*HELLO, base_url=server.base_url)
        assert (done.code, "[budget] month: 0.8" in done.err) == (0, is_told)


def test_another_month_another_label_and_another_profile_are_not_in_it(
    run: Run, configured: Any, file: Path
) -> None:
    configured(
        f"[budget]\nmonth = {BOUND}\n[budget.labels.ci]\nday = 0\n[budget.profiles.p]\nweek = 0\n"
        "[profiles.p]\nledger = true\n"
    )
    spent = line("2026-10-31T00:00:00Z", usd=5).encode()
    assert run("cost", "ledger", "--import", "-", stdin=spent).code == 0
    with Server([ANSWER]) as server:
        assert run(*HELLO, base_url=server.base_url).code == 0
    for flags, name in ((("--label", "ci"), "month"), (("--profile", "p"), "month")):
        assert f"[budget] {name}:" in run(*HELLO, *flags).err
    configured("[budget.labels.ci]\nday = 0\n[budget.profiles.p]\nweek = 0\n[profiles.p]\n")
    assert "[budget] day of label ci:" in run(*HELLO, "--label", "ci").err
    assert "[budget] week of profile p:" in run(*HELLO, "--profile", "p").err
    with Server([ANSWER]) as server:
        assert run(*HELLO, "--label", "nightly", base_url=server.base_url).code == 0


def test_what_was_kept_before_there_was_a_budget_is_in_it(
    run: Run, configured: Any, file: Path
) -> None:
    configured("ledger = true\n")
    dear = {"prompt_tokens": 10**6, "completion_tokens": 0, "total_tokens": 10**6}
    with Server([reply({**chat("dear"), "model": "gpt-4o", "usage": dear})]) as server:
        assert run(*HELLO, base_url=server.base_url).code == 0
    configured("[budget]\nmonth = 2.5\n")
    assert "2.5 of 2.5 USD spent" in run(*HELLO).err


def test_where_the_budget_cannot_be_held_nothing_is_sent(
    run: Run, configured: Any, file: Path
) -> None:
    configured("[budget]\nmonth = 5\n")
    file.mkdir()
    with Server([]) as server:
        done = run(*HELLO, base_url=server.base_url)
    assert (done.code, "the budget cannot be held" in done.err) == (8, True)


def test_a_request_without_a_bound_passes_where_that_is_said(
    run: Run, configured: Any, file: Path
) -> None:
    configured("[budget]\nmonth = 5\n")
    unknown = ("chat", "hello", "-m", "made-up")
    with Server([ANSWER]) as server:
        refused = run(*unknown, base_url=server.base_url)
        passed = run(*unknown, "--allow-unbounded", base_url=server.base_url)
    assert (refused.code, passed.code) == (2, 0)
    assert "--allow-unbounded lets it pass" in refused.err


def test_speech_has_no_bound_and_what_is_free_needs_none(
    run: Run, configured: Any, file: Path, folder: Path
) -> None:
    configured("[budget]\nmonth = 1\n")
    (folder / "a.wav").write_bytes(wav(1))
    spoken = reply({"text": "hi", "usage": {"type": "duration", "seconds": 60}})
    line_of_speech = ("transcribe", "a.wav", "-m", "whisper-1")
    with Server([spoken]) as server:
        refused = run(*line_of_speech, base_url=server.base_url)
        passed = run(*line_of_speech, "--allow-unbounded", base_url=server.base_url)
    assert (refused.code, passed.code, passed.text) == (2, 0, "hi\n")
    assert "[budget]: the cost of speech depends on its length; --allow" in refused.err
    # A minute of whisper-1 is 0.006 USD.
    assert budget(run("cost", "ledger", "--json")) == (0.006, 0)
    configured("[budget]\nmonth = 0.005\n")
    assert run(*line_of_speech, "--allow-unbounded").code == 8
    results = {"id": "m", "model": "omni-moderation-latest", "results": [
        {"flagged": False, "categories": {}, "category_scores": {}}]}  # fmt: skip
    with Server([reply(results)]) as server:
        assert run("moderate", "hi", "--usage-file", "u", base_url=server.base_url).code == 0
    assert "free requests, which cost nothing" in run("cost", "--response", "u").err
    found = figures(run("cost", "ledger", "--json"))
    assert (found["at_least"], sum(row["unpriced"] for row in found["rows"])) == (False, 0)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (reply({"error": {"message": "no"}}, status="400 Bad Request"), (4, 0)),
        (reply({"error": {"message": "broken"}}, status="500 Internal Server Error"), (6, 0)),
        (ANSWER[:-9], (7, BOUND)),
        (reply({**chat("no usage"), "usage": None}), (0, BOUND)),
    ],
)
def test_what_nobody_knows_the_cost_of_is_charged_with_its_bound(
    run: Run, configured: Any, file: Path, answer: bytes, told: tuple[int, float]
) -> None:
    configured("[budget]\nmonth = 5\n")
    code, charged = told
    with Server([answer]) as server:
        done = run(*HELLO, "--max-retries", "0", base_url=server.base_url)
    assert done.code == code
    assert budget(run("cost", "ledger", "--json")) == (charged, 0)


# Not counted, "hello" is at most 5 tokens and what is around it 328: 0.0018325 USD.
ROUGH = 0.0018325


@pytest.mark.parametrize(
    ("month", "charged"), [pytest.param(5, ROUGH, id="much room"), (2 * BOUND, BOUND)]
)
def test_a_model_without_a_price_is_charged_what_was_reserved(
    run: Run, configured: Any, file: Path, month: float, charged: float
) -> None:
    configured(f"[budget]\nmonth = {month}\n")
    with Server([reply({**chat("hi"), "model": "made-up", "usage": USAGE})]) as server:
        assert run(*HELLO, base_url=server.base_url).code == 0
    assert budget(run("cost", "ledger", "--json")) == (charged, 0)
    (line,) = kept(file)
    assert (line["usd"], line["model"]) == (None, "made-up")


def test_what_had_no_bound_is_charged_before_the_next_call(
    run: Run, configured: Any, file: Path
) -> None:
    configured("[budget]\nmonth = 0.2\n")
    usage = {"input_tokens": 100_000, "output_tokens": 0, "total_tokens": 100_000}
    dear = reply({"id": "r", "object": "response", "model": "gpt-4o", "status": "completed",
                  "output": [{"type": "message", "role": "assistant", "status": "completed",
                              "content": [{"type": "output_text", "text": "hi"}]}],
                  "usage": usage})  # fmt: skip
    unbounded = ("respond", "hi", "-m", "gpt-4o", "--previous-response-id", "r",
                 "--max-output-tokens", "16", "--allow-unbounded")  # fmt: skip
    with Server([dear]) as server:
        assert run(*unbounded, base_url=server.base_url).code == 0
        refused = run(*HELLO, base_url=server.base_url)
    assert (refused.code, "0.25 of 0.2 USD spent" in refused.err) == (8, True)


def test_the_next_model_reserves_anew(run: Run, configured: Any, file: Path) -> None:
    configured(f"[budget]\nmonth = {BOUND}\n")
    busy = reply({"error": {"message": "busy"}}, status="503 Service Unavailable")
    seen = []

    def look(connection: Any) -> None:
        with closing(sqlite3.connect(file)) as database:
            seen.extend(database.execute("SELECT units FROM reserved").fetchall())
        connection.sendall(ANSWER)

    with Server([busy, look]) as server:
        done = run(*HELLO, "--fallback-model", "gpt-4o", "--max-retries", "0",
                   base_url=server.base_url)  # fmt: skip
    assert (done.code, seen) == (0, [(1_020_000_000,)])


def test_of_twenty_processes_with_room_for_seven_seven_are_sent(
    configured: Any, file: Path, folder: Path
) -> None:
    configured(f'[budget]\nmonth = "{BOUND * 7:.5f}"\n')
    refused = threading.Semaphore(0)

    def late(connection: Any) -> None:
        for _ in range(13):
            refused.acquire()
        for _ in range(13):
            refused.release()
        connection.sendall(ANSWER)

    def ended(process: "subprocess.Popen[bytes]") -> None:
        if process.wait() == 8:
            refused.release()

    with Server([late] * 7) as server:
        processes = [started(server.base_url, folder) for _ in range(20)]
        # One connection at a time is answered, and each when all others have been refused.
        waiting = [threading.Thread(target=ended, args=(one,), daemon=True) for one in processes]
        for thread in waiting:
            thread.start()
        for thread in waiting:
            thread.join()
        assert sorted(one.returncode for one in processes) == [0] * 7 + [8] * 13
    assert len(kept(file)) == 7


def started(base_url: str, folder: Path) -> "subprocess.Popen[bytes]":
    env = {**os.environ, "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": MADE_UP_KEY}
    return subprocess.Popen(
        [str(COMMAND), *HELLO], env=env, cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def test_what_a_killed_process_had_reserved_is_free_again(
    run: Run, configured: Any, file: Path, folder: Path
) -> None:
    configured(f"[budget]\nmonth = {BOUND}\n")
    came, done = threading.Semaphore(0), threading.Event()

    def never(_connection: Any) -> None:
        came.release()
        done.wait()
        done.clear()

    with Server([never, never, never, ANSWER]) as server:
        for _ in range(3):
            process = started(server.base_url, folder)
            came.acquire()
            assert run(*HELLO, base_url=server.base_url).code == 8
            process.send_signal(signal.SIGKILL)
            process.wait()
            done.set()
        last = run(*HELLO, base_url=server.base_url)
    assert last.code == 0
    assert "calls that were killed before their answer came: 1" in last.err
    assert [one["exit_code"] for one in kept(file)] == [137, 137, 137, 0]
    assert budget(run("cost", "ledger", "--json")) == (BILLED, 0)


def test_a_killed_process_among_the_recent_calls_is_told_of(
    run: Run, configured: Any, file: Path, folder: Path
) -> None:
    configured("[budget]\nmonth = 5\n")
    came, done = threading.Semaphore(0), threading.Event()

    def never(_connection: Any) -> None:
        came.release()
        done.wait()

    with Server([ANSWER, never, ANSWER, ANSWER]) as server:
        assert run(*HELLO, base_url=server.base_url).code == 0
        process = started(server.base_url, folder)
        came.acquire()
        process.send_signal(signal.SIGKILL)
        process.wait()
        done.set()
        lasts = [run(*HELLO, base_url=server.base_url) for _ in range(2)]
    told = ["calls that were killed before their answer came: 1" in last.err for last in lasts]
    assert told == [True, False]
    assert sorted(one["exit_code"] for one in kept(file)) == [0, 0, 0, 137]
    assert budget(run("cost", "ledger", "--json")) == (3 * BILLED, 0)


def test_all_calls_of_twenty_processes_are_kept(
    run: Run, configured: Any, file: Path, folder: Path
) -> None:
    configured("[budget]\nmonth = 5\n")
    with Server([ANSWER] * 20) as server:
        processes = [started(server.base_url, folder) for _ in range(20)]
        assert [process.wait() for process in processes] == [0] * 20
    assert len(kept(file)) == 20
    spent, reserved = budget(run("cost", "ledger", "--json"))
    assert (round(spent, 9), reserved) == (round(20 * BILLED, 9), 0)


def test_each_line_of_a_run_is_kept_once_with_the_id_of_the_run(
    run: Run, configured: Any, file: Path, folder: Path
) -> None:
    configured("[budget]\nmonth = 5\n")
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}],
            "max_completion_tokens": 100}  # fmt: skip
    (folder / "in.jsonl").write_text(
        "".join(
            json.dumps({"custom_id": name, "method": "POST", "url": "/v1/chat/completions",
                        "body": body}) + "\n"
            for name in "abc"
        )
    )  # fmt: skip
    line_of_run = ("batch", "run", "in.jsonl", "-o", "out.jsonl", "--concurrency", "1")
    with Server([ANSWER] * 3) as server:
        first = run(*line_of_run, "--limit", "2", base_url=server.base_url)
        assert (first.code, len(kept(file))) == (0, 2), first.err
        assert run(*line_of_run, base_url=server.base_url).code == 0
        assert run(*line_of_run, base_url=server.base_url).code == 0
    lines = kept(file)
    assert (len(lines), len({one["batch_id"] for one in lines})) == (3, 1)
    assert budget(run("cost", "ledger", "--json")) == (BILLED * 3, 0)


def test_a_run_ends_at_the_budget(run: Run, configured: Any, file: Path, folder: Path) -> None:
    configured(f"[budget]\nmonth = {BOUND + BILLED / 2}\n")
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}],
            "max_completion_tokens": 100}  # fmt: skip
    (folder / "in.jsonl").write_text(
        "".join(
            json.dumps({"custom_id": name, "method": "POST", "url": "/v1/chat/completions",
                        "body": body}) + "\n"
            for name in "ab"
        )
    )  # fmt: skip
    with Server([ANSWER]) as server:
        done = run("batch", "run", "in.jsonl", "-o", "out.jsonl", base_url=server.base_url)
    assert (done.code, "[budget] month: the request can cost 0.00102 USD" in done.err) == (8, True)


# What the API says


def buckets(*results: Any, **more: Any) -> bytes:
    bucket = {"object": "bucket", "start_time": 1_795_305_600, "end_time": 1_795_392_000,
              "results": results}  # fmt: skip
    return reply({"object": "page", "data": [bucket], "has_more": False, **more})


def test_what_the_api_billed_stands_beside_what_was_kept(run: Run, file: Path) -> None:
    # 1795305600 is 2026-11-22.
    own = [line("2026-11-22T10:00:00Z", host="127.0.0.1"), line("2026-11-22T11:00:00Z", host="x")]
    run("cost", "ledger", "--import", "-", stdin="".join(own).encode())
    costs = {"amount": {"value": 0.004, "currency": "usd"}, "line_item": "gpt-4o, input"}
    usage = {"model": "gpt-4o", "num_model_requests": 1, "input_tokens": 1000, "output_tokens": 100}
    pages = [buckets(costs, has_more=True, next_page="p2"), buckets(), buckets(usage)]
    with Server([*pages, *[buckets()] * 5]) as server:
        done = run(
            "cost", "ledger", "--reconcile", "--since", "2026-11-22",
            base_url=server.base_url, env={"OPENAI_ADMIN_KEY": "sk-admin-made-up"},
        )  # fmt: skip
        asked = [one.line.split()[1] for one in server.received]
        keys = {one.headers["authorization"] for one in server.received}
    assert done.text == (
        "day         model   calls  API calls  tokens  API tokens     USD  API USD  difference\n"
        "2026-11-22  gpt-4o      1          1    1100        1100  0.0035    0.004      0.0005\n"
        "total                   1          1    1100        1100  0.0035    0.004      0.0005\n"
    )
    assert keys == {"Bearer sk-admin-made-up"}
    assert asked[1] == (
        "/v1/organization/costs?start_time=1795305600&end_time=1795478400&bucket_width=1d"
        "&limit=180&group_by=line_item&page=p2"
    )


def test_an_answer_that_is_no_bill_is_told(run: Run) -> None:
    with Server([reply({"object": "page", "data": [{}]})]) as server:
        done = run("cost", "ledger", "--reconcile", base_url=server.base_url,
                   env={"OPENAI_ADMIN_KEY": "sk-admin-made-up"})  # fmt: skip
    assert (done.code, "GET /organization/costs: the answer does not have" in done.err) == (6, True)


ADMIN = {"OPENAI_ADMIN_KEY": "sk-admin-made-up"}
SINCE = ("cost", "ledger", "--reconcile", "--since", "2026-11-22")


def cost(line_item: str | None, **amount: Any) -> Any:
    return {"amount": amount, "line_item": line_item}


def test_several_pages_days_and_models_and_items_of_no_model(run: Run, file: Path) -> None:
    """Items such as tool calls stand for themselves; an amount that is missing is none."""
    own = [line("2026-11-23T10:00:00Z", host="127.0.0.1", model="own", usd=None)]
    run("cost", "ledger", "--import", "-", stdin="".join(own).encode())
    first = buckets(
        cost("gpt-4o, input", value=0.1, currency="usd"), cost("gpt-4o, output", value=0.2),
        cost("web search tool calls", value=1, currency="usd"), cost(None, value=0.5),
        {"line_item": "gpt-4o, input"}, cost("gpt-4o, input"), has_more=True, next_page="2",
    )  # fmt: skip
    second = reply({"object": "page", "has_more": False, "data": [
        {"start_time": 1_795_305_600 + 86400,
         "results": [cost("gpt-4o-mini, cached input", value=1e-7)]},
    ]})  # fmt: skip
    usage = {"model": None, "num_model_requests": 2, "input_tokens": 5, "output_tokens": 5}
    with Server([first, second, buckets(usage), *[buckets()] * 5]) as server:
        done = run(*SINCE, "--json", base_url=server.base_url, env=ADMIN)
    found = figures(done)
    assert {(row["day"], row["model"]): row["billed_usd"] for row in found["rows"]} == {
        ("2026-11-22", "(none)"): 0.5,
        ("2026-11-22", "gpt-4o"): 0.3,
        ("2026-11-22", "web search tool calls"): 1,
        ("2026-11-23", "gpt-4o-mini"): 1e-7,
        ("2026-11-23", "own"): 0,
    }
    assert found["rows"][0]["billed_calls"] == 2
    assert (found["rows"][-1]["unpriced"], found["total"]["unpriced"]) == (1, 1)


@pytest.mark.parametrize("form", [[], ["--markdown"]])
def test_a_call_of_no_known_cost_is_told_beside_the_bill(
    run: Run, file: Path, form: list[str]
) -> None:
    own = [line("2026-11-22T10:00:00Z", host="127.0.0.1", usd=None)]
    run("cost", "ledger", "--import", "-", stdin="".join(own).encode())
    with Server([buckets()] * 7) as server:
        done = run(*SINCE, *form, base_url=server.base_url, env=ADMIN)
    assert done.text.endswith("\n1 call without a known cost\n")


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        (cost("gpt-4o, input", value=1, currency="eur"), "an amount is in 'eur', and the ledger"),
        (cost("gpt-4o, input", value="NaN"), "the answer does not have the API's shape"),
        (cost("gpt-4o, input", value="much"), "the answer does not have the API's shape"),
        ({"amount": 1}, "the answer does not have the API's shape"),
        ({"amount": {"value": 1, "currency": 1}}, "the answer does not have the API's shape"),
        ("result", "the answer does not have the API's shape"),
    ],
)
def test_a_bill_that_cannot_be_added_up_is_told(run: Run, result: Any, problem: str) -> None:
    usd = cost("gpt-4o, input", value=1, currency="usd")
    with Server([buckets(usd, result)]) as server:
        done = run(*SINCE, base_url=server.base_url, env=ADMIN)
    assert (done.code, done.out) == (6, b"")
    assert f"GET /organization/costs: {problem}" in done.err


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_key_that_is_no_admin_key_is_told(run: Run, status: str) -> None:
    refusal = reply({"error": {"message": "Missing scopes: api.usage.read"}}, status=status)
    with Server([refusal]) as server:
        done = run(*SINCE, base_url=server.base_url, env=ADMIN)
    assert (done.code, done.out) == (3, b"")
    assert "Missing scopes: api.usage.read (HTTP " in done.err
    assert "openai-cli key show --admin" in done.err
