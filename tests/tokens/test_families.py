"""Which family a model is of, and what its bills have shown."""

import pytest

from openai_cli.errors import UsageError
from openai_cli.tokens.families import FAMILIES, family_of, hidden_tokens, is_billed


@pytest.mark.parametrize(
    ("model", "family", "billed"),
    [
        ("gpt-3.5-turbo-0125", "gpt-4", True),
        ("gpt-35-turbo", "gpt-4", True),
        ("gpt-3.5-turbo-0301", "gpt-3.5-turbo-0301", True),
        ("gpt-4-0125-preview", "gpt-4", True),
        ("gpt-4-turbo-2024-04-09", "gpt-4", True),
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o-mini-2024-07-18", "gpt-4o", True),
        ("ft:gpt-4o-mini-2024-07-18:org::id", "gpt-4o", True),
        ("gpt-4.1-nano", "gpt-4o", True),
        ("gpt-4.5-preview", "gpt-4o", False),
        ("chatgpt-4o-latest", "gpt-4o", False),
        ("gpt-5-chat-latest", "gpt-4o", False),
        ("o3-mini-2025-01-31", "o3-mini", True),
        ("o1-mini", "o3-mini", False),
        ("gpt-5", "gpt-5", True),
        ("gpt-5.1", "gpt-5", False),
        ("gpt-5.2-2025-12-11", "gpt-5", True),
        ("gpt-5.4", "gpt-5.6", True),
        ("gpt-5.6-terra", "gpt-5.6", True),
        ("gpt-5.6-luna", "gpt-5.6", False),
        ("gpt-6-luna", "gpt-5.6", False),
        ("gpt-12-nova", "gpt-5.6", False),
        ("davinci-002", "gpt-4", False),
    ],
)
def test_families(model: str, family: str, billed: bool) -> None:
    assert family_of(model).name == family
    assert is_billed(model) == billed


def test_each_family_has_seen_messages_of_a_model() -> None:
    for family in FAMILIES:
        assert any(part.endswith(" messages") for part in family.seen), family.name
        for part in family.seen:
            assert part.startswith(("/chat/completions ", "/responses "))


def test_a_name_that_nobody_knows() -> None:
    with pytest.raises(UsageError):
        family_of("my-llama")


def test_what_was_hidden_and_billed() -> None:
    assert hidden_tokens("gpt-4o-2024-08-06") == (18, 216)
    assert hidden_tokens("gpt-4o-mini") is None
