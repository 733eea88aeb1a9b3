"""A session: what is parsed once, and the connection that its calls share."""

import json
import os
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from openai_cli.calls.exchange import exchange
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.flags.server import SendingOptions
from openai_cli.output import sink
from openai_cli.request.body import Request
from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from tests.conftest import MADE_UP_KEY, Run
from tests.servers import (
    KeepingServer,
    Server,
    chat,
    chunked_stream,
    completion,
    delta,
    kept,
    reply,
    stream,
)

EMBEDDING = {"object": "embedding", "index": 0, "embedding": [0.5]}


def vectors(count: int) -> bytes:
    data = [{**EMBEDDING, "index": index} for index in range(count)]
    return kept(reply({"object": "list", "model": "m", "data": data}))


# One connection


def test_three_batches_of_lines_are_one_connection(run: Run) -> None:
    with KeepingServer([vectors(2048), vectors(2048), vectors(904)]) as server:
        one = ("--concurrency", "1")
        done = run("embed", "--lines", *one, stdin=b"a\n" * 5000, base_url=server.base_url)
    assert (done.code, done.err, server.connections) == (0, "", 1)


def test_three_turns_of_a_conversation_are_one_connection(run: Run) -> None:
    replies = [chunked_stream(delta("a", finish="stop")), kept(reply(chat("b")))]
    with KeepingServer([*replies, chunked_stream(delta("c", finish="stop"))]) as server:
        done = run("chat", "-i", "--stream", stdin=b"1\n2\n3\n", base_url=server.base_url)
    assert (done.code, done.out, server.connections) == (0, b"a\nb\nc\n", 1)


def test_two_files_of_speech_are_one_connection(run: Run, folder: Path) -> None:
    for name in ("a.mp3", "b.mp3"):
        (folder / name).write_bytes(b"ID3")
    replies = [kept(reply({"text": "a"})), kept(reply({"text": "b"}))]
    with KeepingServer(replies) as server:
        done = run("transcribe", "a.mp3", "b.mp3", base_url=server.base_url)
    assert (done.code, done.out, server.connections) == (0, b"a\n\nb\n", 1)


def test_pages_and_several_ids_are_one_connection(run: Run) -> None:
    pages = [{"data": [{"id": "a"}], "has_more": True}, {"data": [{"id": "b"}], "has_more": False}]
    with KeepingServer([kept(reply(page)) for page in pages]) as server:
        assert run("files", "list", base_url=server.base_url).code == 0
    assert server.connections == 1
    with KeepingServer([kept(reply({"id": name})) for name in "ab"]) as server:
        assert run("files", "delete", "--yes", "a", "b", base_url=server.base_url).out == b"a\nb\n"
    assert server.connections == 1


def test_another_try_is_the_same_connection(run: Run) -> None:
    busy = kept(reply({"error": {"message": "busy"}}, status="503 Busy"))
    with KeepingServer([busy, kept(reply(chat("a")))]) as server:
        done = run("chat", "hi", base_url=server.base_url)
    assert (done.code, done.out, server.connections) == (0, b"a\n", 1)


def test_what_stands_behind_the_end_of_a_stream_does_not_keep_the_connection(run: Run) -> None:
    """More than a server would say there: the next turn has a connection of its own."""
    lead, _, end = chunked_stream(delta("a", finish="stop")).rpartition(b"0\r\n\r\n")
    noise = b"10000\r\n:%b\n\r\n" % (b" " * 65534) * 20
    assert end == b""
    with KeepingServer([lead + noise + b"0\r\n\r\n", kept(reply(chat("b")))]) as server:
        done = run("chat", "-i", "--stream", stdin=b"1\n2\n", base_url=server.base_url)
    assert (done.code, done.out, server.connections) == (0, b"a\nb\n", 2)


# Parsed once, before anything


WRONG = [
    ("--timeout", "abc", "--timeout must be"),
    ("--timeout", "0", "--timeout must be"),
    ("--max-retries", "x", "--max-retries must be"),
    ("--max-retries", "101", "--max-retries must be"),
    ("--max-cost", "cheap", "--max-cost must be"),
    ("--query", "a[", "--query is not a JMESPath expression"),
    ("--json", "--query=a", "--json and --query"),
    ("--curl", "--dry-run", "--dry-run and --curl"),
]
COMMANDS = {
    "chat hi": b"",
    "complete hi": b"",
    "respond hi": b"",
    "embed --lines": b"a\n",
    "moderate hi": b"",
    "image generate cat": b"",
    "chat -c talk.json hi": b"",
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: " ".join(wrong[:2]))
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("preview", [(), ("--dry-run",)])
def test_a_wrong_flag_is_told_of_before_anything(
    command: str, wrong: tuple[str, str, str], preview: tuple[str, ...], run: Run
) -> None:
    flag, value, said = wrong
    given = [*command.split(), flag, value, *preview]
    with Server([]) as server:
        done = run(*given, stdin=COMMANDS[command], base_url=server.base_url)
    assert (done.code, done.out) == (2, b"")
    assert said in done.err
    assert "lines" not in done.err
    assert "talk.json" not in done.err


