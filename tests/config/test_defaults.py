"""What a configuration file sets for a command line, and what goes before it."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from openai_cli.app import tree
from openai_cli.config.file import configured
from openai_cli.context import Context
from openai_cli.flags.ours import CommonOptions
from tests.flags.commandline import Ended, call, refused


@pytest.fixture(autouse=True)
def _in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def with_file(text: str, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment with a configuration file of this text."""
    Path("c.toml").write_text(text)
    return {"OPENAI_CLI_CONFIG": "c.toml", **(environ or {})}


def ran(text: str, *arguments: str, environ: Mapping[str, str] | None = None) -> Ended:
    return call(*arguments, environ=with_file(text, environ))


def body(
    text: str, *arguments: str, command: str = "chat", environ: Mapping[str, str] | None = None
) -> Any:
    """The request body of a command line, less its text."""
    ended = ran(text, command, "--dry-run", "hi", *arguments, environ=environ)
    assert ended.code == 0, ended.err
    found = json.loads(ended.out)
    found.pop({"chat": "messages", "respond": "input"}.get(command, "prompt"))
    return found


def options(text: str, *arguments: str, environ: Mapping[str, str] | None = None) -> Any:
    """The options of a command line, and in `settings` the rest of what the file sets."""
    context = Context.test(environ=with_file(text, environ))
    bound = tree().main(list(arguments), prog_name="openai-cli", standalone_mode=False)
    found, context = configured(context, bound)
    assert isinstance(found, CommonOptions)
    return found, context.settings


