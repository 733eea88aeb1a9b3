"""`speak`, `transcribe` and `translate`: sounds into files and pipes, and what was said as text."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from openai_cli.sandbox.samples import sample_sound
from tests.conftest import Run
from tests.flags.commandline import call
from tests.servers import Server, reply, stream
from tests.terminal import Terminal

MP3 = b"ID3\x04" + bytes(range(256)) * 40
SPEAK = ("speak", "Hello", "--voice", "alloy")

# speak


def test_the_bytes_go_into_a_pipe_or_a_file(run: Run, folder: Path) -> None:
    with Server([reply(MP3, content_type="audio/mpeg")] * 2) as server:
        assert run(*SPEAK, base_url=server.base_url).out == MP3
        assert run(*SPEAK, "-o", "a.mp3", base_url=server.base_url).out == b""
    assert (folder / "a.mp3").read_bytes() == MP3


@pytest.mark.parametrize(
    "arguments", [SPEAK, (*SPEAK, "-o", "-"), (*SPEAK, "--stream-format", "sse")]
)
def test_a_sound_is_not_for_a_terminal(folder: Path, arguments: tuple[str, ...]) -> None:
    with Server([]) as server:
        terminal = Terminal(*arguments, base_url=server.base_url, cwd=folder)
        shown = terminal.read_all()
    assert terminal.process.returncode == 2
    assert b"a terminal cannot show; -o FILE writes it to a file" in shown


def spoken(*pieces: bytes) -> list[dict[str, Any]]:
    deltas = [
        {"type": "speech.audio.delta", "audio": b64encode(piece).decode()} for piece in pieces
    ]
    usage = {"input_tokens": 3, "output_tokens": 40, "total_tokens": 43}
    return [*deltas, {"type": "speech.audio.done", "usage": usage}]


def test_events_are_decoded_and_tell_the_usage(run: Run) -> None:
    line = (*SPEAK, "--stream-format", "sse", "--usage")
    with Server([stream(*spoken(b"one", b"two\0"), done=False)]) as server:
        done = run(*line, base_url=server.base_url)
    assert (done.code, done.out) == (0, b"onetwo\0")
    # gpt-4o-mini-tts: 3 at 0.6 and 40 of sound at 12 USD a million.
    assert "3 input, 40 output tokens; 0.0004818 USD (gpt-4o-mini-tts)" in done.err


def test_events_that_end_too_early_are_no_success(run: Run, folder: Path) -> None:
    line = (*SPEAK, "--stream-format", "sse", "-o", "a.mp3")
    with Server([stream(*spoken(b"one")[:1], done=False)]) as server:
        done = run(*line, base_url=server.base_url)
    assert done.code == 7
    assert not (folder / "a.mp3").exists()


def test_events_as_json(run: Run) -> None:
    events = spoken(b"one")
    with Server([stream(*events, done=False)]) as server:
        done = run(*SPEAK, "--stream-format", "sse", "--json", base_url=server.base_url)
    assert [json.loads(line) for line in done.text.splitlines()] == events


def test_a_sound_that_breaks_off_is_kept_apart(run: Run, folder: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 99999\r\n\r\n"
    with Server([head + MP3]) as server:
        done = run(*SPEAK, "-o", "a.mp3", base_url=server.base_url)
    assert done.code == 7
    assert not (folder / "a.mp3").exists()


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"", content_type="audio/mpeg"),
        reply({"id": "x"}),
        reply("<html>", content_type="text/html; charset=utf-8"),
    ],
)
def test_an_answer_that_is_no_sound(run: Run, folder: Path, answer: bytes) -> None:
    with Server([answer]) as server:
        done = run(*SPEAK, "-o", "a.mp3", base_url=server.base_url)
    assert (done.code, done.out) == (6, b"")
    assert not (folder / "a.mp3").exists()


def test_a_refusal_is_no_sound(run: Run, folder: Path) -> None:
    refused = reply({"error": {"message": "no voice"}}, status="400 Bad Request")
    with Server([refused]) as server:
        done = run(*SPEAK, "-o", "a.mp3", base_url=server.base_url)
    assert (done.code, done.out) == (4, b"")
    assert not (folder / "a.mp3").exists()


def test_a_name_of_another_format_is_told_of(run: Run) -> None:
    with Server([reply(MP3, content_type="audio/mpeg")]) as server:
        done = run(*SPEAK, "-o", "a.wav", base_url=server.base_url)
    assert "'a.wav' will hold mp3: --response-format wav asks for wav" in done.err


def test_what_is_billed_by_characters_tells_its_usage(run: Run, folder: Path) -> None:
    sent = reply(MP3, content_type="audio/mpeg", headers=("x-request-id: req_1",))
    with Server([sent]) as server:
        line = ("speak", "Grüße 😀", "-m", "tts-1", "--voice", "alloy", "-o", "a.mp3")
        done = run(*line, "--usage", "--usage-file", "u", base_url=server.base_url)
    assert (done.code, done.err) == (0, "openai-cli: usage: 7 characters; 0.000105 USD (tts-1)\n")
    record = json.loads((folder / "u").read_text())
    assert (record["characters"], record["usd"], record["request_id"]) == (7, 0.000105, "req_1")


def test_what_is_billed_by_tokens_does_not(run: Run) -> None:
    with Server([reply(MP3, content_type="audio/mpeg")]) as server:
        done = run(*SPEAK, "-o", "a.mp3", "--usage", base_url=server.base_url)
    assert done.err == "openai-cli: notice: audio carries no usage; --stream-format sse does\n"


def test_a_budget_for_what_is_said(run: Run) -> None:
    line = ("speak", "hello", "-m", "tts-1", "--voice", "alloy", "-o", "a.mp3", "--max-cost")
    with Server([reply(MP3, content_type="audio/mpeg")]) as server:
        assert run(*line, "0.000075", base_url=server.base_url).code == 0
        done = run(*line, "0.000074", base_url=server.base_url)
    assert done.code == 8
    assert "the request can cost 0.000075 USD (5 characters), more than the 0.000074" in done.err


def test_a_usage_file_that_cannot_be_is_told_before_the_call(run: Run) -> None:
    with Server([]) as server:
        done = run(*SPEAK, "-m", "tts-1", "--usage-file", "no/u", base_url=server.base_url)
    assert done.code == 2
    assert "--usage-file: cannot write 'no/u'" in done.err


def test_4096_characters_are_said_and_no_more(run: Run) -> None:
    with Server([reply(MP3, content_type="audio/mpeg")]) as server:
        assert run("speak", "--voice", "alloy", stdin=b"a" * 4096, base_url=server.base_url).out
        done = run("speak", "--voice", "alloy", stdin=b"a" * 4097, base_url=server.base_url)
    assert done.code == 2
    assert "input must have at most 4096 characters, not 4097" in done.err


# transcribe


def heard(run: Run, folder: Path, answer: bytes, *flags: str) -> Any:
    (folder / "a.wav").write_bytes(sample_sound("wav"))
    with Server([answer]) as server:
        return run("transcribe", "a.wav", *flags, base_url=server.base_url)


DIARIZED = {
    "text": "Hi. Hello!",
    "segments": [
        {"speaker": "A", "text": " Hi.", "start": 0, "end": 1},
        {"speaker": "B", "text": "Hello! ", "start": 1, "end": 2},
    ],
}
SRT = "1\n00:00:00,000 --> 00:00:01,000\nHi.\n\n"


@pytest.mark.parametrize(
    ("format_", "answer", "printed"),
    [
        ("json", reply({"text": "Grüße. "}), "Grüße. \n"),
        ("text", reply("Grüße.\n", content_type="text/plain"), "Grüße.\n"),
        ("text", reply("Grüße.", content_type="text/plain; charset=utf-8"), "Grüße.\n"),
        ("text", reply('{"a": 1}\n', content_type="text/plain"), '{"a": 1}\n'),
        ("srt", reply(SRT, content_type="text/plain"), SRT),
        ("vtt", reply(f"WEBVTT\n\n{SRT}", content_type="text/plain"), f"WEBVTT\n\n{SRT}"),
        ("verbose_json", reply({"text": "Hi.", "segments": [{"text": "Hi."}]}), "Hi.\n"),
        ("diarized_json", reply(DIARIZED), "A: Hi.\nB: Hello!\n"),
    ],
)
def test_every_format(run: Run, folder: Path, format_: str, answer: bytes, printed: str) -> None:
    done = heard(run, folder, answer, "--response-format", format_)
    assert (done.code, done.text) == (0, printed)
    is_more = format_ == "verbose_json"
    assert done.err == ("openai-cli: notice: the segments and their times are in the body: "
                        "--json prints them\n" if is_more else "")  # fmt: skip


def test_a_stream_of_text(run: Run, folder: Path) -> None:
    answer = stream(
        {"type": "transcript.text.delta", "delta": "Grü"},
        {"type": "transcript.text.delta", "delta": "ße."},
        {"type": "transcript.text.done", "text": "Grüße."},
        done=False,
    )
    done = heard(run, folder, answer, "--stream")
    assert (done.code, done.text) == (0, "Grüße.\n")


def test_a_stream_of_turns(run: Run, folder: Path) -> None:
    turns = [{"type": "transcript.text.segment", **turn} for turn in DIARIZED["segments"]]  # type: ignore[dict-item]
    delta = {"type": "transcript.text.delta", "delta": "Hi."}
    answer = stream(
        delta, *turns, {"type": "transcript.text.done", "text": "Hi. Hello!"}, done=False
    )
    done = heard(run, folder, answer, "--stream", "--response-format", "diarized_json")
    assert (done.code, done.text) == (0, "A: Hi.\nB: Hello!\n")


def test_a_stream_that_ends_too_early(run: Run, folder: Path) -> None:
    answer = stream({"type": "transcript.text.delta", "delta": "Grü"}, done=False)
    done = heard(run, folder, answer, "--stream")
    assert (done.code, done.text) == (7, "Grü")


@pytest.mark.parametrize(
    "answer",
    [
        reply({}),
        reply({"text": 7}),
        reply([]),
        reply({"text": "a", "segments": [7]}),
        reply("<html>", content_type="text/html"),
    ],
)
def test_answers_that_are_none(run: Run, folder: Path, answer: bytes) -> None:
    done = heard(run, folder, answer)
    assert (done.code, done.out) == (6, b"")


def test_the_second_of_two_fails(run: Run, folder: Path) -> None:
    (folder / "a.wav").write_bytes(sample_sound("wav"))
    (folder / "b.wav").write_bytes(sample_sound("wav"))
    refused = reply({"error": {"message": "bad sound"}}, status="400 Bad Request")
    with Server([reply({"text": "one"}), refused]) as server:
        done = run("transcribe", "a.wav", "b.wav", base_url=server.base_url)
    assert (done.code, done.text) == (4, "one\n")
    assert "bad sound" in done.err


def test_files_are_separated_by_null(run: Run, folder: Path) -> None:
    (folder / "a.wav").write_bytes(sample_sound("wav"))
    with Server([reply({"text": "one\n"}), reply({"text": "two"})]) as server:
        done = run("translate", "a.wav", "a.wav", "-0", base_url=server.base_url)
    assert done.out == b"one\n\0two\0"


def test_a_terminal_sees_the_text_as_it_is_made(folder: Path) -> None:
    (folder / "a.wav").write_bytes(sample_sound("wav"))
    answer = stream({"type": "transcript.text.done", "text": "ok"}, done=False)
    with Server([answer, reply({"text": "ok"})]) as server:
        for model in ("gpt-4o-mini-transcribe", "whisper-1"):
            terminal = Terminal(
                "transcribe", "a.wav", "-m", model, base_url=server.base_url, cwd=folder
            )
            assert terminal.read_all().endswith(b"ok\n")
    asked = [b'name="stream"' in request.body for request in server.received]
    assert asked == [True, False]


@pytest.mark.parametrize("text", [5, 1.5, True, ["Hello"], {"text": "Hello"}])
def test_an_input_of_a_body_that_is_no_text_is_for_the_server_to_judge(text: object) -> None:
    sent = json.dumps({"input": text, "voice": "alloy", "model": "tts-1"})
    ended = call("speak", "--body", sent, "--dry-run")
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["input"] == text
