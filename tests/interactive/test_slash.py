"""What is a command and what is text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.commands.interactive.session import folded
from openai_cli.commands.interactive.slash import (
    COMMANDS,
    SlashCall,
    help_text,
    parsed,
    typed_here,
)
from openai_cli.errors import UsageError


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/undo", SlashCall("/undo", "")),
        ("/undo  ", SlashCall("/undo", "")),
        ("/undo\n", SlashCall("/undo", "")),
        ("/model gpt-4o", SlashCall("/model", "gpt-4o")),
        ("/model\tgpt-4o ", SlashCall("/model", "gpt-4o")),
        ("/system  Be brief,  please", SlashCall("/system", "Be brief,  please")),
        ("/system\nBe brief,\n  please\n", SlashCall("/system", "Be brief,\n  please")),
        ("/system \nBe brief", SlashCall("/system", "Be brief")),
        ("/set stop [\n]", "/set stop [\n]"),
        ("/set\nstop [\n]", SlashCall("/set", "stop [\n]")),
        ("//undo", "/undo"),
        ("///", "//"),
        ("//a\n/b", "/a\n/b"),
        ("/etc/hosts\nis a file", "/etc/hosts\nis a file"),
        ("/udno\n", "/udno\n"),
        (" /undo", " /undo"),
        ("a /undo", "a /undo"),
        ("a\n/undo", "a\n/undo"),
        ("", ""),
    ],
)
def test_what_is_meant(typed: str, meant: SlashCall | str) -> None:
    assert parsed(typed) == meant


@pytest.mark.parametrize(
    ("typed", "problem", "hint"),
    [
        ("/udno", "no such command: /udno", "did you mean /undo?"),
        ("/UNDO", "no such command: /UNDO", "//UNDO is sent as text"),
        ("/", "no such command: /", "/help lists them"),
        ("/ undo", "no such command: /", "/help lists them"),
        ("/undo all", "/undo takes no argument, but got 'all'", ""),
        ("/exit\nnow", "/exit takes no argument, but got 'now'", ""),
    ],
)
def test_what_is_refused(typed: str, problem: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        parsed(typed)
    assert raised.value.problem == problem
    assert hint in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        ("--model names another model", "/model names another model"),
        ("--max-completion-tokens lowers it", "/set max_completion_tokens lowers it"),
        ("did you mean --audio voice=alloy?", "did you mean /set audio voice=alloy?"),
        ("--context-limit sets it", "--context-limit sets it (a flag of openai-cli chat -i)"),
        ("openai-cli key set stores one", "openai-cli key set stores one"),
    ],
)
def test_a_hint_names_what_can_be_typed_in_a_conversation(hint: str, told: str) -> None:
    assert typed_here(hint, {"max_completion_tokens", "audio", "model"}) == told


@given(st.text())
def test_two_slashes_send_any_text_that_begins_with_one(text: str) -> None:
    assert parsed(f"//{text}") == f"/{text}"


@given(st.text(alphabet=st.sampled_from("/ \t\naemtuxdonsy")))
def test_all_that_is_typed_means_something(typed: str) -> None:
    try:
        meant = parsed(typed)
    except UsageError:
        assert typed.startswith("/")
        return
    if isinstance(meant, SlashCall):
        assert meant.name in COMMANDS
        assert typed.split(maxsplit=1)[0] == meant.name
    else:
        assert meant in (typed, typed[1:])


def test_on_a_narrow_terminal_a_summary_stands_beneath_its_command() -> None:
    lines = help_text(kept_in=None, columns=79).splitlines()
    assert lines[:4] == [
        "/help",
        "  show this",
        "/system [TEXT]",
        "  show or set the system message",
    ]


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("one two three", 8, "one two\nthree"),
        ("one two three", None, "one two three"),
        ("say --max-tokens", 10, "say\n--max-tokens"),
        ("  one two\n\nx", 6, "  one\n  two\n\nx"),
    ],
)
def test_what_a_command_prints_is_broken_between_words(
    text: str, columns: int | None, shown: str
) -> None:
    assert folded(text, columns) == shown


@pytest.mark.parametrize("columns", [80, None])
def test_the_help_fits_a_terminal(columns: int | None) -> None:
    text = help_text(kept_in=None, columns=columns)
    assert max(map(len, text.splitlines())) <= 80
    assert all(name in text for name in COMMANDS)
    assert "trip.json" in help_text(kept_in="trip.json", columns=columns)
