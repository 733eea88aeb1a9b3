"""`--wait`: what an operation made or shows is looked at until it has ended."""

import json
import typing

import pytest
from openai import BaseModel
from openai.types import Batch, VectorStore, Video
from openai.types.fine_tuning import FineTuningJob
from openai.types.vector_stores import VectorStoreFile, VectorStoreFileBatch

from openai_cli.commands import every as every_command
from openai_cli.commands.operation.lasting import statuses_of
from openai_cli.context import Context
from tests.conftest import MADE_UP_KEY, Run
from tests.flags.commandline import execute
from tests.servers import Reply, Server, reply

CREATE = ("fine-tuning", "jobs", "create", "--model", "m", "--training-file", "file_1", "--wait")


def job(status: str, **more: object) -> bytes:
    return reply({"id": "job_1", "created_at": 1, "status": status, **more})


def lines(server: Server) -> list[str]:
    return [request.line.removesuffix(" HTTP/1.1") for request in server.received]


def test_what_is_made_is_looked_at_until_it_has_ended_and_printed_once(run: Run) -> None:
    statuses = ("queued", "queued", "running", "running", "succeeded")
    with Server([job(status) for status in statuses]) as server:
        done = run(*CREATE, base_url=server.base_url)
    assert (done.code, json.loads(done.text)) == (
        0,
        {"id": "job_1", "created_at": 1, "status": "succeeded"},
    )
    assert lines(server) == [
        "POST /v1/fine_tuning/jobs", *["GET /v1/fine_tuning/jobs/job_1"] * 4
    ]  # fmt: skip
    assert done.err.splitlines() == [
        "openai-cli: notice: job_1 is queued after 0 s; looking again in 1.0 s",
        "openai-cli: notice: job_1 is running after 2 s; looking again in 2.2 s",
    ]


def test_the_intervals_grow_to_a_minute() -> None:
    waits: list[float] = []
    with Server([*[job("running")] * 14, job("succeeded")]) as server:
        environ = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        execute(Context.test(environ=environ, sleep=waits.append), *CREATE)
    assert waits[:3] == [1.0, 1.5, 2.25]
    assert waits[-2:] == [60.0, 60.0]


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        (
            {"status": "failed", "error": {"message": "The file has 9 lines."}},
            "job_1 is failed: The file has 9 lines.",
        ),
        ({"status": "cancelled", "error": None}, "job_1 is cancelled"),
        (
            {"status": "failed", "errors": {"data": [{"message": "No file."}]}},
            "job_1 is failed: No file.",
        ),
        (
            {"status": "failed", "error": None, "last_error": {"message": "No model."}},
            "job_1 is failed: No model.",
        ),
    ],
)
def test_what_failed_is_printed_and_ends_with_6(
    run: Run, ended: dict[str, object], said: str
) -> None:
    with Server([job("queued"), job(**ended)]) as server:  # type: ignore[arg-type]
        done = run(*CREATE, "--query", "status", base_url=server.base_url)
    assert (done.code, done.text) == (6, f"{ended['status']}\n")
    assert done.err.splitlines()[-1] == f"openai-cli: error: {said}"


def test_a_status_that_is_not_known_is_no_end_and_is_told(run: Run) -> None:
    with Server([job("paused"), job("succeeded")]) as server:
        done = run(*CREATE, base_url=server.base_url)
    assert done.code == 0
    assert "job_1 is paused (not known to be final) after 0 s" in done.err


@pytest.mark.parametrize(
    ("words", "first", "look"),
    [
        ("evals runs create ev_1 --data-source {} --wait", "POST /evals/ev_1/runs",
         "GET /evals/ev_1/runs/thing_2"),
        ("evals runs show ev_1 thing_2 --wait", "GET /evals/ev_1/runs/thing_2",
         "GET /evals/ev_1/runs/thing_2"),
        ("evals runs create ev%1 --data-source {} --wait", "POST /evals/ev%251/runs",
         "GET /evals/ev%251/runs/thing_2"),
        ("videos remix video_1 --prompt p --wait", "POST /videos/video_1/remix",
         "GET /videos/thing_2"),
        ("vector-stores files create vs_1 --file-id f --wait", "POST /vector_stores/vs_1/files",
         "GET /vector_stores/vs_1/files/thing_2"),
        ("vector-stores file-batches show vs_1 thing_2 --wait",
         "GET /vector_stores/vs_1/file_batches/thing_2",
         "GET /vector_stores/vs_1/file_batches/thing_2"),
    ],
)  # fmt: skip
def test_where_a_thing_is_looked_at(run: Run, words: str, first: str, look: str) -> None:
    replies = [
        reply({"id": "thing_2", "status": status}) for status in ("in_progress", "completed")
    ]
    with Server(replies) as server:
        done = run(*words.split(), base_url=server.base_url)
    assert done.code == 0, done.err
    assert [line.replace("/v1", "") for line in lines(server)] == [first, look]


def test_a_failing_network_says_how_to_go_on(run: Run) -> None:
    replies: list[Reply] = [
        reply({"id": "run 1", "status": "queued"}), lambda connection: connection.close(),
    ]  # fmt: skip
    words = "evals runs create ev_1 --data-source {} --wait --max-retries 0"
    with Server(replies) as server:
        done = run(*words.split(), base_url=server.base_url)
    assert (done.code, done.text) == (7, "")
    assert "to continue: openai-cli evals runs show ev_1 'run 1' --wait" in done.err


def test_ctrl_c_ends_the_waiting_and_says_how_to_go_on() -> None:
    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    with Server([job("queued")]) as server:
        environ = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        done = execute(Context.test(environ=environ, sleep=interrupted), *CREATE)
    assert done.code == 130
    assert "to continue: openai-cli fine-tuning jobs show job_1 --wait" in done.err


def test_nothing_is_sent_twice_of_what_has_ended_at_once(run: Run) -> None:
    with Server([reply({"id": "vs_1", "status": "completed"})]) as server:
        assert run("vector-stores", "create", "--wait", base_url=server.base_url).code == 0


def test_what_failed_is_shown_as_any_other_thing(run: Run) -> None:
    with Server([job("failed", error={"code": "c", "message": "m"})]) as server:
        words = ("fine-tuning", "jobs", "show", "job_1", "--query", "error.code")
        done = run(*words, base_url=server.base_url)
    assert (done.code, done.text, done.err) == (0, "c\n", "")


KNOWN: dict[str, type[BaseModel]] = {
    "batches": Batch,
    "fine-tuning jobs": FineTuningJob,
    "vector-stores": VectorStore,
    "vector-stores files": VectorStoreFile,
    "vector-stores file-batches": VectorStoreFileBatch,
    "videos": Video,
}


@pytest.mark.parametrize("words", KNOWN)
def test_the_statuses_are_those_of_the_package(words: str) -> None:
    thing = statuses_of(words)
    names = typing.get_args(KNOWN[words].model_fields["status"].annotation)
    assert sorted((*thing.pending, *thing.done, *thing.failed)) == sorted(names)


@pytest.mark.parametrize("words", [*KNOWN, "evals runs"])
def test_what_makes_it_and_what_shows_it_can_wait(run: Run, words: str) -> None:
    for verb in ("create", "show"):
        assert f"{words} {verb}" in every_command()
        assert "--wait" in run(*words.split(), verb, "--help").text
