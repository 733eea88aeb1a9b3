"""Refusals of the other endpoints, whole: status, message, type, param and code, by hand."""

from typing import Any

import pytest

from openai_cli.sandbox import Sandbox
from tests.sandbox.client import KEY, Answer, error, send
from tests.sandbox.test_forms import written

RESPONSES = "/v1/responses"
EMBEDDINGS = "/v1/embeddings"
MODERATIONS = "/v1/moderations"
SPEECH = "/v1/audio/speech"
TRANSCRIPTIONS = "/v1/audio/transcriptions"
TRANSLATIONS = "/v1/audio/translations"
GENERATIONS = "/v1/images/generations"
EDITS = "/v1/images/edits"
VARIATIONS = "/v1/images/variations"
FILES = "/v1/files"

# A body that each endpoint takes: what is refused differs from it in one property.
BODIES: dict[str, dict[str, Any]] = {
    RESPONSES: {"model": "gpt-6-luna", "input": "hello"},
    EMBEDDINGS: {"model": "text-embedding-3-small", "input": "hello"},
    MODERATIONS: {"input": "hello"},
    SPEECH: {"model": "tts-1", "input": "hello", "voice": "alloy"},
    GENERATIONS: {"model": "gpt-image-1", "prompt": "a square"},
    EDITS: {"model": "gpt-image-1", "prompt": "a hat", "images": [{"file_id": "file-1"}]},
}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010100000000376ef924"
    "0000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)
SOUND = ("file", b"RIFF", "a.wav")
IMAGE = ("image", PNG, "a.png")
FORMS: dict[str, list[tuple[Any, ...]]] = {
    TRANSCRIPTIONS: [SOUND, ("model", "whisper-1")],
    TRANSLATIONS: [SOUND, ("model", "whisper-1")],
    EDITS: [IMAGE, ("prompt", "a hat")],
    VARIATIONS: [IMAGE],
    FILES: [("file", b"{}", "a.jsonl"), ("purpose", "user_data")],
}


def form(sandbox: Sandbox, path: str, *fields: tuple[Any, ...]) -> Answer:
    content, content_type = written(*fields)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": content_type}
    return send(sandbox, path, content, headers=headers)


def without(path: str, name: str) -> list[tuple[Any, ...]]:
    """The fields of a form but one."""
    return [field for field in FORMS[path] if field[0] != name]


@pytest.mark.parametrize("path", BODIES)
def test_a_body_that_is_taken(sandbox: Sandbox, path: str) -> None:
    assert send(sandbox, path, BODIES[path]).status == 200


@pytest.mark.parametrize("path", FORMS)
def test_a_form_that_is_taken(sandbox: Sandbox, path: str) -> None:
    assert form(sandbox, path, *FORMS[path]).status == 200


# Missing

REQUIRED = [
    (path, name)
    for path, names in {
        EMBEDDINGS: ["model", "input"],
        MODERATIONS: ["input"],
        SPEECH: ["model", "input", "voice"],
        GENERATIONS: ["prompt"],
        EDITS: ["prompt", "images"],
    }.items()
    for name in names
]
REQUIRED_FIELDS = [
    (path, name)
    for path, names in {
        TRANSCRIPTIONS: ["file", "model"],
        TRANSLATIONS: ["file", "model"],
        EDITS: ["image", "prompt"],
        VARIATIONS: ["image"],
        FILES: ["file", "purpose"],
    }.items()
    for name in names
]


def missing(name: str) -> object:
    return error(f"Missing required parameter: '{name}'.", name, "missing_required_parameter")


@pytest.mark.parametrize(("path", "name"), REQUIRED)
def test_a_property_that_is_missing(sandbox: Sandbox, path: str, name: str) -> None:
    body = {key: value for key, value in BODIES[path].items() if key != name}
    answer = send(sandbox, path, body)
    assert (answer.status, answer.json) == (400, missing(name))


