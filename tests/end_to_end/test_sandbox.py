"""`openai-cli sandbox` as a process: serving, and around a command."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.faults import Faults, parse_fault
from tests.conftest import COMMAND, Run
from tests.forked import forked
from tests.interactive.typist import TAKE_TERMINAL

ECHO = 'echo "$OPENAI_BASE_URL $OPENAI_API_KEY $OPENAI_ORG_ID"'


@contextmanager
def started(*arguments: str, cwd: Path, **popen: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of the sandbox, with pipes."""
    with subprocess.Popen(
        [str(forked()), "sandbox", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        **popen,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def read_line(process: "subprocess.Popen[bytes]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode().rstrip("\n")


def test_it_says_how_to_use_it(folder: Path) -> None:
    with started(cwd=folder) as process:
        url = read_line(process)
        assert process.stderr is not None
        told = process.stderr.readline().decode()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == (b"", b"")
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/v1", url)
    assert re.fullmatch(
        rf"openai-cli: notice: use it with OPENAI_BASE_URL={url} "
        r"OPENAI_API_KEY=sandbox-[0-9a-f]{32}; Ctrl-C ends it\n",
        told,
    )


@pytest.mark.parametrize(
    ("arguments", "told", "codes"),
    [
        (("--key", "mine"), "the key of --key", (0, 3)),
        (("--key", "@key"), "the key of --key", (0, 3)),
        (("--any-key",), "any key", (0, 0)),
    ],
)
def test_the_key_that_it_demands(
    run: Run, folder: Path, arguments: tuple[str, ...], told: str, codes: tuple[int, int]
) -> None:
    (folder / "key").write_text("mine\n")
    with started(*arguments, cwd=folder) as process:
        url = read_line(process)
        assert process.stderr is not None
        assert f"OPENAI_BASE_URL={url} and {told};" in process.stderr.readline().decode()
        asked = [run("chat", "Say hi", base_url=url, key=key).code for key in ("mine", "other")]
    assert tuple(asked) == codes


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            ("--quiet",),
            "--quiet hides the key that the sandbox requires; --key KEY sets one",
        ),
        (("--key", "a", "--any-key"), "--key and --any-key: give one of them"),
        (("--key", ""), "--key: a key is one word of printable ASCII characters"),
        (("--key", "two words"), "--key: a key is one word"),
        (("--key", "cl\u00e9"), "--key: a key is one word"),
        (("--key", "@no-such"), "--key: cannot read 'no-such': No such file or directory"),
    ],
)
def test_a_key_that_is_none(run: Run, arguments: tuple[str, ...], problem: str) -> None:
    done = run("sandbox", *arguments)
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith(f"openai-cli: error: {problem}")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_it_serves_until_it_is_ended(folder: Path, number: int, code: int) -> None:
    ready = folder / "ready"
    with started("--quiet", "--any-key", "--ready-file", "ready", cwd=folder) as process:
        url = read_line(process)
        assert ready.read_text() == f"{url}\n"
        assert [path.name for path in folder.iterdir()] == ["ready"]
        asked = subprocess.run(
            chats("Say hi"),
            env={**os.environ, "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "made-up-key"},
            capture_output=True,
            check=True,
            timeout=60,
        )
        assert asked.stdout == b"hi\n"
        process.send_signal(number)
        assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == code
    assert not ready.exists()


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (".", "--ready-file: '.' is not a regular file"),
        ("no/such", "--ready-file: cannot write 'no/such': No such file or directory"),
    ],
)
def test_a_ready_file_that_cannot_be_written(process: Run, name: str, problem: str) -> None:
    done = process("sandbox", "--ready-file", name, "--", "true")
    assert (done.code, done.out, done.err) == (2, b"", f"openai-cli: error: {problem}\n")