def wrong(text: str, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
    """What is said of a command line that the file makes wrong."""
    return refused(*(arguments or ("chat", "hi")), environ=with_file(text, environ))


ORDER = """
model = "top"
[chat]
model = "own"
[profiles.p]
model = "profile"
[profiles.p.chat]
model = "own of profile"
[profiles.q]
model = "profile"
[profiles.r]
"""


@pytest.mark.parametrize(
    ("arguments", "environ", "model"),
    [
        (["-m", "flag", "--param", "model=param", "--body", '{"model": "body"}'], {}, "flag"),
        (["--param", "model=param", "--body", '{"model": "body"}'], {}, "param"),
        (["--body", '{"model": "body"}'], {"OPENAI_MODEL": "variable"}, "body"),
        (["--profile", "p"], {"OPENAI_MODEL": "variable"}, "variable"),
        (["--profile", "p"], {"OPENAI_MODEL": ""}, "own of profile"),
        (["--profile", "q"], {}, "profile"),
        (["--profile", "r"], {}, "own"),
        ([], {}, "own"),
        ([], {"OPENAI_CLI_PROFILE": "q"}, "profile"),
        (["--profile", "p"], {"OPENAI_CLI_PROFILE": "q"}, "own of profile"),
    ],
)
def test_the_order(arguments: list[str], environ: dict[str, str], model: str) -> None:
    assert body(ORDER, *arguments, environ=environ) == {"model": model}


def test_the_order_of_a_command_without_a_table() -> None:
    assert body(ORDER, command="complete") == {"model": "top"}
    assert body(ORDER, "--profile", "p", command="complete") == {"model": "profile"}
    assert body("", command="complete") == {"model": "gpt-3.5-turbo-instruct"}


def test_the_file_names_the_profile() -> None:
    text = 'profile = "p"\n[profiles.p]\nseed = 1\n[profiles.q]\nseed = 2\n'
    assert body(text)["seed"] == 1
    assert body(text, "--profile", "q")["seed"] == 2
    assert body(text, environ={"OPENAI_CLI_PROFILE": "q"})["seed"] == 2
    assert options(text, "chat", "hi")[1].profile == "p"


def test_each_kind_of_property_and_either_spelling() -> None:
    text = """
    [chat]
    temperature = 0.2
    max-completion-tokens = 7
    stop = ["A", "B"]
    store = false
    parallel_tool_calls = true
    user = "me"
    metadata = { team = "ci" }
    tools = [{ type = "function", function = { name = "f" } }]
    tool_choice = { type = "function" }
    logit_bias = { 50256 = -100 }
    seed = 9223372036854775807
    """
    assert body(text) == {
        "model": "gpt-6-luna",
        "temperature": 0.2,
        "max_completion_tokens": 7,
        "stop": ["A", "B"],
        "store": False,
        "parallel_tool_calls": True,
        "user": "me",
        "metadata": {"team": "ci"},
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "tool_choice": {"type": "function"},
        "logit_bias": {"50256": -100},
        "seed": 9223372036854775807,
    }


def test_a_string_is_read_as_on_the_flag() -> None:
    Path("tools.json").write_text('[{"type": "function"}]')
    text = """
    temperature = "0.5"
    stop = "END"
    metadata = "team=ci"
    tools = "@tools.json"
    tool_choice = "required"
    """
    assert body(text) == {
        "model": "gpt-6-luna",
        "temperature": 0.5,
        "stop": ["END"],
        "metadata": {"team": "ci"},
        "tools": [{"type": "function"}],
        "tool_choice": "required",
    }


def test_a_file_in_the_home_folder(tmp_path: Path) -> None:
    (tmp_path / "home" / "tools.json").write_text('[{"type": "function"}]')
    assert body('tools = "@~/tools.json"')["tools"] == [{"type": "function"}]
    found, _ = options('output = "~/x"\nsystem = "~/x"', "chat", "hi")
    assert (found.output, found.system) == (f"{tmp_path}/home/x", "~/x")


def test_our_own_flags_of_each_kind() -> None:
    text = """
    timeout = 30
    max-retries = 0
    max_cost = 0.05
    header = ["X-A: 1", "X-B: 2"]
    usage = true
    stdin = false
    [chat]
    header = "X-C: 3"
    continue = "c.json"
    [cost]
    as_of = 2026-11-23
    """
    found, _ = options(text, "chat", "hi")
    assert (found.timeout, found.max_retries, found.max_cost) == ("30", "0", "0.05")
    assert (found.header, found.usage, found.stdin) == (["X-C: 3"], True, False)
    assert found.conversation == "c.json"
    assert options(text, "complete", "hi")[0].header == ["X-A: 1", "X-B: 2"]
    assert options(text, "cost", "hi")[0].as_of == "2026-11-23"


def test_a_flag_goes_before_the_file_even_where_it_says_the_default() -> None:
    text = 'usage = true\ncolor = "never"\nheader = ["X-A: 1"]\n'
    found, _ = options(text, "chat", "hi", "--no-usage", "--color", "auto", "--header", "X-B: 2")
    assert (found.usage, found.color, found.header) == (False, "auto", ["X-B: 2"])


@pytest.mark.parametrize(
    ("key", "value", "variable"),
    [
        ("base_url", '"http://localhost:1/v1"', "OPENAI_BASE_URL"),
        ("organization", '"o"', "OPENAI_ORG_ID"),
        ("project", '"p"', "OPENAI_PROJECT_ID"),
        ("api_key_file", '"f"', "OPENAI_API_KEY"),
        ("stdin", "true", "OPENAI_CLI_NO_STDIN"),
        ("color", '"always"', "NO_COLOR"),
    ],
)
def test_a_variable_goes_before_the_file(key: str, value: str, variable: str) -> None:
    text = f"{key} = {value}\n"
    plain = getattr(options("", "chat", "hi")[0], key)
    assert getattr(options(text, "chat", "hi")[0], key) != plain
    assert getattr(options(text, "chat", "hi", environ={variable: ""})[0], key) != plain
    assert getattr(options(text, "chat", "hi", environ={variable: "1"})[0], key) == plain


def test_the_model_of_commands_that_send_no_body() -> None:
    text = 'model = "gpt-4"\n'
    assert options(text, "tokens", "hi")[0].model == "gpt-4"
    assert options(text, "cost", "hi")[0].model == ["gpt-4"]
    assert options('[cost]\nmodel = ["a", "b"]', "cost", "hi")[0].model == ["a", "b"]
    for command in ("tokens", "cost"):
        found, _ = options(text, command, "hi", environ={"OPENAI_MODEL": "m"})
        assert found.model is None


OTHERS = [
    ("embed", "hi"), ("moderate", "hi"), ("speak", "hi", "--voice", "alloy"),
    ("image", "generate", "hi"),
]  # fmt: skip


@pytest.mark.parametrize("command", OTHERS)
def test_the_model_of_all_commands_is_for_those_of_text_alone(command: tuple[str, ...]) -> None:
    own = ran("", *command, "--dry-run").out
    name = ".".join(command[:2]) if command[0] == "image" else command[0]
    general = 'model = "gpt-4"\n[profiles.p]\nmodel = "gpt-4"\n'
    environ = {"OPENAI_MODEL": "gpt-4"}
    assert ran(general, *command, "--dry-run").out == own
    assert ran(general, *command, "--dry-run", "--profile", "p").out == own
    assert ran("", *command, "--dry-run", environ=environ).out == own
    table = f'[{name}]\nmodel = "m-1"\n'
    assert b'"model": "m-1"' in ran(table, *command, "--dry-run", environ=environ).out


@pytest.mark.parametrize("command", ["chat", "respond", "complete"])
def test_the_model_of_all_commands_is_for_those_of_text(command: str) -> None:
    assert body('model = "top"', command=command)["model"] == "top"


def test_speech_is_priced_without_the_model_of_text() -> None:
    environ = {"OPENAI_MODEL": "gpt-4"}
    found = ran('model = "gpt-4"', "cost", "--audio-seconds", "60", environ=environ)
    assert b"gpt-4o-mini-transcribe" in found.out


def test_a_command_of_two_words() -> None:
    assert call("models", "list", environ=with_file("")).code == 3, "without local it asks"
    assert ran("[models.list]\nlocal = true", "models", "list").code == 0
    usage = ("organization", "usage", "completions", "--start-time", "1", "--curl")
    assert ran("[models.list]\nlocal = true", *usage).code == 0
    assert ran("[models]\nlocal = true", *usage).code == 2
    assert ran("local = true", "models", "list").code == 0
    assert (
        ran("[profiles.p.models.list]\nlocal = true", "models", "list", "--profile", "p").code == 0
    )


def test_what_is_unchecked_goes_below_the_key_of_its_table_and_before_the_next() -> None:
    text = """
    seed = 1
    user = "top"
    [chat]
    param = ["seed=3", "temperature=9", "new_one=[1]"]
    user = "own"
    """
    assert body(text) == {
        "model": "gpt-6-luna",
        "user": "own",
        "seed": 3,
        "temperature": 9,
        "new_one": [1],
    }
    assert body(text, "--body", '{"seed": 7}', "--temperature", "1")["seed"] == 7
    assert body(text, "--temperature", "1")["temperature"] == 1


def test_of_two_names_of_one_limit_one_is_sent() -> None:
    text = "max_completion_tokens = 500\n"
    assert body(text)["max_completion_tokens"] == 500
    assert body(text, "--max-tokens", "5") == {"model": "gpt-6-luna", "max_tokens": 5}
    assert body(text, "--body", '{"max_tokens": 5}') == {"model": "gpt-6-luna", "max_tokens": 5}
    assert body(f"{text}[chat]\nmax_tokens = 6\n") == {"model": "gpt-6-luna", "max_tokens": 6}
    text = 'param = ["max_completion_tokens=5"]\n[chat]\nmax_tokens = 6\n'
    assert body(text) == {"model": "gpt-6-luna", "max_tokens": 6}


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("base_url = 'http://localhost:1/v1'", ["chat", "hi", "--sandbox", "--quiet"]),
        ("json = true", ["cost", "--total", "hi"]),
        ("max_tokens = 5", ["cost", "hi", "--output-tokens", "5"]),
        ("max_tokens = 5\nn = 2", ["cost", "--request", "requests.jsonl"]),
        ("[cost]\noutput_tokens = 5", ["cost", "--response", "answers.jsonl"]),
        ("encoding = 'cl100k_base'", ["tokens", "hi", "-m", "gpt-4o"]),
        ("model = 'gpt-4o'", ["tokens", "hi", "--encoding", "cl100k_base"]),
        ("model = 'gpt-4o'\n[tokens]\nencoding = 'cl100k_base'", ["tokens", "hi"]),
        ("encoding = 'cl100k_base'", ["tokens", "--request", "requests.jsonl"]),
        ("[tokens]\nmax = 9\nspecial = true", ["tokens", "hi", "--first", "1"]),
        ("[tokens]\nids = true", ["tokens", "hi", "--first", "1"]),
        ("[tokens]\nat = 'line'\njsonl = 'text'\noverlap = 1", ["tokens", "hi"]),
        ("[tokens]\njsonl = 'text'", ["tokens", "--files-from", "paths"]),
        ("[chat]\ndry_run = true", ["chat", "hi", "--curl"]),
    ],
)
def test_a_default_never_stands_in_the_way_of_a_flag(text: str, arguments: list[str]) -> None:
    Path("requests.jsonl").write_text(
        '{"model": "gpt-4o", "max_tokens": 3, "messages": [{"role": "user", "content": "hi"}]}'
    )
    Path("answers.jsonl").write_text(
        '{"model": "gpt-4o", "usage": {"prompt_tokens": 1, "completion_tokens": 1}}'
    )
    Path("lines.jsonl").write_text('{"text": "hi"}')
    Path("paths").write_text("lines.jsonl")
    ended = ran(text, *arguments)
    assert ended.code == 0, ended.err


