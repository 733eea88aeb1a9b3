"""Every answer of the other endpoints against the types of the `openai` package, taken strictly."""

import io
import json
import wave
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import BaseModel
from openai.types.responses import Response

from openai_cli.sandbox import Sandbox
from tests.sandbox.client import KEY, send
from tests.sandbox.test_openai_client_more import STARTS, TALK, fetched, png

MODEL = "gpt-6-luna"
CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 3}},
    "required": ["city"],
    "additionalProperties": False,
}
LOOK_UP: Any = {"type": "function", "name": "look_up", "parameters": CITY, "strict": True}
BARE: Any = {"type": "function", "name": "bare", "parameters": None, "strict": False}
NOTE: Any = {"type": "custom", "name": "note"}
TOOLS = [LOOK_UP, BARE, NOTE]
AS_SCHEMA: Any = {"type": "json_schema", "name": "place", "schema": CITY, "strict": True}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=sandbox.base_url, api_key=KEY, max_retries=0) as client:
        yield client


def held(made: Any) -> None:
    """Fail unless the answer, as it came, is what its type says: the client itself takes all."""
    assert isinstance(made, BaseModel)
    type(made).model_validate_json(made.to_json(), strict=True)


def test_an_answer_that_is_no_answer_is_not_held() -> None:
    with pytest.raises(ValueError, match="created_at"):
        held(Response.construct(id="resp_1", object="response"))


# /responses

ASKED: dict[str, dict[str, Any]] = {
    "a text": {},
    "a text that is cut": {"input": f"Say {'one ' * 40}", "max_output_tokens": 16},
    "settings": {
        "instructions": "Be brief.",
        "metadata": {"a": "b"},
        "temperature": 0.5,
        "top_p": 1,
        "truncation": "auto",
        "parallel_tool_calls": False,
        "reasoning": {"effort": "low"},
        "text": {"verbosity": "low"},
    },
    "parts": {
        "input": [
            {
                "type": "message",
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "Say one"},
                    {"type": "input_image", "image_url": "data:,", "detail": "low"},
                    {"type": "input_file", "file_id": "file-1"},
                ],
            }
        ]
    },
    "a call": {"tools": TOOLS, "tool_choice": "required"},
    "calls": {"tools": TOOLS, "tool_choice": "required", "parallel_tool_calls": True},
    "a call that was named": {
        "tools": TOOLS,
        "tool_choice": {"type": "function", "name": "bare"},
    },
    "a custom call": {"tools": TOOLS, "tool_choice": {"type": "custom", "name": "note"}},
    "no call": {"tools": TOOLS, "tool_choice": "none"},
    "a schema": {"text": {"format": AS_SCHEMA}},
    "an object": {"text": {"format": {"type": "json_object"}}},
    "what is not stored": {"store": False},
}


@pytest.fixture(params=list(ASKED))
def asked(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"model": MODEL, "input": "Say one two three"} | ASKED[request.param]


def test_a_response_is_what_its_type_says(client: openai.OpenAI, asked: dict[str, Any]) -> None:
    held(client.responses.create(**asked))


def test_every_event_is_what_its_type_says(client: openai.OpenAI, asked: dict[str, Any]) -> None:
    for event in client.responses.create(**asked, stream=True):
        held(event)


def test_a_stream_ends_with_the_whole_response(
    client: openai.OpenAI, asked: dict[str, Any]
) -> None:
    *_, last = client.responses.create(**asked, stream=True)
    assert last.type in {"response.completed", "response.incomplete"}
    whole = client.responses.create(**asked)
    assert last.response.usage == whole.usage
    assert last.response.output_text == whole.output_text
    assert [item.type for item in last.response.output] == [item.type for item in whole.output]