@pytest.mark.parametrize(
    "command",
    [
        "files list",
        "files show a",
        "models list",
        "api GET /models",
        "key check",
        "files content a",
    ],
)
@pytest.mark.parametrize("flag", ["--timeout", "--max-retries"])
def test_a_wrong_flag_of_the_connection_blames_nothing_else(
    command: str, flag: str, run: Run
) -> None:
    with Server([]) as server:
        done = run(*command.split(), flag, "abc", base_url=server.base_url)
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith(f"openai-cli: error: {flag} must be")


def test_a_query_that_is_none_sends_nothing(run: Run) -> None:
    with Server([]) as server:
        done = run("api", "POST", "/files", "--query", "a[", base_url=server.base_url)
    assert (done.code, done.out) == (2, b"")


def test_a_flag_goes_before_the_form_of_the_configuration(run: Run, folder: Path) -> None:
    config = folder / "config.toml"
    config.write_text("json = true\n")
    config.chmod(0o600)
    with Server([reply(chat("a"))]) as server:
        done = run(
            "chat", "hi", "--query", "model",
            env={"OPENAI_CLI_CONFIG": str(config)}, base_url=server.base_url,
        )  # fmt: skip
    assert (done.code, done.out, done.err) == (0, b"m\n", "")


# Threads


def test_threads_may_share_a_session() -> None:
    """Each gets its own answer, and none waits for another's connection."""
    context = Context.test(environ={"OPENAI_API_KEY": MADE_UP_KEY})

    def asked(session: Session, name: str) -> str:
        body = {"model": "m", "messages": [{"role": "user", "content": f"Say {name}"}]}
        return exchange(session, Plan(Request("/chat/completions", body))).raw.decode()

    with (
        Sandbox(config=SandboxConfig(key=MADE_UP_KEY)) as sandbox,
        Session(context, SendingOptions(base_url=sandbox.base_url)) as session,
        ThreadPoolExecutor(16) as pool,
    ):
        assert session.client is session.client
        names = [f"name-{number}" for number in range(64)]
        found = list(pool.map(partial(asked, session), names))
    assert [json.loads(raw)["choices"][0]["message"]["content"] for raw in found] == names


# Usage


USAGE_EVENT = {"choices": [], "model": "m", "usage": {"prompt_tokens": 3, "completion_tokens": 5}}


@pytest.mark.parametrize("status", ["400 Bad Request", "422 Unprocessable Entity"])
def test_a_server_that_refuses_usage_is_asked_without(status: str, run: Run, folder: Path) -> None:
    refusal = reply({"error": {"message": "stream_options?"}}, status=status)
    answers = [stream(delta("a", finish="stop")) for _ in range(2)]
    with Server([refusal, *answers]) as server:
        done = run(
            "chat", "-i", "--stream", "--usage-file", "usage",
            stdin=b"1\n2\n", base_url=server.base_url,
        )  # fmt: skip
    assert (done.code, done.out) == (0, b"a\na\n")
    assert "refuses stream_options.include_usage, so the usage of the call is unknown" in done.err
    assert ["stream_options" in each.json for each in server.received] == [True, False, False]
    assert len((folder / "usage").read_text().splitlines()) == 2


def test_usage_is_told_behind_the_text_and_before_the_next(run: Run) -> None:
    with Server([stream(delta("a", finish="stop"), USAGE_EVENT)]) as server:
        done = run("chat", "hi", "--stream", "--usage", base_url=server.base_url)
    assert (done.code, done.out) == (0, b"a\n")
    assert done.err == "openai-cli: usage: 3 input, 5 output tokens; USD unknown (m)\n"


def test_api_tells_the_usage_of_an_endpoint_that_has_it(run: Run, folder: Path) -> None:
    body = chat("one", finish="length")
    with Server([reply(body)]) as server:
        done = run(
            "api", "POST", "/chat/completions", "-F", "model=m", "--usage", "--usage-file", "u",
            "--require-complete", base_url=server.base_url,
        )  # fmt: skip
    assert done.code == 9
    assert json.loads(done.out) == body
    assert "3 input, 5 output tokens" in done.err
    assert json.loads((folder / "u").read_text())["output_tokens"] == 5


