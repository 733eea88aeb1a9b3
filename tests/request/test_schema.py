"""--schema: what is asked of the API, and what an answer is held against."""

import json
from pathlib import Path
from typing import Any

import pytest

from openai_cli.context import Context
from tests.conftest import MADE_UP_KEY
from tests.flags.commandline import Ended, body, execute, refused
from tests.flags.published import CHAT, RESPOND
from tests.servers import Server, chat, delta, reply, stream

SHORT = "name, age int"
STRICT = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
NAMED = {"name": "answer", "strict": True, "schema": STRICT}
RIGHT = '{"name": "Ada", "age": 36}'
ROWS = '{"rows": [{"name": "Ada, \\"the first\\"", "age": 36}, {"name": "Bob", "age": 4}]}'


def strict(schema: Any, *more: str) -> Any:
    """What is sent for a schema."""
    sent = body("chat", "hi", "--schema", json.dumps(schema), *more)
    CHAT.check(sent)
    return sent["response_format"]["json_schema"]["schema"]


def response(text: str, status: str = "completed") -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"type": "message", "role": "assistant", "content": [part]}
    return {"id": "resp_1", "object": "response", "status": status, "output": [message]}


def answered(answer: bytes, *arguments: str, schema: str = SHORT) -> Ended:
    """How a call ended whose answer is this."""
    with Server([answer]) as server:
        environ = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        return execute(Context.test(environ=environ), *arguments, "--schema", schema)


# What is asked


def test_chat_asks_in_its_own_form() -> None:
    sent = body("chat", "hi", "--schema", SHORT)
    assert sent["response_format"] == {"type": "json_schema", "json_schema": NAMED}
    CHAT.check(sent)


def test_respond_asks_in_its_own_form_beside_other_text() -> None:
    sent = body("respond", "hi", "--schema", SHORT, "--text", "verbosity=low")
    assert sent["text"] == {"verbosity": "low", "format": {"type": "json_schema", **NAMED}}
    RESPOND.check(sent)
    sent = body("respond", "hi", "--schema", SHORT, "--body", '{"text": {"verbosity": "high"}}')
    assert sent["text"]["verbosity"] == "high"


@pytest.mark.parametrize("text", [SHORT, json.dumps(STRICT), f"\n {json.dumps(STRICT)}"])
def test_a_schema_may_be_in_a_file_or_on_stdin(text: str, tmp_path: Path) -> None:
    path = tmp_path / "it.txt"
    path.write_text(text)
    for sent in (
        body("chat", "hi", "--schema", f"@{path}"),
        body("chat", "hi", "--schema", "@-", stdin=text.encode()),
    ):
        assert sent["response_format"]["json_schema"] == NAMED
    why = refused("chat", "hi", "--schema", str(path))
    assert why.endswith(f"; --schema @{path} reads the file\n")


def test_every_object_is_closed_and_has_all_its_properties() -> None:
    inner = {"properties": {"b": {"type": "string"}}}
    closed = {**inner, "required": ["b"], "additionalProperties": False}
    assert strict(
        {
            "properties": {
                "a": inner,
                "list": {"type": "array", "items": inner},
                "one": {"anyOf": [inner, {"type": "null"}]},
                "ref": {"$ref": "#/$defs/x"},
            },
            "$defs": {"x": inner},
        }
    ) == {
        "type": "object",
        "properties": {
            "a": closed,
            "list": {"type": "array", "items": closed},
            "one": {"anyOf": [closed, {"type": "null"}]},
            "ref": {"$ref": "#/$defs/x"},
        },
        "$defs": {"x": closed},
        "required": ["a", "list", "one", "ref"],
        "additionalProperties": False,
    }


def test_a_property_that_is_not_required_may_be_null() -> None:
    properties = {
        "sure": {"type": "string"},
        "text": {"type": "string"},
        "two": {"type": ["string", "integer"]},
        "null": {"type": "null"},
        "enum": {"type": "string", "enum": ["a"]},
        "self": {"$ref": "#"},
    }
    found = strict({"type": "object", "properties": properties, "required": ["sure"]})
    assert found["required"] == list(properties)
    assert found["properties"] == {
        "sure": {"type": "string"},
        "text": {"type": ["string", "null"]},
        "two": {"type": ["string", "integer", "null"]},
        "null": {"type": "null"},
        "enum": {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]},
        "self": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
    }