def test_the_pieces_of_a_stream_make_up_its_items(
    client: openai.OpenAI, asked: dict[str, Any]
) -> None:
    pieces: dict[int, str] = {}
    items = []
    for event in client.responses.create(**asked, stream=True):
        if event.type.endswith(".delta"):
            pieces[event.output_index] = pieces.get(event.output_index, "") + event.delta
        elif event.type == "response.output_item.done":
            items.append(event.item)
    wholes = {
        "message": lambda item: item.content[0].text,
        "function_call": lambda item: item.arguments,
        "custom_tool_call": lambda item: item.input,
    }
    assert pieces == {at: wholes[item.type](item) for at, item in enumerate(items)}


def test_the_events_of_a_text_in_their_order(client: openai.OpenAI) -> None:
    stream = client.responses.create(model=MODEL, input="Say one", stream=True)
    assert [event.type for event in stream] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]


def test_the_events_of_a_call_in_their_order(client: openai.OpenAI) -> None:
    stream = client.responses.create(
        model=MODEL, input="hello", tools=[BARE], tool_choice="required", stream=True
    )
    kinds = [event.type for event in stream]
    assert list(dict.fromkeys(kinds)) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ]


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ("required", [("function_call", "look_up")]),
        ({"type": "function", "name": "bare"}, [("function_call", "bare")]),
        ({"type": "custom", "name": "note"}, [("custom_tool_call", "note")]),
        (
            {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "bare"}],
            },
            [("function_call", "bare")],
        ),
    ],
)
def test_the_tool_that_was_chosen(
    client: openai.OpenAI, choice: Any, called: list[tuple[str, str]]
) -> None:
    made = client.responses.create(
        model=MODEL,
        input="hello",
        tools=TOOLS,
        tool_choice=choice,
        parallel_tool_calls=False,
    )
    held(made)
    assert [(item.type, item.name) for item in made.output] == called  # type: ignore[union-attr]


