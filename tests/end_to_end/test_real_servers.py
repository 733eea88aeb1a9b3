"""Answers as servers other than OpenAI's send them: what is printed, said, kept, and the exit code.

Each row is a command line, the bytes of the answer, and how the command ends.
"""

import json
import socket
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from openai_cli.answer import parts
from openai_cli.sandbox.samples import png
from tests.conftest import Run
from tests.servers import Server, chat, completion, delta, events, reply

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
ONE, STOP = delta("one"), delta(finish="stop")
DONE = b"data: [DONE]\n\n"
TEXT = {"type": "response.output_text.delta", "delta": "one"}
MESSAGE = {"type": "message", "content": [{"type": "output_text", "text": "one"}]}
RESPONSE = {"id": "resp_1", "status": "completed", "output": [MESSAGE]}
ENDED = {"type": "response.completed", "response": RESPONSE}

CHAT = "chat hi --stream"
COMPLETE = "complete hi -m m --stream"
RESPOND = "respond hi --stream"
API = "api POST /chat/completions -F model=m --stream"
# A stream that says `one` and goes on, for each command.
BEGUN = {
    CHAT: events(ONE, done=False),
    COMPLETE: events({"choices": [{"index": 0, "text": "one"}]}, done=False),
    RESPOND: events(TEXT, done=False),
    API: events(ONE, done=False),
}
NOTICE = "openai-cli: notice: "
ERROR = "openai-cli: error: "


class Row(NamedTuple):
    line: str
    answer: bytes
    code: int
    out: str
    err: str


def whole(body: Any) -> bytes:
    return reply(body)


def ended(reason: Any, **message: Any) -> dict[str, Any]:
    """A whole chat completion that says `one`, or this message."""
    said = message or {"content": "one"}
    return {"choices": [{"index": 0, "message": said, "finish_reason": reason}]}


def flagged(**result: Any) -> bytes:
    return reply({"results": [result]})


USAGE = {"prompt_tokens": 12.0, "completion_tokens": 3.0}
NOT_COMPLETE = "the answer is not complete"
CUT = "the answer ended without a finish_reason"
SHAPE = "the answer does not have the API's shape: "

