"""`config check`: every fault of a file, with its line."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.flags.commandline import Ended, call


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def check(text: str, *arguments: str, environ: Mapping[str, str] | None = None) -> Ended:
    Path("c.toml").write_text(text)
    world = {"OPENAI_CLI_CONFIG": "c.toml", **(environ or {})}
    return call("config", "check", *arguments, environ=world)


def faults(text: str, *arguments: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The errors, without what all of them begin with."""
    ended = check(text, *arguments, environ=environ)
    assert (ended.code, ended.out) == (2, b"")
    lines = ended.err.splitlines()
    assert all(line.startswith("openai-cli: error: c.toml:") for line in lines)
    return [line.removeprefix("openai-cli: error: c.toml:") for line in lines]


GOOD = """
quiet = true
profile = "local"
model = "gpt-5.4-mini"
max_tokens = 500
api_key_command = ["pass", "show", "openai"]

[chat]
temperature = 0.2
tools = "@no-such-file-here.json"
metadata = { team = "ci" }
param = ["top_k=3"]
[models.list]
local = true
[sandbox]
port = 8080
[key.show]
json = true
[profiles.local]
base-url = "http://localhost:11434/v1"
[profiles.local.complete]
logprobs = 3
[profiles.empty]
"""


def test_a_file_in_order() -> None:
    ended = check(GOOD)
    assert (ended.code, ended.out) == (0, b"")
    assert ended.err == "openai-cli: notice: 'c.toml' is valid\n"
    assert check(GOOD, "--quiet").err == ""
    assert check(GOOD, "--profile", "empty").code == 0
    assert check("").code == 0


def test_no_file_is_in_order() -> None:
    ended = call("config", "check")
    assert ended.code == 0
    assert "there is no configuration file; it would be '" in ended.err


def test_all_faults_are_told_in_their_order() -> None:
    text = """quite = true
logprobs = true
color = "blue"
api_key_command = "pass show made-up"
[chat]
temperature = 5
temprature = 5
store = "yes"
max_tokens = 1
max-tokens = "x"
messages = []
[models]
local = true
[models.lst]
[profiles.work]
profile = "x"
top_p = 2
[profiles.work.chat]
top_p = 3
nonsense = 1
[nonsense.x]
a = 1
"""
    found = faults(text)
    assert [fault.partition(":")[0] for fault in found] == [
        *("1", "2", "3", "4"),
        *("10", "6", "7", "8", "10", "11"),
        *("13", "14", "16", "17", "19", "20", "21"),
    ]
    told = "\n".join(found)
    for problem in (
        "1: no such key: quite; did you mean quiet?",
        "2: logprobs must be a number, not true or false",
        "3: --color must be auto, always or never, not 'blue'",
        "4: api_key_command must be a list of strings",
        "10: max-tokens is given twice, with - and with _",
        "10: max-tokens must be an integer, not 'x'",
        "11: no such key in [chat]: messages; it belongs to one call",
        "13: no such key in [models]: local",
        "14: no such table in [models]: lst; did you mean list?",
        "16: no such key in [profiles.work]: profile; only the top level can name a profile",
        "17: top_p must be a number from 0 to 1, not '2'",
        "19: top_p must be a number from 0 to 1, not '3'",
        "20: no such key in [profiles.work.chat]: nonsense",
        "21: no such table: nonsense",
    ):
        assert problem in told
    assert "made-up" not in told


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("profile = 'x'", "1: there is no profile 'x'; [profiles.x] would be its table"),
        ("profile = 'wrk'\n[profiles.work]", "1: there is no profile 'wrk'; did you mean work?"),
        ("profiles = 1", "1: profiles must be a table, [profiles.NAME]"),
        ("[profiles]\na = 1", "2: a must be a table, [profiles.NAME]"),
        ("chat = 1", "1: no such key: chat"),
        ("comands = 1\n[comlete]", "1: no such key: comands"),
        ("[comlete]", "1: no such table: comlete; did you mean complete?"),
        ("[chat.more]", "1: no such table in [chat]: more"),
        ("[config]\npath = 1", "2: no such key in [config]: path"),
        ("\nx", "2:2: this is not TOML: "),
    ],
)
def test_faults_of_the_form(text: str, fault: str) -> None:
    assert faults(text)[0].startswith(fault)


def test_an_unknown_profile_that_was_named() -> None:
    fault = " there is no profile 'x'; [profiles.x] would be its table"
    assert faults(GOOD, "--profile", "x") == [fault]
    assert faults(GOOD, environ={"OPENAI_CLI_PROFILE": "x"}) == [fault]


def test_a_key_in_the_file_hides_no_other_fault(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        'quite = true\napi_key = "made-up-key"\ntimeout = 0\n[profiles.p]\napi_key = 1\n'
    )
    path.chmod(0o600)
    ended = call("config", "check", environ={"OPENAI_CLI_CONFIG": str(path)})
    assert ended.code == 2
    lines = ended.err.splitlines()
    assert sorted(line.partition("c.toml:")[2][0] for line in lines) == ["1", "2", "3", "5"]
    assert "made-up-key" not in ended.err
