"""Who may ask: the key, the web page of another site, and what comes without either."""

import json
from pathlib import Path

import pytest

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.access import check_sender
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.faults import Faults, parse_fault
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.replies import Replies
from tests.sandbox.client import KEY, chat, send
from tests.sandbox.test_forms import written

BEARER = {"Authorization": f"Bearer {KEY}"}
HI = b'{"text": "hi", "times": 1}'


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:1", "127.1.2.3:65535", "[::1]:80"],
)
def test_a_host_that_is_loopback(host: str) -> None:
    check_sender(host, "", "")


@pytest.mark.parametrize(
    "host",
    [
        "", "evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example",
        "evil.localhost", "localhost:80:80", "localhost@evil.example", "evil.example#localhost",
        "localhost, evil.example", "0.0.0.1", "[::]", "192.0.2.1", "127.0.0.1\n", "127.1", "[::1",
        "2130706433", "localhost ",
    ],
)  # fmt: skip
def test_a_host_that_is_not(host: str) -> None:
    with pytest.raises(Refusal) as refused:
        check_sender(host, "", "")
    assert refused.value.status == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://localhost.evil", "x"])
def test_a_page_of_another_site(sandbox: Sandbox, origin: str) -> None:
    for headers in ({"Origin": origin}, {"Sec-Fetch-Site": "cross-site"}):
        answer = send(sandbox, "/v1/models", method="GET", headers={**BEARER, **headers})
        assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://127.0.0.1", "http://[::1]:1"])
def test_a_page_of_this_machine(sandbox: Sandbox, origin: str) -> None:
    headers = {**BEARER, "Origin": origin, "Sec-Fetch-Site": "same-site"}
    assert send(sandbox, "/v1/models", method="GET", headers=headers).status == 200


def test_a_name_that_was_made_to_lead_here(sandbox: Sandbox) -> None:
    headers = {**BEARER, "Host": "evil.example"}
    assert send(sandbox, "/v1/models", method="GET", headers=headers).status == 421


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer another"},
        {**BEARER, "Host": "evil.example"},
        {**BEARER, "Origin": "http://evil.example"},
    ],
)
def test_who_may_not_ask_uses_nothing_up(headers: dict[str, str]) -> None:
    """No fixed answer, no fault's turn, and no fault of its own choice."""
    faults = Faults([parse_fault("status=500,first=1")])
    config = SandboxConfig(Replies([HI]), faults, key=KEY)
    body = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
    with Sandbox(0, config) as sandbox:
        given = {**headers, "X-Sandbox-Fault": "stall"}
        assert send(sandbox, "/v1/chat/completions", body, headers=given).status in {401, 403, 421}
        assert chat(sandbox).status == 500
        assert chat(sandbox).json["choices"][0]["message"]["content"] == "hi"


def test_a_file_is_for_who_has_the_key(sandbox: Sandbox) -> None:
    content, content_type = written(("purpose", "user_data"), ("file", b"mine", "a.txt"))
    headers = {**BEARER, "Content-Type": content_type}
    name = send(sandbox, "/v1/files", content, headers=headers).json["id"]
    path = f"/v1/files/{name}/content"
    assert send(sandbox, path, method="GET").content == b"mine"
    assert send(sandbox, path, method="GET", headers={}).status == 401
    assert send(sandbox, "/v1/files", method="GET", headers={}).status == 401


def test_the_address_of_an_image_is_for_who_was_told_it(sandbox: Sandbox, tmp_path: Path) -> None:
    body = {"model": "dall-e-2", "prompt": "a square", "size": "256x256"}
    url = send(sandbox, "/v1/images/generations", body).json["data"][0]["url"]
    path = url.removeprefix(sandbox.base_url.removesuffix("/v1"))
    assert send(sandbox, path, method="GET", headers={}).status == 200
    for wrong in (path.partition("?")[0], f"{path[:-1]}x", path.replace("256x", "512x")):
        assert send(sandbox, wrong, method="GET", headers={}).status == 401
    assert json.dumps(KEY)[1:-1] not in url
