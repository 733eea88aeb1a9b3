"""--fallback-model: who is asked next, when, and what is told of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.servers import Server, chat, completion, delta, reply, stream

LINE = ("chat", "hi", "-m", "a", "--fallback-model", "b", "--fallback-model", "c")


def refusal(status: str) -> bytes:
    return reply({"error": {"message": "not now"}}, status=status)


def models(server: Server) -> list[str]:
    return [received.json["model"] for received in server.received]


@pytest.mark.parametrize(
    "status", ["429 Slow", "500 Broken", "502 Bad", "503 Busy", "529 Overloaded"]
)
def test_the_next_model_answers(run: Run, folder: Path, status: str) -> None:
    answers = [refusal(status), reply(chat("yes", model="b-1"))]
    with Server(answers) as server:
        done = run(*LINE, "--max-retries", "0", "--usage-file", "u", base_url=server.base_url)
    assert (done.code, done.out) == (0, b"yes\n")
    assert models(server) == ["a", "b"]
    assert done.err == (
        f"openai-cli: notice: a: not now (HTTP {status[:3]}); asking b\n"
        "openai-cli: notice: b-1 answered\n"
    )
    failed, made = map(json.loads, (folder / "u").read_text().splitlines())
    assert (failed["asked_model"], failed["exit_code"]) == ("a", 5 if status[0] == "4" else 6)
    assert (made["asked_model"], made["model"], made["exit_code"]) == ("b", "b-1", 0)


def test_each_is_tried_as_often_as_the_retries_say(run: Run) -> None:
    busy = reply({"error": {"message": "x"}}, status="503 Busy", headers=["retry-after: 0"])
    with Server([busy, busy, busy, reply(chat("yes"))]) as server:
        done = run(*LINE, "--max-retries", "1", base_url=server.base_url)
    assert (done.code, models(server)) == (0, ["a", "a", "b", "b"])


def test_the_last_failure_is_that_of_the_last_model(run: Run) -> None:
    with Server([refusal("429 Slow"), refusal("503 Busy"), refusal("429 Slow")]) as server:
        done = run(*LINE, "--max-retries", "0", base_url=server.base_url)
    assert (done.code, models(server)) == (5, ["a", "b", "c"])


@pytest.mark.parametrize(
    ("status", "code"), [("400 No", 4), ("401 No", 3), ("404 No", 4), ("408 Late", 6)]
)
def test_what_another_model_would_not_mend_is_an_error(run: Run, status: str, code: int) -> None:
    with Server([refusal(status)]) as server:
        done = run(*LINE, "--max-retries", "0", base_url=server.base_url)
    assert (done.code, models(server)) == (code, ["a"])


@pytest.mark.parametrize(
    "events",
    [
        [delta("half"), {"error": {"message": "overloaded", "type": "server_error"}}],
        [delta("half"), {"error": {"message": "slow", "code": "rate_limit_exceeded"}}],
        [{"error": {"message": "slow", "code": "rate_limit_exceeded"}}],
    ],
)
def test_never_in_mid_stream(run: Run, events: list[Any]) -> None:
    with Server([stream(*events, done=False)]) as server:
        done = run(*LINE, "--stream", "--max-retries", "0", base_url=server.base_url)
    assert done.code in (5, 6)
    assert models(server) == ["a"]


def test_a_stream_may_come_from_the_next(run: Run) -> None:
    with Server([refusal("503 Busy"), stream(delta("yes", finish="stop"))]) as server:
        done = run(*LINE, "--stream", "--max-retries", "0", base_url=server.base_url)
    assert (done.code, done.out, models(server)) == (0, b"yes\n", ["a", "b"])


def test_the_dearest_bounds_the_cost(run: Run) -> None:
    line = ("chat", "hi", "-m", "gpt-4o-mini", "--max-tokens", "100", "--max-cost", "0.0005")
    with Server([reply(chat("yes"))]) as server:
        assert run(*line, base_url=server.base_url).code == 0
    with Server([]) as server:
        done = run(*line, "--fallback-model", "gpt-4o", base_url=server.base_url)
    assert (done.code, done.out) == (8, b"")
    assert "more than the 0.0005 of --max-cost" in done.err


def test_a_text_completion_falls_back_too(run: Run) -> None:
    line = ("complete", "hi", "-m", "a", "--fallback-model", "b", "--max-retries", "0")
    with Server([refusal("503 Busy"), reply(completion("yes"))]) as server:
        done = run(*line, base_url=server.base_url)
    assert (done.code, models(server)) == (0, ["a", "b"])


def test_what_is_made_in_the_background_falls_back_too(run: Run, folder: Path) -> None:
    body = {"id": "resp_1", "object": "response", "status": "completed", "model": "b", "output": [
        {"type": "message", "content": [{"type": "output_text", "text": "made"}]}]}  # fmt: skip
    line = ("respond", "hi", "-m", "a", "--background", "--wait", "--fallback-model", "b")
    with Server([refusal("503 Busy"), reply(body)]) as server:
        done = run(*line, "--max-retries", "0", "--usage-file", "u", base_url=server.base_url)
    assert (done.code, done.out, models(server)) == (0, b"made\n", ["a", "b"])
    assert "b answered" in done.err
    lines = map(json.loads, (folder / "u").read_text().splitlines())
    assert [each["asked_model"] for each in lines] == ["a", "b"]


def test_a_turn_of_a_conversation_keeps_its_model(run: Run, folder: Path) -> None:
    with Server([refusal("503 Busy"), reply(chat("yes"))]) as server:
        done = run(*LINE, "-c", "t.json", "--max-retries", "0", base_url=server.base_url)
    assert (done.code, done.out) == (0, b"yes\n")
    assert json.loads((folder / "t.json").read_text())["model"] == "a"


def test_a_model_without_a_name(run: Run) -> None:
    done = run("chat", "hi", "--fallback-model", "")
    assert (done.code, done.out) == (2, b"")
    assert "--fallback-model must be the name of a model" in done.err
