"""Things in a sandbox to ask for, created by the `openai` package's client as needed."""

import warnings
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from package_methods import FILE, Method, arguments, methods

from tests.sandbox.sdk import Client, held


class World:
    """A client that creates things when a request needs them."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def ask(self, verb: str, shape: str, ids: Sequence[str] | None = None, **given: Any) -> Any:
        """The answer, checked against its type; None if it is not JSON."""
        self.made(verb, shape, ids, **given)
        kind, text = self.client.last
        return held(kind, text) if text and kind is not type(None) else None

    def made(self, verb: str, shape: str, ids: Sequence[str] | None = None, **given: Any) -> Any:
        """The answer as the client returns it."""
        method = BY_SHAPE[verb, shape]
        ids = IDS.get((verb, shape), World.ids)(self, shape) if ids is None else ids
        function = method.of(self.client)
        needed = GIVEN.get((verb, shape), _nothing)(self, ids)
        named = arguments(function) | needed | dict(zip(method.ids, ids, strict=True)) | given
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return function(**named)

    def ids(self, shape: str) -> list[str]:
        """Ids of existing things, for each `{}` of a path."""
        ids: list[str] = []
        parts = shape.split("/")
        for end, part in enumerate(parts):
            if part == "{}":
                ids.append(self.a_thing("/".join(parts[:end]), ids))
        if (item := LOOKED_AT.get(shape)) is not None:
            self.look(item, ids)
        return ids

    def look(self, item: str, ids: Sequence[str]) -> Any:
        """The thing at the path `item`, looked at until it no longer changes."""
        for _ in range(3):
            found = self.made("GET", item, ids[: item.count("{}")])
        return found

    def a_thing(self, shape: str, ids: Sequence[str]) -> str:
        """The id of a thing in a collection: of a new one, or else the first that exists."""
        if shape in NAMED:
            return NAMED[shape]
        if shape in ELSEWHERE:
            return self.a_thing(ELSEWHERE[shape], ids)
        if ("POST", shape) in BY_SHAPE:
            made = self.made("POST", shape, ids)
            made = made.data[0] if hasattr(made, "data") else made
        else:
            if shape + "/{}" in LOOKED_AT:
                self.look(LOOKED_AT[shape + "/{}"], ids)
            made = self.made("GET", shape, ids).data[0]
        return str(attrgetter(KEYS.get(shape, "id"))(made))

    def file(self, purpose: str = "assistants", content: bytes = FILE[1]) -> str:
        """The id of a new file."""
        return self.client.files.create(file=(FILE[0], content), purpose=purpose).id  # type: ignore[arg-type]  # any of them


BY_SHAPE = {(one.verb, one.shape): one for one in methods()} | {
    ("POST", "/audio/voices"): Method("audio.voices.create", "POST", "/audio/voices"),
}


def _nothing(_world: World, _ids: Sequence[str]) -> dict[str, Any]:
    return {}


def _waiting_run(world: World, _: str) -> list[str]:
    """The ids of a thread, and of a run in it that waits for a function's output."""
    ids = world.ids("/threads/{}")
    tools = {"tools": [FUNCTION], "tool_choice": "required"}
    return [*ids, world.made("POST", "/threads/{}/runs", ids, **tools).id]


def _paused_job(world: World, shape: str) -> list[str]:
    ids = world.ids(shape)
    world.made("POST", "/fine_tuning/jobs/{}/pause", ids)
    return ids


def _outputs(world: World, ids: Sequence[str]) -> dict[str, Any]:
    action = world.look("/threads/{}/runs/{}", ids).required_action
    (call,) = action.submit_tool_outputs.tool_calls
    return {"tool_outputs": [{"tool_call_id": call.id, "output": "done"}]}


