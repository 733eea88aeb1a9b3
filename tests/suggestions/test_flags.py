"""A flag that a command has not, and what is said instead of it."""

import itertools

import pytest

from openai_cli.commands import COMMANDS, declared
from openai_cli.flags.adapter import flags_of
from openai_cli.suggestions.flag_synonyms import FLAGS
from openai_cli.suggestions.ways import needed
from tests.conftest import MADE_UP_KEY
from tests.flags.commandline import body, refused, user_text


def hint(*arguments: str) -> str:
    """What is said behind the flag that there is not."""
    said = refused(*arguments)
    assert said.startswith("openai-cli: error: no such option: -")
    return said.partition("; ")[2].rstrip("\n")


@pytest.mark.parametrize("name", ["chat", "complete", "respond", "transcribe", "translate"])
def test_a_beginning_is_taken_for_the_one_flag_that_begins_so(name: str) -> None:
    assert hint(*name.split(), "x", "--temp", "1") == "did you mean --temperature?"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("chat --json-schema", "--schema"),
        ("respond --json-schema", "--schema"),
        ("chat --image", "--attach"),
        ("respond --images", "--attach"),
        ("image vary --file", "--image"),
        ("transcribe --path", "--file"),
        ("tokens --file", "--files"),
        ("cost -f", "--files"),
        ("chat --verbose", "--debug"),
        ("embed -v", "--debug"),
        ("chat -s", "--system"),
        ("respond -s", "--instructions"),
        ("embed -s", "--quiet"),
        ("chat -t", "--temperature"),
        ("tokens -t", "--first"),
        ("chat -f", "--attach"),
        ("respond --system", "--instructions"),
        ("chat --instructions", "--system"),
        ("chat --max-output-tokens", "--max-completion-tokens"),
        ("respond --max-tokens", "--max-output-tokens"),
        ("complete --max-output-tokens", "--max-tokens"),
        ("speak --format", "--response-format"),
        ("image generate --format", "--output-format"),
        ("embed --format", "--encoding-format"),
        ("tokens --format", "--json"),
        ("chat --model-name", "--model"),
        ("chat -H", "--header"),
        ("chat -d", "--body"),
        ("files list --all", "--limit"),
        ("chat --no-color", "--color never"),
        ("respond --reasoning-effort", "--reasoning effort=low"),
    ],
)
def test_the_name_of_another_tool_stands_for_the_flag_of_the_command(
    typed: str, meant: str
) -> None:
    assert hint(*typed.split()) == f"did you mean {meant}?"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("embed --schema", "openai-cli chat --schema asks for JSON that matches a schema"),
        ("chat --jq", "--query takes JMESPath, as choices[0].message.content"),
        ("tokens --jq", "| jq … takes JSON"),
        ("chat --last", "--continue FILE continues the conversation in FILE"),
        ("respond -c", "--previous-response-id ID continues after a response"),
        ("cost --compare", "openai-cli cost -m NAME -m NAME compares what models cost"),
        ("chat --count", "--n asks for several choices; openai-cli tokens counts a text"),
        ("chat --prompt", "the text needs no flag: openai-cli chat 'TEXT'"),
        ("embed --file", "openai-cli embed < FILE takes the TEXT from a file"),
        ("tokens --lines", "--jsonl counts a field of each line of a file"),
        ("chat -X", "openai-cli api METHOD PATH sends any method"),
        ("embed --no-stream", "this command never streams its answer"),
        ("chat --no-log", "nothing is logged without --usage-file or a ledger"),
        ("chat --yes", "this command asks for no confirmation"),
        ("chat --version", "openai-cli --version shows the version"),
    ],
)
def test_where_there_is_no_such_flag_a_sentence_says_what_to_do(typed: str, says: str) -> None:
    assert hint(*typed.split()) == says


