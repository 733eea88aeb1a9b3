"""Requests shown unsent: the body, a curl command that a real shell runs, a batch line."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.calls import preview
from openai_cli.calls.curl import curl
from openai_cli.config.destination import Destination
from openai_cli.errors import UsageError
from openai_cli.http.payload import FormFile
from openai_cli.records import replace
from openai_cli.request.body import Request
from tests import servers
from tests.forms import Field, fields_of

KEY = "sk-made-up-for-tests"
OPENAI = "https://api.openai.com/v1"
NASTY = "'\"$HOME`id`\\n\\\\ \n\r\t!$(id)\nJSON\n%s *?[a] é日😀\u2028\x00\x1b\x7f</a>@file"

# Stands in for curl: keeps its arguments, one to a line's worth of NUL, and its stdin.
STAND_IN = """#!/bin/sh
printf '%s\\0' "$@" > arguments
cat > body
"""


def request(**body: Any) -> Request:
    return Request("/chat/completions", {"model": "m", **body})


def destination(
    url: str = OPENAI,
    *,
    key: str | None = KEY,
    headers: Mapping[str, str] | None = None,
    own: Mapping[str, str] | None = None,
) -> Destination:
    return Destination(url, dict(headers or {}), dict(own or {}), key)


def run_by_sh(script: bytes, folder: Path, path: str, key: str | None = KEY) -> None:
    environ = {"PATH": path, "HOME": str(folder)} | ({"OPENAI_API_KEY": key} if key else {})
    subprocess.run(["sh"], input=script, cwd=folder, env=environ, check=True, timeout=30)


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A folder with a `curl` in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "curl").write_text(STAND_IN)
    (folder / "curl").chmod(0o755)
    return folder


def arguments_of(script: bytes, folder: Path, key: str | None = KEY) -> list[str]:
    """The arguments that a shell hands to curl for this script."""
    run_by_sh(script, folder, f"{folder}:{os.environ['PATH']}", key)
    return (folder / "arguments").read_bytes().decode().split("\0")[:-1]


def headers_of(arguments: list[str]) -> list[str]:
    return [value for flag, value in pairwise(arguments) if flag == "-H"]


BODIES: list[dict[str, Any]] = [
    {"messages": [{"role": "user", "content": "Hello"}]},
    {"messages": [{"role": "user", "content": NASTY}], "temperature": 0.1, "seed": 2**53 + 1},
    {"messages": [], "stop": ["JSON", "\nJSON\n", "EOF"], "user": "'; exit 1; '"},
    {"prompt": "\ud83d", "logit_bias": {"50256": -100}},
    {"prompt": "x" * 300_000},
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_shell_hands_curl_the_body_byte_for_byte(body: dict[str, Any], stand_in: Path) -> None:
    asked = request(**body)
    arguments = arguments_of(curl(asked, destination()), stand_in)
    assert f"{OPENAI}/chat/completions" in arguments
    assert arguments[arguments.index("-d") + 1] == "@-"
    sent = (stand_in / "body").read_bytes()
    assert sent == asked.encoded() + b"\n", "curl -d drops the newline"
    assert json.loads(sent) == {"model": "m", **body}


@given(st.text(), st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"])))
def test_the_body_is_one_line_and_so_cannot_end_the_here_document(text: str, name: str) -> None:
    script = curl(request(**{name or "x": text}), destination())
    _, start, rest = script.partition(b"<<'JSON'\n")
    assert start
    body, end = rest.split(b"\n", 1)
    assert end == b"JSON\n"
    assert json.loads(body)[name or "x"] == text


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_curl_sends_what_we_would_send(body: dict[str, Any], tmp_path: Path) -> None:
    asked = request(**body)
    with servers.Server([servers.reply(b"{}")]) as server:
        there = destination(server.base_url, headers={"OpenAI-Project": "p ro'j"}, own={"X-A": "b"})
        run_by_sh(curl(asked, there), tmp_path, os.environ["PATH"])
    (received,) = server.received
    assert received.line == "POST /v1/chat/completions HTTP/1.1"
    assert received.body == asked.encoded()
    headers = received.headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["content-type"] == "application/json"
    assert headers["openai-project"] == "p ro'j"
    assert headers["x-a"] == "***"


def upload(path: Path, *, field: str = "file", shown: str | None = None) -> FormFile:
    return FormFile(field, path.name, "audio/wav", shown or str(path), path)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
@pytest.mark.parametrize("text", ["plain", "@file", "<file", "a;type=b", "'\"$HOME`id`\\ é日😀"])
def test_curl_sends_the_form_that_we_would_send(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a, b; c=d é.wav"
    path.write_bytes(b"RIFF\r\n--\0\xff")
    asked = replace(
        request(
            prompt=text, include=["a", "b"], vad={"type": "auto"}, temperature=0.5, stream=True
        ),
        files=(upload(path, shown="a, b; c=d é.wav"),),
    )
    with servers.Server([servers.reply(b"{}")]) as server:
        run_by_sh(curl(asked, destination(server.base_url)), tmp_path, os.environ["PATH"])
    (received,) = server.received
    assert received.headers["authorization"] == f"Bearer {KEY}"
    assert fields_of(received) == [
        Field("model", b"m"),
        Field("prompt", text.encode()),
        Field("include[]", b"a"),
        Field("include[]", b"b"),
        Field("vad[type]", b"auto"),
        Field("temperature", b"0.5"),
        Field("stream", b"true"),
        Field("file", b"RIFF\r\n--\0\xff", "a, b; c=d é.wav", "audio/wav"),
    ]


def test_the_files_of_a_form_are_shown_by_their_paths(tmp_path: Path) -> None:
    form = replace(request(), files=(upload(tmp_path / "a.wav", shown="a.wav"),))
    assert preview.body(form, terminal=False) == b'{"model": "m", "file": "@a.wav"}\n'
    several = tuple(upload(tmp_path / name, field="image[]", shown=name) for name in ("a", "b"))
    shown = preview.body(replace(request(), files=several), terminal=False)
    assert shown == b'{"model": "m", "image": ["@a", "@b"]}\n'


def test_a_form_is_no_line_of_a_batch(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="takes no files"):
        preview.batch_line(replace(request(), files=(upload(tmp_path / "a"),)), "1")


def test_the_key_is_named_and_not_shown(stand_in: Path) -> None:
    script = curl(request(), destination())
    assert KEY.encode() not in script
    assert b"$OPENAI_API_KEY" in script
    arguments = arguments_of(script, stand_in, key="sk-another")
    assert headers_of(arguments).count("Authorization: Bearer sk-another") == 1


WITH_KEY = [
    (OPENAI, KEY, {}, True),
    (OPENAI, None, {}, True),
    ("http://127.0.0.1:1/v1", None, {}, False),
    ("http://127.0.0.1:1/v1", KEY, {}, True),
    (OPENAI, KEY, {"Authorization": "Basic secret"}, False),
    (OPENAI, KEY, {"AUTHORIZATION": "Basic secret"}, False),
]


@pytest.mark.parametrize(("url", "key", "own", "named"), WITH_KEY)
def test_the_key_is_named_where_it_would_be_sent(
    url: str, key: str | None, own: dict[str, str], named: bool
) -> None:
    script = curl(request(), destination(url, key=key, own=own))
    assert (b"OPENAI_API_KEY" in script) is named


def test_headers_of_the_users_own_are_masked(stand_in: Path) -> None:
    own = {"X-Secret": "xyzzy", "Authorization": "Basic plugh"}
    ours = {"OpenAI-Organization": "o'$HOME`id`\"\\"}
    script = curl(request(), destination(own=own, headers=ours))
    assert b"xyzzy" not in script
    assert b"plugh" not in script
    headers = headers_of(arguments_of(script, stand_in))
    assert sorted(headers) == [
        "Authorization: ***",
        "Content-Type: application/json",
        "OpenAI-Organization: o'$HOME`id`\"\\",
        "X-Secret: ***",
    ]


@pytest.mark.parametrize("name", ["Content-Type", "content-type", "OpenAI-Project"])
def test_a_header_of_the_users_own_stands_in_place_of_ours(name: str, stand_in: Path) -> None:
    there = destination(headers={"OpenAI-Project": "p"}, own={name: "x"})
    headers = headers_of(arguments_of(curl(request(), there), stand_in))
    assert [header for header in headers if header.lower().startswith(name.lower())] == [
        f"{name}: ***"
    ]


@pytest.mark.parametrize(
    "url", ["https://h.test/it's/v1", "https://h.test/a$b/v1", "https://h.test/a b;c&d/v1"]
)
def test_a_url_is_quoted(url: str, stand_in: Path) -> None:
    arguments = arguments_of(curl(request(), destination(url)), stand_in)
    assert f"{url}/chat/completions" in arguments


@pytest.mark.parametrize(("stream", "there"), [(True, True), (False, False), (None, False)])
def test_a_stream_is_not_buffered(stream: bool | None, there: bool, stand_in: Path) -> None:
    body = {} if stream is None else {"stream": stream}
    arguments = arguments_of(curl(request(**body), destination()), stand_in)
    assert ("--no-buffer" in arguments) is there


def test_the_body_is_one_line_of_json_as_it_is_sent() -> None:
    assert preview.body(request(prompt="é\n\x7f"), terminal=False) == (
        '{"model": "m", "prompt": "é\\n\x7f"}\n'.encode()
    )


def test_on_a_terminal_the_body_is_indented() -> None:
    out = preview.body(request(prompt="é", n=1), terminal=True)
    assert out.decode() == '{\n  "model": "m",\n  "prompt": "é",\n  "n": 1\n}\n'


@pytest.mark.parametrize("terminal", [True, False])
def test_a_lone_surrogate_can_be_shown(terminal: bool) -> None:
    out = preview.body(request(prompt="a\ud83d"), terminal=terminal)
    assert json.loads(out) == {"model": "m", "prompt": "a\ud83d"}


@pytest.mark.parametrize("custom_id", ["1", 'it\'s "one"\n', "é"])
def test_a_batch_line_is_the_batch_apis(custom_id: str) -> None:
    out = preview.batch_line(request(prompt=NASTY), custom_id)
    assert out.count(b"\n") == 1
    assert out.endswith(b"\n")
    assert json.loads(out) == {
        "custom_id": custom_id,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {"model": "m", "prompt": NASTY},
    }