def test_a_call_and_its_result_are_taken_back(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": MODEL, "tools": TOOLS}
    made = client.responses.create(**asked, input="hello", tool_choice="required")
    call = made.output[0]
    assert call.type == "function_call"
    again = client.responses.create(
        **asked,
        input=[
            {"role": "user", "content": "Say sunny"},
            call.to_dict(),
            {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"},
        ],
        tool_choice="none",
    )
    assert again.output_text == "sunny"


def test_a_text_that_has_a_schema(client: openai.OpenAI) -> None:
    made = client.responses.create(
        model=MODEL,
        input="A place",
        text={"format": AS_SCHEMA},
    )
    assert json.loads(made.output_text) == {"city": "xxx"}
    assert made.text is not None
    assert made.text.format is not None
    assert made.text.format.type == "json_schema"


@pytest.mark.parametrize("status", ["queued", "in_progress", "completed", "cancelled"])
def test_a_response_of_every_status_is_what_its_type_says(
    client: openai.OpenAI, status: str
) -> None:
    made = client.responses.create(
        model=MODEL, input="Say it", background=True, metadata={"status": status}
    )
    if status == "cancelled":
        made = client.responses.cancel(made.id)
    while made.status != status:
        made = client.responses.retrieve(made.id)
    held(made)
    assert made.background is True
    is_made = status == "completed"
    assert (made.output_text, made.usage is not None) == ("it" if is_made else "", is_made)


def test_only_what_is_in_the_background_is_cancelled(client: openai.OpenAI) -> None:
    made = client.responses.create(model=MODEL, input="Say kept whole")
    with pytest.raises(openai.BadRequestError, match="Cannot cancel a synchronous response"):
        client.responses.cancel(made.id)


def test_what_is_completed_stays_so_when_it_is_cancelled(client: openai.OpenAI) -> None:
    made = client.responses.create(model=MODEL, input="Say too late", background=True)
    for _ in range(2):
        client.responses.retrieve(made.id)
    assert client.responses.cancel(made.id).output_text == "too late"


def test_what_is_in_the_background_is_stored(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="store"):
        client.responses.create(model=MODEL, input="hello", background=True, store=False)


def test_a_stream_is_stored_when_it_ends(client: openai.OpenAI) -> None:
    *_, last = client.responses.create(model=MODEL, input="Say streamed", stream=True)
    assert last.type == "response.completed"
    assert client.responses.retrieve(last.response.id) == last.response


def test_a_stream_in_the_background_can_be_had_again(client: openai.OpenAI) -> None:
    events = list(
        client.responses.create(
            model=MODEL, input="Say one two three", background=True, stream=True
        )
    )
    name = events[-1].response.id  # type: ignore[union-attr]
    assert list(client.responses.retrieve(name, stream=True)) == events
    for number in range(len(events)):
        rest = client.responses.retrieve(name, stream=True, starting_after=number)
        assert list(rest) == events[number + 1 :]


def test_what_was_no_stream_in_the_background_is_none_later(client: openai.OpenAI) -> None:
    stored = [
        client.responses.create(model=MODEL, input="hello", background=True).id,
        client.responses.create(model=MODEL, input="hello").id,
    ]
    for name in stored:
        with pytest.raises(openai.BadRequestError, match="cannot be streamed"):
            client.responses.retrieve(name, stream=True)
        assert client.responses.retrieve(name, stream=False).id == name


@pytest.mark.parametrize("query", ["stream=yes", "stream=true&starting_after=two"])
def test_a_query_of_another_type(client: openai.OpenAI, query: str) -> None:
    *_, last = client.responses.create(model=MODEL, input="hi", background=True, stream=True)
    with pytest.raises(openai.BadRequestError) as refused:
        client.get(f"/responses/{last.response.id}?{query}", cast_to=object)  # type: ignore[union-attr]
    assert refused.value.code == "invalid_type"


def test_a_deleted_response_is_no_previous_one(client: openai.OpenAI) -> None:
    made = client.responses.create(model=MODEL, input="Say deleted")
    client.responses.delete(made.id)
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model=MODEL, input="more", previous_response_id=made.id)
    assert refused.value.param == "previous_response_id"
    assert refused.value.code == "previous_response_not_found"


# /embeddings and /moderations


@pytest.mark.parametrize("given", ["a", ["a", "b"], [1, 2], [[1, 2], [3]]])
@pytest.mark.parametrize("coding", ["float", "base64"])
def test_embeddings_of_every_input(client: openai.OpenAI, given: Any, coding: Any) -> None:
    made = client.embeddings.create(
        model="text-embedding-3-small", input=given, dimensions=3, encoding_format=coding
    )
    if coding == "float":
        held(made)
    number = 2 if given in (["a", "b"], [[1, 2], [3]]) else 1
    assert [item.index for item in made.data] == list(range(number))
    assert made.model == "text-embedding-3-small"


@pytest.mark.parametrize(
    ("model", "length"),
    [
        ("text-embedding-3-small", 1536),
        ("text-embedding-3-large", 3072),
        ("text-embedding-ada-002", 1536),
    ],
)
def test_a_vector_has_the_length_of_its_model(
    client: openai.OpenAI, model: str, length: int
) -> None:
    made = client.embeddings.create(model=model, input="hello")
    assert len(made.data[0].embedding) == length


def test_a_shortened_vector_is_one_of_length_1(client: openai.OpenAI) -> None:
    made = client.embeddings.create(model="text-embedding-3-large", input="a", dimensions=256)
    vector = made.data[0].embedding
    assert len(vector) == 256
    assert sum(number * number for number in vector) == pytest.approx(1)


@pytest.mark.parametrize(
    ("given", "flagged"),
    [
        ("a walk", [False]),
        ("violence", [True]),
        (["a walk", "violence"], [False, True]),
        ([{"type": "text", "text": "violence"}], [True]),
        ([{"type": "image_url", "image_url": {"url": "https://images.invalid/a.png"}}], [False]),
    ],
)
def test_moderations_of_every_input(client: openai.OpenAI, given: Any, flagged: list[bool]) -> None:
    made = client.moderations.create(input=given)
    held(made)
    assert [result.flagged for result in made.results] == flagged
    assert made.id.startswith("modr-")


# /audio

DIARIZE = "gpt-4o-transcribe-diarize"


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("whisper-1", "json"),
        ("whisper-1", "verbose_json"),
        ("gpt-4o-transcribe", "json"),
        ("gpt-4o-mini-transcribe", "json"),
        (DIARIZE, "json"),
        (DIARIZE, "diarized_json"),
    ],
)
def test_a_transcription_is_what_its_type_says(
    client: openai.OpenAI, model: Any, kind: Any
) -> None:
    made: Any = client.audio.transcriptions.create(model=model, file=TALK, response_format=kind)
    held(made)
    assert made.text.startswith("This is a sandbox")
    assert made.usage.type == ("duration" if model == "whisper-1" else "tokens")