@pytest.mark.parametrize("typed", ["models list --prompt", "embed --image", "tokens --zzqq"])
def test_where_nothing_is_meant_the_help_is_named(typed: str) -> None:
    *words, _flag = typed.split()
    assert hint(*typed.split()).startswith(f"openai-cli {' '.join(words)} --help lists the flags")


def test_a_parameter_without_a_flag_has_a_way() -> None:
    assert hint("chat", "hi", "--mirostat", "1").endswith("--help lists the flags; "
        "--param NAME=VALUE sends a parameter that has none")  # fmt: skip
    assert "--param" not in hint("tokens", "hi", "--zzqq")


@pytest.mark.parametrize("flag", ["--key", "--api-key", "--apikey", "--token", "-k"])
@pytest.mark.parametrize("command", ["chat", "models list", "cost", "tokens", ""])
@pytest.mark.parametrize("key", [MADE_UP_KEY, "a-pass-word-made-up"])
def test_a_key_is_never_said_again(flag: str, command: str, key: str) -> None:
    words = command.split()
    values = [[flag, key], [f"{flag}={key}"], [f"{flag} {key}"], [f"{flag}{key}"]]
    # Without a sign between, a long name is another name, and may be said again.
    for typed in values if flag == "-k" else values[:3]:
        said = refused(*words, *typed, *([] if words else ["chat"]))
        assert "made-up" not in said
        assert (
            f"no such option: {flag}; no flag takes a key, because others could see it: set "
            in said
        )
        assert ("--api-key-file FILE" in said) == (command not in ("", "cost"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("-model", "--model"),
        ("-model=gpt-4", "--model"),
        ("-max_tokens", "--max-tokens"),
        ("-output", "--output"),
        ("-temperature", "--temperature"),
        ("-temp", "--temperature"),
        ("-help", "--help"),
    ],
)
def test_a_long_flag_with_one_dash_is_not_taken_for_short_ones(typed: str, meant: str) -> None:
    """`-model` is `-m odel`, and `-output` would write a file named utput."""
    assert hint("chat", "hi", typed, "x") == f"did you mean {meant}?"


def test_short_flags_with_their_values_are_taken() -> None:
    assert body("chat", "hi", "-mo1")["model"] == "o1"
    assert body("chat", "hi", "-n3")["n"] == 3
    assert user_text("--", "-model") == "-model"
    assert body("chat", "hi", "--stop", "-model")["stop"] == ["-model"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("-m x chat hi", "the flags of a command come after its name: openai-cli chat -m"),
        ("--json models list", "the flags of a command come after its name: "
         "openai-cli models --json"),
        ("models --json list", "the flags of a command come after its name: "
         "openai-cli models list --json"),
        ("--json", "the flags of a command come after its name: openai-cli COMMAND --json"),
        ("--stream chat", "the flags of a command come after its name: openai-cli chat --stream"),
        ("-v", "did you mean --version?"),
        ("-V", "did you mean --version?"),
        ("--versoin", "did you mean --version?"),
        ("models --hlep", "did you mean --help?"),
    ],
)  # fmt: skip
def test_a_flag_before_its_command(typed: str, says: str) -> None:
    assert hint(*typed.split()) == says


FLAGS_OF = {name: flags_of(declared(name).options) for name in COMMANDS}


def test_each_way_is_one_of_some_command() -> None:
    having = [{*names, "TEXT"} for names in (*FLAGS_OF.values(), ["--version"])]
    for flag, ways in FLAGS.items():
        for way in ways:
            assert any({*needed(way)} <= names for names in having), (flag, way)


def test_the_command_lines_of_the_table_are_taken() -> None:
    ways = {way for way in itertools.chain(*FLAGS.values()) if "openai-cli" in way}
    named = {part.split()[1] for way in ways for part in way.split("; ") if "openai-cli " in part
             for part in [part[part.index("openai-cli "):]]}  # fmt: skip
    words = {name.split()[0] for name in COMMANDS} | {"--version"}
    assert named <= words