@pytest.mark.parametrize(("path", "name"), REQUIRED_FIELDS)
def test_a_field_that_is_missing(sandbox: Sandbox, path: str, name: str) -> None:
    answer = form(sandbox, path, *without(path, name))
    assert (answer.status, answer.json) == (400, missing(name))


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        (RESPONSES, {"tools": [{"type": "function"}]}, "tools[0].name"),
        (
            RESPONSES,
            {"text": {"format": {"type": "json_schema", "schema": {}}}},
            "text.format.name",
        ),
        (MODERATIONS, {"input": [{"type": "text"}]}, "input[0].text"),
        (
            MODERATIONS,
            {"input": [{"type": "image_url", "image_url": {}}]},
            "input[0].image_url.url",
        ),
        (SPEECH, {"voice": {}}, "voice.id"),
    ],
)
def test_a_property_that_is_missing_inside(
    sandbox: Sandbox, path: str, body: dict[str, Any], name: str
) -> None:
    answer = send(sandbox, path, BODIES[path] | body)
    assert (answer.status, answer.json) == (400, missing(name))


# Unknown


@pytest.mark.parametrize("path", BODIES)
def test_a_property_that_is_unknown(sandbox: Sandbox, path: str) -> None:
    answer = send(sandbox, path, BODIES[path] | {"made_up": 1})
    expected = error("Unknown parameter: 'made_up'.", "made_up", "unknown_parameter")
    assert (answer.status, answer.json) == (400, expected)


@pytest.mark.parametrize("path", FORMS)
def test_a_field_that_is_unknown(sandbox: Sandbox, path: str) -> None:
    answer = form(sandbox, path, *FORMS[path], ("made_up", "1"))
    expected = error("Unknown parameter: 'made_up'.", "made_up", "unknown_parameter")
    assert (answer.status, answer.json) == (400, expected)


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        (RESPONSES, {"text": {"made_up": 1}}, "text.made_up"),
        (RESPONSES, {"reasoning": {"made_up": 1}}, "reasoning.made_up"),
        (MODERATIONS, {"input": [{"type": "text", "text": "a", "made_up": 1}]}, "input[0].made_up"),
        (EDITS, {"images": [{"file_id": "file-1", "made_up": 1}]}, "images[0].made_up"),
    ],
)
def test_a_property_that_is_unknown_inside(
    sandbox: Sandbox, path: str, body: dict[str, Any], name: str
) -> None:
    answer = send(sandbox, path, BODIES[path] | body)
    expected = error(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    assert (answer.status, answer.json) == (400, expected)


# Wrong types

TYPES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        RESPONSES,
        {"previous_response_id": 1},
        "previous_response_id",
        "a string, but got an integer",
    ),
    (RESPONSES, {"max_output_tokens": "many"}, "max_output_tokens", "an integer, but got a string"),
    (RESPONSES, {"store": "no"}, "store", "a boolean, but got a string"),
    (RESPONSES, {"temperature": True}, "temperature", "a number, but got a boolean"),
    (RESPONSES, {"tools": {}}, "tools", "an array of objects, but got an object"),
    (RESPONSES, {"metadata": []}, "metadata", "an object, but got an array"),
    (EMBEDDINGS, {"model": None}, "model", "a string, but got null"),
    (EMBEDDINGS, {"dimensions": 1.5}, "dimensions", "an integer, but got a decimal number"),
    (EMBEDDINGS, {"input": [1, "a"]}, "input[1]", "an integer, but got a string"),
    (EMBEDDINGS, {"input": ["a", 1]}, "input[1]", "a string, but got an integer"),
    (MODERATIONS, {"model": []}, "model", "a string, but got an array"),
    (SPEECH, {"input": ["a"]}, "input", "a string, but got an array"),
    (SPEECH, {"speed": "fast"}, "speed", "a number, but got a string"),
    (GENERATIONS, {"prompt": 1}, "prompt", "a string, but got an integer"),
    (GENERATIONS, {"n": "two"}, "n", "an integer, but got a string"),
    (GENERATIONS, {"stream": 1}, "stream", "a boolean, but got an integer"),
    (EDITS, {"images": {}}, "images", "an array of objects, but got an object"),
]


