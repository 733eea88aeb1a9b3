"""The API's parameters as flags: all of them, and the edges of each.

Ranges and counts are written by hand from CreateCompletionRequest and CreateChatCompletionRequest
in OpenAI's published description (openapi.json 2.3.0), but for the length of safety_identifier: the
official package is newer and says 128.
"""

import json
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from openai_cli.commands import (
    chat,
    complete,
    embed,
    files_list,
    files_upload,
    image_edit,
    image_generate,
    image_vary,
    moderate,
    respond,
    responses_show,
    speak,
    transcribe,
    translate,
)
from openai_cli.flags.parameter import ApiParameter
from openai_cli.records import fields_of
from tests.flags.commandline import body, call, refused
from tests.flags.published import (
    CHAT,
    COMPLETE,
    EDIT,
    EMBED,
    GENERATE,
    LIST,
    MODERATE,
    RESPOND,
    SHOW,
    SPEAK,
    TRANSCRIBE,
    TRANSLATE,
    UPLOAD,
    VARY,
    Endpoint,
)

ENDPOINTS = pytest.mark.parametrize(
    ("options", "endpoint"),
    [
        pytest.param(module.Options, endpoint, id=module.__name__.rpartition(".")[2])
        for module, endpoint in (
            (chat, CHAT),
            (complete, COMPLETE),
            (embed, EMBED),
            (files_list, LIST),
            (files_upload, UPLOAD),
            (image_edit, EDIT),
            (image_generate, GENERATE),
            (image_vary, VARY),
            (moderate, MODERATE),
            (respond, RESPOND),
            (responses_show, SHOW),
            (speak, SPEAK),
            (transcribe, TRANSCRIBE),
            (translate, TRANSLATE),
        )
    ],
)
# What EditImageBodyJsonParam has more: the official package has no JSON form.
JSON_FORM = {"images", "moderation"}


def declarations(options: type[Any]) -> dict[str, Any]:
    """What each field of an options dataclass declares."""
    return {field.name: field.type[1] for field in fields_of(options)}


@ENDPOINTS
def test_the_flags_are_what_the_official_package_names(
    options: type[Any], endpoint: Endpoint
) -> None:
    names = [
        info.api_name for info in declarations(options).values() if isinstance(info, ApiParameter)
    ]
    only_ours = JSON_FORM if endpoint is EDIT else set()
    assert sorted(names) == sorted(endpoint.properties | only_ours)


@ENDPOINTS
def test_every_flag_has_the_name_of_its_property(options: type[Any], endpoint: Endpoint) -> None:
    for name in endpoint.properties:
        [flag] = [
            declared
            for info in declarations(options).values()
            if isinstance(info, ApiParameter) and info.api_name == name
            for declared in info.param_decls or ()
            if declared.startswith("--")
        ]
        assert flag.partition("/")[0] == f"--{name.replace('_', '-')}"


INT64 = ("-9223372036854775808", "9223372036854775807")
BEYOND_INT64 = ("-9223372036854775809", "9223372036854775808")
INT64_RANGE = "an integer from -9223372036854775808 to 9223372036854775807"

SPEAKING = "speak --voice alloy"
DRAWING = "image generate"

# command, property, accepted at both edges, refused past them, what the message says
BOUNDED = [
    ("complete", "best_of", ("1", "20"), ("-1", "21"), "an integer from 0 to 20"),
    ("complete", "frequency_penalty", ("-2", "2"), ("-2.01", "2.01"), "a number from -2 to 2"),
    ("complete", "logprobs", ("0", "5"), ("-1", "6"), "an integer from 0 to 5"),
    ("complete", "max_tokens", ("0",), ("-1",), "an integer of at least 0"),
    ("complete", "n", ("1", "128"), ("0", "129"), "an integer from 1 to 128"),
    ("complete", "presence_penalty", ("-2", "2"), ("-2.01", "2.01"), "a number from -2 to 2"),
    ("complete", "seed", INT64, BEYOND_INT64, INT64_RANGE),
    ("complete", "temperature", ("0", "2"), ("-0.01", "2.01"), "a number from 0 to 2"),
    ("complete", "top_p", ("0", "1"), ("-0.01", "1.01"), "a number from 0 to 1"),
    ("chat", "frequency_penalty", ("-2", "2"), ("-2.01", "2.01"), "a number from -2 to 2"),
    ("chat", "n", ("1", "128"), ("0", "129"), "an integer from 1 to 128"),
    ("chat", "presence_penalty", ("-2", "2"), ("-2.01", "2.01"), "a number from -2 to 2"),
    ("chat", "seed", INT64, BEYOND_INT64, INT64_RANGE),
    ("chat", "temperature", ("0", "2"), ("-0.01", "2.01"), "a number from 0 to 2"),
    ("chat", "top_logprobs", ("0", "20"), ("-1", "21"), "an integer from 0 to 20"),
    ("chat", "top_p", ("0", "1"), ("-0.01", "1.01"), "a number from 0 to 1"),
    ("respond", "max_output_tokens", ("16",), ("15",), "an integer of at least 16"),
    ("respond", "temperature", ("0", "2"), ("-0.01", "2.01"), "a number from 0 to 2"),
    ("respond", "top_logprobs", ("0", "20"), ("-1", "21"), "an integer from 0 to 20"),
    ("respond", "top_p", ("0", "1"), ("-0.01", "1.01"), "a number from 0 to 1"),
    ("embed", "dimensions", ("1",), ("0",), "an integer of at least 1"),
    (SPEAKING, "speed", ("0.25", "4"), ("0.24", "4.01"), "a number from 0.25 to 4"),
    (DRAWING, "frame_count", ("2", "16"), ("1", "17"), "an integer from 2 to 16"),
    (DRAWING, "n", ("1", "10"), ("0", "11"), "an integer from 1 to 10"),
    (DRAWING, "output_compression", ("0", "100"), ("-1", "101"), "an integer from 0 to 100"),
    (DRAWING, "partial_images", ("0", "3"), ("-1", "4"), "an integer from 0 to 3"),
]