@pytest.mark.parametrize("granularity", ["word", "segment"])
def test_only_the_times_that_are_asked_for(client: openai.OpenAI, granularity: Any) -> None:
    made = client.audio.transcriptions.create(
        model="whisper-1",
        file=TALK,
        response_format="verbose_json",
        timestamp_granularities=[granularity],
    )
    assert (made.words is not None, made.segments is not None) == (
        granularity == "word",
        granularity == "segment",
    )


def test_words_follow_each_other_to_the_end(client: openai.OpenAI) -> None:
    made = client.audio.transcriptions.create(
        model="whisper-1",
        file=TALK,
        response_format="verbose_json",
        timestamp_granularities=["word"],
    )
    assert made.words is not None
    assert made.words[0].start == 0
    assert made.words[-1].end == pytest.approx(1.5)
    for word, following in zip(made.words, made.words[1:], strict=False):
        assert word.start < word.end == following.start


@pytest.mark.parametrize(
    ("model", "kind", "first"),
    [
        ("gpt-4o-transcribe", "json", "transcript.text.delta"),
        ("gpt-4o-mini-transcribe", "json", "transcript.text.delta"),
        (DIARIZE, "diarized_json", "transcript.text.segment"),
    ],
)
def test_a_streamed_transcription_is_what_its_type_says(
    client: openai.OpenAI, model: Any, kind: Any, first: str
) -> None:
    events = list(
        client.audio.transcriptions.create(
            model=model, file=TALK, response_format=kind, stream=True
        )
    )
    for event in events:
        held(event)
    assert (events[0].type, events[-1].type) == (first, "transcript.text.done")