@pytest.mark.parametrize(
    ("path", "body", "param", "told"),
    TYPES,
    ids=[f"{path} {param}" for path, _, param, _ in TYPES],
)
def test_a_value_of_another_type(
    sandbox: Sandbox, path: str, body: dict[str, Any], param: str, told: str
) -> None:
    answer = send(sandbox, path, BODIES[path] | body)
    message = f"Invalid type for '{param}': expected {told} instead."
    assert (answer.status, answer.json) == (400, error(message, param, "invalid_type"))


@pytest.mark.parametrize(
    ("path", "field", "expected", "got"),
    [
        (TRANSCRIPTIONS, ("temperature", "warm"), "a number", "a string"),
        (TRANSCRIPTIONS, ("stream", "maybe"), "a boolean", "a string"),
        (TRANSCRIPTIONS, ("file", "a text"), "a file", "a string"),
        (TRANSCRIPTIONS, ("model", b"a file", "a.txt"), "a string", "a file"),
        (TRANSLATIONS, ("temperature", "warm"), "a number", "a string"),
        (EDITS, ("n", "1.5"), "an integer", "a decimal number"),
        (EDITS, ("mask", "a text"), "a file", "a string"),
        (VARIATIONS, ("n", "two"), "an integer", "a string"),
        (VARIATIONS, ("image", "a text"), "a file", "a string"),
        (FILES, ("file", "a text"), "a file", "a string"),
    ],
)
def test_a_field_of_another_type(
    sandbox: Sandbox, path: str, field: tuple[Any, ...], expected: str, got: str
) -> None:
    answer = form(sandbox, path, *without(path, field[0]), field)
    message = f"Invalid type for '{field[0]}': expected {expected}, but got {got} instead."
    assert (answer.status, answer.json) == (400, error(message, field[0], "invalid_type"))


def test_a_field_that_is_given_twice(sandbox: Sandbox) -> None:
    answer = form(sandbox, TRANSCRIPTIONS, *FORMS[TRANSCRIPTIONS], ("model", "whisper-1"))
    message = "Invalid type for 'model': expected a string, but got an array instead."
    assert (answer.status, answer.json) == (400, error(message, "model", "invalid_type"))


# Out of range

RANGES: list[tuple[str, str, float, str]] = [
    (RESPONSES, "temperature", 2.5, "decimal_above_max_value <= 2"),
    (RESPONSES, "temperature", -0.5, "decimal_below_min_value >= 0"),
    (RESPONSES, "top_p", 1.5, "decimal_above_max_value <= 1"),
    (RESPONSES, "top_logprobs", 21, "integer_above_max_value <= 20"),
    (RESPONSES, "max_output_tokens", 15, "integer_below_min_value >= 16"),
    (EMBEDDINGS, "dimensions", 0, "integer_below_min_value >= 1"),
    (SPEECH, "speed", 4.5, "decimal_above_max_value <= 4"),
    (SPEECH, "speed", 0.2, "decimal_below_min_value >= 0.25"),
    (GENERATIONS, "n", 0, "integer_below_min_value >= 1"),
    (GENERATIONS, "n", 11, "integer_above_max_value <= 10"),
    (GENERATIONS, "partial_images", 4, "integer_above_max_value <= 3"),
    (EDITS, "n", 11, "integer_above_max_value <= 10"),
]


@pytest.mark.parametrize(("path", "param", "value", "fault"), RANGES)
def test_a_value_out_of_its_range(
    sandbox: Sandbox, path: str, param: str, value: float, fault: str
) -> None:
    answer = send(sandbox, path, BODIES[path] | {param: value})
    code, _, bound = fault.partition(" ")
    words = code.replace("_", " ").replace("max", "maximum").replace("min", "minimum")
    message = f"Invalid '{param}': {words}. Expected a value {bound}, but got {value} instead."
    assert (answer.status, answer.json) == (400, error(message, param, code))