def test_flags_that_go_together_are_both_set() -> None:
    found, _ = options("[tokens]\nids = true\nshow = true", "tokens", "hi")
    assert (found.ids, found.show) == (True, True)
    found, _ = options("[tokens]\nat = 'line'", "tokens", "hi", "--split", "5")
    assert found.at == "line"
    found, _ = options("[tokens]\nat = 'line'\nsplit = 5", "tokens", "hi")
    assert (found.at, found.split) == ("line", "5")
    found, _ = options("json = true", "cost", "hi", "--no-total")
    assert found.json is True


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("temprature = 1", "no such key in [chat]: temprature; did you mean temperature?"),
        ("no_quiet = true", "no such key in [chat]: no_quiet; did you mean quiet?"),
        ("m = 'm'", "no such key in [chat]: m"),
        ("text = 'hi'", "no such key in [chat]: text"),
        ("help = true", "no such key in [chat]: help"),
        ("profile = 'p'", "no such key in [chat]: profile; only the top level can name a profile"),
        ("messages = []", "no such key in [chat]: messages; it belongs to one call"),
        ("body = '{}'", "no such key in [chat]: body; it belongs to one call"),
        ("more.temperature = 1", "no such table in [chat]: more"),
        ("temperature = 3", "temperature must be a number from 0 to 2, not '3'; param = ["),
        ("temperature = '3'", "temperature must be a number from 0 to 2, not '3'"),
        ("temperature = inf", "temperature must be a number from 0 to 2"),
        ("temperature = true", "temperature must be a number, not true or false"),
        ("seed = 1.0", "seed must be an integer"),
        ("user = 5", "user must be a string, not a number"),
        ("store = 'yes'", "store must be true or false, not a string"),
        ("stop = []", "stop takes at least 1 value"),
        ("stop = ['1', '2', '3', '4', '5']", "stop takes at most 4 values"),
        ("stop = [1]", "stop must be an array of strings"),
        ("metadata = ['a=b']", "metadata must be a table, not an array"),
        ("metadata = { a = 1 }", "metadata has a value of 'a' that must be a string"),
        ("metadata = { a = 2026-11-23 }", "metadata has a date or time in it"),
        ("tools = { a = 1 }", "tools must be a JSON array of objects"),
        ("tools = '@no.json'", "tools: cannot read 'no.json': No such file"),
        ("tools = '@-'", "tools cannot be stdin"),
        ("tool_choice = 1", "tool_choice must be a string or a table, not a number"),
        ("quiet = 'yes'", "quiet must be true or false, not a string"),
        ("timeout = true", "timeout must be a string, not true or false"),
        ("header = { a = 1 }", "header must be a string, not a table"),
        ("timeout = 0", "--timeout must be above 0"),
        ("max_retries = 101", "--max-retries must be an integer from 0 to 100"),
        ("color = 'blue'", "--color must be auto, always or never"),
        ("param = ['=1']", "--param must be NAME=JSON"),
        ("max_cost = 'much'", "--max-cost must be an amount"),
        ("header = 'no colon'", "--header must be 'Name: value'"),
    ],
)
def test_a_fault_is_told_with_its_line(line: str, problem: str) -> None:
    assert f"c.toml:3: {problem}" in wrong(f"quiet = true\n[chat]\n{line}\n")


