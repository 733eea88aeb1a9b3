"""Two requests that differ in one property never share an answer of the cache.

Each row of the tests of flags, which cover all that the official package names, is sent with
--cache after all others, and some twice. The server numbers its answers and is strict: a request
that should have been answered from the cache, and one that should not have been, fail alike.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import Run
from tests.end_to_end import (
    test_flags_chat,
    test_flags_complete,
    test_flags_forms,
    test_flags_json,
    test_flags_respond,
)
from tests.flags.wire import Row, canonical, joined
from tests.servers import Server, chat, completion, delta, reply, stream

CACHED = ("--cache", "1h", "--cache-any")

# By command the properties with which a request is sent each time, whatever --cache-any says.
NEVER: dict[str, set[str]] = {
    "chat": {"audio", "web_search_options"},
    "respond": {"background", "conversation", "previous_response_id", "prompt"},
}


class Case(NamedTuple):
    """A command line, what it sends, the answer to it, and whether that may be kept."""

    line: list[str]
    sent: str
    answer: bytes
    is_kept: bool

    def __str__(self) -> str:
        return " ".join(self.line)[:80]


def is_kept(command: str, sent: dict[str, Any]) -> bool:
    hosted = [
        tool for tool in sent.get("tools") or () if tool["type"] not in ("function", "custom")
    ]
    is_spoken = "audio" in (sent.get("modalities") or ())
    is_never = any(sent.get(name) for name in (*NEVER.get(command, ()), "store"))
    return not (hosted or is_spoken or is_never)


def json_cases(
    command: str, bare: dict[str, Any], rows: list[Row], answer: Callable[[Row], bytes]
) -> Iterator[Case]:
    for row in [Row("bare", (), {}), *rows]:
        sent = {**bare, **row.sent}
        text = [] if row.text is None else [row.text]
        line = joined([*command.split(), *text], row.typed)
        name = command.partition(" ")[0]
        if name == "respond" and "store" not in sent:
            line.append("--no-store")
            sent["store"] = False
        sound = name == "speak" and sent.get("stream_format") != "sse"
        line += [] if sound else ["--json"]
        yield Case(line, canonical(sent), answer(row), is_kept(name, sent))


def chat_answer(row: Row) -> bytes:
    if row.sent.get("stream"):
        return stream(delta("ok", finish="stop"))
    return reply(chat(*["ok"] * row.sent.get("n", 1)))


def complete_answer(row: Row) -> bytes:
    whole = completion(*["ok"] * row.sent.get("n", 1))
    return stream(whole) if row.sent.get("stream") else reply(whole)


def respond_answer(row: Row) -> bytes:
    whole = test_flags_respond.ANSWER
    end = {"type": "response.completed", "response": whole}
    return stream(end, done=False) if row.sent.get("stream") else reply(whole)


def small_answer(command: test_flags_json.Command) -> Callable[[Row], bytes]:
    def answer(row: Row) -> bytes:
        if row.sent.get("stream"):
            return stream(test_flags_json.IMAGE_EVENT, done=False)
        if row.sent.get("input") == ["a", "b"]:
            verdicts = [test_flags_json.VERDICT] * 2
            return reply({"id": "modr-1", "model": "m", "results": verdicts})
        if row.sent.get("stream_format") == "sse":
            events = [{"type": "speech.audio.delta", "audio": "AAAA"}]
            return stream(*events, {"type": "speech.audio.done"}, done=False)
        if (count := row.sent.get("n", 1)) != 1:
            return reply({"created": 1, "data": [test_flags_json.IMAGE] * count})
        return command.answer

    return answer


def form_cases(command: test_flags_forms.Command) -> Iterator[Case]:
    for row in [test_flags_forms.Row("bare", (), ()), *command.rows]:
        line = joined([*command.name.split(), *command.typed], row.typed)
        sent = sorted(test_flags_forms.fields(command.bare, row.sent), key=str)
        yield Case([*line, "--json"], str(sent), row.answer or command.answer, True)


CASES: dict[str, list[Case]] = {
    "chat": [
        *json_cases("chat", test_flags_chat.BARE, test_flags_chat.ROWS, chat_answer),
    ],
    "complete": [
        *json_cases(
            "complete", test_flags_complete.BARE, test_flags_complete.ROWS, complete_answer
        ),
    ],
    "respond": [
        *json_cases("respond", test_flags_respond.BARE, test_flags_respond.ROWS, respond_answer),
    ],
    **{
        command.name: [*json_cases(command.name, command.bare, command.rows, small_answer(command))]
        for command in test_flags_json.COMMANDS
    },
    **{
        command.name: [*form_cases(command)]
        for command in test_flags_forms.COMMANDS
        if command.name != "files upload"
    },
}


def numbered(answer: bytes, number: int) -> bytes:
    """The same answer with a number in it, which nothing reads."""
    head, _, body = answer.partition(b"\r\n\r\n")
    mark = {"serial_number": number}
    if b"text/event-stream" in head:
        return head + b"\r\n\r\n" + b"".join(_marked(line, mark) for line in body.splitlines(True))
    is_json = b"application/json" in head
    body = (
        json.dumps({**json.loads(body), **mark}).encode() if is_json else b"%s %d" % (body, number)
    )
    kept = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    return b"\r\n".join([*kept, b"Content-Length: %d" % len(body)]) + b"\r\n\r\n" + body


def _marked(line: bytes, mark: dict[str, int]) -> bytes:
    if not line.startswith(b"data: {"):
        return line
    return b"data: " + json.dumps({**json.loads(line[6:]), **mark}).encode() + b"\n"


class Asked:
    """A server that answers once what the cache cannot; `of` gives what a line prints."""

    def __init__(self, run: Run, server: Server, replies: list[bytes]) -> None:
        self._run, self._server, self._replies = run, server, replies

    def of(self, case: Case, *more: str, is_sent: bool, base_url: str | None = None) -> bytes:
        if is_sent:
            self._replies.append(numbered(case.answer, len(self._replies)))
        done = self._run(*case.line, *CACHED, *more, base_url=base_url or self._server.base_url)
        assert done.code == 0, f"{case}: {done.err}"
        assert len(self._server.received) == len(self._replies), f"{case}: {done.err}"
        return done.out


@pytest.mark.parametrize("command", CASES)
def test_requests_that_differ_in_a_property_never_share_an_answer(
    run: Run, folder: Path, command: str
) -> None:
    for name, content in test_flags_forms.FILES.items():
        (folder / name).write_bytes(content)
    replies: list[bytes] = []
    printed: dict[str, bytes] = {}
    with Server(replies) as server:
        asked = Asked(run, server, replies)
        for case in CASES[command]:
            out = asked.of(case, is_sent=case.sent not in printed or not case.is_kept)
            assert out not in printed.values() or printed.get(case.sent) == out, str(case)
            printed[case.sent] = out
        for case in CASES[command][::3]:
            out = asked.of(case, is_sent=not case.is_kept)
            assert (out == printed[case.sent]) is case.is_kept, str(case)


HI = Case(["chat", "hi"], "", reply(chat("ok")), is_kept=True)
ELSEWHERE: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "the organization": (("--organization", "org-1"), {}),
    "another organization": ((), {"OPENAI_ORG_ID": "org-2"}),
    "the project": (("--project", "proj-1"), {}),
    "the same as a header": (("--header", "X-Project: proj-1"), {}),
    "a header": (("--header", "X-Team: ci"), {}),
    "another value": (("--header", "X-Team: cd"), {}),
    "two headers": (("--header", "X-Team: ci", "--header", "X-Part: a"), {}),
    "another key": ((), {"OPENAI_API_KEY": "sk-made-up-and-another"}),
    "no key but a header": (("--header", "Authorization: Bearer sk-made-up-by-hand"), {}),
}


def test_requests_of_another_sender_never_share_an_answer(run: Run, folder: Path) -> None:
    replies: list[bytes] = []
    with Server(replies) as server:
        for number in range(len(ELSEWHERE) * 2):
            flags, env = [*ELSEWHERE.values()][number % len(ELSEWHERE)]
            if number < len(ELSEWHERE):
                replies.append(reply(chat(f"answer {number}")))
            line = ("chat", "hi", *flags, *CACHED)
            done = run(
                *line, base_url=server.base_url, key=None, env={"OPENAI_API_KEY": "k", **env}
            )
            assert done.text == f"answer {number % len(ELSEWHERE)}\n", done.err
            assert len(server.received) == len(replies)


def test_requests_to_another_server_never_share_an_answer(run: Run) -> None:
    replies: list[bytes] = []
    with Server(replies) as server:
        asked = Asked(run, server, replies)
        for end in ("/v1", "/v2", "/v1?api-version=1", "/v1?api-version=2"):
            for is_sent in (True, False):
                asked.of(HI, is_sent=is_sent, base_url=f"{server.root}{end}")


def test_a_query_in_the_path_makes_another_request(run: Run) -> None:
    replies: list[bytes] = []
    with Server(replies) as server:
        asked = Asked(run, server, replies)
        for path in ("/embeddings", "/embeddings?a=1", "/embeddings?a=2"):
            line = ["api", "POST", path, "-f", "model=m", "-f", "input=hi"]
            case = Case(line, "", reply(test_flags_json.VECTORS), is_kept=True)
            for is_sent in (True, False):
                asked.of(case, is_sent=is_sent)


def test_a_file_of_the_same_name_with_other_contents_makes_another_request(
    run: Run, folder: Path
) -> None:
    replies: list[bytes] = []
    case = Case(["transcribe", "a.wav", "--json"], "", test_flags_forms.TEXT, is_kept=True)
    with Server(replies) as server:
        asked = Asked(run, server, replies)
        printed = []
        for contents in (b"", b"\0", b"\1"):
            (folder / "a.wav").write_bytes(test_flags_forms.WAV + contents)
            printed += [asked.of(case, is_sent=is_sent) for is_sent in (True, False)]
    assert len({*printed}) == 3
