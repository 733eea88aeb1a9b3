"""Estimate the parts of a prompt that the client cannot know, by the medians of bills.

A range is that of the observed bills; it is not a bound.
"""

from openai_cli.records import NamedTuple
from openai_cli.tokens.prompt import Prompt


class Estimate(NamedTuple):
    """The median tokens of a part, and the fewest and most that were billed for one."""

    tokens: int
    least: int
    most: int


# By kind of tool, for gpt-5 and later, if each is used once.
HOSTED = {
    "web_search": Estimate(8592, 294, 116_000),
    "image_generation": Estimate(1875, 342, 2800),
    "file_search": Estimate(1142, 846, 1154),
    "code_interpreter": Estimate(2110, 1320, 3709),
    "mcp": Estimate(93, 54, 5303),
    "tool_search": Estimate(561, 381, 597),
}

# Web search of gpt-4o and gpt-4.1: the definition was billed the same in 8 of 8 bills, and results
# were billed except for the preview tool.
SEARCH = 294
_SEARCHED = Estimate(17_339, 8592, 116_000)

# A tool_search that the client executes.
OWN_SEARCH = 146

COMPACTION = Estimate(268, 263, 273)

# Encrypted reasoning, in characters and tokens: of 28 items, half were within 10 %, 24 within 20 %.
_REASONING_HEAD = 1060
_REASONING_LEAST = 30
_HUNDREDTHS = 15


def add_hosted(kind: str, place: str, prompt: Prompt, *, own: bool = False) -> None:
    """Count a hosted tool of type `kind` at `place` in the body."""
    name = kind.partition("_20")[0]
    if own and name == "tool_search":
        prompt.overhead += OWN_SEARCH
        prompt.doubt(f"{place} ({kind}): one bill had {OWN_SEARCH} tokens for it", OWN_SEARCH)
    elif name.startswith("web_search") and prompt.family.name == "gpt-4o":
        prompt.overhead += SEARCH
        if name == "web_search_preview":
            prompt.doubt(f"{place} ({kind}): what it finds was not billed yet")
        else:
            _add(f"{place} ({kind})", _SEARCHED, prompt, by_calls=True)
    elif (estimate := HOSTED.get(name.removesuffix("_preview"))) is not None:
        _add(f"{place} ({kind})", estimate, prompt, by_calls=True)
    else:
        problem = f"{place} is not counted: no bill had a tool of type {kind}"
        prompt.doubt(problem, None, by_calls=True)


def add_compaction(place: str, prompt: Prompt) -> None:
    """Count a compaction item, which replaces a part of the conversation."""
    _add(f"{place} (compaction)", COMPACTION, prompt)


def add_reasoning(encrypted: str, place: str, prompt: Prompt) -> None:
    """Count the reasoning of the current turn by the length of its encrypted text."""
    if not encrypted:
        prompt.doubt(f"{place} is not counted: the reasoning is on the server", None)
        return
    told = (len(encrypted) - _REASONING_HEAD) * _HUNDREDTHS // 100
    tokens = max(2, _REASONING_LEAST + told)
    prompt.overhead += tokens
    most = len(encrypted) * 3 // 4  # one token per byte
    prompt.doubt(
        f"{place}: {tokens:,} tokens of reasoning are estimated from its length, within 20 %",
        max(0, most - tokens),
    )


def _add(what: str, estimate: Estimate, prompt: Prompt, *, by_calls: bool = False) -> None:
    tokens, least, most = estimate
    prompt.overhead += tokens
    problem = f"{what} is counted as {tokens:,} tokens: bills had {least:,} to {most:,}"
    prompt.doubt(problem, None, by_calls=by_calls)
