"""A command that there is not, and what is said instead of it."""

import pytest

from openai_cli.commands import COMMANDS, GROUPS
from openai_cli.suggestions import command_synonyms
from tests.flags.commandline import refused


def hint(*arguments: str) -> str:
    """What is said behind the command that there is not."""
    said = refused(*arguments)
    assert said.startswith("openai-cli: error: no such command: ")
    return said.partition("; ")[2].rstrip("\n")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("compl", "complete"),
        ("trans", "transcribe or translate"),
        ("resp", "respond or responses"),
        ("models sh", "show"),
        ("files del", "delete"),
        ("Chat", "chat"),
        ("count", "tokens"),
        ("ask", "chat"),
        ("run", "chat"),
        ("embedding", "embed"),
        ("embeddings create", "embed"),
        ("price", "cost"),
        ("prices", "cost"),
        ("login", "key set"),
        ("auth", "key set"),
        ("set-key", "key set"),
        ("set_key", "key set"),
        ("keys set", "key set"),
        ("logout", "key delete"),
        ("model", "models"),
        ("images", "image"),
        ("images generate", "image generate"),
        ("whisper", "transcribe"),
        ("tts", "speak"),
        ("chat.completions.create", "chat"),
        ("audio:speech", "speak"),
        ("models.list", "models list"),
        ("models get", "show"),
        ("models ls", "list"),
        ("files rm", "delete"),
        ("files create", "upload"),
        ("files download", "content"),
        ("image create", "generate"),
        ("image variation", "vary"),
        ("key get", "show"),
        ("key rm", "delete"),
        ("key test", "check"),
        ("responses stop", "cancel"),
        ("responses create", "openai-cli respond"),
        ("config get", "show"),
        ("config file", "path"),
    ],
)
def test_what_was_meant(typed: str, meant: str) -> None:
    assert hint(*typed.split()) == f"did you mean {meant}?"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("completion", "openai-cli complete completes a text; openai-cli --install-completion "),
        ("generate", "openai-cli chat answers a message; openai-cli image generate makes "),
        ("usage", "openai-cli cost ledger adds up what was spent; openai-cli cost shows what "),
        ("version", "openai-cli --version shows the version"),
        ("help", "openai-cli --help lists the commands; "),
        ("help chat", "openai-cli chat --help shows how to use it"),
        ("help models list", "openai-cli models list --help shows how to use it"),
        ("get", "openai-cli api GET PATH gets it"),
        ("rm", "a verb comes after its object, as in openai-cli models list"),
        ("ls", "a verb comes after its object, as in openai-cli models list"),
        ("config edit", "openai-cli config path prints the name of the file to edit"),
    ],
)
def test_where_there_is_no_one_command_a_sentence_says_what_to_do(typed: str, says: str) -> None:
    assert hint(*typed.split()).startswith(says)


def test_a_message_is_told_of_its_command() -> None:
    said = refused("What's 2+2?")
    assert "no such command: 'What'\"'\"'s 2+2?'; " in said
    assert "to ask a model: openai-cli chat 'What'\"'\"'s 2+2?'" in said


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("zzqq", "openai-cli --help lists the commands"),
        ("models zzqq", "openai-cli models --help lists the commands"),
        ("key upload", "openai-cli key --help lists the commands"),
    ],
)
def test_where_nothing_is_meant_the_help_is_named(typed: str, says: str) -> None:
    assert hint(*typed.split()) == says


def test_the_table_leads_to_what_there_is() -> None:
    names = {*COMMANDS, *GROUPS}
    for ways in command_synonyms.COMMANDS.values():
        assert all(way in names or "openai-cli " in way for way in ways), ways
    verbs = {name.split()[1] for name in COMMANDS if " " in name}
    for ways in command_synonyms.VERBS.values():
        assert verbs & {*ways}, ways