def test_whisper_does_not_stream(client: openai.OpenAI) -> None:
    answer = client.audio.transcriptions.with_raw_response.create(
        model="whisper-1", file=TALK, stream=True
    )
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("kind", "start"),
    [
        ("text", "This is a sandbox"),
        ("srt", "1\n00:00:00,000 --> 00:00:01,500\nThis is a sandbox"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nThis is a sandbox"),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_translation_as_a_text(client: openai.OpenAI, kind: Any, start: str) -> None:
    made: Any = client.audio.translations.create(model="whisper-1", file=TALK, response_format=kind)
    assert made.startswith(start)


@pytest.mark.parametrize("kind", ["json", "verbose_json"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_translation_is_what_its_type_says(client: openai.OpenAI, kind: Any) -> None:
    made: Any = client.audio.translations.create(model="whisper-1", file=TALK, response_format=kind)
    held(made)
    assert made.text.startswith("This is a sandbox")


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("mp3", "audio/mpeg"),
        ("opus", "audio/ogg"),
        ("aac", "audio/aac"),
        ("flac", "audio/flac"),
        ("wav", "audio/wav"),
        ("pcm", "audio/pcm"),
    ],
)
def test_a_sound_says_what_it_is(client: openai.OpenAI, kind: Any, content_type: str) -> None:
    answer = client.audio.speech.with_raw_response.create(
        model="tts-1-hd", voice="alloy", input="hi", response_format=kind
    )
    assert answer.headers["content-type"] == content_type


@pytest.mark.parametrize("kind", STARTS)
def test_a_sound_as_events_is_the_same_sound(client: openai.OpenAI, kind: Any) -> None:
    asked: dict[str, Any] = {
        "model": "gpt-4o-mini-tts", "voice": "coral", "input": "hi", "response_format": kind,
    }  # fmt: skip
    whole = client.audio.speech.create(**asked).content
    answer = client.audio.speech.create(**asked, stream_format="sse")
    told = [json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line]
    *deltas, done = told
    assert b"".join(decoded(delta) for delta in deltas) == whole
    assert done["type"] == "speech.audio.done"
    assert done["usage"].keys() == {"input_tokens", "output_tokens", "total_tokens"}


def decoded(delta: dict[str, str]) -> bytes:
    """The bytes of an event, each of which is base64 by itself."""
    assert delta["type"] == "speech.audio.delta"
    return b64decode(delta["audio"], validate=True)


def test_a_custom_voice(client: openai.OpenAI) -> None:
    made = client.audio.speech.create(model="gpt-4o-mini-tts", voice={"id": "voice_1"}, input="hi")
    assert made.content.startswith(STARTS["mp3"])


def test_a_sound_that_is_made_is_heard(client: openai.OpenAI) -> None:
    made = client.audio.speech.create(
        model="tts-1", voice="alloy", input="hi", response_format="wav"
    )
    with wave.open(io.BytesIO(made.content)) as file:
        assert file.getnframes() == 24_000 * 0.2
    heard = client.audio.transcriptions.create(
        model="whisper-1", file=("made.wav", made.content), response_format="verbose_json"
    )
    assert heard.duration == 0.2


# /images

IMAGES = {
    "png": b"\x89PNG\r\n\x1a\n",
    "jpeg": b"\xff\xd8\xff",
    "webp": b"RIFF",
}


@pytest.mark.parametrize("kind", IMAGES)
def test_an_image_of_each_kind(client: openai.OpenAI, kind: Any) -> None:
    made = client.images.generate(model="gpt-image-1", prompt="a square", output_format=kind)
    held(made)
    assert made.output_format == kind
    assert made.data is not None
    assert b64decode(made.data[0].b64_json or "").startswith(IMAGES[kind])


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"model": "gpt-image-1", "n": 3}, "b64_json"),
        ({"model": "gpt-image-1", "size": "1536x1024", "quality": "high", "n": 3}, "b64_json"),
        ({"model": "gpt-image-1", "background": "transparent", "n": 3}, "b64_json"),
        ({"model": "dall-e-2", "n": 3}, "url"),
        ({"model": "dall-e-2", "n": 3, "response_format": "url"}, "url"),
        ({"model": "dall-e-2", "n": 3, "response_format": "b64_json"}, "b64_json"),
    ],
)
def test_images_as_they_were_asked_for(
    client: openai.OpenAI, asked: dict[str, Any], field: str
) -> None:
    made = client.images.generate(prompt="a square", **asked)
    held(made)
    assert made.data is not None
    assert [image.to_dict().keys() for image in made.data] == [{field}] * 3


@pytest.mark.parametrize("size", ["256x256", "512x512", "1024x1024"])
def test_an_address_leads_to_an_image_of_the_asked_size(
    sandbox: Sandbox, client: openai.OpenAI, size: Any
) -> None:
    data = fetched(sandbox, client.images.generate(model="dall-e-2", prompt="a", size=size))
    width, height = (int.from_bytes(data[at : at + 4]) for at in (16, 20))
    assert f"{width}x{height}" == size


@pytest.mark.parametrize("partial", [0, 1, 3])
def test_streamed_images_are_what_their_types_say(client: openai.OpenAI, partial: int) -> None:
    *parts, last = client.images.generate(
        model="gpt-image-1", prompt="a square", stream=True, partial_images=partial
    )
    for event in (*parts, last):
        held(event)
    assert [part.partial_image_index for part in parts] == list(range(partial))  # type: ignore[union-attr]
    assert last.type == "image_generation.completed"