@pytest.mark.parametrize(
    ("path", "field", "message"),
    [
        (EDITS, ("n", "0"), "integer below minimum value. Expected a value >= 1, but got 0"),
        (
            VARIATIONS,
            ("n", "11"),
            "integer above maximum value. Expected a value <= 10, but got 11",
        ),
    ],
)
def test_a_field_out_of_its_range(
    sandbox: Sandbox, path: str, field: tuple[str, str], message: str
) -> None:
    answer = form(sandbox, path, *FORMS[path], field)
    assert answer.status == 400
    assert answer.json["error"]["message"] == f"Invalid 'n': {message} instead."


@pytest.mark.parametrize(
    ("path", "body", "param", "message"),
    [
        (SPEECH, {"input": "a" * 4097}, "input", "4096, but got a string with length 4097"),
        (SPEECH, {"instructions": "a" * 4097}, "instructions", "4096, but got a string with"),
        (RESPONSES, {"metadata": {f"k{n}": "" for n in range(17)}}, "metadata", "17"),
    ],
)
def test_a_value_that_is_too_long(
    sandbox: Sandbox, path: str, body: dict[str, Any], param: str, message: str
) -> None:
    answer = send(sandbox, path, BODIES[path] | body)
    assert (answer.status, answer.json["error"]["param"]) == (400, param)
    assert message in answer.json["error"]["message"]


NAMES: list[tuple[str, str, str]] = [
    (RESPONSES, "truncation", "'auto' and 'disabled'"),
    (EMBEDDINGS, "encoding_format", "'float' and 'base64'"),
    (SPEECH, "response_format", "'mp3', 'opus', 'aac', 'flac', 'wav', and 'pcm'"),
    (SPEECH, "stream_format", "'sse' and 'audio'"),
    (GENERATIONS, "moderation", "'low' and 'auto'"),
    (GENERATIONS, "background", "'transparent', 'opaque', and 'auto'"),
    (GENERATIONS, "style", "'vivid' and 'natural'"),
]


def unsupported(value: str, names: str, param: str) -> object:
    message = f"Invalid value: '{value}'. Supported values are: {names}."
    return error(message, param, "invalid_value")


@pytest.mark.parametrize(("path", "param", "names"), NAMES)
def test_a_value_that_is_none_of_those_that_there_are(
    sandbox: Sandbox, path: str, param: str, names: str
) -> None:
    answer = send(sandbox, path, BODIES[path] | {param: "made-up"})
    assert (answer.status, answer.json) == (400, unsupported("made-up", names, param))


@pytest.mark.parametrize(
    ("path", "name", "names"),
    [
        (TRANSLATIONS, "response_format", "'json', 'text', 'srt', 'verbose_json', and 'vtt'"),
        (VARIATIONS, "size", "'256x256', '512x512', and '1024x1024'"),
        (VARIATIONS, "response_format", "'url' and 'b64_json'"),
        (FILES, "expires_after[anchor]", "'created_at'"),
    ],
)
def test_a_field_that_is_none_of_those_that_there_are(
    sandbox: Sandbox, path: str, name: str, names: str
) -> None:
    more = [("expires_after[seconds]", "3600")] if path == FILES else []
    answer = form(sandbox, path, *FORMS[path], *more, (name, "made-up"))
    param = name.replace("[", ".").removesuffix("]")
    assert (answer.status, answer.json) == (400, unsupported("made-up", names, param))


def test_a_granularity_that_is_none(sandbox: Sandbox) -> None:
    field = ("timestamp_granularities[]", "letter")
    answer = form(sandbox, TRANSCRIPTIONS, *FORMS[TRANSCRIPTIONS], field)
    expected = unsupported("letter", "'word' and 'segment'", "timestamp_granularities[0]")
    assert (answer.status, answer.json) == (400, expected)


# Files that are none

NO_IMAGE = b"this is no image"
GIF = b"GIF89a\x04\0\x04\0"


