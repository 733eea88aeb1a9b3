"""`config show`: every value, where it comes from, and what goes before it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.flags.commandline import call


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def shown(text: str, *arguments: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The lines for a file of this text, with runs of blanks folded, but for the file's own."""
    Path("c.toml").write_text(text)
    world = {"OPENAI_CLI_CONFIG": "c.toml", **(environ or {})}
    ended = call("config", "show", *arguments, environ=world)
    assert (ended.code, ended.err) == (0, "")
    head, *lines = [" ".join(line.split()) for line in ended.out.decode().splitlines()]
    assert head == "# c.toml"
    assert 'OPENAI_CLI_CONFIG = "c.toml" environment' in lines
    return [line for line in lines if not line.startswith("OPENAI_CLI_CONFIG")]


def as_json(text: str, *arguments: str, environ: Mapping[str, str] | None = None) -> Any:
    Path("c.toml").write_text(text)
    world = {"OPENAI_CLI_CONFIG": "c.toml", **(environ or {})}
    return json.loads(call("config", "show", "--json", *arguments, environ=world).out)


def test_without_a_file_there_is_what_is_built_in(tmp_path: Path) -> None:
    ended = call("config", "show")
    head, *lines = ended.out.decode().splitlines()
    assert head.startswith(f"# there is no {tmp_path}/home/")
    assert lines == [
        'base_url = "https://api.openai.com/v1"       built in',
        'complete.model = "gpt-3.5-turbo-instruct"    built in',
        'chat.model = "gpt-6-luna"                    built in',
        'respond.model = "gpt-6-luna"                 built in',
        'tokens.model = "gpt-6-luna"                  built in',
        'cost.model = "gpt-6-luna"                    built in',
        'embed.model = "text-embedding-3-small"       built in',
        'moderate.model = "omni-moderation-latest"    built in',
        'transcribe.model = "gpt-4o-mini-transcribe"  built in',
        'translate.model = "whisper-1"                built in',
        'speak.model = "gpt-4o-mini-tts"              built in',
        'image.generate.model = "gpt-image-1-mini"    built in',
        'image.edit.model = "gpt-image-1-mini"        built in',
        'image.vary.model = "dall-e-2"                built in',
    ]


FILE = """quiet = true
profile = "local"
model = "top"

[chat]
model = "own"
temperature = 0.2
stop = ["A", "B"]
metadata = { team = "ci" }

[models.list]
local = true

[profiles.local]
base-url = "http://localhost:11434/v1"
[profiles.local.chat]
model = "llama3.2"

[profiles.other]
model = "no"
"""


def test_each_value_has_its_place() -> None:
    assert shown(FILE) == [
        'base_url = "http://localhost:11434/v1" c.toml:15 [profiles.local]',
        "quiet = true c.toml:1",
        'profile = "local" c.toml:2',
        'model = "top" c.toml:3',
        'chat.model = "llama3.2" c.toml:17 [profiles.local.chat]',
        'chat.model = "own" c.toml:6 [chat], overridden by [profiles.local.chat]',
        "chat.temperature = 0.2 c.toml:7 [chat]",
        'chat.stop = ["A", "B"] c.toml:8 [chat]',
        'chat.metadata = {"team": "ci"} c.toml:9 [chat]',
        'embed.model = "text-embedding-3-small" built in',
        'moderate.model = "omni-moderation-latest" built in',
        'transcribe.model = "gpt-4o-mini-transcribe" built in',
        'translate.model = "whisper-1" built in',
        'speak.model = "gpt-4o-mini-tts" built in',
        'image.generate.model = "gpt-image-1-mini" built in',
        'image.edit.model = "gpt-image-1-mini" built in',
        'image.vary.model = "dall-e-2" built in',
        "models.list.local = true c.toml:12 [models.list]",
    ]


def test_the_model_of_all_commands_is_for_those_of_text_alone() -> None:
    text = 'model = "top"\n[embed]\nmodel = "own"\n[profiles.p]\nmodel = "of p"\n'
    lines = shown(text, "--profile", "p", environ={"OPENAI_MODEL": "m"})
    assert 'model = "of p" c.toml:5 [profiles.p], overridden by OPENAI_MODEL' in lines
    assert 'model = "top" c.toml:1, overridden by OPENAI_MODEL' in lines
    assert 'embed.model = "own" c.toml:3 [embed]' in lines
    assert 'speak.model = "gpt-4o-mini-tts" built in' in lines


def test_the_columns_are_aligned() -> None:
    Path("c.toml").write_text(FILE)
    ended = call("config", "show", environ={"OPENAI_CLI_CONFIG": "c.toml"})
    lines = ended.out.decode().splitlines()[1:]
    places = {line.index("  c.toml:") + 2 for line in lines if "  c.toml:" in line}
    assert len(places) == 1
    assert all(len(line) <= 80 for line in lines if "overridden" not in line)


def test_what_the_environment_goes_before() -> None:
    lines = shown(
        FILE,
        "--profile",
        "local",
        environ={
            "OPENAI_MODEL": "m",
            "OPENAI_BASE_URL": "http://me:pw@h/v1",
            "OPENAI_CLI_PROFILE": "other",
            "OPENAI_ORG_ID": "",
            "NO_COLOR": "1",
        },
    )
    assert lines[:6] == [
        'profile = "local" --profile',
        'OPENAI_CLI_PROFILE = "other" environment, overridden by --profile',
        'OPENAI_BASE_URL = "http://***@h/v1" environment',
        'OPENAI_MODEL = "m" environment',
        'NO_COLOR = "1" environment',
        'base_url = "http://localhost:11434/v1" c.toml:15 [profiles.local], overridden by '
        "OPENAI_BASE_URL",
    ]
    for line in (
        'profile = "local" c.toml:2, overridden by --profile',
        'model = "top" c.toml:3, overridden by OPENAI_MODEL',
        'chat.model = "llama3.2" c.toml:17 [profiles.local.chat], overridden by OPENAI_MODEL',
    ):
        assert line in lines
    with_a_model = {line.partition(".model")[0] for line in lines if "built in" in line}
    assert not with_a_model & {"chat", "complete", "respond", "tokens", "cost", "base_url"}


