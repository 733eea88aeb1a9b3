"""A terminal: whatever a command prints there, and wherever it comes from, nothing of it acts."""

import io
import json
import os
import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from openai_cli.context import Context
from openai_cli.output.sink import Sink
from openai_cli.output.target import Terminal
from openai_cli.sandbox.samples import png
from tests.flags.commandline import Ended, execute
from tests.servers import Server, chat, completion, delta, reply, stream
from tests.test_terminal import CONTROL, HARMFUL, UNSEEN

# NUL can be in no argument, and CR in no name of a header: both are in what servers send.
EVIL = "".join([*CONTROL, "\x1b]0;owned\x07\x1b]52;c;eA==\x1b\\\x9b2J", *UNSEEN, "x"])
EVIL_ARGUMENT = EVIL.replace("\x00", "")
EVIL_NAME = "a\x1b]0;t\x07\x7f\x9b2J\u202e\u200bz"
OUR_COLOURS = re.compile(r"\x1b\[[0-9;]*m|\r\x1b\[[0-9]+A\x1b\[J")


def shown(*arguments: str, base_url: str | None = None, stdin: bytes | None = None) -> Ended:
    """How a command line ends whose stdout is a terminal."""
    environ = {**os.environ, "TERM": "xterm", "OPENAI_API_KEY": "sk-made-up-for-tests"}
    if base_url is not None:
        environ["OPENAI_BASE_URL"] = base_url
    return execute(Context.test(stdin=stdin, terminal=True, environ=environ), *arguments)


def assert_harmless(ended: Ended, *, is_drawn: bool = False) -> None:
    out = ended.out.decode()
    out = OUR_COLOURS.sub("", out) if is_drawn else out
    assert not (found := HARMFUL.search(out)), f"{found} in {out!r}"
    assert not (found := HARMFUL.search(ended.err)), f"{found} in {ended.err!r}"


RESPONSE = {
    "id": f"resp_{EVIL}",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": EVIL}]}],
}
CALL = {"id": "c", "type": "function", "function": {"name": EVIL, "arguments": EVIL}}
LIST = {"data": [{"id": EVIL, "filename": EVIL, "bytes": 1, "purpose": EVIL, "created_at": 1}]}
FLAGGED = {"results": [{"flagged": True, "categories": {EVIL: True}, "category_scores": {EVIL: 1}}]}
ERROR = reply({"error": {"message": EVIL, "param": EVIL}}, status="400 Bad Request")
PLAIN = f"plain {EVIL}"
LINKS = (
    "<http://x/%1b]0;T%1b%5c> <mailto:a%1b[2J@x.com> [a](http://x/%c2%9b2J '&#x202e;') "
    "&#x202e;&ZeroWidthSpace;&#155; ![b%1b](x%1b[2J) <http://x/%E2%80%AE>"
)

