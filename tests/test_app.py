"""The command tree: commands of one word and of two."""

import pytest

from tests.flags.commandline import call, refused


def test_the_help_names_the_commands_of_a_group() -> None:
    assert "\n  models list " in call("--help").out.decode()
    ended = call("models", "--help")
    assert ended.code == 0
    assert ended.out.decode().startswith("Usage: openai-cli models [OPTIONS] COMMAND")
    assert "\n  list  " in ended.out.decode()
    assert "chat" not in ended.out.decode()


def test_a_command_of_two_words_has_help() -> None:
    assert call("models", "list", "--help").out.decode().startswith("Usage: openai-cli models list")


def test_the_commands_stand_in_their_order() -> None:
    shown = call("--help").out.decode()
    names = ("complete", "chat", "tokens", "cost", "models list", "key set", "config show",
             "config path", "config check", "sandbox")  # fmt: skip
    places = [shown.index(f"\n  {name} ") for name in names]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["chatt"], "no such command: chatt; did you mean chat?"),
        (["models", "lst"], "no such command: models lst; did you mean list?"),
        (["modls"], "no such command: modls; did you mean models?"),
        (["models", "chat"], "no such command: models chat; openai-cli models --help lists"),
        (["list"], "no such command: list; openai-cli --help lists the commands"),
        (["config", "shw"], "no such command: config shw; did you mean show?"),
        (["key", "get"], "no such command: key get; did you mean set?"),
        (["models"], "missing command; openai-cli models --help shows how to use it"),
        ([], "missing command; openai-cli --help shows how to use it"),
    ],
)
def test_what_is_no_command(arguments: list[str], problem: str) -> None:
    assert problem in refused(*arguments)
