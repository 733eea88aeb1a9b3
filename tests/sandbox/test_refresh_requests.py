"""The tool that writes the request schemas, on made-up ones (the description is not here)."""

import runpy
from pathlib import Path
from typing import Any

import pytest

TOOL = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "refresh_requests.py"))

STRING = {"type": "string"}
SCHEMAS = {
    "Base": {"type": "object", "properties": {"a": STRING, "b": STRING}, "required": ["b"]},
}


@pytest.mark.parametrize(
    ("described", "kept"),
    [
        (
            {"type": "number", "minimum": 0, "description": "a", "example": 1, "default": 1},
            {"type": "number", "minimum": 0},
        ),
        ({"type": "integer", "x-beta": True, "deprecated": True}, {"type": "integer"}),
        ({"type": "string", "nullable": True}, {"type": "string", "nullable": True}),
        ({"anyOf": [STRING, {"type": "null"}]}, {"type": "string", "nullable": True}),
        (
            {"oneOf": [{"type": "string", "nullable": True}, {"type": "array", "items": STRING}]},
            {"anyOf": [STRING, {"type": "array", "items": STRING}], "nullable": True},
        ),
        (
            {"nullable": True, "oneOf": [{"$ref": "#/components/schemas/Base"}]},
            {"$ref": "Base", "nullable": True},
        ),
        ({"anyOf": [STRING, {"type": "string", "enum": ["a-model"]}]}, STRING),
        (
            {"type": "integer", "format": "int64"},
            {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
        ),
        ({"type": "object"}, {"type": "object", "additionalProperties": True}),
        (
            {"type": "object", "additionalProperties": {"type": "string", "title": "a"}},
            {"type": "object", "additionalProperties": STRING},
        ),
        (
            {
                "type": "object",
                "properties": {"description": STRING, "title": STRING},
                "additionalProperties": False,
                "required": [],
            },
            {"type": "object", "properties": {"description": STRING, "title": STRING}},
        ),
        (
            {
                "allOf": [
                    {"$ref": "#/components/schemas/Base"},
                    {
                        "type": "object",
                        "properties": {"a": {"type": "integer"}, "c": STRING},
                        "required": ["c"],
                    },
                ]
            },
            {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": STRING, "c": STRING},
                "required": ["b", "c"],
            },
        ),
    ],
)
def test_one_spelling_for_each_fact(described: dict[str, Any], kept: dict[str, Any]) -> None:
    assert TOOL["normalise"](described, SCHEMAS) == kept


def test_additions() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "detail": {"type": "string", "enum": ["low", "high"]},
            "map": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
    }
    TOOL["add"](schema, "", {"maxProperties": 3})
    TOOL["add"](schema, "detail", {"enum": ["high", "original"]})
    TOOL["add"](schema, "map.*", {"maximum": 100})
    TOOL["add"](schema, "ttl", {"type": "string"})
    assert schema == {
        "type": "object",
        "maxProperties": 3,
        "properties": {
            "detail": {"type": "string", "enum": ["low", "high", "original"]},
            "map": {"type": "object", "additionalProperties": {"type": "integer", "maximum": 100}},
            "ttl": {"type": "string"},
        },
    }