def test_rows_are_a_list_in_an_object_and_references_go_with_them() -> None:
    row = {
        "type": "object",
        "properties": {"x": {"$ref": "#/$defs/x"}, "more": {"$ref": "#"}},
        "$defs": {"x": {"type": "string"}},
    }
    assert strict(row, "--schema-rows") == {
        "type": "object",
        "properties": {
            "rows": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "x": {"$ref": "#/$defs/x"},
                        "more": {"$ref": "#/properties/rows/items"},
                    },
                    "required": ["x", "more"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["rows"],
        "additionalProperties": False,
        "$defs": {"x": {"type": "string"}},
    }


def of_a(inner: Any) -> str:
    return json.dumps({"type": "object", "properties": {"a": inner}})


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ('{"type": "string"}', "must be a JSON Schema whose root has the type object"),
        ('[{"type": "object"}]', "must be a JSON Schema whose root has the type object"),
        ('{"name": "x", "schema": {}}', "--response-format takes a format that contains a schema"),
        ("{name}", "is not JSON: "),
        ("a date", "has no type 'date' at column 3"),
        (of_a({"type": "date"}), "is not a JSON Schema: $.properties.a.type: 'date' is not valid"),
        (of_a(True), "has true at #/properties/a"),
        (of_a({"type": "object"}), "has an object without properties at #/properties/a"),
        (of_a({"additionalProperties": True, "properties": {}}), "has additionalProperties at #/"),
        (
            of_a({"$ref": "http://127.0.0.1:9/x"}),
            "has a $ref at #/properties/a that does not resolve",
        ),
        (of_a({"$ref": "#/$defs/x"}), "has a $ref at #/properties/a that does not resolve"),
        ('{"$schema": [], "properties": {}}', "is not a JSON Schema: $.$schema is not a string"),
        (300 * '{"properties": {"a": ' + "{}" + 300 * "}}", "nests too deep"),
        ('{"properties": {}, "required": ["b"]}', "requires 'b' at #, which is not a property"),
    ],
)
@pytest.mark.parametrize("command", ["chat", "respond"])
def test_what_cannot_be_asked_is_refused(command: str, schema: str, why: str) -> None:
    said = refused(command, "hi", "--schema", schema)
    assert said.startswith("openai-cli: error: --schema ")
    assert why in said


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("chat", "--schema", SHORT, "--response-format", "type=text"), "--response-format: give"),
        (("respond", "--schema", SHORT, "--text", 'format={"type":"text"}'), "--text: give one"),
        (("chat", "--schema-rows"), "--schema-rows needs --schema"),
        (("chat", "--schema", SHORT, "--csv"), "--csv needs --schema-rows"),
        (
            ("chat", "--schema", SHORT, "--schema-rows", "--json"),
            "--json and --schema-rows: give one of them",
        ),
        (
            ("respond", "--schema", SHORT, "--schema-rows", "--query", "id"),
            "--query and --schema-rows: give one of them",
        ),
    ],
)
def test_what_goes_against_another_flag_is_refused(arguments: tuple[str, ...], why: str) -> None:
    command, *others = arguments
    assert why in refused(command, "hi", *others)


# What an answer is held against


def streamed(text: str) -> bytes:
    return stream(*(delta(letter) for letter in text), delta(finish="stop"))


ANSWERS = pytest.mark.parametrize(
    ("command", "made"),
    [
        (("chat", "hi"), lambda text: reply(chat(text))),
        (("chat", "hi", "--json"), lambda text: reply(chat(text))),
        (("chat", "hi", "--stream"), streamed),
        (("respond", "hi"), lambda text: reply(response(text))),
        (("respond", "hi", "--wait", "--background"), lambda text: reply(response(text))),
    ],
    ids=["chat", "json", "streamed", "respond", "waiting"],
)


@ANSWERS
def test_an_answer_that_holds_is_printed_and_nothing_said(command: Any, made: Any) -> None:
    ended = answered(made(RIGHT), *command, "--require-complete")
    assert (ended.code, ended.err) == (0, "")
    assert b"Ada" in ended.out


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"name": "Ada", "age": "old"}', "$.age: 'old' is not of type 'integer'"),
        ('{"name": "Ada"}', "$: 'age' is a required property"),
        ('{"name": "A", "age": 1, "b": 2}', "$: Additional properties are not allowed"),
        ("Ada is 36.", "it is not JSON: "),
        (f"```json\n{RIGHT}\n```", "it is not JSON: "),
        ('{"name": "Ada", "age": NaN}', "it is not JSON: "),
    ],
)
@ANSWERS
def test_one_that_does_not_is_printed_and_told_of(
    command: Any, made: Any, text: str, why: str
) -> None:
    ended = answered(made(text), *command)
    assert ended.code == 0
    assert ended.out
    assert f"openai-cli: notice: the answer does not match --schema: {why}" in ended.err
    ended = answered(made(text), *command, "--require-complete")
    assert ended.code == 9
    assert ended.out
    assert f"the answer does not match --schema: {why}" in ended.err


