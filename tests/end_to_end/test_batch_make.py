"""`batch make`: rows become lines that the Batch API takes."""

import json
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.embedding_create_params import EmbeddingCreateParams
from openai.types.moderation_create_params import ModerationCreateParams
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter

from tests.batches.crowd import objects
from tests.conftest import Result, Run


@pytest.fixture
def rows(folder: Path) -> Path:
    (folder / "rows.csv").write_text('id,text\na,"one, ""two"""\nb,"x\ny"\n')
    return folder


def made(run: Run, *arguments: str, stdin: bytes | None = None) -> list[Any]:
    done = run("batch", "make", *arguments, stdin=stdin, key=None)
    assert (done.code, done.err) == (0, "")
    return objects(done.out)


def refused(run: Run, *arguments: str, stdin: bytes | None = None) -> Result:
    done = run("batch", "make", *arguments, stdin=stdin, key=None)
    assert (done.code, done.out) == (2, b"")
    return done


CSV = ("--csv", "rows.csv", "--template")


def test_a_row_is_a_request_with_the_flags_of_its_command(run: Run, rows: Path) -> None:
    flags = ("-m", "gpt-6-luna", "--temperature", "0.5", "--system", "Be {{short}}.", "--id", "id")
    assert made(run, "chat", *CSV, "Classify: {text}", *flags) == [
        {
            "custom_id": name,
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {
                "model": "gpt-6-luna",
                "messages": [
                    {"role": "system", "content": "Be {short}."},
                    {"role": "user", "content": f"Classify: {text}"},
                ],
                "temperature": 0.5,
            },
        }
        for name, text in (("a", 'one, "two"'), ("b", "x\ny"))
    ]


def test_a_line_is_that_of_batch_line(run: Run, rows: Path) -> None:
    flags = ("-m", "m", "--schema", "label", "--max-completion-tokens", "5")
    (first, _) = made(run, "chat", *CSV, "{text}", *flags)
    line = run("chat", 'one, "two"', *flags, "--batch-line", "1", key=None)
    assert first == json.loads(line.out)


