"""Answers that are not what they should be: each has its exit code and one clear line."""

import gzip
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MADE_UP_KEY, Run
from tests.flags.commandline import call, refused
from tests.servers import Reply, Server, chat, completion, delta, events, reply, stream

FAST = ("--max-retries", "0")
STREAM = "text/event-stream"


def head(*headers: str, content_type: str = "application/json") -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Type: {content_type}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def chunked(*pieces: bytes, end: bool = True) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head("Transfer-Encoding: chunked") + body + (b"0\r\n\r\n" if end else b"")


def zipped(data: bytes, *, content_type: str = "application/json") -> bytes:
    return (
        head("Content-Encoding: gzip", f"Content-Length: {len(data)}", content_type=content_type)
        + data
    )


WHOLE = json.dumps(chat("hello")).encode()
TALK = events(delta("hel"), delta("lo"), delta(finish="stop"))


@pytest.mark.parametrize(
    ("answer", "arguments"),
    [
        (chunked(WHOLE[:40], WHOLE[40:]), ()),
        (zipped(gzip.compress(WHOLE)), ()),
        (zipped(gzip.compress(TALK), content_type=STREAM), ("--stream",)),
        (head() + WHOLE, ()),
        (stream(delta("hel"), delta("lo"), delta(finish="stop"), done=False), ("--stream",)),
        (stream(delta("hel"), delta("lo", finish="stop")), ()),
        (reply(chat("hello")), ("--stream",)),
        (reply(chat("hello"), content_type="text/plain"), ()),
        (head(content_type="application/json") + TALK, ("--stream",)),
        (head(content_type=STREAM) + b": waiting\n\n" + TALK, ("--stream",)),
        (head(content_type=STREAM) + TALK.removesuffix(b"\n\n"), ("--stream",)),
        (head(content_type=STREAM) + TALK.replace(b"\n", b"\r\n"), ("--stream",)),
        (stream({"choices": [], "usage": None}, delta("hello", finish="stop")), ("--stream",)),
    ],
    ids=[
        "chunked",
        "gzip",
        "gzip stream",
        "no length",
        "no [DONE]",
        "a stream unasked",
        "JSON for a stream",
        "JSON as plain text",
        "a stream as JSON",
        "a comment first",
        "no empty line at the end",
        "CRLF",
        "an event with no choice",
    ],
)
def test_servers_differ_and_all_of_it_works(
    run: Run, answer: bytes, arguments: tuple[str, ...]
) -> None:
    with Server([answer]) as server:
        result = run("chat", "hi", *arguments, *FAST, base_url=server.base_url)
    assert (result.code, result.out, result.err) == (0, b"hello\n", "")