def test_of_several_choices_the_one_is_named() -> None:
    ended = answered(reply(chat(RIGHT, "no")), "chat", "hi", "--n", "2", "--require-complete")
    assert ended.code == 9
    assert "choice 1: the answer does not match --schema" in ended.err
    assert "choice 0" not in ended.err


@pytest.mark.parametrize("answer", [chat("{", finish="length"), response("{", "incomplete")])
def test_of_half_an_answer_only_that_is_said(answer: Any) -> None:
    command = "chat" if "choices" in answer else "respond"
    ended = answered(reply(answer), command, "hi", "--require-complete")
    assert ended.code == 9
    assert "--schema" not in ended.err


@pytest.mark.parametrize("inner", [{"type": "string", "pattern": "\\p{L}"}, {"$ref": "#/$defs/a"}])
def test_what_cannot_be_checked_is_not_taken_for_right(inner: Any) -> None:
    schema = {"properties": {"a": inner}, "$defs": {"a": {"$ref": "#/$defs/a"}}}
    answer = reply(chat('{"a": "b"}'))
    ended = answered(answer, "chat", "hi", "--require-complete", schema=json.dumps(schema))
    assert ended.code == 9
    assert "the answer could not be checked against --schema: " in ended.err


def test_a_turn_of_a_conversation_is_held_against_it_too(tmp_path: Path) -> None:
    path = tmp_path / "talk.json"
    command = ("chat", "hi", "-c", str(path))
    ended = answered(reply(chat("no")), *command, "--require-complete")
    assert ended.code == 9
    assert "does not match --schema" in ended.err
    assert not path.exists()
    ended = answered(reply(chat("no")), *command)
    assert (ended.code, ended.out) == (0, b"no\n")
    assert "does not match --schema" in ended.err
    kept = json.loads(path.read_text())
    assert kept["messages"][-1]["content"] == "no"
    assert "response_format" not in kept


# Rows


@pytest.mark.parametrize("command", ["chat", "respond"])
def test_rows_are_lines_of_json(command: str) -> None:
    made = chat if command == "chat" else response
    ended = answered(reply(made(ROWS)), command, "hi", "--schema-rows", "--require-complete")
    assert (ended.code, ended.err) == (0, "")
    assert [json.loads(line) for line in ended.out.splitlines()] == json.loads(ROWS)["rows"]


def test_rows_are_csv() -> None:
    ended = answered(reply(chat(ROWS)), "chat", "hi", "--schema-rows", "--csv")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == b'name,age\n"Ada, ""the first""",36\nBob,4\n'


def test_cells_of_csv_are_texts_or_json() -> None:
    rows = '{"rows": [{"a": null, "b": [1, "ü"], "c": true, "d": 1.5, "e": "x\\ny"}]}'
    schema: Any = {"properties": {name: {} for name in "edcba"}}
    ended = answered(
        reply(chat(rows)), "chat", "hi", "--schema-rows", "--csv", schema=json.dumps(schema)
    )
    assert ended.out.decode() == 'e,d,c,b,a\n"x\ny",1.5,true,"[1, ""ü""]",\n'


def test_no_rows_are_no_lines_but_the_header() -> None:
    empty = reply(chat('{"rows": []}'))
    assert answered(empty, "chat", "hi", "--schema-rows").out == b""
    assert answered(empty, "chat", "hi", "--schema-rows", "--csv").out == b"name,age\n"


@pytest.mark.parametrize("text", ["none", "[]", "{}", '{"rows": 1}', '{"rows": ["a"]}'])
def test_what_has_no_rows_is_printed_whole(text: str) -> None:
    ended = answered(reply(chat(text)), "chat", "hi", "--schema-rows", "--require-complete")
    assert ended.code == 9
    assert ended.out.decode() == f"{text}\n"
    assert "the answer is not a list of objects, so all of it is printed" in ended.err


def test_rows_are_printed_once_they_are_whole() -> None:
    ended = answered(streamed(ROWS), "chat", "hi", "--stream", "--schema-rows", "--csv")
    assert ended.out.startswith(b"name,age\n")
