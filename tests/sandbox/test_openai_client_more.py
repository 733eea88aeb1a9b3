"""The `openai` package's own client against the other endpoints, with no special case."""

import io
import json
import wave
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai.types import ImagesResponse, ModerationMultiModalInputParam
from openai.types.responses import FunctionToolParam
from pydantic import BaseModel

from openai_cli.sandbox import Sandbox
from tests.sandbox.client import KEY, send
from tests.sounds import wav

MODEL = "gpt-6-luna"
TOOL: FunctionToolParam = {
    "type": "function",
    "name": "look_up",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string", "minLength": 3}},
        "required": ["city"],
    },
    "strict": True,
}


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=sandbox.base_url, api_key=KEY, max_retries=0) as client:
        yield client


# As the client takes a file.
TALK = ("talk.wav", wav(1.5), "audio/wav")


# /responses


def test_a_response(client: openai.OpenAI) -> None:
    made = client.responses.create(model=MODEL, input="Say one two three")
    assert made.output_text == "one two three"
    assert made.status == "completed"
    assert made.usage is not None
    assert made.usage.total_tokens == made.usage.input_tokens + made.usage.output_tokens
    assert made.usage.output_tokens == 3


def test_the_input_may_be_items(client: openai.OpenAI) -> None:
    made = client.responses.create(
        model=MODEL,
        input=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "input_text", "text": "Say one"}]},
        ],
    )
    assert made.output_text == "one"


def test_a_response_gathered_from_a_stream(client: openai.OpenAI) -> None:
    with client.responses.stream(model=MODEL, input="Say one two three") as stream:
        told = list(stream)
        made = stream.get_final_response()
    assert made.output_text == "one two three"
    kinds = [event.type for event in told]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"
    deltas = [event.delta for event in told if event.type == "response.output_text.delta"]
    assert "".join(deltas) == "one two three"
    numbers = [event.sequence_number for event in told]
    assert numbers == list(range(len(told)))


@pytest.mark.parametrize("streamed", [False, True])
def test_a_call(client: openai.OpenAI, streamed: bool) -> None:
    asked: dict[str, Any] = {
        "model": MODEL, "input": "Weather?", "tools": [TOOL], "tool_choice": "required",
    }  # fmt: skip
    if streamed:
        with client.responses.stream(**asked) as stream:
            made = stream.get_final_response()
    else:
        made = client.responses.create(**asked)
    (call,) = made.output
    assert call.type == "function_call"
    assert (call.name, call.arguments) == ("look_up", '{"city":"xxx"}')


class City(BaseModel):
    """What an answer is to be."""

    name: str
    inhabitants: int


def test_an_answer_is_parsed(client: openai.OpenAI) -> None:
    made = client.responses.parse(model=MODEL, input="A city", text_format=City)
    assert made.output_parsed == City(name="", inhabitants=0)


def test_an_answer_that_is_cut(client: openai.OpenAI) -> None:
    made = client.responses.create(model=MODEL, input=f"Say {'one ' * 40}", max_output_tokens=16)
    assert made.status == "incomplete"
    assert made.incomplete_details is not None
    assert made.incomplete_details.reason == "max_output_tokens"
    assert made.output_text.split() == ["one"] * 16


def test_a_response_in_the_background(client: openai.OpenAI) -> None:
    made = client.responses.create(model=MODEL, input="Say done", background=True)
    seen = [made.status]
    while made.status in ("queued", "in_progress"):
        made = client.responses.retrieve(made.id)
        seen.append(made.status)
    assert seen == ["queued", "in_progress", "completed"]
    assert made.output_text == "done"


def test_a_stream_in_the_background_is_made_when_it_ends(client: openai.OpenAI) -> None:
    *_, last = client.responses.create(
        model=MODEL, input="Say streamed", background=True, stream=True
    )
    assert last.type == "response.completed"
    assert client.responses.retrieve(last.response.id).status == "completed"


def test_a_tool_needs_its_name_alone(sandbox: Sandbox) -> None:
    tool = {"type": "function", "name": "bare"}
    body = {"model": MODEL, "input": "hi", "tools": [tool], "tool_choice": "required"}
    (call,) = send(sandbox, "/v1/responses", body).json["output"]
    assert (call["name"], call["arguments"]) == ("bare", "{}")


def test_tools_of_the_server_are_not_called_here(client: openai.OpenAI) -> None:
    made = client.responses.create(
        model=MODEL,
        input="Say searched",
        tools=[{"type": "web_search"}],
        tool_choice="required",
    )
    assert made.output_text == "searched"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("responses", {"model": MODEL, "input": "hi"}),
        ("images/generations", {"model": "gpt-image-1", "prompt": "hi"}),
    ],
)
def test_events_are_named_by_their_types(sandbox: Sandbox, path: str, body: Any) -> None:
    told = send(sandbox, f"/v1/{path}", {**body, "stream": True}).content.decode()
    for one in told.removesuffix("\n\n").split("\n\n"):
        name, data = one.split("\n")
        assert name == f"event: {json.loads(data.removeprefix('data: '))['type']}"