ROWS: dict[str, Row] = {
    # What is complete
    **{
        f"whole: {reason}": Row("chat hi --require-complete", whole(ended(reason)), 0, "one\n", "")
        for reason in ("stop", "eos", "end_turn", "STOP")
    },
    **{
        f"not whole: {reason!r}": Row(
            line, answer, 0, "one\n", f"{NOTICE}{NOT_COMPLETE} (finish_reason {shown})\n"
        )
        for reason, shown in (
            ("network_error", "network_error"), ("insufficient_system_resource",) * 2,
            ("", '""'), (7, "7"), ([], "[]"),
        )
        for line, answer in (
            ("chat hi", whole(ended(reason))),
            (CHAT, HEAD + events({"choices": [{**ONE["choices"][0], "finish_reason": reason}]})),
            (
                COMPLETE,
                HEAD + events({"choices": [{"index": 0, "text": "one", "finish_reason": reason}]}),
            ),
        )
    },
    "a reason that is required": Row(
        "chat hi --require-complete", whole(ended("odd")), 9, "one\n",
        f"{ERROR}{NOT_COMPLETE} (finish_reason odd)\n",
    ),
    "no reason at the end of a whole answer": Row(
        "chat hi", whole(ended(None)), 0, "one\n", f"{NOTICE}{CUT}\n"
    ),
    **{
        f"[DONE] before a reason: {line}": Row(
            line, HEAD + BEGUN[line] + DONE, 0, "one\n", f"{NOTICE}{CUT}\n"
        )
        for line in (CHAT, COMPLETE)
    },
    "[DONE] before a reason, required": Row(
        f"{CHAT} --require-complete", HEAD + BEGUN[CHAT] + DONE, 9, "one\n", f"{ERROR}{CUT}\n"
    ),
    "[DONE] before a response ended": Row(
        f"{RESPOND} --require-complete", HEAD + BEGUN[RESPOND] + DONE, 9, "one\n",
        f"{ERROR}the answer ended without a status\n",
    ),
    "a response that is incomplete": Row(
        "respond hi",
        whole({**RESPONSE, "status": "incomplete", "incomplete_details": {"reason": "odd"}}),
        0, "one\n", f"{NOTICE}{NOT_COMPLETE} (reason odd)\n",
    ),
    "a response of an odd status": Row(
        "responses show resp_1", whole({**RESPONSE, "status": "odd"}), 0, "one\n",
        f"{NOTICE}{NOT_COMPLETE} (status odd)\n",
    ),
    **{
        f"a response that is {status}: {line}": Row(
            line, answer, 6, out, f"{ERROR}the response failed without a reason (status {status})\n"
        )
        for status in ("failed", "expired")
        for line, answer, out in (
            ("respond hi", whole({**RESPONSE, "status": status, "error": None}), ""),
            ("responses show resp_1", whole({**RESPONSE, "status": status, "error": None}), ""),
            (
                RESPOND,
                HEAD + events(TEXT, {**ENDED, "response": {**RESPONSE, "status": status}}),
                "one",
            ),
        )
    },
    # Nothing
    "a null message": Row(
        "chat hi", whole({"choices": [{"message": None}]}), 6, "",
        f"{ERROR}{SHAPE}its choices have no message\n",
    ),
    **{
        f"[DONE] alone: {line}": Row(
            line, HEAD + DONE, 6, "", f"{ERROR}{SHAPE}the stream has no event\n"
        )
        for line in BEGUN
    },
    **{
        f"comments alone: {line}": Row(
            line, HEAD + b": hi\n\n", 7, "", f"{ERROR}the stream ended before "
        )
        for line in BEGUN
    },
    "usage alone": Row(
        CHAT, HEAD + events({"choices": [], "usage": {}}), 6, "",
        f"{ERROR}{SHAPE}the stream has no choices\n",
    ),
    "reasoning alone": Row(
        "chat hi", whole(ended("stop", content=None, reasoning_content="hm")), 0, "\n",
        f"{NOTICE}the answer has no text, only reasoning (reasoning_content)\n",
    ),
    "nothing with stop": Row(
        "chat hi", whole(ended("stop", content="")), 0, "\n", f"{NOTICE}the answer is empty\n"
    ),
    "a response of reasoning": Row(
        "respond hi", whole({**RESPONSE, "output": [{"type": "reasoning"}]}), 0, "\n",
        f"{NOTICE}the answer has no text, only reasoning\n",
    ),
    # Events
    "blank data": Row(
        CHAT, HEAD + events(ONE, "", "  ", STOP, done=False) + b"data: [DONE] \n\n", 0, "one\n", ""
    ),
    "two values in one event": Row(
        CHAT, HEAD + events(f"{json.dumps(ONE)}\ndata: {json.dumps(ONE)}", STOP), 0, "oneone\n", ""
    ),
    "two values in one event, as JSON": Row(
        f"{CHAT} --json", HEAD + events(f"{json.dumps(ONE)}\ndata: {json.dumps(STOP)}"), 0,
        f"{json.dumps(ONE)}\n{json.dumps(STOP)}\n", "",
    ),
    "bytes that are no UTF-8": Row(
        CHAT, HEAD + events(ONE, done=False).replace(b"one", b"o\xffe") + events(STOP), 0,
        "o\ufffde\n",
        f"{NOTICE}the stream was not valid UTF-8: U+FFFD replaces the invalid bytes\n",
    ),
    "bytes that are no UTF-8, raw": Row(
        "api POST /x --stream --query x", HEAD + b'data: {"x": "o\xffe"}\n\n', 0, "o\ufffde\n",
        f"{NOTICE}the stream was not valid UTF-8: U+FFFD replaces the invalid bytes\n",
    ),
    "fewer choices in a stream": Row(
        f"{CHAT} -n 2", HEAD + events(ONE, STOP, done=False), 0, "one\n",
        f"{NOTICE}the server gave 1 of 2 choices\n",
    ),
    "fewer choices": Row(
        "complete hi -m m -n 3", whole(completion("one")), 0, "one\n",
        f"{NOTICE}the server gave 1 of 3 choices\n",
    ),
    "a stream that was not asked for": Row(
        "respond hi --query output[0].content[0].text", HEAD + events(TEXT, ENDED), 0, "one\n", ""
    ),
    "a stream of choices that was not asked for": Row(
        "chat hi --query choices[0].message.content", HEAD + events(ONE, ONE, STOP), 0,
        "oneone\n", "",
    ),
    "a stream that was asked for": Row(
        f"{RESPOND} --query type", HEAD + events(TEXT, ENDED), 0,
        "response.output_text.delta\nresponse.completed\n", "",
    ),
    # Numbers
    "usage in a choice": Row(
        "chat hi --usage -m gpt-4o",
        whole({"choices": [{**ended("stop")["choices"][0], "usage": USAGE}]}),
        0, "one\n", "openai-cli: usage: 12 input, 3 output tokens; 0.00006 USD (gpt-4o)\n",
    ),
    "NaN in a query": Row(
        "api GET /x --query x", whole(b'{"x": [NaN, 1e999, 1]}'), 0, "[null, null, 1]\n", ""
    ),
    "NaN in a vector": Row(
        "embed hi", whole(b'{"data": [{"index": 0, "embedding": [NaN]}]}'), 6, "",
        f"{ERROR}{SHAPE}an embedding is not an array of numbers\n",
    ),
    # Lists and deletions
    "null as a list": Row("files list", whole({"data": None}), 0, "", ""),
    "a bare array of models": Row(
        "models list", whole([{"id": "b"}, {"id": "a"}]), 0, "a\nb\n", ""
    ),
    "a bare array of models, queried": Row(
        "models list --query [0].id", whole([{"id": "b"}]), 0, "b\n", ""
    ),
    "null in a list": Row(
        "files list",
        whole({"data": [{"id": "f", "bytes": None, "purpose": None, "filename": None}]}),
        0, "f\t\t\t\t\n", "",
    ),
    "a deletion without a body": Row(
        "responses delete resp_1 --yes", whole(b""), 0, "resp_1\n", ""
    ),
    "a deletion that did not happen": Row(
        "files delete f --yes", whole({"id": "f", "deleted": False}), 6, "",
        f"{ERROR}the server did not delete 'f'\n",
    ),
    # Moderations
    **{
        f"flagged: {number}": Row(
            "moderate hi --fail-if-flagged", flagged(**result), 8, out, f"{ERROR}flagged: {said}\n"
        )
        for number, (result, out, said) in enumerate(
            [
                ({"flagged": True, "categories": {"hate": True}}, "hate\t\n", "hate"),
                ({"categories": {"new": True}, "category_scores": {"new": None}}, "new\t\n", "new"),
            ]
        )
    },
    "flagged without a category": Row(
        "moderate hi --fail-if-flagged", flagged(flagged=True, categories={"hate": False}), 8, "",
        f"{NOTICE}an input is flagged, but no category is named\n"
        f"{ERROR}flagged: the server names no category\n",
    ),
    "a null score": Row(
        "moderate hi --fail-if-flagged",
        flagged(flagged=False, categories={"hate": False}, category_scores={"hate": None}),
        0, "", "",
    ),
    "fewer results than inputs": Row(
        "moderate --input a --input b --fail-if-flagged", flagged(flagged=False), 6, "",
        f"{ERROR}{SHAPE}it has 1 results for 2 inputs\n",
    ),
    # Errors in a 200
    **{
        f"an error in a 200: {line}": Row(
            line, whole({"error": {"message": "no model"}}), 6, "", f"{ERROR}no model\n"
        )
        for line in (
            "speak hi --voice alloy", "files content f", "files show f", "models show m",
            "api GET /x", "embed hi", "moderate hi", "image generate hi",
        )
    },
    "an error in a 200, with the body": Row(
        "chat hi --json", whole({"code": 500, "message": "no model"}), 6, "",
        f'{ERROR}no model (code 500)\n{{"code": 500, "message": "no model"}}\n',
    ),
    # What a text does not show
    "logprobs": Row(
        "chat hi --logprobs", whole(chat("one")), 0, "one\n",
        f"{NOTICE}the logprobs are in the body: --json prints them\n",
    ),
    "logprobs of completions": Row(
        "complete hi -m m --logprobs 0", whole(completion("one")), 0, "one\n",
        f"{NOTICE}the logprobs are in the body: --json prints them\n",
    ),
    "logprobs that are printed": Row(
        "chat hi --logprobs --query choices[0].index", whole(chat("one")), 0, "0\n", ""
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_an_answer(run: Run, row: Row) -> None:
    with Server([row.answer]) as server:
        done = run(*row.line.split(), "--max-retries", "0", base_url=server.base_url)
    assert (done.code, done.out.decode()) == (row.code, row.out)
    assert done.err.startswith(row.err) if row.code == 7 else done.err == row.err


ERRORS = [
    b'data: {"object":"error","message":"engine died","code":500}\n\n',
    b'data: {"type":"error","message":"engine died"}\n\n',
    b'data: {"message":"engine died","code":500}\n\n',
    b'data: {"detail":"engine died"}\n\n',
    b'error: {"code":500,"message":"engine died"}\n\n',
    b'data: {"error":{"message":"engine died"}}\n\n',
    b'{"error": {"message": "engine died"}}\n',
]
SILENT = [b"event: error\n\n", b'data: {"error":{}}\n\n']


@pytest.mark.parametrize("event", [*ERRORS, *SILENT])
@pytest.mark.parametrize("line", BEGUN)
def test_an_error_in_mid_stream(run: Run, line: str, event: bytes) -> None:
    says = "gives no reason" if event in SILENT else "engine died"
    answers = [HEAD + BEGUN[line] + event, HEAD + BEGUN[line] + event + DONE]
    with Server(answers) as server:
        for _ in answers:
            done = run(*line.split(), base_url=server.base_url)
            assert done.code == 6
            assert says in done.err
            assert done.err.startswith(ERROR)
            assert b"one" in done.out


@pytest.mark.parametrize("event", ERRORS)
def test_an_error_in_mid_stream_keeps_a_conversation_as_it_was(
    run: Run, folder: Path, event: bytes
) -> None:
    with Server([HEAD + BEGUN[CHAT] + event + DONE] * 2) as server:
        done = run(*CHAT.split(), "-c", "c.json", base_url=server.base_url)
        assert (done.code, done.out) == (6, b"one")
        done = run("chat", "-i", "--stream", stdin=b"hi\n", base_url=server.base_url)
        assert (done.code, done.out) == (6, b"one")
    assert not (folder / "c.json").exists()


@pytest.mark.parametrize("data", [DONE, b": hi\n\n", events({"choices": [], "usage": {}})])
def test_an_answer_of_nothing_makes_no_conversation_and_no_file(
    run: Run, folder: Path, data: bytes
) -> None:
    with Server([HEAD + data] * 3) as server:
        for more in (("-c", "c.json"), ("-o", "out.txt")):
            done = run(*CHAT.split(), *more, "--max-retries", "0", base_url=server.base_url)
            assert done.code in (6, 7)
        interactive = ("chat", "-i", "--stream", "--max-retries", "0")
        done = run(*interactive, stdin=b"hi\n", base_url=server.base_url)
        assert done.code in (6, 7)
    assert not (folder / "c.json").exists()
    assert not (folder / "out.txt").exists()


# Conversations


def last(folder: Path) -> dict[str, Any]:
    message: dict[str, Any] = json.loads((folder / "c.json").read_text())["messages"][-1]
    return message


def test_a_reply_that_was_cut_off_is_kept_where_that_is_wanted(run: Run, folder: Path) -> None:
    cut = HEAD + BEGUN[CHAT] + DONE
    with Server([cut, cut]) as server:
        done = run(*CHAT.split(), "-c", "c.json", base_url=server.base_url)
        assert (done.code, done.out) == (0, b"one\n")
        assert "--keep-partial keeps it" in done.err
        assert not (folder / "c.json").exists()
        run(*CHAT.split(), "-c", "c.json", "--keep-partial", base_url=server.base_url)
    assert last(folder) == {"role": "assistant", "content": "one"}


def test_a_whole_answer_without_a_reason_is_kept(run: Run, folder: Path) -> None:
    with Server([whole(ended(None))]) as server:
        run("chat", "hi", "-c", "c.json", base_url=server.base_url)
    assert last(folder)["content"] == "one"


CALL = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def test_reasoning_is_kept_where_there_are_calls(run: Run, folder: Path) -> None:
    answers = [
        whole(ended("stop", content="one", reasoning_content="hm")),
        whole(ended("tool_calls", content=None, reasoning_content="aha", tool_calls=[CALL])),
        HEAD + events(delta(reasoning="so"), ONE, STOP),
    ]
    with Server(answers) as server:
        run("chat", "hi", "-c", "c.json", base_url=server.base_url)
        assert last(folder) == {"role": "assistant", "content": "one"}
        run("chat", "call", "-c", "c.json", base_url=server.base_url)
        assert last(folder) == {
            "role": "assistant",
            "content": None,
            "tool_calls": [CALL],
            "reasoning_content": "aha",
        }
        result = json.dumps([{"role": "tool", "tool_call_id": "a", "content": "x"}])
        run("chat", "--messages", result, "-c", "c.json", "--stream", base_url=server.base_url)
    assert last(folder) == {"role": "assistant", "content": "one", "reasoning": "so"}
    assert server.received[2].json["messages"][3]["reasoning_content"] == "aha"


def test_calls_are_kept_as_the_api_wants_them_back(run: Run, folder: Path) -> None:
    pieces = [
        {"index": 1, "id": None, "function": {"name": "f", "arguments": {"x": 1}}},
        {"index": 4, "id": "b", "function": {"name": "g", "arguments": '{"y"'}},
        {"index": 4, "id": "", "function": {"name": "", "arguments": ":2}"}},
    ]
    data = [delta(tool_calls=[piece]) for piece in pieces]
    with Server([HEAD + events(*data, delta(finish="tool_calls"))]) as server:
        done = run(*CHAT.split(), "-c", "c.json", base_url=server.base_url)
    first, second = last(folder)["tool_calls"]
    assert first["id"].startswith("call_")
    assert first["function"] == {"name": "f", "arguments": '{"x": 1}'}
    assert second == {
        "id": "b",
        "type": "function",
        "function": {"name": "g", "arguments": '{"y":2}'},
    }
    assert [json.loads(line) for line in done.text.splitlines()] == [first, second]


# Files

PNG = png(2, 2)
ENCODED = b64encode(PNG).decode()
IMAGES = [
    {"b64_json": "\n".join(ENCODED[at : at + 20] for at in range(0, len(ENCODED), 20))},
    {"b64_json": ENCODED.rstrip("=")},
    {"b64_json": urlsafe_b64encode(PNG).decode()},
    {"b64_json": f"data:image/png;base64,{ENCODED}"},
    {"url": f"data:image/png;base64,{ENCODED}"},
    {"b64_json": "", "url": f"data:image/png;base64,{ENCODED}"},
    {"b64_json": None, "url": f"data:image/png;base64,{ENCODED}"},
]


@pytest.mark.parametrize("item", IMAGES)
def test_an_image_in_any_form_is_saved(run: Run, folder: Path, item: dict[str, Any]) -> None:
    with Server([reply({"data": [item]})]) as server:
        done = run("image", "generate", "a cat", base_url=server.base_url)
    assert (done.code, done.text, done.err) == (0, "image.png\n", "")
    assert (folder / "image.png").read_bytes() == PNG


@pytest.mark.parametrize("place", ["b64_json", "url"])
def test_an_image_that_cannot_be_read_is_kept(run: Run, folder: Path, place: str) -> None:
    text = "data:image/png;base64,!" + "A" * 400_000
    with Server([reply({"data": [{place: text}]})]) as server:
        done = run("image", "generate", "a cat", base_url=server.base_url)
    assert (done.code, done.out) == (6, b"")
    assert len(done.err) < 500
    path = done.err.rstrip().rpartition("kept in ")[2]
    assert Path(path).read_text() == text
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("form", ["text", "srt", "vtt", "json", "verbose_json"])
def test_an_error_is_no_transcript(run: Run, folder: Path, form: str) -> None:
    (folder / "a.mp3").write_bytes(b"ID3\3\0\0")
    line = ("transcribe", "a.mp3", "--response-format", form)
    with Server([reply({"error": {"message": "no model"}})]) as server:
        done = run(*line, base_url=server.base_url)
    assert (done.code, done.out, done.err) == (6, b"", f"{ERROR}no model\n")


@pytest.mark.parametrize("kind", ["audio/mpeg", "application/octet-stream", "application/json"])
def test_an_error_is_no_sound(run: Run, kind: str) -> None:
    answer = reply({"error": {"message": "no voice", "code": 400}}, content_type=kind)
    with Server([answer, reply(b"ID3\0\xff", content_type=kind)]) as server:
        line = ("speak", "hi", "--voice", "alloy")
        done = run(*line, base_url=server.base_url)
        assert (done.code, done.out) == (4, b"")
        assert done.err.startswith(f"{ERROR}no voice (code 400)")
        done = run(*line, base_url=server.base_url)
        assert (done.code, done.out) == (0, b"ID3\0\xff")


def test_a_page_is_no_sound(run: Run) -> None:
    with Server([reply("<html>Log in</html>", content_type="application/xhtml+xml")]) as server:
        done = run("speak", "hi", "--voice", "alloy", base_url=server.base_url)
    assert (done.code, done.out) == (6, b"")


# Connections


def test_a_server_that_keeps_the_connection_is_waited_for_a_little(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hold(connection: socket.socket) -> None:
        connection.sendall(HEAD + events(ONE, STOP, done=False))
        assert connection.recv(1) == b""

    monkeypatch.setattr(parts, "LINGER", 0.05)
    with Server([hold, hold]) as server:
        for line in (CHAT, f"{CHAT} --json"):
            done = run(*line.split(), "--timeout", "300", base_url=server.base_url)
            assert (done.code, done.err) == (0, "")


def test_a_stream_that_falls_silent_is_no_stream_that_was_cut(run: Run) -> None:
    def hold(connection: socket.socket) -> None:
        connection.sendall(HEAD + BEGUN[CHAT])
        assert connection.recv(1) == b""

    with Server([hold, HEAD + BEGUN[CHAT]]) as server:
        silent = run(*CHAT.split(), "--timeout", "0.2", base_url=server.base_url)
        cut = run(*CHAT.split(), base_url=server.base_url)
    assert (silent.code, silent.out, cut.code, cut.out) == (7, b"one", 7, b"one")
    assert "stopped coming: nothing more came in time; --timeout" in silent.err
    assert "the stream ended before the answer was whole" in cut.err


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (reply({"detail": "Not Found"}, status="404 Not Found"), "/v1"),
        (reply("<html><title>UI</title></html>", content_type="text/html"), "/v1"),
        (reply({"error": "Unexpected endpoint or method. (POST /chat/completions)"}), "/v1"),
    ],
)
def test_a_base_url_without_v1_is_told_of(run: Run, answer: bytes, hint: str) -> None:
    with Server([answer, answer]) as server:
        assert f"--base-url {server.root}{hint}" in run("chat", "hi", base_url=server.root).err
        assert "--base-url http" not in run("chat", "hi", base_url=server.base_url).err


def test_a_refusal_says_whether_a_key_was_sent(run: Run) -> None:
    answer = reply({"error": {"message": "no", "param": "None"}}, status="401 Unauthorized")
    with Server([answer, answer]) as server:
        unsent = run("chat", "hi", base_url=server.base_url, key=None)
        sent = run("chat", "hi", base_url=server.base_url)
    assert (unsent.code, sent.code) == (3, 3)
    assert unsent.err.startswith(f"{ERROR}no (HTTP 401); no key was sent: ")
    assert sent.err == f"{ERROR}no (HTTP 401); openai-cli key show tells you which key was sent\n"