ENDPOINTS = [
    ("respond", "/v1/responses", {"model": "gpt-6-luna", "input": "x"}),
    ("complete", "/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "x"}),
    ("embed", "/v1/embeddings", {"model": "text-embedding-3-small", "input": "x"}),
    ("moderate", "/v1/moderations", {"model": "omni-moderation-latest", "input": "x"}),
    ("image generate", "/v1/images/generations", {"model": "gpt-image-1-mini", "prompt": "x"}),
]


@pytest.mark.parametrize(("name", "url", "body"), ENDPOINTS)
def test_each_endpoint(name: str, url: str, body: dict[str, Any], run: Run) -> None:
    env = {"OPENAI_BASE_URL": "http://localhost:9"}
    done = run("batch", "make", *name.split(), "--prompts", "-", stdin=b"x\n", env=env)
    assert objects(done.out) == [{"custom_id": "1", "method": "POST", "url": url, "body": body}]


def test_images_to_edit_are_named(run: Run) -> None:
    flags = ("--images", '[{"file_id": "file-1"}]')
    (line,) = made(run, "image", "edit", "--prompts", "-", *flags, stdin=b"A hat\n")
    assert line["url"] == "/v1/images/edits"
    assert line["body"]["images"] == [{"file_id": "file-1"}]


def test_prompts_are_lines_with_their_numbers(run: Run) -> None:
    found = made(run, "embed", "--prompts", "-", stdin=b"one\r\n\n  two \nthree")
    assert [(one["custom_id"], one["body"]["input"]) for one in found] == [
        ("1", "one"), ("3", "  two "), ("4", "three"),
    ]  # fmt: skip


def test_prompts_go_into_a_template_too(run: Run) -> None:
    found = made(run, "embed", "--prompts", "-", "--template", "q: {prompt}", stdin=b"one\n")
    assert found[0]["body"]["input"] == "q: one"


@pytest.mark.parametrize("flag", ["--system", "--developer"])
def test_a_text_beside_the_template_has_columns_too(run: Run, rows: Path, flag: str) -> None:
    (rows / "s.txt").write_text("You know {id}: {text}")
    for given in ("You know {id}: {text}", "@s.txt"):
        found = made(run, "chat", *CSV, "Say {text}", flag, given)
        texts = [[one["content"] for one in each["body"]["messages"]] for each in found]
        assert texts == [
            ['You know a: one, "two"', 'Say one, "two"'],
            ["You know b: x\ny", "Say x\ny"],
        ]


def test_without_a_template_braces_are_braces(run: Run) -> None:
    (found,) = made(run, "chat", "--prompts", "-", "--system", "Be {a}", stdin=b"one\n")
    assert [one["content"] for one in found["body"]["messages"]] == ["Be {a}", "one"]


def test_a_property_named_as_a_part_of_a_line_is_left_alone(run: Run, rows: Path) -> None:
    for found in made(run, "respond", *CSV, "{id}", "--text", '{"verbosity": "low"}'):
        assert found["body"]["text"] == {"verbosity": "low"}


def test_rows_of_tabs_and_of_json(run: Run) -> None:
    found = made(run, "embed", "--tsv", "-", "--template", "{a}-{b}", stdin=b"a\tb\n1\t2\n")
    assert found[0]["body"]["input"] == "1-2"
    data = b'{"a": "x", "b": [1, null], "c": 1.50}\n\n{"a": "y", "b": {"k": "v"}, "c": true}\n'
    found = made(run, "embed", "--jsonl", "-", "--template", "{a} {b} {c}", stdin=data)
    assert [(one["custom_id"], one["body"]["input"]) for one in found] == [
        ("1", "x [1, null] 1.5"), ("3", 'y {"k": "v"} true'),
    ]  # fmt: skip


def test_a_template_may_stand_in_a_file(run: Run, rows: Path) -> None:
    (rows / "t.txt").write_text("Say {text}")
    assert made(run, "embed", *CSV, "@t.txt")[0]["body"]["input"] == 'Say one, "two"'


def test_it_goes_into_a_file(run: Run, rows: Path) -> None:
    assert run("batch", "make", "embed", *CSV, "{text}", "-o", "in.jsonl").code == 0
    assert len(objects((rows / "in.jsonl").read_bytes())) == 2


REFUSALS = [
    ((), b"", "there are no rows"),
    (("--prompts", "-", "--csv", "x"), b"", "--prompts, --csv: give one of them"),
    (("--csv", "-"), b"a\n1\n", "--csv needs --template"),
    (("--csv", "-", "--template", "{b}"), b"a\n1\n", "--template: there is no column 'b'"),
    (("--csv", "-", "--template", "{a}", "--id", "i"), b"a\n1\n", "--id: there is no column 'i'"),
    (("--csv", "-", "--template", "{a}", "--system", "{b}"), b"a\n1\n",
     "--system: there is no column 'b'"),
    (("--csv", "-", "--template", "{a}", "--system", "{"), b"a\n1\n",
     "--system has a lone { at character 1"),
    (("--csv", "-", "--template", "{a}"), b"a,b\n1\n",
     "stdin: line 2 has 1 columns, but the header has 2"),
    (("--csv", "-", "--template", "{a}"), b"a,a\n1,2\n", "the header has two columns 'a'"),
    (("--csv", "-", "--template", "{a}"), b'a\n"1\n', "line 2 is not CSV"),
    (("--csv", "-", "--template", "{a}"), b"a\n\xff\n",
     "line 2 is not UTF-8: byte 0xff at offset 0"),
    (("--csv", "-", "--template", "{a}"), b"a\n", "there is no row"),
    (("--csv", "-", "--template", "{a}", "--id", "i"), b"i,a\n,1\n", "line 2: the id is empty"),
    (("--csv", "-", "--template", "{a}", "--id", "i"), b"i,a\n7,1\n7,2\n",
     "line 3: the id '7' is already used on line 2"),
    (("--jsonl", "-", "--template", "{a}"), b'{"a": 1}\n{"b": 1}\n',
     "line 2: --template: there is no column 'a'"),
    (("--prompts", "nowhere"), b"", "--prompts: cannot read 'nowhere'"),
    (("--prompts", "-", "--dimensions", "0"), b"x\n", "dimensions must be"),
]  # fmt: skip


@pytest.mark.parametrize(("flags", "data", "said"), REFUSALS)
def test_what_is_wrong_is_told_with_its_place(
    flags: tuple[str, ...], data: bytes, said: str, run: Run
) -> None:
    command = "chat" if "--system" in flags else "embed"
    assert said in refused(run, command, *flags, stdin=data).err


def test_a_stream_is_no_flag_of_it(run: Run) -> None:
    assert "no such option: --stream" in refused(run, "chat", "--prompts", "-", "--stream").err


def test_the_default_model_is_that_of_the_command(run: Run) -> None:
    env = {"OPENAI_MODEL": "gpt-6-sol"}
    chat = run("batch", "make", "chat", "--prompts", "-", stdin=b"x\n", env=env)
    embed = run("batch", "make", "embed", "--prompts", "-", stdin=b"x\n", env=env)
    assert objects(chat.out)[0]["body"]["model"] == "gpt-6-sol"
    assert objects(embed.out)[0]["body"]["model"] == "text-embedding-3-small"


PARAMS: list[tuple[str, Any]] = [
    ("chat", CompletionCreateParamsNonStreaming),
    ("respond", ResponseCreateParamsNonStreaming),
    ("embed", EmbeddingCreateParams),
    ("moderate", ModerationCreateParams),
]


@pytest.mark.parametrize(("name", "params"), PARAMS)
def test_the_official_client_takes_each_body(name: str, params: Any, run: Run) -> None:
    (line,) = made(run, name, "--prompts", "-", stdin=b"Hello\n")
    assert line.keys() == {"custom_id", "method", "url", "body"}
    TypeAdapter(params).validate_python(line["body"])


def test_what_the_configuration_has_for_the_command_is_for_its_lines_too(
    run: Run, folder: Path
) -> None:
    (folder / "config.toml").write_text(
        '[chat]\ntemperature = 0.25\nseed = 1\njson = true\noutput = "elsewhere"\n'
        "[batch.make.chat]\nseed = 2\n"
    )
    env = {"OPENAI_CLI_CONFIG": "config.toml"}
    done = run("batch", "make", "chat", "--prompts", "-", stdin=b"x\n", env=env)
    body = objects(done.out)[0]["body"]
    assert (body["temperature"], body["seed"]) == (0.25, 2)


def test_a_video_is_a_line_of_json_with_a_reference_that_is_stored(run: Run) -> None:
    reference = '{"file_id": "file-1"}'
    flags = ("--prompts", "-", "--model", "sora-2", "--seconds", "4")
    more = ("--input-reference", reference)
    (line,) = made(run, "videos", "create", *flags, *more, stdin=b"A cat\n")
    assert (line["url"], line["method"]) == ("/v1/videos", "POST")
    body = {"prompt": "A cat", "input_reference": json.loads(reference), "model": "sora-2"}
    assert line["body"] == {**body, "seconds": "4"}


def test_a_video_with_a_file_is_no_line(run: Run, folder: Path) -> None:
    (folder / "cat.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    flags = ("--prompts", "-", "--input-reference", "cat.png")
    assert "takes no files" in refused(run, "videos", "create", *flags, stdin=b"A cat\n").err