def test_a_general_value_that_one_command_alone_does_not_use_is_in_force() -> None:
    lines = shown("seed = 1\n[chat]\nseed = 2\n")
    assert "seed = 1 c.toml:1" in lines
    lines = shown("seed = 1\n[chat]\nseed = 2\n[complete]\nseed = 3\n")
    assert "seed = 1 c.toml:1, overridden by [complete]" in lines


def test_what_no_command_knows() -> None:
    lines = shown("nonsense = 1\n[chat]\nmessages = []\n[profiles.p]\nprofile = 'x'\n")
    assert "nonsense = 1 c.toml:1, unknown" in lines
    assert "chat.messages = [] c.toml:3 [chat], unknown" in lines
    lines = shown("[profiles.p]\nprofile = 'x'\n", "--profile", "p")
    assert 'profile = "x" c.toml:2 [profiles.p], unknown' in lines


def test_what_may_be_secret_is_masked() -> None:
    text = """
header = ["Authorization: Bearer made-up", "odd-made-up"]
base_url = "https://h/v1"
api_key_command = ["get", "--password", "made-up"]
[chat]
header = "X-Key: made-up"
[complete]
base_url = "https://me:made-up@h/v1"
"""
    lines = shown(text)
    assert 'header = ["Authorization: ***", "***"] c.toml:2' in lines
    assert 'api_key_command = ["get", "***", "***"] c.toml:4' in lines
    assert 'chat.header = "X-Key: ***" c.toml:6 [chat]' in lines
    assert 'complete.base_url = "https://***@h/v1" c.toml:8 [complete]' in lines
    assert "made-up" not in json.dumps(as_json(text))


def test_what_has_the_name_or_the_form_of_a_secret_is_masked() -> None:
    text = """
base_url = "https://h/v1?api-version=1&code=made-up"
organization = "sk-made-up"
param = ["api_key=made-up", "top_k=3"]
[chat]
metadata = { team = "ci", token = "made-up", nested = { password = "made-up", n = 1 } }
user = "0123456789abcdefmadeup0123456789"
max_tokens = 5
prompt_cache_key = "mine"
"""
    lines = shown(text, environ={"OPENAI_ORG_ID": "sk-made-up", "OPENAI_PROJECT_ID": "p"})
    assert 'base_url = "https://h/v1?api-version=1&code=***" c.toml:2' in lines
    assert 'param = ["api_key=***", "top_k=3"] c.toml:4' in lines
    assert 'OPENAI_ORG_ID = "***" environment' in lines
    secrets = '{"team": "ci", "token": "***", "nested": {"password": "***", "n": 1}}'
    assert f"chat.metadata = {secrets} c.toml:6 [chat]" in lines
    assert "chat.max_tokens = 5 c.toml:8 [chat]" in lines
    assert 'chat.prompt_cache_key = "mine" c.toml:9 [chat]' in lines
    assert not any("made" in line for line in lines)
    assert "made" not in json.dumps(as_json(text))


@pytest.mark.parametrize(
    ("key", "shown_as"), [("sk-made-up-abcd", "…abcd"), ("sk-made-up", "…"), (" a ", "…")]
)
def test_of_the_key_four_characters_are_shown(key: str, shown_as: str) -> None:
    lines = shown("api_key_command = ['x']", environ={"OPENAI_API_KEY": key})
    assert f'OPENAI_API_KEY = "{shown_as}" environment' in lines
    assert 'api_key_command = ["x"] c.toml:1, overridden by OPENAI_API_KEY' in lines


def test_json() -> None:
    found = as_json(FILE, environ={"OPENAI_MODEL": "m"})
    assert (found["file"], found["profile"]) == ("c.toml", "local")
    assert {
        "name": "chat.model",
        "value": "own",
        "source": "file",
        "line": 6,
        "table": "chat",
        "in_force": False,
        "passed_over_for": "OPENAI_MODEL",
    } in found["values"]
    assert {
        "name": "quiet",
        "value": True,
        "source": "file",
        "line": 1,
        "table": None,
        "in_force": True,
        "passed_over_for": None,
    } in found["values"]
    assert {value["source"] for value in as_json(FILE, "--profile", "other")["values"]} == {
        *("flag", "environment", "file", "built in")
    }


def test_values_that_json_has_not() -> None:
    text = "[cost]\nas_of = 2026-11-23\n[chat]\ntop_p = inf\nmetadata = { t = [07:00:00] }\n"
    found = {value["name"]: value["value"] for value in as_json(text)["values"]}
    assert found["cost.as_of"] == "2026-11-23"
    assert found["chat.top_p"] == "inf"
    assert found["chat.metadata"] == {"t": ["07:00:00"]}


def test_control_characters_are_shown_on_a_terminal() -> None:
    Path("c.toml").write_text('user = "\\u009b31m"\n')
    from openai_cli.context import Context
    from tests.flags.commandline import execute

    context = Context.test(terminal=True, environ={"OPENAI_CLI_CONFIG": "c.toml"})
    assert b'user = "\\x9b31m"' in execute(context, "config", "show").out