ANSWERS: dict[str, tuple[list[str], Any]] = {
    "chat": (["chat", "a", "--no-stream"], chat(EVIL, EVIL)),
    "chat, streamed": (["chat", "a"], stream(delta(EVIL), delta(EVIL, finish="stop"))),
    "chat --json": (["chat", "a", "--json"], chat(EVIL)),
    "chat --json, streamed": (["chat", "a", "--json"], stream(delta(EVIL, finish="stop"))),
    "chat --query, text": (["chat", "a", "--query", "choices[0].message.content"], chat(EVIL)),
    "chat --query, JSON": (["chat", "a", "--query", "choices"], chat(EVIL)),
    "chat --separator": (["chat", "a", "--separator", EVIL_ARGUMENT], chat("a", "b")),
    "chat --usage": (["chat", "a", "--no-stream", "--usage"], chat("a", model=EVIL)),
    "a refusal": (["chat", "a"], stream(delta(refusal=EVIL), delta(finish="stop"))),
    "complete": (["complete", "a", "--no-stream"], completion(EVIL)),
    "respond": (["respond", "a", "--no-stream"], RESPONSE),
    "moderate": (["moderate", "a"], FLAGGED),
    "models list": (["models", "list"], LIST),
    "models show": (["models", "show", "m"], {"id": EVIL, "owned_by": EVIL, EVIL: EVIL}),
    "files list": (["files", "list"], LIST),
    "api": (["api", "GET", "/x"], reply(PLAIN, content_type="text/plain")),
    "api, JSON": (["api", "GET", "/x"], {"a": EVIL}),
    "api, no text": (["api", "GET", "/x"], reply(b"\xff\x1b[2J", content_type=EVIL_NAME[:1])),
    "api, no UTF-8 in JSON": (["api", "GET", "/x", "--paginate"], reply(b'{"a": "\xff\x9b"}')),
    "an error": (["chat", "a", "--json", "--max-retries", "0"], ERROR),
    "no JSON": (["chat", "a"], reply(PLAIN)),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_what_a_server_says(arguments: list[str], answer: Any) -> None:
    with Server([answer if isinstance(answer, bytes) else reply(answer)]) as server:
        assert_harmless(shown(*arguments, base_url=server.base_url))


def test_calls_of_tools() -> None:
    body = chat(None)
    body["choices"][0]["message"]["tool_calls"] = [CALL]
    with Server([reply(body)] * 2) as server:
        for flag in ("--no-stream", "--render"):
            ended = shown("chat", "a", "--no-stream", flag, base_url=server.base_url)
            assert_harmless(ended, is_drawn=True)
            assert json.loads(ended.out) == CALL


@pytest.mark.parametrize("text", [EVIL, LINKS, f"`{EVIL}`", f"```{EVIL}\n{EVIL}\n```", f"# {EVIL}"])
def test_markdown(text: str) -> None:
    with Server([reply(chat(text))]) as server:
        ended = shown("chat", "a", "--no-stream", "--render", base_url=server.base_url)
    assert_harmless(ended, is_drawn=True)
    assert ended.out


LOCAL: dict[str, list[str]] = {
    "--dry-run": ["chat", EVIL_ARGUMENT, "--dry-run"],
    "--batch-line": ["chat", EVIL_ARGUMENT, "--batch-line", EVIL_ARGUMENT],
    "--curl": ["chat", EVIL_ARGUMENT, "--curl", "--organization", EVIL_NAME],
    "--curl of a form": ["files", "upload", EVIL_NAME, "--purpose", EVIL_ARGUMENT, "--curl"],
    "api PATH": ["api", "GET", f"/{EVIL_ARGUMENT}", "--curl"],
    "api METHOD": ["api", EVIL_ARGUMENT, "/x"],
    "tokens --decode": ["tokens", "--decode", "225 17 27 5638 222 188"],
    "tokens --first": ["tokens", EVIL_ARGUMENT, "--first", "100"],
    "tokens --last --null": ["tokens", EVIL_ARGUMENT, "--last", "100", "--json"],
    "tokens --split": ["tokens", EVIL_ARGUMENT, "--split", "3", "--null"],
    "tokens --split --json": ["tokens", EVIL_ARGUMENT, "--split", "3", "--json"],
    "tokens --output-dir": ["tokens", "a", "--split", "3", "--output-dir", f"d{EVIL_NAME}"],
    "tokens --show": ["tokens", EVIL_ARGUMENT, "--show", "--color", "never"],
    "tokens --show --ids": ["tokens", EVIL_ARGUMENT, "--show", "--ids", "--color", "never"],
    "tokens --show --json": ["tokens", EVIL_ARGUMENT, "--show", "--json"],
    "tokens --files": ["tokens", "--files", EVIL_NAME],
    "tokens --files --json": ["tokens", "--files", EVIL_NAME, "--json"],
    "cost --json": ["cost", "a", "-m", EVIL_ARGUMENT, "--json"],
    "config show": ["config", "show"],
    "config show --json": ["config", "show", "--json"],
    "config path": ["config", "path"],
    "config check": ["config", "check"],
    "key show": ["key", "show", "--base-url", f"http://localhost/{EVIL_NAME}"],
    "no command": [EVIL_ARGUMENT],
    "no flag": ["chat", f"--{EVIL_ARGUMENT}"],
    "no file": ["chat", f"@{EVIL_ARGUMENT}", "--attach", EVIL_ARGUMENT],
}  # fmt: skip


@pytest.mark.parametrize("arguments", LOCAL.values(), ids=LOCAL)
def test_what_the_user_and_the_machine_say(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(EVIL_NAME).write_text(f"model = {json.dumps(EVIL_NAME)}\n")
    monkeypatch.setenv("OPENAI_CLI_CONFIG", str(tmp_path / EVIL_NAME))
    assert_harmless(shown(*arguments))


@pytest.mark.parametrize("flags", [[], ["--ids"]])
def test_tokens_in_colours(flags: list[str]) -> None:
    ended = shown("tokens", EVIL_ARGUMENT, "--show", "--color", "always", *flags)
    assert_harmless(ended, is_drawn=True)
    assert b"\x1b[" in ended.out


def test_names_of_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    image = {"b64_json": b64encode(png(1, 1)).decode()}
    with Server([reply({"data": [image]})]) as server:
        ended = shown("image", "generate", "a", "-o", f"{EVIL_NAME}.png", base_url=server.base_url)
    assert_harmless(ended)
    assert ended.out
    assert Path(f"{EVIL_NAME}.png").exists()


def test_what_is_drawn_is_kept_as_it_came_where_a_terminal_is_gone() -> None:
    """A character that was cut between two writes is whole on the terminal."""
    out = io.BytesIO()
    with Sink(Terminal(out)) as sink:
        sink.write("é\x1b".encode()[:1])
        sink.flush()
        sink.write("é\x1b".encode()[1:])
    assert out.getvalue().decode() == "é^["