@pytest.mark.parametrize("data", [b"", NO_IMAGE, PNG[:7], GIF], ids=["empty", "text", "cut", "gif"])
@pytest.mark.parametrize(
    ("path", "name"), [(EDITS, "image"), (EDITS, "mask"), (VARIATIONS, "image")]
)
def test_a_file_that_is_no_image(sandbox: Sandbox, path: str, name: str, data: bytes) -> None:
    answer = form(sandbox, path, *without(path, name), (name, data, "a.png"))
    message = f"Invalid image file or mode for '{name}', please check your image file."
    assert (answer.status, answer.json) == (400, error(message, name, "invalid_image_file"))


SUPPORTED = (
    "Invalid file format. Supported formats: ['flac', 'm4a', 'mp3', 'mp4', 'mpeg', 'mpga', 'oga', "
    "'ogg', 'wav', 'webm']"
)


@pytest.mark.parametrize("path", [TRANSCRIPTIONS, TRANSLATIONS])
@pytest.mark.parametrize("name", ["a.txt", "a.wav.zip", "wav.", "a"])
def test_a_file_that_is_no_sound(sandbox: Sandbox, path: str, name: str) -> None:
    answer = form(sandbox, path, ("model", "whisper-1"), ("file", b"RIFF", name))
    assert (answer.status, answer.json) == (400, error(SUPPORTED, "file"))


@pytest.mark.parametrize("path", [TRANSCRIPTIONS, TRANSLATIONS])
def test_a_sound_that_is_empty(sandbox: Sandbox, path: str) -> None:
    answer = form(sandbox, path, ("model", "whisper-1"), ("file", b"", "a.mp3"))
    message = "Audio file is too short. Minimum audio length is 0.1 seconds."
    assert (answer.status, answer.json) == (400, error(message, "file", "audio_too_short"))


@pytest.mark.parametrize("purpose", ["assistants", "batch", "user_data"])
def test_a_file_that_is_empty(sandbox: Sandbox, purpose: str) -> None:
    answer = form(sandbox, FILES, ("purpose", purpose), ("file", b"", "a.jsonl"))
    assert (answer.status, answer.json["error"]["param"]) == (400, "file")


@pytest.mark.parametrize("purpose", ["fine-tune", "evals"])
@pytest.mark.parametrize(
    ("data", "line"),
    [(b"hello", 1), (b"[]\n", 1), (b'{}\n"a"\n', 2), (b"{}\n{", 2), (b"\xff\xfe", 1)],
)
def test_lines_that_are_no_objects(sandbox: Sandbox, purpose: str, data: bytes, line: int) -> None:
    answer = form(sandbox, FILES, ("purpose", purpose), ("file", data, "a.jsonl"))
    assert (answer.status, answer.json["error"]["param"]) == (400, "file")
    assert f"line {line} " in answer.json["error"]["message"]


# Bodies of another kind, keys, methods, ids


@pytest.mark.parametrize("path", [TRANSCRIPTIONS, TRANSLATIONS, VARIATIONS, FILES])
def test_json_where_a_form_is_wanted(sandbox: Sandbox, path: str) -> None:
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    answer = send(sandbox, path, {}, headers=headers)
    message = (
        "Unsupported content type: 'application/json'. This API method only accepts "
        "'multipart/form-data' requests, but you specified the header 'Content-Type: "
        "application/json'. Please try again with a supported content type."
    )
    assert (answer.status, answer.json) == (
        400,
        error(message, code="unsupported_content_type"),
    )


@pytest.mark.parametrize("path", [RESPONSES, EMBEDDINGS, MODERATIONS, SPEECH, GENERATIONS])
def test_a_form_where_json_is_wanted(sandbox: Sandbox, path: str) -> None:
    answer = form(sandbox, path, ("model", "m"))
    assert (answer.status, answer.json["error"]["code"]) == (400, "unsupported_content_type")
    assert "only accepts 'application/json'" in answer.json["error"]["message"]


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("content", [b"", b"hello", b"[]", b'{"model": ', b'{"n": NaN}'])
def test_a_body_that_is_no_object(sandbox: Sandbox, path: str, content: bytes) -> None:
    answer = send(sandbox, path, content)
    assert (answer.status, answer.json["error"]["param"]) == (400, None)
    assert answer.json["error"]["message"].startswith("We could not parse the JSON body")