@pytest.mark.parametrize(
    ("command", "name", "edges", "beyond", "described"),
    BOUNDED,
    ids=[f"{row[0]}-{row[1]}" for row in BOUNDED],
)
def test_a_range_ends_where_the_api_says(
    command: str, name: str, edges: tuple[str, ...], beyond: tuple[str, ...], described: str
) -> None:
    flag = f"--{name.replace('_', '-')}"
    needed = ("--logprobs",) if (command, name) == ("chat", "top_logprobs") else ()
    for raw in edges:
        assert body(command, "hi", flag, raw, *needed)[name] == json.loads(raw)
    for raw in beyond:
        said = refused(*command.split(), "hi", flag, raw, *needed)
        assert f"{name} must be {described}, not '{raw}'" in said
        assert f"--param {name}=" in said
        assert body(command, "hi", "--param", f"{name}={raw}")[name] == json.loads(raw)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_limits_of_chat_are_integers_without_a_range(name: str) -> None:
    flag = f"--{name.replace('_', '-')}"
    assert body("chat", "hi", flag, "-1")[name] == -1
    assert body("chat", "hi", flag, "99999999999")[name] == 99999999999
    assert f"{name} must be an integer, not '1.5'" in refused("chat", "hi", flag, "1.5")


def pairs(count: int) -> tuple[str, ...]:
    return tuple(word for n in range(count) for word in ("--metadata", f"k{n}=v"))


def array(count: int) -> str:
    return json.dumps([{"name": f"f{n}"} for n in range(count)])


# property, typed and accepted, typed and refused, what the message says
COUNTED = [
    ("stop", ("--stop", "a") * 4, ("--stop", "a") * 5, "at most 4"),
    ("metadata", pairs(16), pairs(17), "at most 16"),
    (
        "metadata",
        ("--metadata", f"{'k' * 64}=v"),
        ("--metadata", f"{'k' * 65}=v"),
        "at most 64 characters, not 65",
    ),
    (
        "metadata",
        ("--metadata", f"k={'v' * 512}"),
        ("--metadata", f"k={'v' * 513}"),
        "at most 512 characters, not 513",
    ),
    ("functions", ("--functions", array(128)), ("--functions", array(129)), "at most 128"),
    ("functions", ("--functions", array(1)), ("--functions", "[]"), "at least 1"),
    ("messages", ("--messages", '[{"role": "user"}]'), ("--messages", "[]"), "at least 1"),
    (
        "safety_identifier",
        ("--safety-identifier", "s" * 128),
        ("--safety-identifier", "s" * 129),
        "at most 128 characters, not 129",
    ),
    ("logit_bias", ("--logit-bias", "1=100"), ("--logit-bias", "1=101"), "from -100 to 100"),
    ("logit_bias", ("--logit-bias", "1=-100"), ("--logit-bias", "1=-101"), "from -100 to 100"),
]


@pytest.mark.parametrize(
    ("name", "accepted", "over", "said"),
    COUNTED,
    ids=[f"{row[0]}-{row[3].replace(' ', '-')}" for row in COUNTED],
)
def test_a_count_ends_where_the_api_says(
    name: str, accepted: tuple[str, ...], over: tuple[str, ...], said: str
) -> None:
    assert name in body("chat", "hi", *accepted)
    message = refused("chat", "hi", *over)
    assert f"error: {name} " in message
    assert said in message
    assert f"--param {name}=" in message


