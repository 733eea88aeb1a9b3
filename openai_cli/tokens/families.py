"""The differences between families of models in the tokens of a prompt.

OpenAI publishes the message framing of only four models
(https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken) and the format
of gpt-oss (see `harmony`). Everything else here is inferred from bills: bodies that were sent
between 2023 and August 2026, with the input tokens that the API billed; docs/tokens.md says how
many. To add a family, describe in `FAMILIES` how it differs from an existing one, and in `seen`
what its bills contained: everything else is a doubt.
"""

import re
from datetime import date
from functools import lru_cache

from openai_cli.records import NamedTuple
from openai_cli.tokens.encoding import base_of, encoding_for_model

CHAT, RESPONSES = "/chat/completions", "/responses"

# A snapshot's date, in either of its forms.
_DATE = r"-(?:\d{4}-\d\d-\d\d|\d{4})(?=$|-preview)"

_TOOLS = "# Tools\n\n"
_GROUPED = (
    f"{_TOOLS}Tools are grouped by namespace where each namespace has one or more tools defined. "
    "By default, the input for each tool call is a JSON object. If the tool schema has the word "
    "'FREEFORM' input type, you should strictly follow the function description and instructions "
    "for the input format. It should not be JSON unless explicitly instructed by the function "
    "description or system/developer instructions.\n\n"
)


class Headings(NamedTuple):
    """The texts around the definitions of functions.

    `top` precedes them in a message of their own or of the user's; `gap` precedes them after the
    server's own text, which is not billed.
    """

    top: str
    head: str
    foot: str
    gap: str


class Calls(NamedTuple):
    """How an endpoint presents calls and their results to the model.

    `call` is the number of tokens of a call besides its message's frame, its recipient and its
    arguments; `stored` is the same for a call with the server's id. `result` is that of a result
    besides its frame, its function's name and its text. With `are_gathered`, parallel calls form
    one call of multi_tool_use.parallel; with `results_are_gathered`, so do their results.
    """

    call: int
    stored: int
    result: int
    are_gathered: bool
    results_are_gathered: bool


class Family(NamedTuple):
    """Models with the same prompt format.

    `models` is a pattern for their names. `billed` are the models with at least one bill, and
    `seen` the parts that the bills contained, as "ENDPOINT PART". A message takes its frame,
    `message`, its role and its text; `named` is the format of a role with a name. `answer` is the
    start of the answer, and `earlier_answer` what an assistant message takes more than others. With
    `has_own_message`, definitions and formats are not part of the first system message. With
    `tells_format` and `tells_tool`, the start of the answer has the name of the format, or of the
    function that must be called.
    """

    name: str
    models: str
    billed: frozenset[str]
    seen: frozenset[str]
    chat: Calls
    responses: Calls
    headings: Headings
    message: int = 3
    named: str = "{role}:{name}"
    answer: int = 3
    earlier_answer: int = 0
    has_own_message: bool = False
    tells_format: bool = True
    tells_tool: bool = True

    def calls(self, endpoint: str) -> Calls:
        """Return how that endpoint presents calls."""
        return self.chat if endpoint == CHAT else self.responses


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _parts(endpoint: str, parts: str) -> frozenset[str]:
    return frozenset(f"{endpoint} {part}" for part in parts.split(", "))


_NAMESPACE = Headings(
    _TOOLS,
    "## functions\n\nnamespace functions {\n\n",
    "\n\n} // namespace functions",
    "\n\n",
)
_CHANNEL = Headings(
    _GROUPED,
    "## Namespace: functions\n\n### Target channel: commentary\n\n### Tool definitions\n",
    "",
    "",
)

_WITH_CALLS = "messages, functions, calls, calls together"

