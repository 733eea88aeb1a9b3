"""What Typer is made to do: spellings of flags, and errors that say what to type instead."""

from typing import Any

import pytest

from openai_cli.app import tree
from openai_cli.commands import declared
from openai_cli.flags.adapter import Invocation, command, parts_of
from tests.flags.commandline import body, call, refused, user_text


def bound_of(*arguments: str) -> Invocation[Any]:
    """What a command line is bound to."""
    bound = tree().main(list(arguments), prog_name="openai-cli", standalone_mode=False)
    assert isinstance(bound, Invocation)
    return bound


def options_of(*arguments: str) -> Any:
    """The options dataclass that a command line makes."""
    return bound_of(*arguments).options


@pytest.mark.parametrize(
    ("typed", "name", "value"),
    [
        (("--max_tokens", "5"), "max_tokens", 5),
        (("--max_tokens=5",), "max_tokens", 5),
        (("--max-tokens=5",), "max_tokens", 5),
        (("--max_completion-tokens", "5"), "max_completion_tokens", 5),
        (("--no_store",), "store", False),
        (("--parallel_tool_calls",), "parallel_tool_calls", True),
        (("--no-parallel_tool_calls",), "parallel_tool_calls", False),
        (("--tool_choice", "a_b"), "tool_choice", "a_b"),
        (("-n3",), "n", 3),
        (("-mm_x",), "model", "m_x"),
        (("-qn3",), "n", 3),
    ],
)
def test_spellings(typed: tuple[str, ...], name: str, value: object) -> None:
    assert body("chat", "hi", *typed)[name] == value


@pytest.mark.parametrize(
    ("typed", "flags"),
    [
        ((), []),
        (("--no-quiet", "--max_tokens=5", "-m", "m"), ["--max-tokens", "--model", "--quiet"]),
        (("-qm", "m", "--", "--json"), ["--json", "--model", "--quiet"]),
    ],
)
def test_only_flags_that_are_typed_are_made(typed: tuple[str, ...], flags: list[str]) -> None:
    made = command(*declared("chat"))
    made.main(list(typed), standalone_mode=False)
    assert sorted(flags_made(made)) == flags


def test_a_command_and_a_group_of_which_no_flag_is_typed_make_none() -> None:
    for made, typed in ((command(*declared("models list")), []), (tree(), ["models", "list"])):
        made.main(typed, standalone_mode=False)
        assert flags_made(made) == []


def flags_made(command: Any) -> list[str]:
    """The first spellings of the flags that a command has made for Typer."""
    return [one.opts[0] for one in command.params if one.param_type_name == "option"]


def test_a_flag_stands_before_or_after_the_text() -> None:
    assert body("chat", "--n", "2", "hi") == body("chat", "hi", "--n", "2")


def test_only_what_was_given_is_in_the_body() -> None:
    def no_file(flag: str, path: str) -> bytes:
        raise AssertionError(f"{flag} read '{path}'")

    assert parts_of(options_of("chat", "hi"), no_file) == ({}, {}, {}, {})
    given = options_of("complete", "hi", "--no-echo", "--stop", "a", "--json", "--n", "1")
    assert parts_of(given, no_file).body == {"echo": False, "n": 1, "stop": ["a"]}


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("files show file-1", ({"file_id": "file-1"}, {}, {}, {})),
        ("files delete a b", ({"file_id": ["a", "b"]}, {}, {}, {})),
        ("files list --limit 2 --order asc", ({}, {"limit": 2, "order": "asc"}, {}, {})),
        (
            "responses show r --stream --include a",
            ({"response_id": "r"}, {"include": ["a"], "stream": True}, {}, {}),
        ),
        ("respond hi --include a --stream", ({}, {}, {"include": ["a"], "stream": True}, {})),
        ("image edit x --image a.png --n 2", ({}, {}, {"n": 2}, {"image": ["a.png"]})),
        ("transcribe --file a.mp3 -m m", ({}, {}, {"model": "m"}, {"file": "a.mp3"})),
    ],
)
def test_a_parameter_knows_its_place(typed: str, parts: tuple[dict[str, object], ...]) -> None:
    assert parts_of(options_of(*typed.split()), lambda _flag, _path: b"") == parts


@pytest.mark.parametrize(
    ("typed", "given"),
    [
        (("chat",), set()),
        (("chat", "hi"), {"text"}),
        (("chat", "--no-quiet", "--color", "auto", "-m", "m"), {"quiet", "color", "model"}),
        (("chat", "--stop", "a", "--stop", "b", "-c", "f"), {"stop", "conversation"}),
        (("models", "list", "--no_local"), {"local"}),
    ],
)
def test_what_stands_on_the_command_line_is_known(typed: tuple[str, ...], given: set[str]) -> None:
    bound = bound_of(*typed)
    assert bound.given == given
    assert bound.command == "models list" if typed[0] == "models" else "chat"


