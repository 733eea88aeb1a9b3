"""The request schemas of the sandbox, against their README and the `openai` package's types."""

import collections.abc
import hashlib
import json
import re
import types
import typing
from collections import defaultdict
from typing import Any

import pytest
import typing_extensions
from openai.types.chat.completion_create_params import CompletionCreateParams as ChatParams
from openai.types.completion_create_params import CompletionCreateParams as CompletionParams

from openai_cli.sandbox.checks import DATA, Schema, schemas
from openai_cli.sandbox.routes import ROUTES
from openai_cli.sandbox.table import FOLDER, groups, routes_of

Facts = defaultdict[str, set[str]]

SCALARS = {
    bool: "boolean",
    float: "number",
    int: "integer",
    object: "anything",
    str: "string",
    type(None): "null",
}


def facts_of_type(hint: Any, path: str, facts: Facts) -> Facts:
    """What a typed parameter may be: at each path the JSON types, or the values of a Literal."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in SCALARS:
        facts[path].add(SCALARS[hint])
    elif typing.is_typeddict(hint) or typing_extensions.is_typeddict(hint):
        facts[path].add("object")
        for name, inner in typing_extensions.get_type_hints(hint).items():
            facts_of_type(inner, f"{path}.{name}".lstrip("."), facts)
    elif origin is typing.Literal:
        for value in arguments:
            facts[path].add({True: "boolean", False: "boolean"}.get(value, repr(value)))
    elif origin in {typing.Union, types.UnionType}:
        for inner in arguments:
            facts_of_type(inner, path, facts)
    elif origin in {list, collections.abc.Iterable, collections.abc.Sequence}:
        facts[path].add("array")
        facts_of_type(arguments[0], f"{path}[]", facts)
    elif origin is dict:
        facts[path].add("object")
        facts_of_type(arguments[1], f"{path}.*", facts)
    else:
        pytest.fail(f"{path}: what is {hint!r}?")
    return facts


def facts_of_schema(schema: Schema, path: str, facts: Facts) -> Facts:
    """The same of one of our schemas."""
    if schema.get("nullable"):
        facts[path].add("null")
    for member in schema.get("anyOf", ()):
        facts_of_schema(member, path, facts)
    if "$ref" in schema:
        facts_of_schema(schemas()[schema["$ref"]], path, facts)
    elif "enum" in schema:
        facts[path].update(map(repr, schema["enum"]))
    elif "type" in schema:
        facts[path].add(schema["type"])
    for name, inner in schema.get("properties", {}).items():
        facts_of_schema(inner, f"{path}.{name}".lstrip("."), facts)
    if "items" in schema:
        facts_of_schema(schema["items"], f"{path}[]", facts)
    others = schema.get("additionalProperties")
    if others is True:
        facts[f"{path}.*"].add("anything")
    elif others:
        facts_of_schema(others, f"{path}.*", facts)
    return facts


def without_names_of_strings(facts: Facts) -> Facts:
    """The facts, where any string is allowed without the names that are allowed too."""
    for path, values in facts.items():
        if "string" in values:
            facts[path] = {value for value in values if not value.startswith("'")}
    return facts


@pytest.mark.parametrize(
    ("name", "params", "only_ours"),
    [
        pytest.param(
            "CreateChatCompletionRequest",
            ChatParams,
            # The message of an answer has it, and the API takes that message back.
            {
                "messages[].annotations": {"array"},
                "messages[].annotations[]": {"object"},
                "messages[].annotations[].*": {"anything"},
            },
            id="chat",
        ),
        pytest.param("CreateCompletionRequest", CompletionParams, {}, id="completions"),
    ],
)
def test_every_fact_is_the_openai_package_s_too(
    name: str, params: Any, only_ours: dict[str, set[str]]
) -> None:
    ours = facts_of_schema(schemas()[name], "", defaultdict(set))
    theirs = facts_of_type(params, "", defaultdict(set))
    assert without_names_of_strings(ours) == without_names_of_strings(theirs) | only_ours


@pytest.mark.parametrize(
    ("name", "properties", "required"),
    [
        ("CreateChatCompletionRequest", 37, ["model", "messages"]),
        ("CreateCompletionRequest", 18, ["model", "prompt"]),
    ],
)
def test_properties(name: str, properties: int, required: list[str]) -> None:
    schema = schemas()[name]
    assert len(schema["properties"]) == properties
    assert schema["required"] == required


def test_the_readme_has_the_digest_of_the_data() -> None:
    readme = (DATA.parent / "README.md").read_text(encoding="utf-8")
    table = b"".join(file.read_bytes() for file in sorted(FOLDER.glob("*.json")))
    assert re.findall(r"`([0-9a-f]{64})`", readme) == [
        hashlib.sha256(data).hexdigest() for data in (DATA.read_bytes(), table)
    ]


def test_every_reference_leads_somewhere() -> None:
    described = json.loads(DATA.read_bytes())["schemas"]
    names = set(re.findall(r'"\$ref": "([\w-]+)"', DATA.read_text(encoding="utf-8")))
    asked = {name for route in ROUTES for name in (route.schema, route.form) if name}
    assert described.keys() == names | asked


@pytest.mark.parametrize("group", sorted(groups()))
def test_every_reference_of_a_group_leads_somewhere(group: str) -> None:
    names: set[str] = set()
    for route in routes_of(group):
        answer = route.operation.answer if route.operation else None
        names.update(filter(None, (route.schema, route.form, answer)))
    text = (FOLDER / f"{group}.json").read_text(encoding="utf-8")
    assert names | set(re.findall(r'"\$ref":"([^"]+)"', text)) <= schemas().keys()


def test_no_sentence_of_the_description_is_in_the_table() -> None:
    for file in FOLDER.glob("*.json"):
        strings = re.findall(r'"([^"]*)"', file.read_text(encoding="utf-8"))
        assert not [text for text in strings if len(text.split()) > 3]
