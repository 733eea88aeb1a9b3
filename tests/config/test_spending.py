"""`ledger` and `[budget]` of the configuration file: what they may be, and how they are shown."""

import pytest

from openai_cli.settings import BudgetLimit
from tests.config.test_checking import check, faults
from tests.flags.commandline import call

GOOD = """ledger = "~/calls.sqlite3"
[budget]
day = 1
month = "5.00"
[budget.labels.ci]
week = 0.5
[budget.profiles.work]
day = 2
[profiles.work]
ledger = true
"""


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))


def test_a_ledger_and_its_budgets_are_in_order() -> None:
    assert check(GOOD).err == "openai-cli: notice: 'c.toml' is valid\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("ledger = 1", "1: ledger must be true, false or a file"),
        ('ledger = ""', "1: ledger must be true, false or a file"),
        ("ledger = false\n[budget]\nday = 1",
         "1: ledger must not be false with [budget], which adds up its entries"),
        ("[profiles.p]\nledger = []", "2: ledger must be true, false or a file"),
        ("budget = 5", "1: budget must be a table, [budget]"),
        ("[budget]\nyear = 1",
         "2: no such budget: year; it is day, week, month, labels or profiles"),
        ("[budget]\nmonth = true", "2: month must be an amount of USD, such as 5.00"),
        ("[budget]\nmonth = -1", "2: month must be an amount of USD, such as 0.05, not '-1'"),
        ("[budget]\nmonth = nan", "2: month must be an amount of USD, such as 0.05, not 'nan'"),
        ('[budget]\nmonth = ""', "2: month must be an amount of USD, such as 0.05, not ''"),
        ('[budget]\nmonth = "."', "2: month must be an amount of USD, such as 0.05, not '.'"),
        ("[budget]\nlabels = 1", "2: labels must have tables, [budget.labels.NAME]"),
        ("[budget.labels]\nci = 1", "2: ci must be a table, [budget.labels.NAME]"),
        ("[budget.labels.ci]\nyear = 1", "2: no such budget: year; it is day, week or month"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_line(text: str, fault: str) -> None:
    assert faults(text) == [fault]
    flags = ["--profile", "p"] if "profiles" in text else []
    ended = call("chat", "hi", "--dry-run", *flags, environ={"OPENAI_CLI_CONFIG": "c.toml"})
    assert (ended.code, ended.err) == (2, f"openai-cli: error: c.toml:{fault}\n")


def test_all_faults_are_told() -> None:
    assert len(faults("[budget]\nyear = 1\nmonth = true\n[budget.labels.ci]\nday = false")) == 3


def test_they_are_shown_with_their_places() -> None:
    check(GOOD)
    environ = {"OPENAI_CLI_CONFIG": "c.toml"}
    lines = [
        " ".join(line.split())
        for line in call("config", "show", environ=environ).out.decode().splitlines()
    ]
    assert 'ledger = "~/calls.sqlite3" c.toml:1' in lines
    assert any(line.startswith('budget = {"day": 1,') and "unknown" not in line for line in lines)
    environ["OPENAI_CLI_LEDGER"] = "other"
    lines = [
        " ".join(line.split())
        for line in call("config", "show", environ=environ).out.decode().splitlines()
    ]
    assert 'ledger = "~/calls.sqlite3" c.toml:1, overridden by OPENAI_CLI_LEDGER' in lines


def test_a_limit_has_the_name_that_messages_have() -> None:
    assert BudgetLimit("day", 1, "ci", "work").name == "day of label ci of profile work"
