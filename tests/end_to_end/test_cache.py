"""--cache: what is kept, who waits for whom, what is told of it, and what it costs."""

import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import COMMAND, MADE_UP_KEY, Run
from tests.forked import forked
from tests.servers import Reply, Server, chat, chunked_stream, delta, events, reply, stream

HELLO = ("chat", "hello", "-m", "gpt-4o", "--cache", "1h")
USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
ANSWER = reply({**chat("an answer"), "model": "gpt-4o", "usage": USAGE})
BILLED = 0.0000525
FROM_CACHE = "openai-cli: notice: from the cache: less than a minute old\n"
VECTOR = {"object": "embedding", "index": 0, "embedding": [0.5]}


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """The folder of the answers, which is made by the first call."""
    return tmp_path / "home/.cache/openai-cli/answers"


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Write the configuration file."""
    path = tmp_path / "config.toml"
    monkeypatch.setenv("OPENAI_CLI_CONFIG", str(path))

    def write(text: str) -> None:
        path.write_text(text)
        path.chmod(0o600)

    return write


def test_the_second_call_sends_nothing_and_says_so(run: Run) -> None:
    with Server([ANSWER]) as server:
        first = run(*HELLO, base_url=server.base_url)
        again = run(*HELLO, base_url=server.base_url)
        quiet = run(*HELLO, "-q", base_url=server.base_url)
    assert (first.code, first.text, first.err) == (0, "an answer\n", "")
    assert (again.code, again.text, again.err) == (0, "an answer\n", FROM_CACHE)
    assert (quiet.code, quiet.text, quiet.err) == (0, "an answer\n", "")


def test_without_the_flag_nothing_is_kept_or_served(run: Run, answers: Path) -> None:
    with Server([ANSWER] * 3) as server:
        for flags in ((), ("--cache", "1h"), ()):
            run("chat", "hello", "-m", "gpt-4o", *flags, base_url=server.base_url)
        assert len([*answers.glob("*.answer")]) == 1


def test_every_form_is_of_the_bytes_that_are_kept(run: Run, folder: Path) -> None:
    body = {**chat("```sh\nls\n```"), "odd": "\u00fc"}
    raw = json.dumps(body, ensure_ascii=False, indent=1)
    with Server([reply(raw)]) as server:
        run(*HELLO, base_url=server.base_url)
        whole = run(*HELLO, "--json", base_url=server.base_url)
        found = run(*HELLO, "--query", "odd", base_url=server.base_url)
        block = run(*HELLO, "-x", base_url=server.base_url)
        run(*HELLO, "-o", "answer.txt", base_url=server.base_url)
    assert whole.text == raw
    assert found.text == "ü\n"
    assert block.text == "ls\n"
    assert (folder / "answer.txt").read_text() == "```sh\nls\n```\n"


STREAMED = (delta("an "), delta("answer", finish="stop"))


@pytest.mark.parametrize("answer", [stream(*STREAMED), chunked_stream(*STREAMED)])
def test_a_stream_is_replayed_event_by_event(run: Run, answer: bytes) -> None:
    with Server([answer.replace(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n")
                 if b"Connection" not in answer else answer]) as server:  # fmt: skip
        first = run(*HELLO, "--stream", "--json", base_url=server.base_url)
        again = run(*HELLO, "--stream", "--json", base_url=server.base_url)
        text = run(*HELLO, "--stream", base_url=server.base_url)
    assert first.out == again.out
    assert [json.loads(line) for line in again.out.splitlines()] == [*STREAMED]
    assert text.text == "an answer\n"


CUT = events(*STREAMED, done=False)
RESPONSE = {"id": "resp_1", "object": "response", "status": "completed", "output": []}
SAID = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}
RESPOND = ("respond", "hello", "--no-store")
EMBED = ("embed", "hello")
IMAGE = ("image", "generate", "cat", "--json")
HEARD = ("transcribe", "a.wav")
SPEAK = ("speak", "hello", "--voice", "alloy")
PICTURE = {"b64_json": "iVBORw0KGgo="}
UNSIZED = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nConnection: close\r\n\r\n%s"

PARTIAL: dict[str, tuple[tuple[str, ...], bytes]] = {
    "at the token limit": (("chat", "hi"), reply(chat("half", finish="length"))),
    "filtered": (("chat", "hi"), reply(chat("half", finish="content_filter"))),
    "an end that nobody knows": (("chat", "hi"), reply(chat("half", finish="of_next_year"))),
    "fewer choices": (("chat", "hi", "--n", "2"), reply(chat("one"))),
    "created": (("chat", "hi"), reply(chat("one"), status="201 Created")),
    "a stream without its end": (("chat", "hi", "--stream"), stream(delta("a", finish="stop"),
                                                                    done=False)),
    "a stream at the limit": (("chat", "hi", "--stream"), stream(delta("a", finish="length"))),
    "a stream that says done too soon": (("chat", "hi", "--stream"), stream(delta("a"))),
    "no UTF-8": (("chat", "hi", "--stream"),
                 UNSIZED % (b"text/event-stream", events(*STREAMED).replace(b"an ", b"a\xff "))),
    "an incomplete response": (RESPOND, reply({**RESPONSE, "status": "incomplete",
                               "output": [SAID]})),
    "a response that is queued": (RESPOND, reply({**RESPONSE, "status": "queued"})),
    "a response without a status": (RESPOND, reply({**RESPONSE, "status": None,
                                                    "output": [SAID]})),
    "an image at an address": (IMAGE, reply({"data": [{"url": "https://images.example/a.png"}]})),
    "fewer images": ((*IMAGE, "--n", "2"), reply({"data": [PICTURE]})),
    "a text whose end nobody tells": ((*HEARD, "--response-format", "text"),
                                      UNSIZED % (b"text/plain", b"half")),
    "sound whose end nobody tells": (SPEAK, UNSIZED % (b"audio/mpeg", b"ID3 half")),
}  # fmt: skip
FAILED: dict[str, tuple[tuple[str, ...], bytes]] = {
    "a body that is cut off": (EMBED, reply({"data": [VECTOR]})[:-9]),
    "a stream that breaks off": (("chat", "hi", "--stream"), stream(delta("half"), done=False)),
    "an error in a stream": (("chat", "hi", "--stream"),
                             stream(delta("half"), {"error": {"message": "no"}})),
    "a failed response": (RESPOND, reply({**RESPONSE, "status": "failed"})),
    "fewer vectors": (("embed", "--input", "a", "--input", "b"), reply({"data": [VECTOR]})),
    "an error with status 200": (EMBED, reply({"error": {"message": "no"}})),
    "a page of a proxy": (EMBED, reply("<html>no</html>", content_type="text/html")),
    "sound that is cut off": (SPEAK, reply(b"ID3" * 9, content_type="audio/mpeg")[:-9]),
    "refused": (EMBED, reply({"error": {"message": "no"}}, status="400 Bad Request")),
}  # fmt: skip


@pytest.mark.parametrize("name", [*PARTIAL, *FAILED])
def test_what_is_not_known_to_be_whole_is_not_kept(
    run: Run, folder: Path, answers: Path, name: str
) -> None:
    (folder / "a.wav").write_bytes(b"RIFF\x24\0\0\0WAVEfmt ")
    line, answer = {**PARTIAL, **FAILED}[name]
    more = ("--cache", "1h", "--max-retries", "0", "--debug")
    with Server([answer] * 2) as server:
        for _ in range(2):
            done = run(*line, *more, base_url=server.base_url)
            assert (done.code == 0) is (name in PARTIAL), done.err
            told = "debug: --cache: the answer is not kept: " in done.err
            assert told is (name in PARTIAL), done.err
    assert [path.name for path in answers.iterdir()] == ["salt"]


def test_an_answer_that_does_not_hold_to_the_schema_is_not_kept(run: Run) -> None:
    line = (*HELLO, "--schema", "name")
    with Server([reply(chat(text)) for text in ('{"nam": 1}', '{"name": "a"}')]) as server:
        assert "schema" in run(*line, base_url=server.base_url).err
        for _ in range(2):
            assert run(*line, base_url=server.base_url).text == '{"name": "a"}\n'


def test_the_count_of_input_tokens_is_kept(run: Run) -> None:
    line = ("responses", "input-tokens", "count", "--input", "hi", "--model", "m", "--cache", "1h")
    counts = [{"detail": "no count"}, {"object": "response.input_tokens", "input_tokens": 8}]
    with Server([*map(reply, counts)]) as server:
        run(*line, base_url=server.base_url)
        first, again = (run(*line, base_url=server.base_url) for _ in range(2))
    assert (first.err, again.err) == ("", FROM_CACHE)
    assert json.loads(again.out) == counts[1]


def test_an_endpoint_whose_answers_are_not_kept_is_asked_each_time_with_a_notice(run: Run) -> None:
    with Server([reply({"data": []})] * 2) as server:
        for _ in range(2):
            done = run("api", "GET", "/models", "--cache", "1h", base_url=server.base_url)
            assert done.code == 0
            assert done.err == (
                "openai-cli: notice: --cache: the answer is not kept: GET /models is not one of "
                "the endpoints whose answers are kept\n"
            )


def test_a_temperature_above_0_is_kept_only_if_that_is_asked_for(run: Run) -> None:
    warm = (*HELLO, "--temperature", "1")
    with Server([ANSWER] * 3) as server:
        told = [run(*warm, base_url=server.base_url).err for _ in range(2)]
        run(*warm, "--cache-any", base_url=server.base_url)
        assert run(*warm, "--cache-any", base_url=server.base_url).err == FROM_CACHE
    assert (
        told
        == [
            "openai-cli: notice: --cache: the answer is not kept: the temperature is above 0 (1); "
            "--cache-any keeps it\n"
        ]
        * 2
    )


def test_the_configuration_file_may_set_it(run: Run, configured: Callable[[str], None]) -> None:
    configured('cache = "1h"\n')
    with Server([ANSWER] * 3) as server:
        line = ("chat", "hello", "-m", "gpt-4o")
        run(*line, base_url=server.base_url)
        assert run(*line, base_url=server.base_url).err == FROM_CACHE
        assert run(*line, "--cache", "0", base_url=server.base_url).err == ""
        # Nobody typed it for this call, so nobody waits for a word on it.
        assert run(*line, "--temperature", "1", base_url=server.base_url).err == ""


def test_cache_any_in_the_file_does_nothing_without_a_cache(
    run: Run, configured: Callable[[str], None]
) -> None:
    configured("cache_any = true\n")
    with Server([ANSWER] * 2) as server:
        for _ in range(2):
            done = run("chat", "hello", "-m", "gpt-4o", base_url=server.base_url)
            assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--cache", "1x"), "--cache must be a time such as 30s, 10m, 1h or 7d, not '1x'"),
        (("--cache", ""), "--cache must be a time"),
        (("--cache", "-1h"), "--cache must be a time"),
        (("--cache", "1.5h"), "--cache must be a time"),
        (("--cache", "60"), "--cache must be a time"),
        (("--cache-any",), "--cache-any needs --cache"),
        (("--cache", "1h", "-i"), "--cache and -i: give one of them; /retry asks again"),
    ],
)
def test_a_wrong_flag_ends_before_anything(run: Run, flags: tuple[str, ...], said: str) -> None:
    with Server([]) as server:
        done = run("chat", "hello", *flags, base_url=server.base_url)
    assert done.code == 2
    assert said in done.err


@pytest.mark.parametrize("flag", ["--dry-run", "--curl"])
def test_what_is_not_sent_is_not_looked_for(run: Run, answers: Path, flag: str) -> None:
    done = run(*HELLO, flag, base_url="http://127.0.0.1:9/v1")
    assert (done.code, done.err) == (0, "")
    assert not answers.exists()


def test_a_key_that_is_missing_is_missed_all_the_same(run: Run) -> None:
    assert run(*HELLO, key=None).code == 3


# What it costs.


def test_usage_and_the_ledger_have_nothing_spent_and_what_was_saved(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger.sqlite3"
    env = {"OPENAI_CLI_LEDGER": str(ledger)}
    more = ("--usage", "--usage-file", "usage.jsonl")
    with Server([ANSWER.replace(b"\r\n\r\n", b"\r\nx-request-id: req_1\r\n\r\n", 1)]) as server:
        run(*HELLO, *more, base_url=server.base_url, env=env)
        again = run(*HELLO, *more, base_url=server.base_url, env=env)
    assert again.err == (
        f"{FROM_CACHE}openai-cli: usage: from the cache; 0 USD, 0.0000525 USD saved (gpt-4o)\n"
    )
    first, second = map(json.loads, (folder / "usage.jsonl").read_text().splitlines())
    assert (first["usd"], first["request_id"]) == (BILLED, "req_1")
    assert not {"cache_age", "saved_usd"} & first.keys()
    assert (second["usd"], second["request_id"], second["saved_usd"]) == (0, None, BILLED)
    assert second["cache_age"] in (0, 1)
    assert second["input_tokens"] is None
    with closing(sqlite3.connect(ledger)) as database:
        kept = [json.loads(line) for (line,) in database.execute("SELECT record FROM calls")]
        units = [found for (found,) in database.execute("SELECT units FROM calls ORDER BY id")]
    assert [line["usd"] for line in kept] == [BILLED, 0]
    assert units[0] > 0
    assert units[1] == 0
    read = run("cost", "--response", "usage.jsonl", "--json")
    assert json.loads(read.out)["total"] == BILLED
    assert "answers from the cache, which cost nothing and are in no sum: 1\n" in read.err
    assert "failed" not in read.err


def test_the_ledger_alone_has_nothing_spent_either(run: Run, tmp_path: Path) -> None:
    env = {"OPENAI_CLI_LEDGER": str(tmp_path / "ledger.sqlite3")}
    with Server([ANSWER]) as server:
        for _ in range(3):
            assert run(*HELLO, base_url=server.base_url, env=env).code == 0
    found = json.loads(run("cost", "ledger", "--json", env=env).out)
    (month,) = found["rows"]
    assert (month["calls"], month["usd"]) == (3, BILLED)
    assert found["saved"] == {"calls": 2, "usd": 2 * BILLED}
    shown = run("cost", "ledger", env=env).text
    assert shown.endswith("from the cache: 2 of the calls; 0.000105 USD saved\n")


def test_a_hit_passes_a_limit_that_the_request_would_not(
    run: Run, configured: Callable[[str], None], tmp_path: Path
) -> None:
    limit = ("--max-completion-tokens", "100")
    env = {"OPENAI_CLI_LEDGER": str(tmp_path / "ledger.sqlite3")}
    configured("")
    with Server([ANSWER]) as server:
        assert run(*HELLO, *limit, base_url=server.base_url, env=env).code == 0
        configured("[budget]\nday = 0.0000001\n")
        for more in (("--max-cost", "0"), ()):
            refused = run(*HELLO, "--seed", "1", *limit, *more, base_url=server.base_url, env=env)
            assert refused.code == 8, refused.err
            hit = run(*HELLO, *limit, *more, base_url=server.base_url, env=env)
            assert (hit.code, hit.text) == (0, "an answer\n"), hit.err


def test_lines_of_embed_that_are_kept_leave_the_limit_to_the_others(run: Run) -> None:
    line = ("embed", "hello", "--cache", "1h", "--max-cost", "0.00000002")
    with Server([reply({"data": [VECTOR]})]) as server:
        for _ in range(3):
            assert run(*line, base_url=server.base_url).code == 0


# Who asks, and who waits.


def started(*arguments: str, base_url: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [str(COMMAND), *arguments],
        env={**os.environ, "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": MADE_UP_KEY},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


class Holding:
    """Answers once it is told to; `asked` is set when the request is here."""

    def __init__(self, answer: bytes) -> None:
        self.asked, self.goes_on = threading.Event(), threading.Event()
        self._answer = answer

    def __call__(self, connection: socket.socket) -> None:
        self.asked.set()
        assert self.goes_on.wait(60)
        connection.sendall(self._answer)


def test_of_many_processes_one_asks() -> None:
    held = Holding(ANSWER)
    with Server([held]) as server:
        env = {**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        processes = [
            subprocess.Popen([str(forked()), *HELLO], env=env, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(8)
        ]  # fmt: skip
        assert held.asked.wait(60)
        held.goes_on.set()
        ends = [(*process.communicate(timeout=60), process.returncode) for process in processes]
    assert sorted(ends) == sorted([("an answer\n", "", 0), *[("an answer\n", FROM_CACHE, 0)] * 7])


def after_the_first(run: Run, first: Reply, end: Callable[["subprocess.Popen[str]"], None]) -> Any:
    """What a second process prints that waited for one which came to such an end."""
    held = Holding(first if isinstance(first, bytes) else b"")
    with Server([held, ANSWER]) as server:
        with started(*HELLO, base_url=server.base_url) as asker:
            assert held.asked.wait(60)
            with started(*HELLO, base_url=server.base_url) as waiter:
                end(asker)
                held.goes_on.set()
                out, err = waiter.communicate(timeout=60)
            asker.communicate(timeout=60)
        assert run(*HELLO, base_url=server.base_url).text == "an answer\n"
    return out, err, waiter.returncode


def test_a_waiter_whose_asker_failed_asks_itself(run: Run) -> None:
    refused = reply({"error": {"message": "no"}}, status="400 Bad Request")
    assert after_the_first(run, refused, lambda _asker: None) == ("an answer\n", "", 0)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_waiter_whose_asker_was_killed_asks_itself(run: Run, number: signal.Signals) -> None:
    found = after_the_first(run, b"", lambda asker: asker.send_signal(number))
    assert found == ("an answer\n", "", 0)


# What the disk may do.


def sent_each_time(run: Run, said: str) -> None:
    """The answer is printed though nothing can be kept, and one notice says why."""
    with Server([ANSWER] * 2) as server:
        for _ in range(2):
            done = run(*HELLO, base_url=server.base_url)
            assert (done.code, done.text) == (0, "an answer\n")
            assert done.err == f"openai-cli: notice: --cache: the cache cannot be used: {said}\n"


def test_a_folder_that_others_can_enter_keeps_no_answer(run: Run, answers: Path) -> None:
    answers.mkdir(parents=True)
    answers.chmod(0o777)
    sent_each_time(run, f"others can enter '{answers}': chmod 700 keeps them out")
    assert not [*answers.iterdir()]


def test_a_file_in_the_place_of_the_folder_keeps_no_answer(run: Run, answers: Path) -> None:
    answers.parent.mkdir(parents=True)
    answers.write_text("mine")
    sent_each_time(run, f"'{answers}' cannot be used: File exists")
    assert answers.read_text() == "mine"


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_keeps_no_answer(run: Run, answers: Path) -> None:
    answers.mkdir(parents=True)
    answers.chmod(0o500)
    sent_each_time(run, f"'{answers}/salt' cannot be used: Permission denied")


def test_a_folder_of_which_the_salt_cannot_be_read_keeps_no_answer(run: Run, answers: Path) -> None:
    (answers / "salt").mkdir(parents=True)
    answers.chmod(0o700)
    sent_each_time(run, f"'{answers}/salt' cannot be used: Is a directory")


def test_a_full_disk_takes_neither_the_answer_nor_the_exit_code(
    run: Run, installed: Run, answers: Path
) -> None:
    with Server([ANSWER] * 3) as server:
        run(*HELLO, "--seed", "1", base_url=server.base_url)  # the folder is set up
        full = installed(
            *HELLO,
            base_url=server.base_url,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        )
        assert len([*answers.iterdir()]) == 2
        assert run(*HELLO, base_url=server.base_url).err == ""
    assert (full.code, full.out) == (0, b"an answer\n")
    assert full.err == ("openai-cli: notice: --cache: the answer is not kept: File too large\n")


def test_an_entry_that_was_damaged_is_asked_for_anew(run: Run, answers: Path) -> None:
    with Server([ANSWER] * 2) as server:
        run(*HELLO, base_url=server.base_url)
        (entry,) = answers.glob("*.answer")
        entry.write_bytes(entry.read_bytes()[:-1])
        assert run(*HELLO, base_url=server.base_url).err == ""
        assert run(*HELLO, base_url=server.base_url).err == FROM_CACHE


def test_nothing_on_the_disk_has_the_key_the_prompt_or_where_it_went(
    run: Run, answers: Path
) -> None:
    with Server([ANSWER]) as server:
        line = (*HELLO, "--header", "X-Secret: made-up-header")
        run(*line, base_url=f"{server.base_url}?code=made-up-query")
    assert len([*answers.iterdir()]) == 2
    for path in answers.iterdir():
        for secret in (MADE_UP_KEY, "hello", "made-up-header", "made-up-query", "127.0.0.1"):
            assert secret.encode() not in path.read_bytes()
            assert secret not in path.name


# What is loaded.

REPORT = """
import sys
from openai_cli import app
from openai_cli.context import Context
code = app.run(Context.system(), sys.argv[1:])
print(code, *(name for name in sys.modules if name == "requests" or "cach" in name))
"""


def loaded(*arguments: str, base_url: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *arguments],
        env={**os.environ, "OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": MADE_UP_KEY},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.splitlines()[-1].split()


def test_a_hit_loads_no_requests_and_a_call_without_it_no_cache(run: Run) -> None:
    with Server([ANSWER] * 2) as server:
        code, *without = loaded(*HELLO[:-2], base_url=server.base_url)
        assert code == "0"
        run(*HELLO, base_url=server.base_url)
        code, *hit = loaded(*HELLO, base_url=server.base_url)
        assert code == "0"
    assert not [name for name in without if name.startswith("openai_cli")]
    assert "requests" in without
    assert "requests" not in hit


# The commands of the cache.


def test_the_commands_of_the_cache(run: Run, answers: Path) -> None:
    assert run("cache", "path").text == f"{answers}\n"
    empty = run("cache", "show", "--json")
    assert json.loads(empty.out) == {
        "path": str(answers), "entries": 0, "expired": 0, "bytes": 0, "largest": 268435456,
        "oldest": None, "newest": None,
    }  # fmt: skip
    assert run("cache", "clear").err == "openai-cli: notice: answers removed from the cache: 0\n"
    assert not answers.exists()
    with Server([ANSWER] * 2) as server:
        for seed in ("1", "2"):
            run(*HELLO, "--seed", seed, base_url=server.base_url)
    shown = json.loads(run("cache", "show", "--json").out)
    size = sum(path.stat().st_size for path in answers.glob("*.answer"))
    assert (shown["entries"], shown["expired"], shown["bytes"]) == (2, 0, size)
    assert 0 <= shown["newest"] <= shown["oldest"] < 60
    assert run("cache", "show").text.splitlines()[1:] == [
        "entries  2",
        "expired  0",
        f"bytes    {size:,} of at most 268,435,456",
        "oldest   less than a minute",
        "newest   less than a minute",
    ]
    assert run("cache", "clear").err == "openai-cli: notice: answers removed from the cache: 2\n"
    assert [path.name for path in answers.iterdir()] == ["salt"]
