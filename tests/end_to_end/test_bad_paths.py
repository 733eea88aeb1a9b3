"""Paths that cannot be looked up: a name that is too long, and a folder of somebody else."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run

LINE = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions",
        "body": {"model": "gpt-4o", "messages": []}}  # fmt: skip

# Each command with a PATH, and what it says of it.
COMMANDS: dict[str, tuple[str, ...]] = {
    "cost --response PATH": ("--response: cannot read", ""),
    "cost --request PATH": ("--request: cannot read", ""),
    "cost diff --baseline PATH a.jsonl": ("--baseline: cannot read", ""),
    "tokens --files PATH": ("cannot read", ""),
    "batch run a.jsonl -o PATH": ("--output: cannot write", ""),
    "batch status PATH": ("PATH.run", ""),
    "batch wait PATH": ("PATH.run", ""),
    "chat hi -o PATH": ("--output: cannot write", ""),
    "chat hi -c PATH": ("the conversation", ""),
    "chat hi --usage-file PATH": ("--usage-file: cannot write", ""),
    "image generate cat -o PATH": ("--output: cannot write", ""),
    "sandbox --replies PATH -- true": ("--replies: cannot read", ""),
    "sandbox --record PATH -- true": ("--record: cannot write", ""),
    "cost ledger": ("the ledger cannot be used", "OPENAI_CLI_LEDGER"),
    "cost ledger --prune 9d": ("the ledger cannot be used", "OPENAI_CLI_LEDGER"),
    "config check": ("cannot read the configuration file", "OPENAI_CLI_CONFIG"),
    "cache show": ("the cache", "XDG_CACHE_HOME"),
}


@pytest.fixture(params=[errno.ENAMETOOLONG, errno.EACCES], ids=errno.errorcode.get)
def path(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A path in a folder that is not the user's, also where the user is root; or a long name."""
    (folder / "a.jsonl").write_text(json.dumps(LINE))
    if request.param == errno.ENAMETOOLONG:
        return str(folder / ("x" * 300))
    other = folder / "other"
    other.mkdir()

    def refusing(call: Any) -> Any:
        def refused(at: Any, *given: Any, **more: Any) -> Any:
            if isinstance(at, str | os.PathLike) and str(at).startswith(str(other)):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(at))
            return call(at, *given, **more)

        return refused

    for name in ("stat", "lstat", "open", "listdir", "scandir"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    monkeypatch.setattr("builtins.open", refusing(open))
    return str(other / "file")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_path_that_cannot_be_looked_up_is_no_fault(run: Run, path: str, command: str) -> None:
    told, variable = COMMANDS[command]
    env = {variable: path} if variable else {}
    words = [path if word == "PATH" else word for word in command.split()]
    done = run(*words, env=env, base_url="http://127.0.0.1:9")
    assert done.code in (2, 10), done.err
    assert told.replace("PATH", path) in done.err
    assert "a fault of" not in done.err
