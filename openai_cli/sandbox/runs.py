"""/threads/ID/runs: a run answers as a chat would; it is queued, then in progress, then completed.

If its `tool_choice` requires a function call, it waits for the outputs first.
"""

from collections.abc import Iterator
from typing import Any

from openai_cli.sandbox.calls import demanded_calls
from openai_cli.sandbox.chat import choices_of
from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, Json, json_response
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.shapes import answer_in
from openai_cli.sandbox.things import (
    Shelfmark,
    Thing,
    all_in,
    found,
    here,
    keep,
    last_of,
    seen,
    told,
)
from openai_cli.sandbox.threads import THREADS, add_message, messages_of, new_thread, text_of
from openai_cli.sandbox.usage import model_encoding, token_count

# Properties that a run inherits from its assistant.
_INHERITED = ("model", "instructions", "tools", "temperature", "top_p", "response_format")
_DEFAULTS = {
    "instructions": "",
    "tools": [],
    "tool_choice": "auto",
    "response_format": "auto",
    "parallel_tool_calls": True,
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "metadata": {},
}


def create_run(request: ApiRequest) -> HttpResponse:
    """POST /threads/ID/runs."""
    thread = here(request).path.split("/")[2]
    for message in request.body.get("additional_messages") or ():
        add_message(request, thread, message)
    return _begun(request, thread)


def create_thread_and_run(request: ApiRequest) -> HttpResponse:
    """POST /threads/runs."""
    return _begun(request, new_thread(request, request.body.get("thread") or {}).name)


def _begun(request: ApiRequest, thread: str) -> HttpResponse:
    body = {name: value for name, value in request.body.items() if value is not None}
    assistants = Shelfmark("/assistants", "/assistants")
    assistant = found(request, assistants, body["assistant_id"])
    inherited = {name: assistant.facts.get(name) for name in _INHERITED}
    facts = _DEFAULTS | {name: value for name, value in inherited.items() if value is not None}
    mark = Shelfmark(f"{THREADS}/{{}}/runs", f"{THREADS}/{thread}/runs")
    run = keep(request, mark, {**facts, "expires_at": CREATED, **body, "thread_id": thread})
    return _answered(request, mark, run)


def _answered(request: ApiRequest, mark: Shelfmark, run: Thing) -> HttpResponse:
    if not request.body.get("stream"):
        return told(request, run.facts)
    return HttpResponse(200, events=iter([*_events(request, mark, run)]))


def _events(request: ApiRequest, mark: Shelfmark, run: Thing) -> Iterator[bytes]:
    """Yield the events of a run from start to end, as a stream."""
    yield _event("thread.run.created", "RunObject", run.facts)
    while not run.has_ended and run.facts["status"] != "requires_action":
        yield _event(f"thread.run.{run.facts['status']}", "RunObject", run.facts)
        run.step(mark.kind)
        bring_up_to_date(request, mark, run)
    for message in run.others:
        yield _event("thread.message.created", "MessageObject", message.facts)
        yield _event("thread.message.completed", "MessageObject", message.facts)
    yield _event(f"thread.run.{run.facts['status']}", "RunObject", run.facts)
    yield b"event: done\ndata: [DONE]\n\n"


def _event(name: str, schema: str, facts: Json) -> bytes:
    data = json_response(answer_in(schema, facts)).content
    return f"event: {name}\n".encode() + b"data: " + data + b"\n\n"


def bring_up_to_date(request: ApiRequest, mark: Shelfmark, run: Thing) -> None:
    """Update a run: its start, its required action, and its result."""
    facts = run.facts
    if facts["status"] == "in_progress":
        facts["started_at"] = CREATED
    if facts["status"] != "completed" or run.has_ended:
        return
    calls = () if facts.get("was_answered") else _calls(facts)
    if calls:
        facts["status"] = "requires_action"
        facts["required_action"] = {
            "type": "submit_tool_outputs",
            "submit_tool_outputs": {"tool_calls": calls},
        }
        return
    _say(request, mark, run)
    run.end("completed")


def _calls(facts: Json) -> list[Json]:
    """The calls that a run must make."""
    functions = [tool for tool in facts["tools"] if tool["type"] == "function"]
    if not functions or facts["tool_choice"] in ("auto", "none"):
        return []
    demanded = demanded_calls({"tools": functions, "tool_choice": facts["tool_choice"]})
    return [
        {
            "id": f"call_{facts['id'][4:]}{number:02}",
            "type": "function",
            "function": {"name": call.name, "arguments": call.text},
        }
        for number, call in enumerate(demanded)
    ]


def _say(request: ApiRequest, mark: Shelfmark, run: Thing) -> None:
    """Add the run's answer to its thread, and the step that made it."""
    facts = run.facts
    encoding = model_encoding(facts["model"])
    asked = [
        {"role": message.facts["role"], "content": text_of(message)}
        for message in all_in(request, messages_of(facts["thread_id"]))
    ] or [{"role": "user", "content": ""}]
    chat = ApiRequest({"model": facts["model"], "messages": asked}, request.digest)
    words = choices_of(chat, encoding)[0].words
    said = {"role": "assistant", "content": words.text if words else ""}
    whose = {"assistant_id": facts["assistant_id"], "run_id": run.name}
    message = add_message(request, facts["thread_id"], {**said, **whose})
    run.others.append(message)
    prompt = sum(token_count(one["content"], encoding) for one in asked)
    spoken = words.tokens if words else 0
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": spoken,
        "total_tokens": prompt + spoken,
    }
    facts |= {"completed_at": CREATED, "usage": usage, "required_action": None}
    steps = Shelfmark(f"{mark.shape}/{{}}/steps", f"{mark.of(run.name)}/steps")
    created = {"type": "message_creation", "message_creation": {"message_id": message.name}}
    keep(
        request,
        steps,
        {
            **whose,
            "thread_id": facts["thread_id"],
            "type": "message_creation",
            "status": "completed",
            "completed_at": CREATED,
            "step_details": created,
            "usage": usage,
        },
    )


def submit_tool_outputs(request: ApiRequest) -> HttpResponse:
    """POST /threads/ID/runs/ID/submit_tool_outputs."""
    mark = here(request)
    run = found(request, mark, last_of(request))
    status = run.facts["status"]
    if status != "requires_action":
        raise Refusal(f'Runs in status "{status}" do not accept tool outputs.')
    calls: list[dict[str, Any]] = run.facts["required_action"]["submit_tool_outputs"]["tool_calls"]
    wanted = {call["id"] for call in calls}
    given = {one.get("tool_call_id") for one in request.body["tool_outputs"]}
    if given != wanted:
        raise Refusal(
            f"Expected tool outputs for call_ids {sorted(wanted)}, got {sorted(map(str, given))}.",
            param="tool_outputs",
        )
    run.state = 0
    run.facts |= {"status": "queued", "required_action": None, "was_answered": True}
    return _answered(request, mark, run)


def cancel_run(request: ApiRequest) -> HttpResponse:
    """POST /threads/ID/runs/ID/cancel."""
    mark = here(request)
    run = found(request, mark, last_of(request))
    if run.has_ended:
        raise Refusal(f"Cannot cancel run with status '{run.facts['status']}'.")
    run.end("cancelled")
    run.facts |= {"cancelled_at": CREATED, "required_action": None}
    return told(request, seen(request, mark, run).facts)