Given = Callable[[World, Sequence[str]], dict[str, Any]]
FUNCTION = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
BATCH_LINE = (
    b'{"custom_id": "1", "method": "POST", "url": "/v1/embeddings", '
    b'"body": {"model": "text-embedding-3-small", "input": "one"}}\n'
)
# Arguments that a method needs beyond its types, made of existing things.
GIVEN: dict[tuple[str, str], Given] = {
    ("POST", "/audio/voices"): lambda *_: {
        "name": "mine",
        "consent": "cons_text",
        "audio_sample": ("voice.wav", b"RIFF", "audio/x-wav"),
    },
    ("POST", "/batches"): lambda world, _: {
        "input_file_id": world.file("batch", BATCH_LINE),
        "endpoint": "/v1/embeddings",
    },
    ("POST", "/chat/completions"): lambda *_: {
        "messages": [{"role": "user", "content": "Say hello"}],
        "model": "gpt-6-luna",
        "store": True,
        "metadata": {"team": "ci"},
    },
    ("POST", "/containers/{}/files"): lambda world, _: {"file_id": world.file()},
    ("POST", "/fine_tuning/jobs"): lambda world, _: {
        "model": "gpt-5.4-mini",
        "training_file": world.file("fine-tune", b"{}"),
    },
    **{
        ("POST", f"{path}/{verb}"): lambda world, _: {
            "certificate_ids": [world.ask("POST", "/organization/certificates").id]
        }
        for path in ("/organization/certificates", "/organization/projects/{}/certificates")
        for verb in ("activate", "deactivate")
    },
    ("POST", "/responses"): lambda *_: {"model": "gpt-6-luna", "input": "Say hello"},
    ("POST", "/responses?beta=true"): lambda *_: {
        "model": "gpt-6-luna",
        "input": "Say hello",
        "background": True,
    },
    ("POST", "/responses/compact?beta=true"): lambda *_: {"model": "gpt-6-luna", "input": "Hi"},
    ("POST", "/responses/compact"): lambda *_: {"model": "gpt-6-luna", "input": "Say hello"},
    ("POST", "/skills"): lambda *_: {"files": [FILE]},
    ("POST", "/skills/{}"): lambda *_: {"default_version": "1"},
    ("POST", "/skills/{}/versions"): lambda *_: {"files": [FILE]},
    ("POST", "/threads/runs"): lambda world, _: {
        "assistant_id": world.ask("POST", "/assistants").id
    },
    ("POST", "/threads/{}/runs"): lambda world, _: {
        "assistant_id": world.ask("POST", "/assistants").id,
    },
    ("POST", "/threads/{}/runs/{}/submit_tool_outputs"): _outputs,
    ("POST", "/uploads"): lambda *_: {"bytes": len(FILE[1])},
    ("POST", "/uploads/{}/parts"): lambda *_: {"data": FILE},
    ("POST", "/uploads/{}/complete"): lambda world, ids: {
        "part_ids": [world.ask("POST", "/uploads/{}/parts", ids).id]
    },
    ("POST", "/vector_stores/{}/file_batches"): lambda world, _: {"file_ids": [world.file()]},
    ("POST", "/vector_stores/{}/files"): lambda world, _: {"file_id": world.file()},
}
# Things that must be in a certain state first.
IDS: dict[tuple[str, str], Callable[[World, str], list[str]]] = {
    ("POST", "/fine_tuning/jobs/{}/resume"): _paused_job,
    ("POST", "/threads/{}/runs/{}/submit_tool_outputs"): _waiting_run,
}
# Where things are created that another collection names.
ELSEWHERE = {
    "/projects": "/organization/projects",
    "/projects/{}/groups": "/organization/projects/{}/groups",
    "/projects/{}/users": "/organization/projects/{}/users",
}
# Things that cannot be created.
NAMED = {
    "/fine_tuning/checkpoints": "ft:gpt-5.4-mini:sandbox::1",
    "/realtime/calls": "rtc_1",
    "/safety/alerts": "alert_sandbox",
    "/safety/cases": "case_sandbox",
}
# Things that appear only once something else was looked at.
LOOKED_AT = {
    "/evals/{}/runs/{}/output_items/{}": "/evals/{}/runs/{}",
    "/threads/{}/runs/{}/steps/{}": "/threads/{}/runs/{}",
    "/videos/{}/content": "/videos/{}",
}
# The property that identifies a thing, if it is not its id.
KEYS = {
    "/live/sessions": "session.id",
    "/organization/groups/{}/roles": "role.id",
    "/organization/groups/{}/users": "user_id",
    "/organization/projects/{}/groups": "group_id",
    "/organization/users/{}/roles": "role.id",
    "/projects/{}/groups/{}/roles": "role.id",
    "/projects/{}/users/{}/roles": "role.id",
    "/skills/{}/versions": "version",
}
