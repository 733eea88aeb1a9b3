"""Which requests may be answered from the cache."""

from typing import Any

import pytest

from openai_cli.cache.rules import KNOWN, Refusal, refusal
from openai_cli.commands import declared
from tests.flags.published import (
    CHAT,
    COMPLETE,
    EDIT,
    EMBED,
    GENERATE,
    MODERATE,
    RESPOND,
    SPEAK,
    TRANSCRIBE,
    TRANSLATE,
    VARY,
)

PUBLISHED = {
    "chat": CHAT, "complete": COMPLETE, "respond": RESPOND, "embed": EMBED, "moderate": MODERATE,
    "speak": SPEAK, "transcribe": TRANSCRIBE, "translate": TRANSLATE, "image generate": GENERATE,
    "image edit": EDIT, "image vary": VARY,
}  # fmt: skip
# Those of which it was decided that no answer is kept, or none without --cache-any.
DECIDED = {
    ("chat", "audio"),
    ("chat", "web_search_options"),
    ("respond", "access_programs"),
    ("respond", "background_options"),
    ("respond", "conversation"),
    ("respond", "image"),
    ("respond", "previous_response_id"),
    ("respond", "prompt"),
}

CHATS, RESPONSES = "/chat/completions", "/responses"
TOOL = {"type": "function", "function": {"name": "weather"}}
WHERE = "https://pictures.example/a.png"


def path_of(command: str) -> str:
    return str(declared(command).options.endpoint.path)


def refused(path: str, body: dict[str, Any], method: str = "POST") -> Refusal | None:
    stored = {"store": False} if path == RESPONSES else {}
    return refusal(method, path, {"model": "m", **stored, **body})


def test_every_parameter_is_known_or_was_decided_upon() -> None:
    unknown = {
        (command, name)
        for command, endpoint in PUBLISHED.items()
        for name in endpoint.properties - KNOWN[path_of(command)]
    }
    assert unknown == DECIDED


@pytest.mark.parametrize("command", PUBLISHED)
def test_a_property_that_no_version_has_yet_is_not_known(command: str) -> None:
    path = path_of(command)
    assert refused(path, {}) is None
    told = "the effect of its property of_next_year is not known"
    assert refused(path, {"of_next_year": 1}) == Refusal(told, may_pass=True)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHATS, {"store": True}),
        (CHATS, {"store": "yes"}),
        (CHATS, {"audio": {"voice": "alloy", "format": "mp3"}}),
        (CHATS, {"modalities": ["text", "audio"]}),
        (CHATS, {"web_search_options": {}}),
        (CHATS, {"model": "gpt-4o-search-preview"}),
        (CHATS, {"tools": [TOOL, {"type": "web_search"}]}),
        (CHATS, {"tools": {"type": "web_search"}}),
        (CHATS, {"tools": [{"name": "of no type"}]}),
        (CHATS, {"tools": ["web_search"]}),
        (RESPONSES, {"store": True}),
        (RESPONSES, {"store": None}),
        (RESPONSES, {"background": True}),
        (RESPONSES, {"previous_response_id": "resp_1"}),
        (RESPONSES, {"conversation": {"id": "conv_1"}}),
        (RESPONSES, {"prompt": {"id": "pmpt_1"}}),
        (RESPONSES, {"input": [{"type": "item_reference", "id": "msg_1"}]}),
        (RESPONSES, {"model": "o4-mini-deep-research"}),
        *(
            (RESPONSES, {"tools": [{"type": kind}]})
            for kind in (
                "mcp",
                "file_search",
                "code_interpreter",
                "image_generation",
                "of_next_year",
            )
        ),
        ("/responses/input_tokens", {"previous_response_id": "resp_1"}),
        ("/files", {}),
        ("/chat/completions/id", {}),
        ("/batches", {}),
    ],
)
def test_what_hangs_on_the_server_is_never_kept(path: str, body: dict[str, Any]) -> None:
    found = refused(path, body)
    assert found is not None
    assert not found.may_pass


@pytest.mark.parametrize("path", [CHATS, f"{CHATS}?beta=true"])
def test_what_is_never_kept_is_so_beside_what_may_be(path: str) -> None:
    found = refused(path, {"temperature": 1, "store": True, "of_next_year": 1})
    assert found is not None
    assert not found.may_pass


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "HEAD"])
def test_only_what_is_posted_is_kept(method: str) -> None:
    assert refused(CHATS, {}, method) is not None


def image(url: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"image_url": {"url": url}}]}]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHATS, {"temperature": 0.1}),
        (CHATS, {"temperature": "1"}),
        (CHATS, {"temperature": "warm"}),
        (CHATS, {"temperature": True}),
        (CHATS, {"temperature": [0]}),
        ("/audio/transcriptions", {"temperature": "0.2"}),
        (CHATS, image(WHERE)),
        (CHATS, image(WHERE.upper())),
        (RESPONSES, {"input": [{"content": [{"type": "input_image", "image_url": WHERE}]}]}),
        (RESPONSES, {"input": [{"content": [{"type": "input_file", "file_url": WHERE}]}]}),
        ("/moderations", {"input": [{"type": "image_url", "image_url": {"url": WHERE}}]}),
        ("/images/edits", {"images": [{"image_url": WHERE}]}),
        (f"{CHATS}?beta=true", {}),
    ],
)
def test_what_need_not_come_out_the_same_is_kept_if_asked_for(
    path: str, body: dict[str, Any]
) -> None:
    found = refused(path, body)
    assert found is not None
    assert found.may_pass


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHATS, {"temperature": 0}),
        (CHATS, {"temperature": 0.0, "seed": 1, "n": 3}),
        (CHATS, {"temperature": None, "store": False, "tools": []}),
        (CHATS, {"tools": [TOOL, {"type": "custom", "custom": {"name": "a"}}]}),
        (CHATS, {"tools": [{**TOOL, "parameters": {"url": "https://a.example"}}]}),
        (CHATS, {"messages": [{"role": "user", "content": WHERE}]}),
        (CHATS, {"model": "researcher"}),
        (CHATS, image("data:image/png;base64,AAAA")),
        (CHATS, image("Data:image/png;base64,AAAA")),
        (RESPONSES, {"background": False, "input": [{"role": "user", "content": "hi"}]}),
        ("/embeddings", {"model": "text-search-ada-doc-001"}),
        ("/audio/transcriptions", {"temperature": "0", "include[]": "logprobs"}),
    ],
)
def test_what_hangs_on_the_request_alone_is_kept(path: str, body: dict[str, Any]) -> None:
    assert refused(path, body) is None
