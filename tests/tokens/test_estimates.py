"""What the client cannot know of a prompt: medians of bills, with their range."""

from typing import Any

import pytest

from openai_cli.tokens.estimates import HOSTED
from openai_cli.tokens.messages import count_request

Json = dict[str, Any]


def counted(tool: Json, model: str = "gpt-5") -> Any:
    return count_request({"model": model, "input": "hello", "tools": [tool]})


@pytest.mark.parametrize("kind", HOSTED)
def test_a_hosted_tool_is_the_median_of_its_bills(kind: str) -> None:
    tokens, least, most = HOSTED[kind]
    assert least <= tokens <= most
    found = counted({"type": kind})
    assert found == 7 + tokens
    assert found.most is None
    assert found.doubts == (
        f"tools[0] ({kind}) is counted as {tokens:,} tokens: bills had {least:,} to {most:,}",
    )


def test_the_search_of_gpt_4o() -> None:
    for kind in ("web_search_preview", "web_search_preview_2025_03_11"):
        found = counted({"type": kind}, model="gpt-4.1")
        assert found == 8 + 294
        assert found.most == found
        assert found.doubts == (f"tools[0] ({kind}): what it finds was not billed yet",)
    found = counted({"type": "web_search"}, model="gpt-4.1")
    assert found == 8 + 294 + 17_339
    assert found.most is None


def test_a_search_of_ones_own_tools() -> None:
    found = counted({"type": "tool_search", "execution": "client"}, model="gpt-5.6-sol")
    assert found == 7 + 146
    assert found.most == found + 146


def test_a_compacted_conversation() -> None:
    items = [{"type": "compaction", "encrypted_content": "g"}, {"role": "user", "content": "hello"}]
    found = count_request({"model": "gpt-5", "input": items})
    assert found == 7 + 268
    assert found.unbounded == (
        "input[0] (compaction) is counted as 268 tokens: bills had 263 to 273",
    )


def test_reasoning_that_is_short_is_something() -> None:
    def thought(encrypted: str) -> int:
        item = {"type": "reasoning", "summary": [], "encrypted_content": encrypted}
        items = [{"role": "user", "content": "hello"}, item]
        return count_request({"model": "gpt-5.5", "input": items}) - 7

    assert thought("g" * 1060) == 30
    assert thought("g") == 2
    assert thought("g" * 11_060) == 30 + 1500
