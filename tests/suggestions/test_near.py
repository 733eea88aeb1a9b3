"""Names that are near: the same in other letters, a beginning, a slip or two."""

import pytest

from openai_cli.suggestions.near import near

NAMES = (
    "--temperature", "--system", "--model", "--stop", "--stream", "--stream-options",
    "--max-tokens", "--max-completion-tokens", "--max-time", "--max-retries", "--logprobs",
    "--logit-bias", "--n", "-n", "-q", "-0",
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        # The same name.
        ("--maxTokens", ["--max-tokens"]),
        ("--MAX_TOKENS", ["--max-tokens"]),
        ("-N", ["--n"]),
        # A beginning, of one name, of one that all others begin with, of some, of too many.
        ("--temp", ["--temperature"]),
        ("--sys", ["--system"]),
        ("--stre", ["--stream"]),
        ("--log", ["--logprobs", "--logit-bias"]),
        ("--max", []),
        # A letter put in, left out, changed, swapped; two of them; three.
        ("--temperrature", ["--temperature"]),
        ("--temprature", ["--temperature"]),
        ("--modal", ["--model"]),
        ("--stpo", ["--stop"]),
        ("--tempretature", ["--temperature"]),
        ("--temprture", ["--temperature"]),
        ("--tmprtre", []),
        # The nearest alone.
        ("--mode1", ["--model"]),
        # Nothing is near to it.
        ("--zzqq", []),
        ("-z", []),
        ("--", []),
        ("", []),
    ],
)
def test_the_names_that_are_near(typed: str, found: list[str]) -> None:
    assert near(typed, NAMES) == found


@pytest.mark.parametrize(
    ("typed", "found"), [("lst", ["list"]), ("shw", ["show"]), ("get", []), ("x", []), ("st", [])]
)
def test_of_three_letters_one_may_be_wrong(typed: str, found: list[str]) -> None:
    assert near(typed, ["list", "show", "delete", "it's"]) == found


def test_a_swap_is_one_edit_and_not_two() -> None:
    assert near("tpo", ["top"]) == ["top"]


def test_more_than_three_are_a_guess() -> None:
    assert near("models", ["modela", "modelb", "modelc"]) == ["modela", "modelb", "modelc"]
    assert near("models", ["modela", "modelb", "modelc", "modeld"]) == []


def test_one_letter_is_an_edit_away_from_any_two() -> None:
    assert near("x", ["ax"]) == []
    assert near("ax", ["x"]) == []