def test_a_wrong_base_url_is_told_with_its_line() -> None:
    message = wrong("base-url = 'localhost'", environ={"OPENAI_BASE_URL": ""})
    assert "c.toml:1: the base URL must be http://" in message


@pytest.mark.parametrize(
    "text",
    [
        "temprature = 1",
        "[complete]\ntemprature = 1",
        "[nonsense]\nx = 1",
        "[chat]\n[nonsense.x]\ny = 1",
        "[profiles.p]\nnonsense = 1\n[profiles.p.chat]\nnonsense = 1",
        "text = 'x'\nmessages = []\nprompt = 'x'\nbody = '{}'\nhelp = true",
    ],
)
def test_what_is_for_others_passes(text: str) -> None:
    assert body(text) == {"model": "gpt-6-luna"}


def test_what_a_flag_or_another_value_goes_before_is_not_looked_at() -> None:
    text = "temperature = 9\ntimeout = 0\n[chat]\ntop_p = 9\n"
    found = body(text, "--temperature", "1", "--top-p", "1", "--timeout", "5")
    assert (found["temperature"], found["top_p"]) == (1, 1)
    assert body("temperature = 9\n[chat]\ntemperature = 1\n")["temperature"] == 1


def test_a_key_in_both_spellings() -> None:
    text = "[chat]\nmax_tokens = 1\nmax-tokens = 2\n"
    assert "c.toml:3: max-tokens is given twice, with - and with _" in wrong(text)


