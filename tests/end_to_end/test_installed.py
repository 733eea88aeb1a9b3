"""Each command as it is installed: a process that does what the tests see inside their own.

Rows of flags, of bad input and of odd answers run inside the test's process, by the fixture `run`.
So `run` is held against a process here, once for each command: the same request, the same bytes on
stdout and stderr, the same exit code.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from openai_cli.commands import COMMANDS
from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.record import Recorder
from openai_cli.sandbox.samples import png, sample_sound
from tests.conftest import MADE_UP_KEY, Result, Run

# What is typed, the exit code, and the bytes of a pipe.
LINES: dict[str, tuple[str, int, bytes | None]] = {
    "complete": ("Say_hi -m davinci-002 --usage --max-tokens 5 --stop x", 0, None),
    "chat": ("Say_hi -m gpt-6-luna --usage", 0, b"Gr\xc3\xbc\xc3\x9fe"),
    "respond": ("Say_hi --stream --usage", 0, None),
    "tokens": ("--show text", 0, b"one two"),
    "cost": ("Say_hi", 0, None),
    "cost diff": ("x --base main", 2, None),
    "cost ledger": ("--since x", 2, None),
    **{
        f"batch make {name}": ("--prompts -", 0, b"one\ntwo\n")
        for name in ("chat", "respond", "complete", "embed", "moderate", "image generate")
    },
    "batch make image edit": ("--prompts -", 2, b"one\n"),
    "batch make videos create": ("--prompts -", 0, b"one\n"),
    "batch check": ("-", 2, b"nonsense\n"),
    "batch run": ("- -o out.jsonl", 2, b"nonsense\n"),
    **{f"batch {name}": ("no-such-run.jsonl", 2, None) for name in ("status", "wait", "cancel")},
    "batch merge": ("no-such-run.jsonl -o out.jsonl", 2, None),
    "embed": ("--lines", 0, b"one\ntwo\n"),
    "moderate": ("Say_hi --json", 0, None),
    "transcribe": ("a.wav", 0, None),
    "translate": ("a.wav", 0, None),
    "speak": ("Say_hi --voice alloy", 0, None),
    "image generate": ("Hat -o -", 0, None),
    "image edit": ("Hat --image a.png -o -", 0, None),
    "image vary": ("a.png -o -", 0, None),
    "models list": ("", 0, None),
    "models show": ("gpt-6-luna", 0, None),
    "models delete": ("ft:gpt-4o:acme::1 --yes", 0, None),
    "files list": ("", 0, None),
    "files upload": ("a.png --purpose vision --query purpose", 0, None),
    "files show": ("no-such-file", 4, None),
    "files content": ("no-such-file", 4, None),
    "files delete": ("no-such-file --yes", 4, None),
    "responses show": ("no-such-response", 4, None),
    "responses cancel": ("no-such-response", 4, None),
    "responses delete": ("no-such-response --yes", 4, None),
    "api": ("GET /models --query data[].id", 0, None),
    "key set": ("", 3, b"no key"),
    "key show": ("", 0, None),
    "key check": ("", 0, None),
    "key delete": ("", 3, None),
    "config show": ("", 0, None),
    "config path": ("", 0, None),
    "cache show": ("--json", 0, None),
    "cache clear": ("", 0, None),
    "cache path": ("", 0, None),
    "config check": ("", 0, None),
    "sandbox": ("--port x", 2, None),
}


def test_there_is_a_line_for_each_command() -> None:
    assert set(LINES) == set(COMMANDS)


@pytest.mark.parametrize("command", LINES)
def test_a_process_does_what_is_done_in_one(
    run: Run, installed: Run, folder: Path, tmp_path: Path, command: str
) -> None:
    typed, code, stdin = LINES[command]
    (folder / "a.png").write_bytes(png(4, 4))
    (folder / "a.wav").write_bytes(sample_sound("wav"))
    line = (*command.split(), *typed.split())
    here, asked_here = seen(run, line, stdin, tmp_path / "here.jsonl")
    there, asked_there = seen(installed, line, stdin, tmp_path / "there.jsonl")
    assert there == here
    assert asked_there == asked_here
    assert there.code == code
    assert "Traceback" not in there.err


def seen(
    runner: Run, line: tuple[str, ...], stdin: bytes | None, record: Path
) -> tuple[Result, list[Any]]:
    """How the line ended at a sandbox of its own, and what it asked; less that sandbox's port."""
    with Sandbox(config=SandboxConfig(recorder=Recorder(str(record)), key=MADE_UP_KEY)) as sandbox:
        url = sandbox.base_url
        ended = runner(*line, stdin=stdin, base_url=url, key=sandbox.key)
    place = url.removeprefix("http://").removesuffix("/v1")
    out = ended.out.replace(place.encode(), b"HOST")
    rows = record.read_text().replace(place, "HOST").splitlines()
    shown = Result(ended.code, out, ended.err.replace(place, "HOST"))
    return shown, [comparable(json.loads(row)) for row in rows]


def comparable(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the record without what is another in every form: the text between its parts."""
    kind = row["headers"].get("content-type", "").partition(";")[0]
    return {**row, "headers": {**row["headers"], "content-type": kind}}
