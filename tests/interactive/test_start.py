"""What is loaded for a conversation."""

import pytest

from tests.test_layers import loaded_by


@pytest.mark.parametrize(
    "arguments",
    [["chat", "-i", "--sandbox"], ["chat", "--dry-run", "hello"], ["chat", "--help"]],
    ids=" ".join,
)
def test_without_a_terminal_nothing_of_it_is_loaded(arguments: list[str]) -> None:
    loaded = {name.partition(".")[0] for name in loaded_by(*arguments)}
    assert not loaded & {"prompt_toolkit", "rich", "markdown_it"}


def test_other_calls_load_nothing_interactive() -> None:
    loaded = loaded_by("chat", "--dry-run", "hello")
    assert not [name for name in loaded if "interactive" in name or "rendering" in name]