def test_a_profile_with_the_name_of_a_command() -> None:
    text = "[profiles.chat]\nlocal = true\nseed = 1\n[profiles.chat.chat]\nseed = 2\n"
    assert body(text, "--profile", "chat")["seed"] == 2
    assert body(text, "--profile", "chat", command="complete")["seed"] == 1


def test_a_command_with_the_name_of_a_flag() -> None:
    found, _ = options("[sandbox]\nport = 1\n", "chat", "hi")
    assert found.sandbox is False
    assert options("[sandbox]\nport = 1\n", "sandbox")[0].port == "1"
    assert options("sandbox = true\n", "sandbox")[0].port is None
    assert options("sandbox = true\n", "chat", "hi")[0].sandbox is True


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[profiles.work]", "c.toml: there is no profile 'wrk'; did you mean work?"),
        ("", "c.toml: there is no profile 'wrk'; [profiles.wrk] would be its table"),
        ("[profiles]\nwrk = 1", "c.toml: there is no profile 'wrk'"),
        ("profiles = 1", "c.toml: there is no profile 'wrk'"),
    ],
)
def test_an_unknown_profile(text: str, problem: str) -> None:
    assert problem in wrong(text, "chat", "hi", "--profile", "wrk")
    assert problem in wrong(text, "tokens", "hi", environ={"OPENAI_CLI_PROFILE": "wrk"})


def test_an_unknown_profile_in_the_file() -> None:
    assert "c.toml:2: there is no profile 'wrk'" in wrong("\nprofile = 'wrk'\n[profiles.work]")
    assert "c.toml:1: there is no profile '3'" in wrong("profile = 3")


def test_the_command_of_the_key() -> None:
    text = "api_key_command = ['a', 'b']\n[profiles.p]\napi-key-command = ['c']\n[profiles.q]\n"
    assert options(text, "chat", "hi")[1].api_key_command == ("a", "b")
    assert options(text, "chat", "hi", "--profile", "p")[1].api_key_command == ("c",)
    assert options(text, "chat", "hi", "--profile", "q")[1].api_key_command == ("a", "b")
    assert options("", "chat", "hi")[1].api_key_command == ()


@pytest.mark.parametrize("value", ['"pass made-up"', "[]", '["pass", 1]', "true", "{ a = 1 }"])
def test_the_command_of_the_key_must_be_a_list(value: str) -> None:
    message = wrong(f"\napi_key_command = {value}\n")
    assert "c.toml:2: api_key_command must be a list of strings; no shell reads it" in message
    assert "made-up" not in message


