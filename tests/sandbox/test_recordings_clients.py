"""Clients of the API that are recorded and played back: the openai package, curl and llm."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletionUserMessageParam

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from tests.sandbox.client import KEY
from tests.sandbox.recorder import UPSTREAM_KEY, replaying, rows, upstream_of
from tests.sandbox.test_clients import BODY, CURL, LLM, STREAM, curl, output
from tests.servers import Server, reply

MODEL = "gpt-6-luna"
MESSAGE: ChatCompletionUserMessageParam = {"role": "user", "content": "Say one two"}


@pytest.fixture
def api() -> Iterator[Sandbox]:
    """A sandbox that stands for the API."""
    with Sandbox(0, SandboxConfig(key=UPSTREAM_KEY)) as serving:
        yield serving


def same_without_upstream(
    api: Sandbox, tmp_path: Path, ask: Callable[[Sandbox], list[bytes]]
) -> None:
    """What a client has of recordings alone is what it had of the API, byte for byte."""
    path = tmp_path / "recordings.jsonl"
    with upstream_of(api.base_url, path) as recorder:
        live = ask(recorder.sandbox)
    assert len(rows(path)) == len(live), "one answer each"
    with replaying(path) as (sandbox, replies):
        assert ask(sandbox) == live
        assert not replies.unused


def test_the_openai_client(api: Sandbox, tmp_path: Path) -> None:
    same_without_upstream(api, tmp_path, asked_by_openai)


def asked_by_openai(sandbox: Sandbox) -> list[bytes]:
    with openai.OpenAI(base_url=sandbox.base_url, api_key=KEY, max_retries=0) as client:
        raw = client.with_raw_response
        sound = client.audio.speech.create(model="tts-1", voice="coral", input="hi").content
        picture = ("a.png", b"\x89PNG\r\n\x1a\n", "image/png")
        whole: list[Any] = [
            raw.chat.completions.create(model=MODEL, messages=[MESSAGE]),
            raw.responses.create(model=MODEL, input="Say one two"),
            raw.embeddings.create(model="text-embedding-3-small", input="one"),
            raw.audio.transcriptions.create(model="whisper-1", file=("a.wav", sound)),
            raw.images.generate(model="gpt-image-1", prompt="one"),
            raw.images.edit(model="gpt-image-1", prompt="one", image=picture),
        ]
        streamed: list[Any] = [
            client.chat.completions.create(model=MODEL, messages=[MESSAGE], stream=True),
            client.responses.create(model=MODEL, input="Say one two", stream=True),
        ]
        texts = ["".join(each.model_dump_json() for each in stream) for stream in streamed]
        return [sound, *(each.content for each in whole), *map(str.encode, texts)]


def test_its_retries(tmp_path: Path) -> None:
    """What made it try again does so again, and what made it give up."""

    def ask(sandbox: Sandbox) -> list[bytes]:
        with openai.OpenAI(base_url=sandbox.base_url, api_key=KEY, max_retries=1) as client:
            first = client.with_raw_response.models.list()
            with pytest.raises(openai.InternalServerError) as failed:
                client.models.retrieve("m")
            return [first.content, json.dumps(failed.value.body).encode()]

    slow = ["retry-after-ms: 1"]
    answers = [
        reply({"error": {}}, status="429 Slow", headers=slow),
        reply({"data": []}),
        reply({"error": {"message": "one"}}, status="500 Oh", headers=slow),
        reply({"error": {"message": "two"}}, status="503 Oh", headers=slow),
    ]
    path = tmp_path / "recordings.jsonl"
    with Server(answers) as server, upstream_of(server.base_url, path) as recorder:
        live = ask(recorder.sandbox)
    assert [row["status"] for row in rows(path)] == [429, 200, 500, 503]
    with replaying(path) as (sandbox, replies):
        assert ask(sandbox) == live
        assert not replies.unused


@pytest.mark.skipif(CURL is None, reason="this machine has no curl")
def test_curl(api: Sandbox, tmp_path: Path) -> None:
    sound = tmp_path / "a.wav"
    sound.write_bytes(b"RIFF\xff\x00")

    def ask(sandbox: Sandbox) -> list[bytes]:
        asked = (
            ("/chat/completions", "-d", BODY),
            ("/completions", "-N", "-d", STREAM),
            ("/audio/transcriptions", "-F", "model=whisper-1", "-F", f"file=@{sound}"),
            ("/models?limit=2",),
        )
        return [curl(sandbox, *arguments).encode() for arguments in asked]

    same_without_upstream(api, tmp_path, ask)


@pytest.mark.skipif(LLM is None, reason="llm, of the extra `test`, is not installed")
def test_llm(api: Sandbox, tmp_path: Path) -> None:
    def ask(sandbox: Sandbox) -> list[bytes]:
        (tmp_path / "extra-openai-models.yaml").write_text(
            "- model_id: sandbox\n"
            f"  model_name: {MODEL}\n"
            f"  api_base: {sandbox.base_url}\n"
            "  api_key_name: sandbox\n"
        )  # fmt: skip
        command = [str(LLM), "-m", "sandbox", "--key", KEY, "Say one two"]
        return [output(command, {"LLM_USER_PATH": str(tmp_path)}).encode()]

    same_without_upstream(api, tmp_path, ask)
