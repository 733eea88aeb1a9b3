"""The command tree: commands of one word and of two."""

import gc
import signal
from contextlib import suppress

import pytest

from openai_cli import app
from openai_cli.errors import ENDING, CliError, Terminated
from tests.flags.commandline import call, refused


def test_a_group_is_a_line_of_the_help_and_names_its_own_commands() -> None:
    shown = call("--help").out.decode()
    assert "\n  models  " in shown
    assert "models list" not in shown
    ended = call("models", "--help")
    assert ended.code == 0
    assert ended.out.decode().startswith("Usage: openai-cli models [OPTIONS] COMMAND")
    assert "\n  list  " in ended.out.decode()
    assert "chat" not in ended.out.decode()


@pytest.mark.parametrize("words", [[], ["models"], ["config"], ["image"], ["key"]])
def test_the_program_or_a_group_alone_shows_its_help(words: list[str]) -> None:
    ended = call(*words)
    assert ended == call(*words, "--help")
    assert ended.code == 0
    assert ended.err == ""


def test_a_command_of_two_words_has_help() -> None:
    assert call("models", "list", "--help").out.decode().startswith("Usage: openai-cli models list")


def test_the_commands_stand_in_their_order() -> None:
    shown = call("--help").out.decode()
    names = ("complete", "chat", "tokens", "cost", "cost diff", "batch", "models", "key",
             "config", "sandbox", "vector-stores")  # fmt: skip
    places = [shown.index(f"\n  {name} ") for name in names]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["chatt"], "no such command: chatt; did you mean chat?"),
        (["models", "lst"], "no such command: models lst; did you mean list?"),
        (["modls"], "no such command: modls; did you mean models?"),
        (["models", "chat"], "no such command: models chat; openai-cli models --help lists"),
        (["nosuch"], "no such command: nosuch; openai-cli --help lists the commands"),
        (["config", "shw"], "no such command: config shw; did you mean show?"),
        (["key", "st"], "no such command: key st; did you mean set?"),
    ],
)
def test_what_is_no_command(arguments: list[str], problem: str) -> None:
    assert problem in refused(*arguments)


@pytest.mark.parametrize(("number", "code"), ENDING.items())
def test_a_signal_passes_what_takes_failures(number: signal.Signals, code: int) -> None:
    handler = app._ending()
    with pytest.raises(Terminated) as ended, suppress(CliError, Exception):
        handler(number, None)
    assert ended.value.exit_code == code == 128 + number


def test_signals_of_one_end_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 100.4, 102.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    handler = app._ending()
    with pytest.raises(Terminated):
        handler(signal.SIGHUP, None)
    handler(signal.SIGHUP, None)
    with pytest.raises(Terminated):
        handler(signal.SIGTERM, None)


BARE = "0123456789abcdefmadeup0123456789"


@pytest.mark.parametrize("key", ["sk-made-up", "sk-proj-made-up-0123", BARE])
@pytest.mark.parametrize(
    "arguments",
    [
        ("chat", "hi", "--api-key-file", "{}"),
        ("chat", "hi", "--api-key-file={}"),
        ("key", "{}"),
        ("{}",),
        ("chat", "hi", "{}"),
        ("chat", "-k{}", "hi"),
        ("key", "set", "--store", "{}"),
        ("key", "set", "{}"),
        ("chat", "hi", "--timeout", "{}"),
        ("chat", "hi", "--base-url", "{}"),
        ("chat", "hi", "--header", "{}"),
        ("chat", "hi", "--profile", "{}"),
        ("chat", "-c", "/no/such/{}"),
        ("api", "{}", "/models"),
    ],
)
def test_what_may_be_a_key_is_never_repeated(arguments: tuple[str, ...], key: str) -> None:
    ended = call(*(argument.format(key) for argument in arguments))
    assert ended.code in (2, 3)
    assert "made" not in ended.err


@pytest.mark.parametrize("value", ["1795392000000", "9" * 20, "9" * 5000])
def test_a_date_that_is_none_is_wrong_usage(value: str) -> None:
    said = refused("cost", "hi", environ={"SOURCE_DATE_EPOCH": value})
    assert "SOURCE_DATE_EPOCH must be in seconds since 1970" in said


@pytest.mark.parametrize(
    "arguments", [("transcribe", "na\udcffme.wav"), ("files", "upload", "\udcff", "--purpose", "x")]
)
def test_a_name_that_is_no_utf8_can_go_by_stdin(arguments: tuple[str, ...]) -> None:
    said = refused(*arguments)
    assert "is not UTF-8 at byte offset" in said
    assert "- < FILE, with --filename NAME" in said


def test_a_command_collects_its_own_garbage_alone() -> None:
    threshold = gc.get_threshold()
    gc.disable()
    try:
        call("chat", "hi", "--dry-run")
        assert gc.isenabled()
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.enable()
        gc.unfreeze()
        gc.set_threshold(*threshold)