def test_a_response_is_cancelled(client: openai.OpenAI) -> None:
    made = client.responses.create(model=MODEL, input="Say cancelled", background=True)
    assert client.responses.cancel(made.id).status == "cancelled"
    assert client.responses.retrieve(made.id).status == "cancelled"


def test_a_response_is_stored_until_it_is_deleted(client: openai.OpenAI) -> None:
    made = client.responses.create(model=MODEL, input="Say stored")
    assert client.responses.retrieve(made.id).output_text == "stored"
    next_one = client.responses.create(model=MODEL, input="Say next", previous_response_id=made.id)
    assert next_one.previous_response_id == made.id
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_a_response_that_is_not_to_be_stored(client: openai.OpenAI) -> None:
    made = client.responses.create(model=MODEL, input="Say forgotten", store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_input_tokens(client: openai.OpenAI) -> None:
    counted = client.responses.input_tokens.count(model=MODEL, input="hello")
    made = client.responses.create(model=MODEL, input="hello")
    assert made.usage is not None
    assert counted.input_tokens == made.usage.input_tokens


# /embeddings and /moderations


def test_embeddings(client: openai.OpenAI) -> None:
    # The client asks for base64 by itself.
    packed = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
    listed = client.embeddings.create(
        model="text-embedding-3-small", input=["a", "b"], encoding_format="float"
    )
    assert [item.index for item in packed.data] == [0, 1]
    assert [item.embedding for item in packed.data] == [item.embedding for item in listed.data]
    for item in listed.data:
        assert len(item.embedding) == 1536
        assert sum(number * number for number in item.embedding) == pytest.approx(1)
    assert listed.data[0].embedding != listed.data[1].embedding
    assert listed.usage.prompt_tokens == 2


def test_an_embedding_has_the_asked_length(client: openai.OpenAI) -> None:
    made = client.embeddings.create(model="text-embedding-3-large", input="a", dimensions=7)
    assert len(made.data[0].embedding) == 7


def test_tokens_have_the_vector_of_their_text(client: openai.OpenAI) -> None:
    # cl100k_base: "hello" is 15339.
    made = client.embeddings.create(model="text-embedding-3-small", input=[[15339], [1, 2]])
    text = client.embeddings.create(model="text-embedding-3-small", input="hello")
    assert made.data[0].embedding == text.data[0].embedding


def test_moderations(client: openai.OpenAI) -> None:
    made = client.moderations.create(input=["a walk", "some violence", "hate/threatening"])
    assert [result.flagged for result in made.results] == [False, True, True]
    assert made.results[1].categories.violence is True
    assert made.results[1].categories.violence_graphic is False
    assert made.results[2].categories.hate_threatening is True
    assert made.results[2].categories.hate is False
    assert made.results[1].category_scores.violence > 0.9
    assert made.results[1].category_applied_input_types.violence == ["text"]


def test_parts_are_moderated_as_one(client: openai.OpenAI) -> None:
    parts: list[ModerationMultiModalInputParam] = [
        {"type": "text", "text": "violence"},
        {"type": "image_url", "image_url": {"url": "https://images.invalid/a.png"}},
    ]
    made = client.moderations.create(model="omni-moderation-latest", input=parts)
    (result,) = made.results
    assert result.category_applied_input_types.violence == ["text", "image"]


# /audio


def test_a_transcription(client: openai.OpenAI) -> None:
    made = client.audio.transcriptions.create(model="gpt-4o-mini-transcribe", file=TALK)
    assert 'your file was "talk.wav"' in made.text
    assert made.usage is not None
    assert made.usage.type == "tokens"


def test_subtitles_and_text(client: openai.OpenAI) -> None:
    def heard(kind: Any) -> Any:
        return client.audio.transcriptions.create(
            model="whisper-1", file=TALK, response_format=kind
        )

    assert heard("text").startswith("This is a sandbox")
    assert heard("srt").startswith("1\n00:00:00,000 --> 00:00:01,500\nThis is a sandbox")
    assert heard("vtt").startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nThis is a sandbox")


def test_times_of_words_and_segments(client: openai.OpenAI) -> None:
    made = client.audio.transcriptions.create(
        model="whisper-1",
        file=TALK,
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )
    assert made.duration == 1.5
    assert made.words is not None
    assert [word.word for word in made.words] == made.text.split()
    assert made.segments is not None
    assert made.segments[0].end == 1.5
    assert made.usage is not None
    assert made.usage.seconds == 2


def test_speakers(client: openai.OpenAI) -> None:
    made = client.audio.transcriptions.create(
        model="gpt-4o-transcribe-diarize", file=TALK, response_format="diarized_json"
    )
    assert [segment.speaker for segment in made.segments] == ["A", "B"]


def test_a_transcription_streamed(client: openai.OpenAI) -> None:
    *deltas, done = client.audio.transcriptions.create(
        model="gpt-4o-mini-transcribe", file=TALK, stream=True
    )
    assert done.type == "transcript.text.done"
    assert "".join(event.delta for event in deltas) == done.text  # type: ignore[union-attr]


def test_a_translation(client: openai.OpenAI) -> None:
    with pytest.deprecated_call():
        made = client.audio.translations.create(model="whisper-1", file=TALK)
    assert made.text.startswith("This is a sandbox")


STARTS = {
    "mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3"),
    "opus": (b"OggS",),
    "aac": (b"\xff\xf1", b"\xff\xf9"),
    "flac": (b"fLaC",),
    "wav": (b"RIFF",),
}