def test_a_port_in_use(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("sandbox", "--port", str(port), "--", "true")
    assert done.code == 2
    assert done.err == (
        f"openai-cli: error: cannot listen on port {port}: Address already in use "
        "(parameter port); choose another port, or 0 for any free one\n"
    )


def test_a_command_finds_the_sandbox(process: Run) -> None:
    done = process("sandbox", "--", *chats("Say hi"), key=None)
    assert (done.code, done.out, done.err) == (0, b"hi\n", "")


def test_the_environment_is_as_it_was_but_for_url_and_key(process: Run) -> None:
    env = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_ORG_ID": "org-mine", "A": "b"}
    done = process(
        "sandbox", "--ready-file", "ready", "--", "sh", "-c", f"{ECHO} $A; cat ready", env=env
    )
    url, key, organization, other, ready = done.text.split()
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/v1", url)
    assert re.fullmatch(r"sandbox-[0-9a-f]{32}", key)
    assert (organization, other, ready) == ("org-mine", "b", url)


def test_streams_pass_untouched(process: Run) -> None:
    script = 'cat; printf "\\377\\000" ; echo err >&2'
    done = process("sandbox", "--", "sh", "-c", script, stdin=b"\x80in\n")
    assert (done.code, done.out, done.err) == (0, b"\x80in\n\xff\x00", "err\n")


def test_what_the_shell_has_opened_stays_open(folder: Path) -> None:
    script = f"'{COMMAND}' sandbox -- sh -c 'echo three >&3' 3>opened"
    subprocess.run(["sh", "-c", script], cwd=folder, check=True, timeout=60)
    assert (folder / "opened").read_text() == "three\n"


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["true"], 0),
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "exit 255"], 255),
        (["sh", "-c", "kill -KILL $$"], 137),
        (["sh", "-c", "kill -TERM $$"], 143),
    ],
)
def test_it_ends_with_the_code_of_the_command(process: Run, command: list[str], code: int) -> None:
    done = process("sandbox", "--", *command)
    assert (done.code, done.out, done.err) == (code, b"", "")


@pytest.mark.parametrize(
    ("name", "code", "why"),
    [
        ("no-such-command", 127, "No such file or directory"),
        ("./no/such", 127, "No such file or directory"),
        ("./plain", 126, "Permission denied"),
        (".", 126, "Permission denied"),
    ],
)
def test_a_command_that_cannot_be_run(
    process: Run, folder: Path, name: str, code: int, why: str
) -> None:
    (folder / "plain").write_text("")
    done = process("sandbox", "--", name)
    assert (done.code, done.out) == (code, b"")
    assert done.err == f"openai-cli: error: cannot run '{name}': {why}\n"


def test_a_script_needs_no_first_line(process: Run, folder: Path) -> None:
    script = folder / "script"
    script.write_text('echo "$0 $1"\n')
    script.chmod(0o755)
    assert process("sandbox", "--", "./script", "a b").text == "./script a b\n"


def test_the_flags_of_a_command_are_its_own(process: Run) -> None:
    done = process("sandbox", "-q", "--", "echo", "-q", "--port", "x", "--", "--help")
    assert done.text == "-q --port x -- --help\n"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("printf", "%s", "--quiet"), "printf %s --quiet"),
        (("--any-key", "echo", "hi"), "echo hi"),
        (("echo", "--", "hi"), "echo -- hi"),
        (("echo", "-q", "a b"), "echo -q 'a b'"),
    ],
)
def test_a_command_stands_behind_dashes(run: Run, typed: tuple[str, ...], meant: str) -> None:
    done = run("sandbox", *typed)
    assert (done.code, done.out) == (2, b"")
    assert done.err.endswith(f"; put -- before the command: openai-cli sandbox -- {meant}\n")


STUBBORN = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "child"])
os.write(1, b"ready\\n")
while True:
    signal.pause()
"""


def test_a_command_does_not_outlive_its_sandbox(folder: Path) -> None:
    """Nor does what it has started; and until they are gone nobody else has the port."""
    (folder / "stubborn.py").write_text(STUBBORN)
    command = ("--ready-file", "ready", "--", sys.executable, "stubborn.py")
    with started(*command, cwd=folder) as process:
        assert [read_line(process), read_line(process)] == ["ready", "ready"]
        port = int((folder / "ready").read_text().strip().removesuffix("/v1").rpartition(":")[2])
        process.kill()
        with pytest.raises(OSError, match="in use"):
            socket.create_server(("127.0.0.1", port))
        out, _ = process.communicate(timeout=60)  # it has its end once they have
    assert out == b""


# A handler would run too late for a signal that comes just before a sleep begins.
SLEEPER = """
import os, signal, sys
name, code = sys.argv[1:]
awaited = {getattr(signal, name)}
signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
os.write(1, b"ready\\n")
if signal.sigtimedwait(awaited, 60):
    os.write(1, f"{name}\\n".encode())
    os._exit(int(code))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("code", [0, 3])