def test_api_asks_a_stream_for_its_usage(run: Run) -> None:
    with Server([stream(delta("a", finish="stop"), USAGE_EVENT)]) as server:
        done = run(
            "api", "POST", "/chat/completions", "-F", "model=m", "--stream", "--usage",
            base_url=server.base_url,
        )  # fmt: skip
    assert (done.code, len(done.out.splitlines())) == (0, 2)
    assert server.received[0].json["stream_options"] == {"include_usage": True}


def test_api_holds_to_the_budget(run: Run) -> None:
    given = ["api", "POST", "/chat/completions", "-F", "model=gpt-4o", "-F", "messages=[]"]
    with Server([]) as server:
        done = run(*given, "--max-cost", "0.000001", base_url=server.base_url)
        unknown = run("api", "POST", "/files", "--max-cost", "1", base_url=server.base_url)
    assert (done.code, unknown.code) == (8, 2)


def test_api_says_where_there_is_no_usage(run: Run) -> None:
    with Server([reply({"data": []})]) as server:
        done = run("api", "GET", "/models", "--usage", base_url=server.base_url)
    assert (done.code, done.err) == (0, "openai-cli: notice: GET /models reports no usage\n")


# Where results go


def reading(fifo: Path, got: list[bytes]) -> threading.Thread:
    """A reader of the FIFO, which goes when a writer has closed it."""
    os.mkfifo(fifo)
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()), daemon=True)
    reader.start()
    return reader


def test_the_usage_file_may_be_a_fifo(run: Run, folder: Path) -> None:
    got: list[bytes] = []
    reader = reading(folder / "usage", got)
    with Server([reply(chat("a"))]) as server:
        done = run("chat", "hi", "--usage-file", "usage", base_url=server.base_url)
    reader.join(60)
    assert (done.code, done.out) == (0, b"a\n")
    assert json.loads(got[0])["output_tokens"] == 5


PNG = b64encode(b"\x89PNG\r\n\x1a\nmade up").decode()


def test_an_image_goes_into_a_fifo(run: Run, folder: Path) -> None:
    got: list[bytes] = []
    reader = reading(folder / "cat.png", got)
    with Server([reply({"data": [{"b64_json": PNG}]})]) as server:
        done = run("image", "generate", "cat", "-o", "cat.png", base_url=server.base_url)
    reader.join(60)
    assert (done.code, done.out, done.err) == (0, b"cat.png\n", "")
    assert got[0].startswith(b"\x89PNG")


RESPONSE = {"id": "resp_1", "object": "response", "model": "m"}
OUTPUT = [{"type": "message", "content": [{"type": "output_text", "text": "made"}]}]


def test_a_response_that_is_waited_for_goes_into_a_fifo(run: Run, folder: Path) -> None:
    got: list[bytes] = []
    reader = reading(folder / "text", got)
    pending = {**RESPONSE, "status": "queued", "output": []}
    made = {**RESPONSE, "status": "completed", "output": OUTPUT}
    with Server([reply(pending), reply(made)]) as server:
        done = run(
            "respond", "hi", "--background", "--wait", "-o", "text", base_url=server.base_url
        )
    reader.join(60)
    assert (done.code, got) == (0, [b"made\n"])


def test_a_response_that_is_made_at_once_is_not_asked_for_again(run: Run) -> None:
    made = {**RESPONSE, "status": "completed", "output": OUTPUT}
    with Server([reply(made)]) as server:
        done = run("respond", "hi", "--background", "--wait", base_url=server.base_url)
    assert (done.code, done.out, done.err) == (0, b"made\n", "")


def test_large_bodies_of_json_stand_on_lines_of_their_own(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is larger than what is held, and ends with no newline."""
    monkeypatch.setattr(sink, "_HELD", 1024 * 1024)
    large = vectors(1)[:-1] + b"," + b" " * (2 * 1024 * 1024) + b'"x": 1}'
    large = large.replace(b"Content-Length: ", b"Content-Length-Was: ").replace(
        b"\r\n\r\n", b"\r\nContent-Length: %d\r\n\r\n" % len(large.partition(b"\r\n\r\n")[2]), 1
    )
    text = 2 * (b"a " * 200_000 + b"\n")
    with KeepingServer([large, vectors(1)]) as server:
        done = run("embed", "--lines", "--json", stdin=text, base_url=server.base_url)
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == 2
    assert [len(each.json["input"]) for each in server.received] == [1, 1]


def test_completions_are_asked_for_usage_too(run: Run) -> None:
    with Server([reply(completion("a"))]) as server:
        done = run("complete", "hi", "--usage", "-m", "m", base_url=server.base_url)
    assert (done.code, done.out) == (0, b"a\n")
