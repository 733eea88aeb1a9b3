"""Prompts of gpt-oss against OpenAI's own renderer of their format."""

from typing import Any

import openai_harmony as harmony  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openai_harmony import Message, Role

from openai_cli.errors import UsageError
from openai_cli.tokens.encoders import rules_of
from openai_cli.tokens.messages import count_request
from openai_cli.tokens.vocabulary import open_vocabulary
from tests.tokens.conftest import rank_file

Json = dict[str, Any]

QUESTION: Json = {"role": "user", "content": "How far is Cusco?"}
ASKED = Message.from_role_and_content(Role.USER, QUESTION["content"])


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The renderer, with the vocabulary that it would download rebuilt from the package's data."""
    rules = rules_of("o200k_base")
    folder = tmp_path_factory.mktemp("vocabulary")
    ranks = open_vocabulary(rules.vocabulary, rules.below).full()
    (folder / "o200k_base.tiktoken").write_bytes(rank_file(ranks))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_ENCODINGS_BASE", str(folder))
        return harmony.load_harmony_encoding(harmony.HarmonyEncodingName.HARMONY_GPT_OSS)


def rendered(
    renderer: Any, *messages: Message, developer: Any = None, effort: str = "Medium"
) -> int:
    """How many tokens the renderer has for a prompt."""
    system = harmony.SystemContent.new().with_reasoning_effort(harmony.ReasoningEffort(effort))
    first = [Message.from_role_and_content(Role.SYSTEM, system)]
    if developer is not None:
        first.append(Message.from_role_and_content(Role.DEVELOPER, developer))
    whole = harmony.Conversation.from_messages([*first, *messages])
    return len(renderer.render_conversation_for_completion(whole, Role.ASSISTANT))


def exact(body: Json) -> int:
    counted = count_request({"model": "gpt-oss-120b", **body})
    assert counted.doubts == ()
    return counted


def test_a_plain_prompt(renderer: Any) -> None:
    expected = rendered(renderer, ASKED)
    assert exact({"messages": [QUESTION]}) == expected
    assert exact({"input": QUESTION["content"]}) == expected
    assert exact({"input": [QUESTION]}) == expected


@pytest.mark.parametrize("effort", ["low", "high"])
def test_the_effort(renderer: Any, effort: str) -> None:
    expected = rendered(renderer, ASKED, effort=effort.capitalize())
    assert exact({"messages": [QUESTION], "reasoning_effort": effort}) == expected
    assert exact({"input": [QUESTION], "reasoning": {"effort": effort}}) == expected
    odd = count_request({"model": "gpt-oss-20b", "input": "a", "reasoning": {"effort": "odd"}})
    assert odd.doubts == ("harmony has no effort odd: counted as medium (within 1 token)",)


def test_instructions_and_earlier_answers(renderer: Any) -> None:
    developer = harmony.DeveloperContent.new().with_instructions("Be kind.")
    answer = Message.from_role_and_content(Role.ASSISTANT, "571 km").with_channel("final")
    expected = rendered(renderer, ASKED, answer, ASKED, developer=developer)
    messages = [QUESTION, {"role": "assistant", "content": "571 km"}, QUESTION]
    system = {"role": "system", "content": "Be kind."}
    assert exact({"messages": [system, *messages]}) == expected
    assert exact({"input": messages, "instructions": "Be kind."}) == expected