ENDPOINTS = [
    *(("POST", path) for path in BODIES | FORMS),
    ("POST", "/v1/responses/input_tokens"),
    ("POST", "/v1/responses/resp_0/cancel"),
    *(
        (method, path)
        for method in ("GET", "DELETE")
        for path in ("/v1/responses/resp_0", "/v1/models/gpt-6-luna", "/v1/files/file-0")
    ),
    ("GET", "/v1/models"),
    ("GET", "/v1/files"),
    ("GET", "/v1/files/file-0/content"),
]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic c2FuZGJveA=="}])
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_every_endpoint_needs_a_key(
    sandbox: Sandbox, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = send(sandbox, path, {}, method=method, headers=headers)
    assert (answer.status, answer.json["error"]["type"]) == (401, "invalid_request_error")
    assert answer.json["error"]["message"].startswith("You didn't provide an API key.")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        *((path, "POST") for path in BODIES | FORMS if path != FILES),
        ("/v1/responses/resp_0/cancel", "POST"),
        ("/v1/responses/resp_0", "GET, DELETE"),
        ("/v1/models", "GET"),
        ("/v1/models/gpt-6-luna", "GET, DELETE"),
        (FILES, "GET, POST"),
        ("/v1/files/file-0", "GET, DELETE"),
        ("/v1/files/file-0/content", "GET"),
    ],
)
def test_another_method(sandbox: Sandbox, path: str, allowed: str) -> None:
    answer = send(sandbox, path, method="PATCH")
    hint = "(HINT: Perhaps you meant to use a different HTTP method?)"
    expected = error(f"Not allowed to PATCH on {path}. {hint}")
    assert (answer.status, answer.json) == (405, expected)
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        *(
            (method, f"/v1/responses/resp_none{end}", "Response with id 'resp_none' not found.")
            for method, end in (("GET", ""), ("DELETE", ""), ("POST", "/cancel"))
        ),
        *(
            (method, f"/v1/files/file-none{end}", "No such File object: file-none")
            for method, end in (("GET", ""), ("DELETE", ""), ("GET", "/content"))
        ),
        *(
            (method, "/v1/models/none", "The model 'none' does not exist")
            for method in ("GET", "DELETE")
        ),
    ],
)
def test_an_id_that_is_not_there(sandbox: Sandbox, method: str, path: str, expected: str) -> None:
    answer = send(sandbox, path, method=method)
    assert (answer.status, answer.json["error"]["type"]) == (404, "invalid_request_error")
    assert answer.json["error"]["message"] == expected


def test_an_id_may_have_what_a_path_escapes(sandbox: Sandbox) -> None:
    answer = send(sandbox, "/v1/files/a%20%C3%BC%2Fb", method="GET")
    assert answer.json["error"]["message"] == "No such File object: a ü/b"


def test_a_model_of_openai_is_not_deleted(sandbox: Sandbox) -> None:
    answer = send(sandbox, "/v1/models/gpt-6-luna", method="DELETE")
    assert answer.status == 403
    assert "insufficient permissions" in answer.json["error"]["message"]
    assert send(sandbox, "/v1/models/gpt-6-luna", method="GET").status == 200


def test_names_of_models_are_never_refused(sandbox: Sandbox) -> None:
    for path, body in BODIES.items():
        assert send(sandbox, path, body | {"model": "made-up"}).status == 200


@pytest.mark.parametrize(("width", "height"), [(2, 1), (1, 2)])
def test_a_variation_is_of_a_square(sandbox: Sandbox, width: int, height: int) -> None:
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    image = ("image", PNG[:16] + size + PNG[24:], "a.png")
    answer = form(sandbox, VARIATIONS, image)
    refusal = error("Uploaded image must be a PNG and square.", "image")
    assert (answer.status, answer.json) == (400, refusal)
