"""`respond` and `responses`: text, calls, streams, and what goes on in the background."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from openai_cli.context import Context
from openai_cli.sandbox.samples import png
from tests.conftest import MADE_UP_KEY, Run
from tests.flags.commandline import Ended, execute
from tests.flags.published import RESPOND
from tests.servers import Server, reply, stream

CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "weather",
    "arguments": '{"city": "Lima"}',
    "status": "completed",
}


def message(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "role": "assistant", "content": [part]}


def response(*items: Any, status: str = "completed", **more: Any) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "status": status,
        "model": "gpt-6-luna",
        "output": list(items),
        **more,
    }


def delta(text: str) -> dict[str, Any]:
    return {"type": "response.output_text.delta", "delta": text}


def ended(found: dict[str, Any]) -> dict[str, Any]:
    return {"type": f"response.{found['status']}", "response": found}


def call(server: Server, *arguments: str) -> tuple[Ended, list[float]]:
    """A call in this process, and how long it would have waited."""
    waits: list[float] = []
    environ = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
    return execute(Context.test(environ=environ, sleep=waits.append), *arguments), waits


# Text and calls


def test_the_texts_of_all_messages_are_printed(run: Run) -> None:
    reasoning = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}
    with Server([reply(response(reasoning, message("one "), message("two")))]) as server:
        done = run("respond", "Hi", base_url=server.base_url)
    assert (done.code, done.text, done.err) == (0, "one two\n", "")


def test_calls_are_lines_of_json(run: Run) -> None:
    approval = {"type": "mcp_approval_request", "id": "mcpr_1", "name": "run", "arguments": "{}"}
    searched = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    with Server([reply(response(searched, message("Let me see"), CALL, approval))]) as server:
        done = run("respond", "Hi", base_url=server.base_url)
    text, *calls = done.text.splitlines()
    assert text == "Let me see"
    assert list(map(json.loads, calls)) == [CALL, approval]


def test_a_stream_is_printed_as_it_comes(run: Run) -> None:
    events = stream(delta("Gr"), delta("üße"), ended(response(message("Grüße"))), done=False)
    with Server([events]) as server:
        done = run("respond", "Hi", "--stream", base_url=server.base_url)
    assert (done.code, done.text) == (0, "Grüße\n")


def test_calls_of_a_stream(run: Run) -> None:
    events = stream(
        {"type": "response.output_item.done", "output_index": 0, "item": CALL},
        ended(response(CALL)),
        done=False,
    )
    with Server([events]) as server:
        done = run("respond", "Hi", "--stream", base_url=server.base_url)
    assert json.loads(done.text) == CALL


def test_a_stream_without_its_end_is_no_success(run: Run) -> None:
    with Server([stream(delta("half"), done=False)]) as server:
        done = run("respond", "Hi", "--stream", base_url=server.base_url)
    assert (done.code, done.text) == (7, "half")


def test_a_refusal_is_told(run: Run) -> None:
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
    with Server([reply(response(refusal))] * 2) as server:
        plain = run("respond", "Hi", base_url=server.base_url)
        strict = run("respond", "Hi", "--require-complete", base_url=server.base_url)
    assert plain.code == 0
    assert "No." in plain.err + plain.text
    assert strict.code == 9


@pytest.mark.parametrize(("flags", "code"), [((), 0), (("--require-complete",), 9)])
def test_an_answer_that_was_cut(run: Run, flags: tuple[str, ...], code: int) -> None:
    cut = response(
        message("half"), status="incomplete", incomplete_details={"reason": "max_output_tokens"}
    )
    with Server([reply(cut)]) as server:
        done = run("respond", "Hi", *flags, base_url=server.base_url)
    assert (done.code, done.text) == (code, "half\n")
    assert "max_output_tokens" in done.err


FAILURES = [
    ({"code": "server_error", "message": "It broke."}, 6),
    ({"code": "rate_limit_exceeded", "message": "Too fast."}, 5),
    ({"code": "invalid_prompt", "message": "Not that."}, 4),
    ({"code": "failed_to_download_image", "message": "Where?"}, 4),
]


@pytest.mark.parametrize(("error", "code"), FAILURES)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_response_that_failed(run: Run, error: dict[str, str], code: int, streamed: bool) -> None:
    failed = response(status="failed", error=error)
    answer = stream(ended(failed), done=False) if streamed else reply(failed)
    flags = ("--stream",) if streamed else ()
    with Server([answer]) as server:
        done = run("respond", "Hi", *flags, "--max-retries", "0", base_url=server.base_url)
    assert (done.code, done.out) == (code, b"")
    assert error["message"] in done.err


def test_the_usage_has_what_was_cached_and_reasoned(run: Run) -> None:
    usage = {
        "input_tokens": 1000,
        "input_tokens_details": {"cached_tokens": 600},
        "output_tokens": 100,
        "output_tokens_details": {"reasoning_tokens": 64},
        "total_tokens": 1100,
    }
    # gpt-6-luna: 400 at 0.1, 600 at 0.01 and 100 at 0.5 USD a million.
    answer = response(message("ok"), usage=usage, service_tier="default")
    with Server([reply(answer)]) as server:
        done = run("respond", "Hi", "--usage", base_url=server.base_url)
    assert "1000 input (600 cached), 100 output (64 reasoning) tokens; 0.000096 USD" in done.err


@pytest.mark.parametrize("streamed", [False, True])
def test_searches_are_in_the_usage_and_in_its_file(run: Run, folder: Path, streamed: bool) -> None:
    search = {"type": "web_search_call", "status": "completed", "action": {"type": "search"}}
    usage = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
    answer = response(search, search, message("ok"), usage=usage, tools=[{"type": "web_search"}])
    sent = stream(delta("ok"), ended(answer)) if streamed else reply(answer)
    flags = ("--usage", "--usage-file", "u", *(["--stream"] if streamed else []))
    with Server([sent]) as server:
        done = run("respond", "Hi", *flags, base_url=server.base_url)
    # gpt-6-luna: 1000 at 0.1 and 100 at 0.5 USD a million, and two searches at 0.01.
    assert "tokens; 0.02015 USD, with 2 web_search (gpt-6-luna)" in done.err
    assert json.loads((folder / "u").read_text())["calls"] == {"web_search": 2}
    assert run("cost", "--response", "u", "--total", key=None).text == "0.02015\n"


def test_an_image_that_a_response_had_made_is_in_the_usage(run: Run, folder: Path) -> None:
    usage = {"input_tokens": 1000, "output_tokens": 100}
    made = {"input_tokens": 50, "input_tokens_details": {"text_tokens": 50, "image_tokens": 0},
            "output_tokens": 1000}  # fmt: skip
    answer = response(
        {"type": "image_generation_call"}, message("ok"), usage=usage,
        tools=[{"type": "image_generation", "model": "gpt-image-2"}],
        tool_usage={"image_gen": made, "web_search": {"num_requests": 0}},
    )  # fmt: skip
    with Server([reply(answer)]) as server:
        done = run("respond", "Hi", "--usage", "--usage-file", "u", base_url=server.base_url)
    # gpt-6-luna as above, and of gpt-image-2 50 at 5 and 1000 at 30 USD a million.
    assert "tokens; 0.0304 USD (gpt-6-luna)" in done.err
    assert run("cost", "--response", "u", "--total", key=None).text == "0.0304\n"
    with Server([reply({**answer, "tool_usage": None})]) as server:
        unknown = run("respond", "Hi", "--usage", base_url=server.base_url)
    assert "at least 0.00015 USD (the tokens of its images are not reported)" in unknown.err


def test_a_budget(run: Run) -> None:
    line = ("respond", "Hi", "-m", "gpt-4o", "--max-output-tokens", "100", "--max-cost")
    with Server([]) as server:
        done = run(*line, "0.001", base_url=server.base_url)
    # Eight tokens at 2.5 and 100 at 10 USD a million.
    assert (done.code, done.out) == (8, b"")
    assert "the request can cost 0.00102 USD" in done.err
    with Server([reply(response(message("ok")))]) as server:
        assert run(*line, "0.0011", base_url=server.base_url).code == 0


def test_an_image_and_a_file_are_attached(run: Run, folder: Path) -> None:
    (folder / "a.png").write_bytes(png(1, 1))
    (folder / "a.pdf").write_bytes(b"%PDF-1.4\n")
    with Server([reply(response(message("ok")))]) as server:
        done = run(
            "respond", "What is it?", "--attach", "a.png", "--attach", "a.pdf",
            "--attach", "https://images.invalid/b.png", base_url=server.base_url,
        )  # fmt: skip
    assert done.code == 0, done.err
    (sent,) = server.received[0].json["input"]
    assert sent == {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "What is it?"},
            {
                "type": "input_image",
                "detail": "auto",
                "image_url": f"data:image/png;base64,{b64encode(png(1, 1)).decode()}",
            },
            {
                "type": "input_file",
                "filename": "a.pdf",
                "file_data": "data:application/pdf;base64,JVBERi0xLjQK",
            },
            {
                "type": "input_image",
                "detail": "auto",
                "image_url": "https://images.invalid/b.png",
            },
        ],
    }


@pytest.mark.parametrize("url", ["https://a.invalid/Report.PDF?v=1", "http://a.invalid/b.pdf"])
def test_a_pdf_is_attached_by_its_url(run: Run, url: str) -> None:
    with Server([reply(response(message("ok")))]) as server:
        done = run("respond", "--attach", url, base_url=server.base_url)
    assert done.code == 0, done.err
    (sent,) = server.received[0].json["input"]
    assert sent == {"role": "user", "content": [{"type": "input_file", "file_url": url}]}
    RESPOND.check(server.received[0].json)


def test_audio_is_not_attached_by_its_url(run: Run) -> None:
    with Server([]) as server:
        done = run("respond", "Hi", "--attach", "https://a.invalid/b.mp3", base_url=server.base_url)
    assert done.code == 2


def test_stdin_stands_before_the_argument(run: Run) -> None:
    with Server([reply(response(message("ok")))]) as server:
        run("respond", "Sum it up.", stdin=b"A text.\n", base_url=server.base_url)
    assert server.received[0].json["input"] == "A text.\n\nSum it up."


# In the background


def test_waiting_asks_until_it_is_made() -> None:
    replies = [
        reply(response(status="queued")),
        reply(response(status="queued")),
        reply(response(status="in_progress")),
        reply(response(message("made"))),
    ]
    with Server(replies) as server:
        done, waits = call(server, "respond", "Hi", "--background", "--wait")
    assert (done.code, done.out) == (0, b"made\n")
    assert [request.line for request in server.received] == [
        "POST /v1/responses HTTP/1.1",
        *["GET /v1/responses/resp_1 HTTP/1.1"] * 3,
    ]
    assert server.received[0].json["background"] is True
    assert waits == [1.0, 1.5, 2.25]
    assert "resp_1 is queued after 0 s; looking again in 1.0 s" in done.err
    assert "resp_1 is in_progress after 2 s" in done.err


def test_the_id_is_printed_where_nobody_waits() -> None:
    with Server([reply(response(status="queued"))]) as server:
        done, waits = call(server, "respond", "Hi", "--background")
    assert (done.code, done.out, waits) == (0, b"resp_1\n", [])
    assert "openai-cli responses show resp_1 --wait" in done.err


@pytest.mark.parametrize(
    ("last", "code", "said"),
    [
        (response(status="failed", error=FAILURES[0][0]), 6, "It broke."),
        (response(status="cancelled"), 0, "cancelled"),
        (
            response(
                message("half"),
                status="incomplete",
                incomplete_details={"reason": "content_filter"},
            ),
            0,
            "content_filter",
        ),
    ],
)
def test_what_ends_otherwise(last: dict[str, Any], code: int, said: str) -> None:
    replies = [reply(response(status="queued")), reply(last)]
    with Server(replies) as server:
        done, _ = call(server, "respond", "Hi", "--background", "--wait")
    assert done.code == code
    assert said in done.err


@pytest.mark.parametrize(
    "flags",
    [
        ("-o", "missing/x"),
        ("--query", "a["),
        ("--usage-file", "missing/x"),
    ],
)
@pytest.mark.parametrize("line", ["respond Hi --background --wait", "responses show x --wait"])
def test_what_could_not_be_printed_is_not_waited_for(line: str, flags: tuple[str, ...]) -> None:
    with Server([]) as server:
        done, waits = call(server, *line.split(), *flags)
    assert (done.code, done.out, waits) == (2, b"", [])


def test_showing_waits_too() -> None:
    replies = [reply(response(status="in_progress")), reply(response(message("made")))]
    with Server(replies) as server:
        done, waits = call(server, "responses", "show", "resp_1", "--wait")
    assert (done.code, done.out, waits) == (0, b"made\n", [1.0])


def test_what_is_to_be_included_is_asked_for() -> None:
    with Server([reply(response(message("ok")))]) as server:
        done, _ = call(
            server, "responses", "show", "resp_1", "--include", "reasoning.encrypted_content"
        )
    assert done.code == 0
    line = server.received[0].line
    assert line == "GET /v1/responses/resp_1?include%5B%5D=reasoning.encrypted_content HTTP/1.1"


def numbered(*events: dict[str, Any], start: int = 0) -> list[dict[str, Any]]:
    return [{**event, "sequence_number": at} for at, event in enumerate(events, start)]


WHOLE = response(message("one two"))
EVENTS = numbered(
    {"type": "response.created", "response": response(status="in_progress", background=True)},
    delta("one"),
    delta(" two"),
    ended(WHOLE),
)


@pytest.mark.parametrize(
    ("line", "first", "printed"),
    [
        ("respond Hi --background --stream", 0, b"one"),
        ("responses show resp_1 --stream", 1, b"one"),
    ],
)
def test_where_a_stream_breaks_off_the_rest_can_be_had(
    run: Run, line: str, first: int, printed: bytes
) -> None:
    with Server([stream(*EVENTS[first:2], done=False)]) as server:
        done = run(*line.split(), base_url=server.base_url)
    assert (done.code, done.out) == (7, printed)
    rest = "responses show resp_1 --stream --starting-after 1"
    assert f"; to continue: openai-cli {rest}\n" in done.err
    with Server([stream(*EVENTS[2:], done=False)]) as server:
        more = run(*rest.split(), base_url=server.base_url)
    assert (more.code, more.out, more.err) == (0, b" two\n", "")


def test_what_a_file_would_have_had_is_had_whole(run: Run) -> None:
    with Server([stream(*EVENTS[:2], done=False)]) as server:
        line = ("respond", "Hi", "--background", "--stream", "-o", "a")
        done = run(*line, base_url=server.base_url)
    assert done.code == 7
    assert "to continue: openai-cli responses show resp_1 --wait" in done.err


def test_the_rest_of_a_stream_is_not_the_whole_text(run: Run) -> None:
    with Server([stream(EVENTS[3], done=False)]) as server:
        line = ("responses", "show", "resp_1", "--stream", "--starting-after", "2")
        done = run(*line, base_url=server.base_url)
    assert (done.code, done.out.strip()) == (0, b"")


def test_what_goes_on_is_not_asked_for_again(run: Run) -> None:
    with Server([stream(EVENTS[0], done=False)]) as server:
        line = ("respond", "Hi", "--background", "--stream", "--max-retries", "2")
        done = run(*line, base_url=server.base_url)
    assert done.code == 7
    assert "--starting-after 0\n" in done.err


def test_what_does_not_go_on_is_asked_for_again(run: Run) -> None:
    whole = stream(delta("ok"), ended(response(message("ok"))), done=False)
    with Server([stream(CREATED, done=False), whole]) as server:
        done = run("respond", "Hi", "--stream", base_url=server.base_url)
    assert (done.code, done.text) == (0, "ok\n")


CREATED = {"type": "response.created", "response": response(status="in_progress")}


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("respond Hi --stream", numbered(CREATED, delta("one"))),
        ("respond Hi --background --stream", numbered(delta("one"))),
        ("respond Hi --background --stream", [EVENTS[0], delta("one"), {"type": "error"}]),
    ],
)
def test_what_does_not_go_on_is_not_said_to(run: Run, line: str, sent: list[Any]) -> None:
    with Server([stream(*sent, done=False)]) as server:
        done = run(*line.split(), base_url=server.base_url)
    assert done.code in (6, 7)
    assert "it goes on" not in done.err


def test_where_asking_again_fails_it_goes_on_too() -> None:
    queued = reply(response(status="queued"))
    with Server([queued, queued[:-9]]) as server:
        done, _ = call(server, "respond", "Hi", "--background", "--wait", "--max-retries", "0")
    assert done.code == 7
    assert "to continue: openai-cli responses show resp_1 --wait" in done.err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--starting-after 1", "--starting-after needs --stream"),
        ("--starting-after 1 --no-stream", "--starting-after needs --stream"),
        ("--starting-after 1.5 --stream", "starting_after must be an integer"),
        ("--stream --wait", "--wait polls for the answer: leave --stream out"),
    ],
)
def test_a_stream_that_cannot_be_is_not_asked_for(run: Run, flags: str, said: str) -> None:
    with Server([]) as server:
        done = run("responses", "show", "x", *flags.split(), base_url=server.base_url)
    assert (done.code, done.out) == (2, b"")
    assert said in done.err


def test_an_id_is_a_part_of_the_path() -> None:
    with Server([reply(response(message("ok")))]) as server:
        call(server, "responses", "show", "a/../b?c d")
    assert server.received[0].line == "GET /v1/responses/a%2F..%2Fb%3Fc%20d HTTP/1.1"


def test_cancelling_and_deleting() -> None:
    with Server([reply(response(status="cancelled")), reply({"id": "resp_1"})]) as server:
        assert call(server, "responses", "cancel", "resp_1")[0].out == b"cancelled\n"
        assert call(server, "responses", "delete", "resp_1", "--yes")[0].out == b"resp_1\n"
    assert [(one.line, one.body) for one in server.received] == [
        ("POST /v1/responses/resp_1/cancel HTTP/1.1", b""),
        ("DELETE /v1/responses/resp_1 HTTP/1.1", b""),
    ]


def test_the_sandbox_plays_it_through(run: Run, sandbox: str) -> None:
    made = run("respond", "Say one two", "--background", base_url=sandbox)
    name = made.text.strip()
    assert name.startswith("resp_")
    assert run("responses", "cancel", name, base_url=sandbox).text == "cancelled\n"
    assert run("responses", "delete", name, base_url=sandbox).text == f"{name}\n"
    gone = run("responses", "show", name, base_url=sandbox)
    assert (gone.code, gone.out) == (4, b"")
    assert f"'{name}' not found" in gone.err
    assert run("respond", "Say one two", "--stream", base_url=sandbox).text == "one two\n"