def test_a_call_and_its_result(renderer: Any) -> None:
    call = (
        Message.from_role_and_content(Role.ASSISTANT, '{"to":"Cusco"}')
        .with_channel("commentary")
        .with_recipient("functions.get_distance")
        .with_content_type("<|constrain|> json")
    )
    author = harmony.Author.new(Role.TOOL, "functions.get_distance")
    result = (
        Message.from_author_and_content(author, "571 km")
        .with_channel("commentary")
        .with_recipient("assistant")
    )
    expected = rendered(renderer, ASKED, call, result)
    called = {"name": "get_distance", "arguments": '{"to":"Cusco"}'}
    calling = {"role": "assistant", "tool_calls": [{"id": "a", "function": called}]}
    chat = [QUESTION, calling, {"role": "tool", "tool_call_id": "a", "content": "571 km"}]
    item = {"type": "function_call", "call_id": "a", **called}
    output = {"type": "function_call_output", "call_id": "a", "output": "571 km"}
    for body in ({"messages": chat}, {"input": [QUESTION, item, output]}):
        counted = count_request({"model": "gpt-oss-20b", **body})
        assert counted == expected
        assert [doubt.more for doubt in counted.doubts] == [2]


NAMES = st.sampled_from(["a", "b", "c"])
TYPES = st.sampled_from(
    ["string", "number", "integer", "boolean", "null", "array", "object", "date"]
)
TEXTS = st.text(alphabet='ab \n"ü:/', max_size=6)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), TEXTS, st.just(2.5))


def _schema(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.one_of(TYPES, st.lists(TYPES, max_size=2)),
            "description": TEXTS,
            "title": TEXTS,
            "default": st.one_of(VALUES, st.lists(VALUES, max_size=2)),
            "enum": st.lists(VALUES, max_size=3),
            "items": inner,
            "properties": st.dictionaries(NAMES, inner, max_size=3),
            "required": st.lists(NAMES, max_size=2),
            "oneOf": st.lists(inner, max_size=3),
            "nullable": st.booleans(),
            "examples": st.lists(VALUES, max_size=2),
        },
    )


SCHEMAS = st.recursive(_schema(st.just({"type": "string"})), _schema, max_leaves=8)


@example(
    {"type": "object", "properties": {"a": {"type": "string", "default": "x"}}, "required": ["b"]},
    "",
    "",
)
@settings(max_examples=300)
@given(parameters=st.one_of(st.none(), SCHEMAS), description=TEXTS, instructions=TEXTS)
def test_functions(
    renderer: Any, parameters: Json | None, description: str, instructions: str
) -> None:
    tool = harmony.ToolDescription.new("f", description, parameters=parameters)
    developer = harmony.DeveloperContent.new().with_instructions(instructions)
    expected = rendered(renderer, ASKED, developer=developer.with_function_tools([tool]))
    function = {"name": "f", "description": description, "parameters": parameters}
    messages = [{"role": "developer", "content": instructions}, QUESTION]
    tools = [{"type": "function", "function": function}]
    assert exact({"messages": messages, "tools": tools}) == expected


def test_functions_without_instructions(renderer: Any) -> None:
    tool = harmony.ToolDescription.new("f", "Go", parameters=None)
    developer = harmony.DeveloperContent.new().with_function_tools([tool, tool])
    expected = rendered(renderer, ASKED, developer=developer)
    function = {"type": "function", "name": "f", "description": "Go"}
    assert exact({"input": [QUESTION], "tools": [function, function]}) == expected


@pytest.mark.parametrize(
    ("more", "doubt"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools[0] is not counted"),
        ({"input": [{"type": "web_search_call"}]}, "input[0] is not counted"),
        ({"text": {"format": {"type": "json_schema", "name": "a"}}}, "a response format"),
    ],
)
def test_what_the_format_has_not_is_doubtful(more: Json, doubt: str) -> None:
    counted = count_request({"model": "gpt-oss-20b", "input": [QUESTION], **more})
    assert doubt in counted.doubts[0]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"messages": ["hello"]}, "messages[0]"),
        ({"input": 5}, "input"),
        ({"tools": [5]}, "tools[0]"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"instructions": 5}, "instructions"),
    ],
)
def test_another_shape_is_wrong_usage(more: Json, place: str) -> None:
    with pytest.raises(UsageError) as caught:
        count_request({"model": "gpt-oss-20b", "input": [QUESTION], **more})
    assert caught.value.parameter == place