def test_quiet_and_color_of_the_file_hold_for_notices_and_errors() -> None:
    loud = ran("", "complete", "hi", "--dry-run")
    assert "notice: " in loud.err
    assert ran("quiet = true", "complete", "hi", "--dry-run").err == ""
    assert "notice: " in ran("quiet = true", "complete", "hi", "--dry-run", "--no-quiet").err
    ended = ran("color = 'always'\n[chat]\ntimeout = 5\n", "chat", "hi", "--base-url", "x")
    assert ended.err.startswith("openai-cli: \x1b[31merror:")


def test_a_place_is_told_of_what_the_file_sets_alone() -> None:
    message = wrong("[chat]\nmax_cost = 'x'\n", "chat", "hi", "--max-cost", "much")
    assert "error: --max-cost must be" in message


# What is for one server alone

HERE, THERE = "http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"
OWN = f"""
api_key_command = ["/bin/echo", "sk-made-up"]
[profiles.work]
base_url = "{HERE}/"
header = ["api-key: made-up", "X-Team: ci"]
api_key_file = "f"
"""


@pytest.mark.parametrize(
    ("arguments", "environ", "url"),
    [
        (("--profile", "work"), {}, HERE),
        (("--profile", "work"), {"OPENAI_BASE_URL": HERE}, HERE),
        (("--profile", "work", "--base-url", THERE), {}, None),
        (("--profile", "work"), {"OPENAI_BASE_URL": THERE}, None),
        (("--profile", "work"), {"OPENAI_BASE_URL": "no URL"}, None),
    ],
)
def test_a_key_of_the_file_is_for_its_own_server(
    arguments: tuple[str, ...], environ: dict[str, str], url: str | None
) -> None:
    found, settings = options(OWN, "chat", "hi", *arguments, environ=environ)
    is_own = url is not None
    assert (found.api_key_file == "f") is is_own
    assert found.header == (["api-key: made-up"] if is_own else []) + ["X-Team: ci"]
    assert settings.api_key_url == f"{HERE}/"


def test_what_is_withheld_is_told() -> None:
    said = ran(OWN, "chat", "--dry-run", "hi", "--profile", "work", "--base-url", THERE).err
    assert f"the key of the configuration file is for {HERE}/ and is not sent elsewhere" in said
    key = Path("f")
    key.touch(0o600)
    key.write_text("sk-made-up")
    assert not ran(OWN, "chat", "--dry-run", "hi", "--sandbox", "--profile", "work").err


def test_the_command_of_a_file_is_for_the_server_that_the_file_names() -> None:
    assert options(OWN, "chat", "hi")[1].api_key_url is None
    assert options(f"base_url = '{HERE}'\n", "chat", "hi")[1].api_key_url == HERE
    own = f"base_url = '{HERE}'\n[chat]\nbase_url = '{THERE}'\n"
    assert options(own, "chat", "hi")[1].api_key_url == THERE


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666, 0o777])
@pytest.mark.parametrize("command", [("chat", "hi"), ("config", "show"), ("config", "check")])
def test_a_file_that_others_may_write_is_not_used(mode: int, command: tuple[str, ...]) -> None:
    environ = with_file("quiet = true\n")
    Path("c.toml").chmod(mode)
    said = refused(*command, environ=environ)
    assert f"others may write to the configuration file 'c.toml', whose mode is {mode:04o}" in said
    assert f"chmod go-w {Path('c.toml').resolve()}" in said


@pytest.mark.parametrize(("owner", "is_used"), [(0, True), (1000, True), (1001, False)])
def test_a_file_of_another_user_is_not_used(
    owner: int, is_used: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = with_file("quiet = true\n")
    fstat = os.fstat

    def as_of(handle: int) -> os.stat_result:
        found = list(fstat(handle))
        found[stat.ST_UID] = owner
        return os.stat_result(found)

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "fstat", as_of)
    ended = call("chat", "hi", "--dry-run", environ=environ)
    assert ended.code == (0 if is_used else 2)
    assert ("belongs to another user" in ended.err) is not is_used