def test_an_empty_array_of_tools_is_an_array() -> None:
    assert body("chat", "hi", "--tools", "[]")["tools"] == []


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("messages", '["hello"]'),
        ("messages", '[{"role": "user"}, null]'),
        ("tools", "[1]"),
        ("functions", "[[]]"),
    ],
)
def test_an_array_of_objects_has_objects_alone(name: str, raw: str) -> None:
    message = refused("chat", "hi", f"--{name}", raw)
    assert f"error: {name} " in message
    assert "object" in message


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--service-tier", "made-up"),
        ("--reasoning-effort", "made-up"),
        ("--verbosity", "made-up"),
        ("--prompt-cache-retention", "made-up"),
        ("--tool-choice", "made-up"),
        ("--function-call", "made-up"),
        ("--model", "made-up"),
    ],
)
def test_the_api_is_the_judge_of_its_own_names(flag: str, value: str) -> None:
    assert body("chat", "hi", flag, value)[flag[2:].replace("-", "_")] == "made-up"


SOURCES = ["--messages", "--tools", "--metadata", "--tool-choice", "--body"]


@pytest.mark.parametrize("flag", SOURCES)
def test_json_comes_from_a_file_or_from_stdin(flag: str, tmp_path: Path) -> None:
    texts = {
        "--messages": '[{"role": "user", "content": "é"}]',
        "--tools": '[{"type": "custom", "custom": {"name": "é"}}]',
    }
    text = texts.get(flag, '{"name": "é"}')
    (tmp_path / "value.json").write_text(text, "utf-8")
    found = [
        body("chat", "hi", flag, text),
        body("chat", "hi", flag, f"@{tmp_path}/value.json"),
        body("chat", "hi", flag, "@-", stdin=text.encode()),
    ]
    assert "é" in json.dumps(found[0], ensure_ascii=False)
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("flag", SOURCES)
def test_a_file_that_cannot_be_read(flag: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_bytes(b"{}")
    reasons = {
        "missing.json": "No such file or directory",
        "": "Is a directory",
        "loop": "symbolic links",
        "file/below": "Not a directory",
        "n" * 5000: "File name too long",
        "nul\0.json": "is not a file name",
    }
    for name, reason in reasons.items():
        message = refused("chat", "hi", flag, f"@{tmp_path}/{name}")
        assert f"error: {flag}: " in message
        assert reason in message


@pytest.mark.parametrize("flag", SOURCES)
def test_a_file_that_may_not_be_read(
    flag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: str, **_given: object) -> BinaryIO:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("openai_cli.request.inputs.opened", denied)
    message = refused("chat", "hi", flag, f"@{tmp_path}/secret.json")
    assert f"error: {flag}: cannot read '{tmp_path}/secret.json': Permission denied" in message


@pytest.mark.parametrize("flag", SOURCES)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"a": 1,\n  "b": }\n', "at line 2, column 8"),
        (b'{"a": "\xe9"}', "is not UTF-8: byte 0xe9 at offset 7"),
        (b"12", "must be a "),
        (b"[NaN]", "NaN is not a JSON number"),
        (b"[" * 100_000, "nests too deep"),
        (b"[" + b"7" * 5000 + b"]", "has a number of 5000 digits"),
    ],
    ids=["syntax", "latin-1", "shape", "nan", "depth", "digits"],
)
def test_a_file_that_holds_something_else(
    flag: str, content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "value.json"
    path.write_bytes(content)
    message = refused("chat", "hi", flag, f"@{path}")
    assert f"error: {flag[2:].replace('-', '_') if flag != '--body' else flag} " in message
    assert said in message


@pytest.mark.parametrize(
    ("flag", "before", "after"),
    [
        ("--prediction", '{"a": ', "}"),
        ("--tools", '[{"a": ', "}]"),
        ("--body", '{"a": ', "}"),
        ("--param", "a=", ""),
    ],
)
def test_what_nests_too_deep_to_be_sent_is_refused_when_it_is_read(
    flag: str, before: str, after: str
) -> None:
    def code(depth: int) -> int:
        value = before + "[" * depth + "]" * depth + after
        ended = call("chat", "hi", "--dry-run", flag, value)
        is_array = ended.code != 0 or b'"a": [' in ended.out
        return ended.code if is_array else -1

    sent, not_sent = 1, 200_000
    while not_sent - sent > 1:
        middle = (sent + not_sent) // 2
        sent, not_sent = (middle, not_sent) if code(middle) == 0 else (sent, middle)
    assert code(not_sent) == 2
