"""Multipart forms, as clients write them (RFC 7578): fields by the schema's types, and files."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests_toolbelt import MultipartEncoder
from urllib3.fields import RequestField
from urllib3.filepost import encode_multipart_formdata

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.api import Api, HttpRequest
from openai_cli.sandbox.exchange import Upload
from openai_cli.sandbox.forms import form_body
from openai_cli.sandbox.refusals import Refusal
from tests.sandbox.client import KEY, send

SCHEMA = "CreateTranscriptionRequest"
DATA = st.binary(max_size=60) | st.sampled_from(
    [b"", b"\r\n", b"--", b"\r\n--\r\n", b"\r\n\r\n--b"]
)
# What a client may put into a header: no line breaks, which RFC 7578 has it escape.
NAMES = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters='"\\%'),
    min_size=1,
).filter(lambda name: name == name.strip())


@given(st.text(), NAMES, DATA)
def test_what_a_client_writes_is_read_back(prompt: str, filename: str, data: bytes) -> None:
    form = MultipartEncoder(
        [("prompt", prompt), ("file", (filename, data, "audio/wav"))], boundary="b-made-up"
    )
    expected = {"prompt": prompt, "file": Upload(filename, "audio/wav", data)}
    assert form_body(form.read(), form.content_type, SCHEMA) == expected


def written(*fields: tuple[Any, ...]) -> tuple[bytes, str]:
    """A form, by another writer: a name and a value each, and, of a file, its name."""
    parts = [RequestField(*field) for field in fields]
    for part in parts:
        part.make_multipart()
    return encode_multipart_formdata(parts)


@pytest.mark.parametrize(
    ("schema", "fields", "body"),
    [
        (SCHEMA, [("temperature", "0.5")], {"temperature": 0.5}),
        (SCHEMA, [("stream", "true")], {"stream": True}),
        (SCHEMA, [("prompt", "0.5")], {"prompt": "0.5"}),
        (SCHEMA, [("temperature", "warm")], {"temperature": "warm"}),
        (
            SCHEMA,
            [("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment")],
            {"timestamp_granularities": ["word", "segment"]},
        ),
        (SCHEMA, [("include[]", "logprobs")], {"include": ["logprobs"]}),
        (SCHEMA, [("include", "a"), ("include", "b")], {"include": ["a", "b"]}),
        (
            SCHEMA,
            [("chunking_strategy[type]", "server_vad"), ("chunking_strategy[threshold]", "0.5")],
            {"chunking_strategy": {"type": "server_vad", "threshold": 0.5}},
        ),
        (SCHEMA, [("unknown", "1")], {"unknown": "1"}),
        ("CreateImageEditRequest", [("n", "2"), ("prompt", "a")], {"n": 2, "prompt": "a"}),
    ],
)
def test_fields_have_the_types_of_the_schema(
    schema: str, fields: list[tuple[Any, ...]], body: dict[str, object]
) -> None:
    assert form_body(*written(*fields), schema) == body


@pytest.mark.parametrize(
    ("content", "content_type", "problem"),
    [
        (b"--b--\r\n", "multipart/form-data", "it has no boundary"),
        (b"", "multipart/form-data; boundary=b", "it has no end"),
        (
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n',
            "multipart/form-data; boundary=b",
            "it has no end",
        ),
        (
            b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
            "a part has no name",
        ),
        (b"--b\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b", "a part has no name"),
    ],
)
def test_forms_that_are_none(content: bytes, content_type: str, problem: str) -> None:
    with pytest.raises(Refusal, match=f"Could not parse multipart form: {problem}"):
        form_body(content, content_type, SCHEMA)


def test_a_name_is_an_array_or_an_object() -> None:
    with pytest.raises(Refusal, match="'include' is given twice"):
        form_body(*written(("include", "a"), ("include[b]", "c")), SCHEMA)


@given(st.binary(max_size=200), st.sampled_from([b"", b"--b\r\n"]))
def test_any_bytes_are_answered(content: bytes, start: bytes) -> None:
    received = HttpRequest(
        "POST",
        "/v1/audio/transcriptions",
        start + content,
        content_type="multipart/form-data; boundary=b",
        authorization="Bearer made-up",
    )
    assert Api().respond(received).status == 400


def test_a_form_is_not_for_an_endpoint_of_json(sandbox: Sandbox) -> None:
    content, content_type = written(("model", "m"))
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": content_type}
    answer = send(sandbox, "/v1/embeddings", content, headers=headers)
    assert answer.status == 400


def test_an_endpoint_of_forms_takes_no_json(sandbox: Sandbox) -> None:
    answer = send(sandbox, "/v1/audio/transcriptions", {"model": "whisper-1"})
    assert (answer.status, answer.json["error"]["code"]) == (400, "unsupported_content_type")