_GPT_4O = Family(
    "gpt-4o",
    r"gpt-4o|gpt-4\.|chatgpt-|gpt-5[^-]*-chat",
    _names("gpt-4o gpt-4o-mini gpt-4.1 gpt-4.1-mini gpt-4.1-nano"),
    _parts(CHAT, f"{_WITH_CALLS}, names, formats, a forced function, parallel_tool_calls")
    | _parts(RESPONSES, f"{_WITH_CALLS}, formats, a forced function"),
    chat=Calls(3, 3, 0, are_gathered=True, results_are_gathered=True),
    responses=Calls(0, 3, 0, are_gathered=False, results_are_gathered=False),
    headings=_NAMESPACE,
)
_GPT_4 = _GPT_4O._replace(
    name="gpt-4",
    models=r"gpt-(?:3\.?5|4(?:-|$))",
    billed=_names(
        "gpt-3.5-turbo gpt-35-turbo gpt-3.5-turbo-16k gpt-4 gpt-4-32k gpt-4-preview gpt-4-turbo "
        "gpt-4-turbo-preview"
    ),
    seen=_parts(CHAT, f"{_WITH_CALLS}, names, function_call by name"),
)
_O_SERIES = _GPT_4O._replace(
    name="o3-mini",
    models=r"o\d",
    billed=_names("o1 o3 o3-mini o4-mini"),
    seen=_parts(CHAT, "messages") | _parts(RESPONSES, "messages"),
    answer=2,
)
_GPT_5 = Family(
    "gpt-5",
    r"gpt-5(?:-|$|\.[0-3])",
    _names("gpt-5 gpt-5-mini gpt-5-nano gpt-5-pro gpt-5.2"),
    _parts(CHAT, f"{_WITH_CALLS}, a forced function, custom tools")
    | _parts(
        RESPONSES, "messages, functions, calls, formats, a forced function, parallel_tool_calls"
    ),
    chat=Calls(6, 6, 3, are_gathered=True, results_are_gathered=True),
    responses=Calls(3, 6, 3, are_gathered=True, results_are_gathered=False),
    headings=_CHANNEL,
    answer=2,
    earlier_answer=2,
    has_own_message=True,
    tells_format=False,
    tells_tool=False,
)
_GPT_5_4 = _GPT_5._replace(
    name="gpt-5.6",
    models=r"gpt-5\.[4-9]",
    billed=_names("gpt-5.4 gpt-5.4-nano gpt-5.5 gpt-5.6 gpt-5.6-sol gpt-5.6-terra"),
    seen=_GPT_5.seen | _parts(RESPONSES, "calls together, additional_tools"),
    responses=Calls(6, 6, 3, are_gathered=True, results_are_gathered=False),
)

# From this day on, the server's own message is not billed.
SHOWN_FREE = date(2025, 4, 1)


class Hidden(NamedTuple):
    """The tokens of the server's own message, without and with functions."""

    plain: int
    with_functions: int


_HIDDEN = {"gpt-4o": Hidden(18, 216), "o3-mini": Hidden(59, 59)}

# A model belongs to the first family whose `models` pattern its name matches.
FAMILIES = (
    _GPT_4._replace(
        name="gpt-3.5-turbo-0301", models="gpt-3.?5-turbo-0301", message=4, named="{name}"
    ),
    _GPT_4,
    _GPT_4O,
    _O_SERIES._replace(models="o1-mini", billed=frozenset(), answer=3),
    _O_SERIES,
    _GPT_5,
    _GPT_5_4,
)

# Unknown models are counted like this family, or like the other if their encoding is not current.
NEWEST, _OLDEST = _GPT_5_4, _GPT_4


@lru_cache
def family_of(model: str) -> Family:
    """Return the family of a model; UsageError for a name unknown to `encoding_for_model`."""
    base = base_of(model)
    for family in FAMILIES:
        if re.match(family.models, base):
            return family
    return NEWEST if encoding_for_model(model).startswith("o200k") else _OLDEST


@lru_cache
def is_billed(model: str) -> bool:
    """Return whether there was a bill of the model, or of another snapshot of it."""
    return _undated(model) in family_of(model).billed


def hidden_tokens(model: str) -> Hidden | None:
    """Return what /responses billed for the server's own message before `SHOWN_FREE`, or None."""
    return _HIDDEN.get(_undated(model))


def _undated(model: str) -> str:
    return re.sub(_DATE, "", base_of(model))
