"""Each parameter of a GET that has its flag, from the flag to the request line that arrives.

What must arrive is written by hand from getResponse and listFiles in OpenAI's published description
(openapi.json 2.3.0); arrays are `name[]`, as the API's own clients write them.
"""

from urllib.parse import parse_qsl

import pytest

from tests.conftest import Run
from tests.flags.published import LIST, SHOW, Endpoint
from tests.servers import Server, reply, stream

RESPONSE = {"id": "resp_1", "object": "response", "status": "completed", "output": []}
WHOLE = reply(RESPONSE)
STREAMED = stream({"type": "response.completed", "response": RESPONSE}, done=False)
PAGE = reply({"object": "list", "data": [], "has_more": False})

Pairs = list[tuple[str, str]]

SHOWN: list[tuple[str, Pairs]] = [
    (
        "--include reasoning.encrypted_content --include message.output_text.logprobs",
        [
            ("include[]", "reasoning.encrypted_content"),
            ("include[]", "message.output_text.logprobs"),
        ],
    ),
    ("--include-obfuscation", [("include_obfuscation", "true")]),
    ("--no-include-obfuscation", [("include_obfuscation", "false")]),
    ("--starting-after 0 --stream", [("starting_after", "0"), ("stream", "true")]),
    ("--stream", [("stream", "true")]),
    ("--no-stream", [("stream", "false")]),
]
LISTED: list[tuple[str, Pairs]] = [
    ("--after file-1", [("after", "file-1")]),
    ("--limit 10000", [("limit", "10000")]),
    ("--order asc", [("order", "asc")]),
    ("--purpose fine-tune", [("purpose", "fine-tune")]),
]
ROWS = [
    *[("responses show resp_1", "/v1/responses/resp_1", *row) for row in SHOWN],
    *[("files list", "/v1/files", *row) for row in LISTED],
]


@pytest.mark.parametrize(("command", "path", "flags", "sent"), ROWS)
def test_a_flag_reaches_the_socket(
    run: Run, command: str, path: str, flags: str, sent: Pairs
) -> None:
    streams = ("stream", "true") in sent
    answer = PAGE if command == "files list" else STREAMED if streams else WHOLE
    with Server([answer]) as server:
        done = run(*command.split(), *flags.split(), base_url=server.base_url)
    assert done.code == 0, done.err
    method, target, _ = server.received[0].line.split(" ")
    found, _, query = target.partition("?")
    assert (method, found) == ("GET", path)
    assert sorted(parse_qsl(query)) == sorted(sent)
    assert server.received[0].body == b""


@pytest.mark.parametrize(("command", "path"), sorted({row[:2] for row in ROWS}))
def test_a_bare_call_has_no_query(run: Run, command: str, path: str) -> None:
    with Server([PAGE if command == "files list" else WHOLE]) as server:
        run(*command.split(), base_url=server.base_url)
    assert server.received[0].line == f"GET {path} HTTP/1.1"


@pytest.mark.parametrize(("rows", "endpoint"), [(SHOWN, SHOW), (LISTED, LIST)])
def test_the_rows_cover_what_the_official_package_names(
    rows: list[tuple[str, Pairs]], endpoint: Endpoint
) -> None:
    assert {name.removesuffix("[]") for _, sent in rows for name, _ in sent} == endpoint.properties