@pytest.mark.parametrize("command", ["chat", "complete"])
@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("--max-token", "--max-tokens"),
        ("--max_token", "--max-tokens"),
        ("--temprature", "--temperature"),
        ("--dryrun", "--dry-run"),
    ],
)
def test_a_mistyped_flag_suggests_the_near_one(command: str, typed: str, near: str) -> None:
    message = refused(command, "hi", typed, "300")
    assert f"no such option: --{typed[2:].replace('_', '-')}" in message
    assert f"did you mean {near}?" in message


@pytest.mark.parametrize("text", ["- foo", "-5 degrees", "-> what is this?", "--- a/file", "-é"])
def test_a_text_that_starts_as_an_option_is_told_of_two_dashes(text: str) -> None:
    message = refused("chat", text)
    assert f"openai-cli chat -- '{text}'" in message
    assert user_text("--", text) == text


def test_an_extra_argument_is_named() -> None:
    message = refused("chat", "hello", "world")
    assert "unexpected argument 'world'" in message
    assert "quotes" in message


def test_an_option_without_its_value() -> None:
    assert "--temperature" in refused("chat", "hi", "--temperature")


def test_a_switch_takes_no_value() -> None:
    assert "--store" in refused("chat", "hi", "--store=yes")


def test_a_scalar_that_is_given_twice_with_two_values_is_refused() -> None:
    for typed, flag in (
        (("chat", "hi", "-m", "a", "-m", "b"), "--model"),
        (("chat", "hi", "--model=a", "-mb"), "--model"),
        (("chat", "hi", "--max_tokens", "1", "--max-tokens", "2"), "--max-tokens"),
        (("chat", "hi", "--system", "a", "--system", "b"), "--system"),
        (("chat", "hi", "-o", "a", "--output", "b"), "--output"),
        (("tokens", "hi", "-m", "gpt-4", "-m", "gpt-5"), "--model"),
        (("models", "list", "--timeout", "1", "--timeout", "2"), "--timeout"),
        (("api", "GET", "/models", "--query", "a", "--query", "b"), "--query"),
    ):
        assert f"error: {flag} is given twice, with two values\n" in refused(*typed)


def test_the_same_value_twice_what_is_repeated_and_both_forms_of_a_switch_are_taken() -> None:
    assert body("chat", "hi", "-m", "a", "--model", "a")["model"] == "a"
    assert body("chat", "hi", "--stop", "a", "--stop", "b")["stop"] == ["a", "b"]
    assert body("chat", "hi", "--store", "--no-store")["store"] is False
    assert call("cost", "hi", "-m", "gpt-4", "-m", "gpt-5").code == 0


@pytest.mark.parametrize("flag", ["--temperature", "--n", "--seed", "--top-p"])
def test_an_empty_number_is_refused(flag: str) -> None:
    assert f"{flag[2:].replace('-', '_')} must be " in refused("chat", "hi", f"{flag}=")


def test_a_near_command_is_suggested() -> None:
    assert "did you mean chat?" in refused("chta", "hi")


@pytest.mark.parametrize("command", ["chat", "complete"])
def test_help_needs_nothing_else_and_fits_80_columns(command: str) -> None:
    ended = call(command, "--help")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.decode().splitlines()
    assert max(map(len, lines)) <= 80
    titles = ("Arguments:", "Options:", "API parameters:", "Input:", "Output:", "Connection:")
    assert [line for line in lines if line in titles] == list(titles)
    assert call(command, "-h").out == ended.out


@pytest.mark.parametrize("flag", ["--key", "--api-key", "--zzqq"])
def test_what_was_given_to_a_flag_that_there_is_not_is_not_said_again(flag: str) -> None:
    """It may be a key."""
    message = refused("chat", f"{flag}=sk-made-up-1234", "hi")
    assert f"no such option: {flag}; " in message
    assert "sk-made-up" not in message


@pytest.mark.parametrize("command", ["chat", "respond", "complete", "embed", "tokens", "cost"])
def test_an_empty_model_is_refused(command: str) -> None:
    assert "model must not be empty" in refused(command, "hi", "-m", "")


@pytest.mark.parametrize("name", ["-", ""])
def test_a_conversation_is_in_a_file_with_a_name(name: str) -> None:
    said = f"error: --continue takes the name of a file, not '{name}'; for example: "
    assert said in refused("chat", "hi", "-c", name)
    assert said in refused("chat", "-i", "-c", name, stdin=b"hi\n")