def test_a_signal_goes_on_to_the_command(folder: Path, name: str, code: int) -> None:
    command = ("--", sys.executable, "-c", SLEEPER, name, str(code))
    with started(*command, cwd=folder) as process:
        assert read_line(process) == "ready"
        process.send_signal(getattr(signal, name))
        assert process.communicate(timeout=60) == (f"{name}\n".encode(), b"")
    assert process.returncode == code


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_command_that_a_signal_ends(folder: Path, number: int, code: int) -> None:
    script = "trap - INT; echo ready; exec sleep 60"
    with started("--ready-file", "ready", "--", "sh", "-c", script, cwd=folder) as process:
        assert read_line(process) == "ready"
        process.send_signal(number)
        assert process.communicate(timeout=60) == (b"", b"")
    assert process.returncode == code
    assert not (folder / "ready").exists()


COUNTER = """
import signal, sys
signals = []
signal.signal(signal.SIGINT, lambda number, _frame: signals.append(number))
print("ready", flush=True)
sys.stdin.readline()
print(f"{len(signals)} interrupt", flush=True)
sys.exit(5)
"""


def test_ctrl_c_at_a_terminal_reaches_the_command_once(folder: Path) -> None:
    """The terminal sends it to both; the sandbox waits for what the command makes of it."""
    ours, theirs = pty.openpty()
    command = (str(COMMAND), "sandbox", "--", sys.executable, "-c", COUNTER)
    with subprocess.Popen(
        [sys.executable, "-c", TAKE_TERMINAL, *command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=folder,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        shown = b""
        for awaited, typed in ((b"ready", b"\x03"), (b"^C", b"\n"), (b"interrupt", b"")):
            while awaited not in shown:
                shown += os.read(ours, 1024)
            os.write(ours, typed)
    os.close(ours)
    assert b"1 interrupt\r\n" in shown
    assert process.returncode == 5


def test_a_signal_that_is_ignored_stays_so(folder: Path) -> None:
    """As below `nohup`: the sandbox must not end, nor wake the command."""
    command = ("--", "sh", "-c", "echo ready; read line; echo still here")
    with subprocess.Popen(
        ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", str(COMMAND), "sandbox", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder,
    ) as process:
        assert read_line(process) == "ready"
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(b"\n", timeout=60)
    assert (out, process.returncode) == (b"still here\n", 0)


RECORDING = ("--upstream", "http://127.0.0.1:9/v1", "--record-replies")

REPLIES = [
    {"when": "contains(messages[-1].content, 'Peru')", "text": "Lima"},
    {"when": "messages[-1].content == 'hello'", "text": "fixed"},
]


@pytest.fixture
def replies(folder: Path) -> str:
    lines = [json.dumps(row) + "\n" for row in REPLIES]
    (folder / "replies.jsonl").write_text("".join(lines))
    return "replies.jsonl"


def chats(*texts: str) -> Sequence[str]:
    return ("sh", "-c", "; ".join(f"'{forked()}' chat '{text}'" for text in texts))


def test_fixed_answers(process: Run, replies: str) -> None:
    done = process("sandbox", "--replies", replies, "--", *chats("Of Peru?", "Say own"))
    assert (done.code, done.text, done.err) == (0, "Lima\nown\n", "")


def test_strict_refuses_what_no_line_is_for(process: Run, replies: str) -> None:
    done = process(
        "sandbox", "--replies", replies, "--strict", "--", *chats("hello", "Peru", "Say own")
    )
    assert (done.code, done.text) == (8, "fixed\nLima\n"), "also where the command fails by it"
    told = "no line of 'replies.jsonl' matches /v1/chat/completions with the body {"
    first, last = done.err.splitlines()
    assert first.startswith(f"openai-cli: error: The sandbox is strict: {told}")
    assert last.startswith(f"openai-cli: error: --strict: a request was refused: {told}")


def test_strict_is_not_met_by_a_command_that_hides_it(process: Run, replies: str) -> None:
    script = f"for text in own other; do '{COMMAND}' chat $text 2> /dev/null; done; exit 0"
    done = process("sandbox", "--replies", replies, "--strict", "--", "sh", "-c", script)
    assert (done.code, done.out) == (8, b"")
    assert done.err.splitlines()[-1].startswith(
        "openai-cli: error: --strict: 2 requests were refused; the first: no line of"
    )


def test_a_signal_that_ends_the_command_goes_before_strict(process: Run, replies: str) -> None:
    script = f"'{COMMAND}' chat own 2> /dev/null; kill -TERM $$"
    done = process("sandbox", "--replies", replies, "--strict", "--", "sh", "-c", script)
    assert done.code == 143
    assert "notice: --strict: a request was refused: no line of" in done.err


def test_strict_tells_of_lines_that_nothing_has_asked_for(process: Run, replies: str) -> None:
    done = process("sandbox", "--replies", replies, "--strict", "--", *chats("hello"))
    assert (done.code, done.text) == (8, "fixed\n")
    told = "--strict: no request matched line 1 of 'replies.jsonl'\n"
    assert done.err == f"openai-cli: error: {told}"
    failed = process("sandbox", "--replies", replies, "--strict", "--", "sh", "-c", "exit 3")
    assert failed.code == 3, "the command's own code goes first"
    assert failed.err == (
        "openai-cli: notice: --strict: no request matched lines 1, 2 of 'replies.jsonl'\n"
    )


@pytest.mark.parametrize(
    ("arguments", "err"),
    [
        (("--strict",), "--strict needs --replies"),
        (("--match", "a"), "--match needs --replies or --record-replies"),
        (("--stale-after", "5"), "--stale-after needs --replies"),
        (("--record-replies", "r"), "--record-replies needs --upstream"),
        (("--upstream", "http://127.0.0.1:9", "--redact", "a"), "--redact needs --record-replies"),
        (("--api-key-file", "k"), "--api-key-file needs --upstream"),
        (
            ("--upstream", "http://127.0.0.1:9", "--replies", "right.jsonl", "--strict"),
            "--strict and --upstream: give one of them; "
            "--strict refuses what --upstream would answer",
        ),
        (
            ("--upstream", "http://127.0.0.1:9", "--any-key"),
            "--any-key and --upstream: any user of this machine could use your key",
        ),
        (("--upstream", ""), "--upstream is empty; for example: https://api.openai.com/v1"),
        (
            ("--upstream", "nonsense"),
            "the base URL must be http://… or https://…, not 'nonsense'",
        ),
        (
            ("--upstream", "http://example.invalid/v1"),
            "the key would go over plain http to example.invalid",
        ),
        (
            ("--replies", "right.jsonl", "--match", "a["),
            "--match is not a JMESPath expression: Invalid jmespath expression: Incomplete "
            "expression:",
        ),
        (
            ("--replies", "right.jsonl", "--stale-after", "0"),
            "--stale-after must be an integer from 1 to 36500, not '0'",
        ),
        (
            (*RECORDING, "new.jsonl", "--redact", "("),
            "--redact is not a regular expression: missing ), unterminated subpattern at position "
            "0",
        ),
        ((*RECORDING, "new.jsonl", "--redact", "a*"), "--redact 'a*' matches the empty text"),
        (
            (*RECORDING, "no/new.jsonl"),
            "--record-replies: cannot write 'no/new.jsonl': No such file or directory",
        ),
        (
            (*RECORDING, "right.jsonl"),
            "--record-replies: 'right.jsonl' has lines already; --replies right.jsonl answers from "
            "them, and records what is missing; remove the file to record everything again",
        ),
        (
            (*RECORDING, "new.jsonl", "--record", "new.jsonl"),
            "--record and --record-replies: give each a file of its own",
        ),
        (("--replies", "no-such"), "--replies: cannot read 'no-such': No such file or directory"),
        (
            ("--replies", "wrong.jsonl"),
            "--replies: line 2 of 'wrong.jsonl': it is not a JSON object; docs/sandbox.md lists "
            "the keys of a line",
        ),
        (("--record", "no/such"), "--record: cannot write 'no/such': No such file or directory"),
        (
            ("--fault", "delay=1", "--fault", "status=200"),
            "--fault takes a number from 400 to 599 for status, not '200'; it has status=N, "
            "code=CODE, retry-after=SECONDS, not-json, empty, reset, stall, stall-after=N, "
            "cut-after=N, error-after=N, no-done, finish-reason=REASON, no-finish-reason, "
            "lost, drop-line, error-line, expire, queue-full=TOKENS, latency=TIME, delay=SECONDS, "
            "first=N and every=N",
        ),
        (("--port", "x"), "--port must be an integer from 0 to 65535, not 'x'"),
    ],
)
def test_wrong_usage_starts_nothing(
    run: Run, folder: Path, arguments: tuple[str, ...], err: str
) -> None:
    (folder / "wrong.jsonl").write_text('{"text": "a"}\n{\n')
    (folder / "right.jsonl").write_text('{"text": "a"}\n')
    done = run("sandbox", *arguments, "--", "touch", "started")
    assert (done.code, done.out, done.err) == (2, b"", f"openai-cli: error: {err}\n")
    assert not (folder / "started").exists()


def test_a_record_that_fails_is_told_at_the_end(process: Run) -> None:
    done = process(
        "sandbox", "--record", "/dev/full", "--", "sh", "-c", f"{chats('hi')[2]} || true"
    )
    assert done.code == 10
    problem = "--record: a request could not be written to '/dev/full': No space left on device"
    assert done.err.endswith(f"openai-cli: error: {problem}\n")


def test_the_fault_header_with_the_flag(run: Run) -> None:
    done = run(
        "chat", "hi", "--sandbox", "--header", "x-sandbox-fault: status=404",
        "--header", "Authorization: Bearer another",
    )  # fmt: skip
    assert (done.code, done.out) == (4, b"")


def test_a_record(process: Run, folder: Path) -> None:
    process("sandbox", "--record", "asked.jsonl", "--", *chats("Say one", "Say two"))
    rows = [json.loads(line) for line in (folder / "asked.jsonl").read_text().splitlines()]
    assert [row["body"]["messages"][0]["content"] for row in rows] == ["Say one", "Say two"]
    assert {row["headers"]["authorization"] for row in rows} == {"Bearer ***"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("status=401", 3),
        ("status=404", 4),
        ("status=429,retry-after=0", 5),
        ("status=429,code=insufficient_quota", 5),
        ("status=500,retry-after=0", 6),
        ("status=502,not-json,retry-after=0", 6),
        ("not-json", 6),
        ("empty", 6),
        ("reset", 7),
        ("cut-after=2", 7),
        ("stall", 7),
        ("stall-after=2", 7),
        ("status=429,retry-after=0,first=2", 0),
        ("status=500,retry-after=0,every=2", 0),
        ("error-after=2", 6),
        ("error-after=2,code=rate_limit_exceeded", 5),
        ("finish-reason=length", 9),
        ("no-done", 0),
    ],
)
def test_our_exit_codes_for_faults(run: Run, fault: str, code: int) -> None:
    patience = ("--timeout", "0.2") if "stall" in fault else ()
    retries = ("--max-retries", "2" if code == 0 else "0", *("--require-complete",) * (code == 9))
    with Sandbox(config=SandboxConfig(faults=Faults([parse_fault(fault)]))) as sandbox:
        done = run("chat", "Say hi", "--stream", *patience, *retries, base_url=sandbox.base_url,
                   key=sandbox.key)  # fmt: skip
    assert done.code == code
    assert ("openai-cli: error: " in done.err) == (code != 0)


def test_a_fault_that_the_command_meets(process: Run) -> None:
    done = process("sandbox", "--fault", "status=404,first=1", "--", *chats("Say hi", "Say ho"))
    assert (done.code, done.text) == (0, "ho\n")
    assert "HTTP 404" in done.err
