"""`tokens --request` and `--remote`: counts that the API billed or published, as a process."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.servers import Server, reply

HELLO = {"model": "gpt-3.5-turbo", "messages": [{"role": "user", "content": "hello"}]}
# Billed by the API in 2023: 31 (hmarr/openai-chat-tokens, MIT licence).
FOO = {**HELLO, "functions": [{"name": "foo", "parameters": {"type": "object", "properties": {}}}]}
COMPLETION = {"model": "davinci-002", "prompt": ["hello world", "hello"]}
EMBEDDING = {"model": "text-embedding-3-small", "input": "hello world"}


def batch(custom_id: str, body: dict[str, Any], url: str = "/v1/chat/completions") -> str:
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": url, "body": body})


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        (json.dumps(HELLO), 8),
        (json.dumps(HELLO) + "\n", 8),
        (json.dumps(FOO, indent=2), 31),
        (json.dumps(COMPLETION), 3),
        (json.dumps(EMBEDDING), 2),
        ("\n".join(map(json.dumps, [HELLO, FOO, "", HELLO])).replace('""', ""), 47),
        (batch("a", HELLO) + "\n" + batch("b", EMBEDDING, "/v1/embeddings") + "\n", 10),
        ("\ufeff" + json.dumps(HELLO), 8),
    ],
)
def test_bodies(run: Run, folder: Path, content: str, tokens: int) -> None:
    (folder / "request.json").write_text(content)
    done = run("tokens", "--request", "request.json")
    assert (done.code, done.text, done.err) == (0, f"{tokens}\n", "")
    assert run("tokens", "--request", "-", stdin=content.encode()).text == f"{tokens}\n"


def test_what_chat_would_send_is_counted(run: Run) -> None:
    body = run("chat", "hello", "-m", "gpt-4o", "--dry-run").out
    assert run("tokens", "--request", "-", stdin=body).out == b"8\n"


def test_an_estimate_is_marked(run: Run) -> None:
    body = json.dumps({**HELLO, "model": "gpt-6-luna"}).encode()
    done = run("tokens", "--request", "-", stdin=body)
    assert done.out == b"7\n"
    assert done.err.startswith("openai-cli: notice: the count is an estimate: no bill was seen ")
    found = json.loads(run("tokens", "--request", "-", "--json", stdin=body).out)
    assert (found["tokens"], found["estimate"], len(found["doubts"])) == (7, True, 1)


def test_json_has_every_request(run: Run) -> None:
    lines = f"{batch('a', HELLO)}\n\n{batch('b', FOO)}\n"
    found = json.loads(run("tokens", "--request", "-", "--json", stdin=lines.encode()).out)
    same = {"model": "gpt-3.5-turbo", "estimate": False}
    assert found == {
        "requests": [
            {"line": 1, "custom_id": "a", "tokens": 8, **same},
            {"line": 3, "custom_id": "b", "tokens": 31, **same},
        ],
        "tokens": 39,
        "estimate": False,
        "doubts": [],
    }


def test_the_model_of_a_body_without_one(run: Run) -> None:
    body = json.dumps({"messages": HELLO["messages"], "prompt_cache_key": "x"}).encode()
    found = json.loads(run("tokens", "--request", "-", "-m", "gpt-4o", "--json", stdin=body).out)
    assert found["estimate"] is False
    # A body's own model goes before the one that the flag names.
    assert run("tokens", "--request", "-", "-m", "no", stdin=json.dumps(HELLO).encode()).code == 0


def test_a_limit(run: Run) -> None:
    body = json.dumps(FOO).encode()
    assert run("tokens", "--request", "-", "--max", "31", stdin=body).out == b"31\n"
    done = run("tokens", "--request", "-", "--max", "30", stdin=body)
    assert (done.code, done.out) == (8, b"")
    assert "31 tokens" in done.err


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"{", "line 1, column 2: the file is not JSON"),
        (b"[]", "line 1 is not a JSON object"),
        (b'{"model": "gpt-4o"}', "line 1: the request body has no messages"),
        (b'{"model": "gpt-4o", "messages": 1}', "line 1: messages must be a list"),
        (json.dumps(HELLO).encode() + b'\n{"a": }\n', "line 2, column 7: the file is not JSON"),
        (json.dumps(HELLO).encode() + b"\n[1]\n", "line 2 is not a JSON object"),
        (b'{"model": "gpt-4o", "prompt": "\xff"}', "line 1 is not UTF-8: byte 0xff at offset 31"),
        (b'{"model": "gtp-4", "prompt": "a"}', "line 1: no encoding is known for the model"),
        (b'{"custom_id": "a", "url": "/v1/completions"}', "line 1: body must be an object"),
        (b'{"custom_id": "a", "body": {}}', "line 1: url must be a string"),
        (b"[" * 100_000, "nests too deep"),
    ],
)
def test_what_is_no_request(run: Run, content: bytes, problem: str) -> None:
    done = run("tokens", "--request", "-", stdin=content)
    assert (done.code, done.out) == (2, b"")
    assert problem in done.err
    assert done.err.count("\n") == 1


def test_flags_that_do_not_fit(run: Run) -> None:
    for arguments in (["text"], ["--ids"], ["--encoding", "gpt2"]):
        assert run("tokens", "--request", "none", *arguments).code == 2
    assert "cannot read 'none'" in run("tokens", "--request", "none").err


def test_remote_shows_both_numbers(run: Run) -> None:
    answer = {"object": "response.input_tokens", "input_tokens": 11}
    with Server([reply(answer), reply(answer)]) as server:
        done = run("tokens", "hello", "-m", "gpt-4o", "--remote", base_url=server.base_url)
        found = run(
            "tokens", "hello", "-m", "gpt-4o", "--remote", "--json", base_url=server.base_url
        )
    assert done.text == "8 local\n11 remote\n"
    assert json.loads(found.out)["remote_tokens"] == 11
    request = server.received[0]
    assert request.line == "POST /v1/responses/input_tokens HTTP/1.1"
    assert json.loads(request.body) == {"model": "gpt-4o", "input": "hello"}


def test_remote_converts_a_chat_request(run: Run) -> None:
    with Server([reply({"input_tokens": 9})]) as server:
        body = json.dumps({**HELLO, "max_tokens": 5, "temperature": 0}).encode()
        done = run("tokens", "--request", "-", "--remote", stdin=body, base_url=server.base_url)
    assert done.text == "8 local\n9 remote\n"
    assert json.loads(server.received[0].body) == {
        "model": "gpt-3.5-turbo",
        "input": [{"role": "user", "content": "hello"}],
    }


def test_remote_needs_a_key_and_nothing_else_does(run: Run) -> None:
    assert run("tokens", "hello", key=None).code == 0
    done = run("tokens", "hello", "--remote", key=None)
    assert (done.code, done.out) == (3, b"")


@pytest.mark.parametrize(
    "answer", [b"no", b"[]", b'{"input_tokens": "9"}', b'{"input_tokens": true}']
)
def test_remote_answers_of_the_wrong_kind(run: Run, answer: bytes) -> None:
    with Server([reply(answer.decode())]) as server:
        done = run(
            "tokens",
            "hi",
            "-m",
            "gpt-4o",
            "--remote",
            "--max-retries",
            "0",
            base_url=server.base_url,
        )
    assert (done.code, done.out) == (6, b"")


def test_remote_in_the_sandbox(run: Run) -> None:
    done = run("tokens", "hamburger", "-m", "gpt-4o", "--remote", "--sandbox")
    assert (done.code, done.text, done.err) == (0, "9 local\n9 remote\n", "")


OTHERS = {"model": "tiny", "messages": [{"role": "user", "content": "hello"}]}


def test_remote_asks_for_a_model_that_we_do_not_know(run: Run, folder: Path) -> None:
    (folder / "r.json").write_text(json.dumps(OTHERS))
    asked = reply({"object": "response.input_tokens", "input_tokens": 11})
    with Server([asked] * 4) as server:
        done = run("tokens", "hello", "-m", "tiny", "--remote", base_url=server.base_url)
        of_file = run("tokens", "--request", "r.json", "--remote", base_url=server.base_url)
        found = run("tokens", "hello", "-m", "tiny", "--remote", "--json", base_url=server.base_url)
        both = run("tokens", "--request", "r.json", "--remote", "--encoding", "o200k_base",
                   base_url=server.base_url)  # fmt: skip
    assert (done.code, done.text, done.err) == (0, "11 remote\n", "")
    assert of_file.text == "11 remote\n"
    assert json.loads(found.out) == {"tokens": None, "remote_tokens": 11}
    assert both.text == "8 local\n11 remote\n"
    assert "the count is an estimate: how tiny counts is not known" in both.err
    assert [request.json["model"] for request in server.received] == ["tiny"] * 4


@pytest.mark.parametrize(
    "encoding",
    ["o200k_base", "o200k_harmony", "cl100k_base", "p50k_base", "p50k_edit", "r50k_base", "gpt2"],
)
def test_an_encoding_stands_in_for_a_model_that_we_do_not_know(
    run: Run, folder: Path, encoding: str
) -> None:
    known = {**OTHERS, "model": "gpt-4o"}
    (folder / "r.jsonl").write_text(f"{json.dumps(OTHERS)}\n{json.dumps(known)}\n")
    done = run("tokens", "--request", "r.jsonl", "--encoding", encoding, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert [line["estimate"] for line in found["requests"]] == [True, False]
    assert found["requests"][1]["tokens"] == 8
    assert "how tiny counts is not known: counted like" in done.err


def test_what_we_do_not_know_names_the_encoding(run: Run, folder: Path) -> None:
    (folder / "r.json").write_text(json.dumps(OTHERS))
    for line in (("hello", "-m", "tiny"), ("--request", "r.json")):
        done = run("tokens", *line)
        assert done.code == 2
        assert "OpenAI's newest models use --encoding o200k_base" in done.err
    assert run("tokens", "--request", "r.json", "--encoding", "none").code == 2