def test_streamed_edits_are_what_their_types_say(sandbox: Sandbox, client: openai.OpenAI) -> None:
    stream = client.images.edit(
        model="gpt-image-1",
        prompt="a hat",
        image=png(sandbox, client),
        stream=True,
        partial_images=1,
    )
    events = list(stream)
    for event in events:
        held(event)
    assert [event.type for event in events] == [
        "image_edit.partial_image",
        "image_edit.completed",
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("form", ["url", "b64_json"])
def test_a_variation_is_what_its_type_says(
    sandbox: Sandbox, client: openai.OpenAI, form: Any
) -> None:
    made = client.images.create_variation(image=png(sandbox, client), n=2, response_format=form)
    held(made)
    assert made.data is not None
    assert [image.to_dict().keys() for image in made.data] == [{form}] * 2


def test_an_image_may_be_edited_by_its_address(sandbox: Sandbox) -> None:
    body = {
        "model": "gpt-image-1",
        "prompt": "a hat",
        "images": [{"image_url": "https://images.invalid/a.png"}, {"file_id": "file-1"}],
    }
    answer = send(sandbox, "/v1/images/edits", body)
    assert answer.status == 200
    assert answer.json["usage"]["input_tokens_details"]["image_tokens"] == 2 * 100


# /models and /files


def test_every_model_of_the_list_is_there(client: openai.OpenAI) -> None:
    for model in client.models.list():
        held(model)
        assert client.models.retrieve(model.id) == model


def test_what_is_said_of_a_deletion(client: openai.OpenAI) -> None:
    held(client.models.delete("ft:gpt-5.4-mini:acme::said"))
    file = client.files.create(file=("a.txt", b"said"), purpose="user_data")
    held(client.files.delete(file.id))


PURPOSES = ["assistants", "batch", "fine-tune", "vision", "user_data"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_file_is_what_its_type_says(client: openai.OpenAI, purpose: Any) -> None:
    file = client.files.create(file=("a.jsonl", b'{"a": 1}\n'), purpose=purpose)
    try:
        held(file)
        assert (file.filename, file.bytes, file.purpose) == ("a.jsonl", 9, purpose)
        assert client.files.retrieve(file.id) == file
    finally:
        client.files.delete(file.id)


@pytest.fixture
def three(client: openai.OpenAI) -> Iterator[list[str]]:
    """The ids of three files, the oldest first; no other test has files of this purpose."""
    ids = [
        client.files.create(file=(f"{name}.txt", name.encode()), purpose="assistants").id
        for name in ("one", "two", "three")
    ]
    yield ids
    for name in ids:
        client.files.delete(name)


@pytest.mark.parametrize(
    ("asked", "shown", "more"),
    [
        ({}, [2, 1, 0], False),
        ({"order": "desc"}, [2, 1, 0], False),
        ({"order": "asc"}, [0, 1, 2], False),
        ({"order": "asc", "limit": 2}, [0, 1], True),
        ({"order": "asc", "limit": 3}, [0, 1, 2], False),
        ({"order": "asc", "limit": 2, "after": 1}, [2], False),
        ({"limit": 1, "after": 2}, [1], True),
        ({"order": "asc", "after": 2}, [], False),
    ],
)
def test_a_page_of_files(
    client: openai.OpenAI,
    three: list[str],
    asked: dict[str, Any],
    shown: list[int],
    more: bool,
) -> None:
    if "after" in asked:
        asked = asked | {"after": three[asked["after"]]}
    page = client.files.list(purpose="assistants", **asked)
    assert [file.id for file in page.data] == [three[at] for at in shown]
    assert page.has_more is more


def test_a_file_with_a_name_that_is_not_ascii(client: openai.OpenAI) -> None:
    file = client.files.create(file=("Größe 東京.txt", b"\r\n--\r\n"), purpose="user_data")
    assert file.filename == "Größe 東京.txt"
    assert client.files.content(file.id).read() == b"\r\n--\r\n"