def reset(data: bytes) -> Reply:
    """Send this, then break the connection with a reset."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    return answer


@pytest.mark.parametrize(
    ("answer", "code", "out", "says"),
    [
        (reply("<html><title>Oops</title></html>", content_type="text/html"), 6, b"", "not JSON"),
        (reply(""), 6, b"", "empty"),
        (reply("[1]"), 6, b"", "shape"),
        (reply({"object": "x"}), 6, b"", "no choices"),
        (reply({"choices": []}), 6, b"", "no choices"),
        (reply({"choices": [{"message": {"content": 7}}]}), 6, b"", "shape"),
        (reply(b'{"choices": "\xff"}'), 6, b"", "not JSON"),
        (reply("[" * 100_000), 6, b"", "not JSON"),
        (reply(WHOLE[:-10]), 7, b"", "ended in the middle"),
        (head("Content-Length: 9999") + WHOLE, 7, b"", "before the answer was whole"),
        (chunked(WHOLE[:40], end=False), 7, b"", "before the answer was whole"),
        (zipped(gzip.compress(WHOLE)[:-12]), 7, b"", "gzip"),
        (zipped(b"this is not gzip at all"), 6, b"", "gzip"),
        (head("Content-Encoding: br", "Content-Length: 2") + b"ab", 6, b"", "br"),
        (reply({"error": {"message": "too many", "code": 429}}), 5, b"", "too many"),
        (stream(delta("par"), delta("t"), done=False), 7, b"part", "before the answer was whole"),
        (stream(delta("one", finish="stop"), delta("t", index=1), done=False), 7, b"one", "whole"),
        (head(content_type=STREAM), 7, b"", "before the answer was whole"),
        (stream(delta("par"), {"error": {"message": "boom"}}), 6, b"par", "boom"),
        (
            stream(delta("par"), {"error": {"message": "m", "type": "rate_limit_error"}}),
            5,
            b"par",
            "m",
        ),
        (
            stream(delta("par"), {"error": {"message": "k", "code": "invalid_api_key"}}),
            3,
            b"par",
            "k",
        ),
        (stream(delta("par"), {"error": {"message": "b", "code": 400}}), 4, b"par", "b"),
        (stream(delta("par"), "not json"), 6, b"par", "event that is not JSON: not json"),
        (stream(delta("par"), "[1]"), 6, b"par", "shape"),
        (head(content_type=STREAM) + b'data: {"choices": [{"ind', 7, b"", "whole"),
        (reset(head(content_type=STREAM) + events(delta("par"), done=False)), 7, b"par", "whole"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_answers(run: Run, answer: Reply, code: int, out: bytes, says: str) -> None:
    with Server([answer]) as server:
        result = run("chat", "hi", "--stream", *FAST, base_url=server.base_url)
    assert (result.code, result.out) == (code, out)
    assert says in result.err
    assert one_error(result.err)


def test_an_event_named_error_is_an_error(run: Run) -> None:
    data = head(content_type=STREAM) + b'event: error\ndata: {"message": "overloaded"}\n\n'
    with Server([data]) as server:
        result = run("chat", "hi", "--stream", *FAST, base_url=server.base_url)
    assert result.code == 6
    assert "overloaded" in result.err


@pytest.mark.parametrize(
    ("status", "body", "code", "says"),
    [
        ("400 Bad Request", {"error": {"message": "wrong", "param": "n", "code": None}}, 4,
         "wrong (parameter n, HTTP 400, request id req_7)"),
        ("401 Unauthorized", {"error": {"message": "no key"}}, 3, "no key (HTTP 401"),
        ("403 Forbidden", {"error": "not you"}, 3, "not you (HTTP 403"),
        ("404 Not Found", {"detail": "no model"}, 4, "no model (HTTP 404"),
        ("422 Unprocessable", {"detail": [{"loc": ["body", "n"], "msg": "bad"}]}, 4, "body.n: bad"),
        ("429 Too Many", {"message": "slow down"}, 5, "slow down (HTTP 429"),
        ("500 Oops", {"error": {"message": "x", "code": 400}}, 6, "x (HTTP 500"),
        ("502 Bad Gateway", "<html><head><title>502 Bad\nGateway</title></head></html>", 6,
         "502 Bad Gateway (HTTP 502"),
        ("503 Unavailable", "try later", 6, "try later (HTTP 503"),
        ("504 Gateway Timeout", "", 6, "Gateway Timeout (HTTP 504"),
        ("408 Request Timeout", {"error": {"message": "late"}}, 6, "late (HTTP 408"),
        ("302 Found", "", 4, "redirects"),
    ],
)  # fmt: skip
def test_statuses(run: Run, status: str, body: Any, code: int, says: str) -> None:
    extra = ["x-request-id: req_7", "Location: http://127.0.0.1:1/"]
    with Server([reply(body, status=status, headers=extra)]) as server:
        result = run("chat", "hi", *FAST, base_url=server.base_url)
    assert (result.code, result.out) == (code, b"")
    assert says in result.err
    assert one_error(result.err)


def test_with_json_the_error_body_follows_on_stderr(run: Run) -> None:
    body = '{"error": {"message": "wrong"}}'
    with Server([reply(body, status="400 Bad Request")]) as server:
        result = run("chat", "hi", "--json", base_url=server.base_url)
    assert result.code == 4
    assert result.out == b""
    assert result.err.splitlines()[1] == body


def test_a_bomb_is_refused(run: Run) -> None:
    bomb = gzip.compress(b" " * (65 * 1024 * 1024), compresslevel=1)
    with Server([zipped(bomb)]) as server:
        result = run("chat", "hi", *FAST, base_url=server.base_url)
    assert (result.code, result.out) == (6, b"")
    assert "64 MB" in result.err


def test_an_answer_of_60_mb_works(run: Run) -> None:
    text = "0123456789" * 6_000_000
    with Server([reply(chat(text))]) as server:
        result = run("chat", "hi", base_url=server.base_url)
    assert result.code == 0
    assert result.out == text.encode() + b"\n"


def test_the_connection_is_tried_again_with_a_notice(run: Run) -> None:
    busy = reply({"error": {"message": "busy"}}, status="503 Busy", headers=["retry-after-ms: 1"])
    with Server([busy, busy, reply(chat("hello"))]) as server:
        result = run("chat", "hi", base_url=server.base_url)
    assert (result.code, result.out) == (0, b"hello\n")
    assert result.err.count("trying again") == 2


def test_no_retry_once_output_was_printed(run: Run) -> None:
    with Server([stream(delta("par"), done=False)]) as server:
        result = run("chat", "hi", "--stream", base_url=server.base_url)
    assert (result.code, result.out) == (7, b"par")


def test_a_stream_that_broke_before_any_output_is_tried_again(run: Run) -> None:
    with Server(
        [head(content_type=STREAM) + b": hi\n\n", stream(delta("hello", finish="stop"))]
    ) as server:
        result = run("chat", "hi", "--stream", base_url=server.base_url)
    assert (result.code, result.out) == (0, b"hello\n")


def test_a_longer_wait_than_two_minutes_is_not_waited_for(run: Run) -> None:
    late = reply({"error": {"message": "quota"}}, status="429 X", headers=["retry-after: 3600"])
    with Server([late]) as server:
        result = run("chat", "hi", base_url=server.base_url)
    assert result.code == 5
    assert "3600 s" in result.err


def test_completions_have_the_same_reader(run: Run) -> None:
    pieces = [completion("hel", finish=""), completion("lo", finish="stop")]
    with Server([stream(*pieces, done=False)]) as server:
        result = run("complete", "hi", "-m", "m", "--stream", *FAST, base_url=server.base_url)
    assert (result.code, result.out, result.err) == (0, b"hello\n", "")


def test_a_key_that_a_server_echoes_is_masked(run: Run) -> None:
    body = {"error": {"message": "bad key sk-made-up-for-tests"}}
    with Server([reply(body, status="401 No")]) as server:
        result = run("chat", "hi", "--json", "--debug", base_url=server.base_url)
    assert result.code == 3
    assert "sk-made-up" not in result.err
    assert "***" in result.err


def one_error(stderr: str) -> bool:
    """Whether stderr is one line, and that an error."""
    return re.fullmatch(r"openai-cli: error: [^\n]+\n", stderr) is not None


# What is not whole, or not of the kind


@pytest.mark.parametrize(
    "expression",
    [
        "[?index > '0']",
        "contains(id, `1`) && contains(created, 'a')",
        "&id",
        "choices[?index > '0']",
        "created.length(@)",
    ],
)
@pytest.mark.parametrize("line", [("chat", "hi"), ("api", "POST", "/x", "-f", "a=b")])
def test_a_query_that_fails_on_the_answer_loses_nothing(
    line: tuple[str, ...], expression: str
) -> None:
    with Server([reply(WHOLE)]) as server:
        world = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        ended = call(*line, "--query", expression, environ=world)
    if ended.code == 0:
        assert ended.out or "found nothing" in ended.err
        return
    assert (ended.code, ended.out) == (10, b"")
    kept = Path(ended.err.rpartition("is kept in ")[2].strip())
    assert kept.read_bytes() == WHOLE


def test_a_query_of_no_json_is_refused_on_the_answer() -> None:
    with Server([reply(WHOLE)]) as server:
        world = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        assert call("chat", "hi", "--query", "&id", environ=world).code == 10


def test_a_query_nested_too_deep_is_found_before_anything_is_paid_for() -> None:
    assert "not a JMESPath expression" in refused("chat", "hi", "--query", "[" * 3000 + "]" * 3000)


PAGE = "<!DOCTYPE html><title>Sign in</title>"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PAGE, "text/html"),
        (PAGE, "text/plain"),
        ("\n<HTML>", ""),
        ("please", "text/html; charset=x"),
    ],
)
@pytest.mark.parametrize("form", ["text", "srt", "vtt"])
def test_a_page_is_no_transcript(folder: Path, body: str, kind: str, form: str) -> None:
    (folder / "a.mp3").write_bytes(b"ID3")
    with Server([reply(body, content_type=kind)]) as server:
        world = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        line = ("transcribe", str(folder / "a.mp3"), "--response-format", form)
        ended = call(*line, environ=world)
    assert (ended.code, ended.out) == (6, b"")
    assert "an HTML page" in ended.err


@pytest.mark.parametrize("said", [False, 0, None, "false", "no"])
def test_what_is_not_deleted_is_told(said: Any) -> None:
    with Server([reply({"id": "f", "deleted": said})]) as server:
        world = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        ended = call("files", "delete", "f", "--yes", environ=world)
    assert (ended.code, ended.out) == (6, b"")