@pytest.mark.parametrize("kind", STARTS)
def test_a_sound_of_each_kind(client: openai.OpenAI, kind: Any) -> None:
    made = client.audio.speech.create(
        model="gpt-4o-mini-tts", voice="coral", input="hi", response_format=kind
    )
    assert made.content.startswith(STARTS[kind])


def test_a_wav_is_one_and_pcm_is_what_it_holds(client: openai.OpenAI) -> None:
    def spoken(kind: Any) -> bytes:
        return client.audio.speech.create(
            model="tts-1", voice="alloy", input="hi", response_format=kind
        ).content

    with wave.open(io.BytesIO(spoken("wav"))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)
        assert file.readframes(file.getnframes()) == spoken("pcm")


def test_a_sound_as_it_comes(client: openai.OpenAI) -> None:
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="coral", input="hi"
    ) as answer:
        assert b"".join(answer.iter_bytes(100)).startswith(STARTS["mp3"])


# /images


def test_images(client: openai.OpenAI) -> None:
    made = client.images.generate(model="gpt-image-1-mini", prompt="a square", n=2)
    assert made.data is not None
    assert len(made.data) == 2
    assert made.data[0].b64_json is not None
    assert made.usage is not None
    assert made.usage.output_tokens == 2 * 272


def fetched(sandbox: Sandbox, made: ImagesResponse) -> bytes:
    """The image at the address that an answer names, without a key."""
    assert made.data is not None
    assert made.data[0].url is not None
    path = made.data[0].url.removeprefix(sandbox.base_url.removesuffix("/v1"))
    answer = send(sandbox, path, method="GET", headers={})
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    return answer.content


def test_an_address_needs_no_key(sandbox: Sandbox, client: openai.OpenAI) -> None:
    made = client.images.generate(model="dall-e-3", prompt="a square", size="1024x1024")
    data = fetched(sandbox, made)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert data[16:24] == b"\0\0\4\0\0\0\4\0"


def test_images_on_the_way(client: openai.OpenAI) -> None:
    stream = client.images.generate(
        model="gpt-image-1-mini", prompt="a square", stream=True, partial_images=2
    )
    kinds = [event.type for event in stream]
    assert kinds == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]


def png(sandbox: Sandbox, client: openai.OpenAI, size: Any = "256x256") -> tuple[str, bytes, str]:
    made = client.images.generate(model="dall-e-2", prompt="a square", size=size)
    return "a.png", fetched(sandbox, made), "image/png"


def test_edits(sandbox: Sandbox, client: openai.OpenAI) -> None:
    image = png(sandbox, client)
    made = client.images.edit(model="gpt-image-1", prompt="a hat", image=[image, image], mask=image)
    assert made.data is not None
    assert made.data[0].b64_json is not None
    assert made.usage is not None
    assert made.usage.input_tokens_details.image_tokens == 2 * 100


def test_a_mask_of_another_size(sandbox: Sandbox, client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="mask size does not match image size"):
        client.images.edit(
            model="gpt-image-1",
            prompt="a",
            image=png(sandbox, client),
            mask=png(sandbox, client, "512x512"),
        )


def test_variations(sandbox: Sandbox, client: openai.OpenAI) -> None:
    with pytest.deprecated_call():
        made = client.images.create_variation(image=png(sandbox, client), n=2)
    assert made.data is not None
    assert len([image.url for image in made.data]) == 2


# /models and /files


def test_a_model_that_was_fine_tuned(client: openai.OpenAI) -> None:
    name = "ft:gpt-5.4-mini:acme::client"
    assert client.models.retrieve(name).id == name
    assert client.models.delete(name).deleted is True
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve(name)


def test_a_model_of_openai_is_not_deleted(client: openai.OpenAI) -> None:
    with pytest.raises(openai.PermissionDeniedError):
        client.models.delete(MODEL)


def test_files(client: openai.OpenAI) -> None:
    lines = [json.dumps({"n": number}).encode() for number in range(3)]
    files = [
        client.files.create(file=(f"{number}.jsonl", line), purpose="evals")
        for number, line in enumerate(lines)
    ]
    # Of two on a page: the client asks for the next by itself.
    listed = [file.id for file in client.files.list(purpose="evals", limit=2, order="asc")]
    assert listed == [file.id for file in files]
    assert [client.files.content(file.id).read() for file in files] == lines
    assert client.files.retrieve(files[1].id).filename == "1.jsonl"
    for file in files:
        assert client.files.delete(file.id).deleted is True
    assert client.files.list(purpose="evals").data == []
    with pytest.raises(openai.NotFoundError):
        client.files.content(files[0].id)


def test_a_file_that_expires(client: openai.OpenAI) -> None:
    file = client.files.create(
        file=("a.txt", b"a"),
        purpose="user_data",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    assert file.expires_at == file.created_at + 3600
