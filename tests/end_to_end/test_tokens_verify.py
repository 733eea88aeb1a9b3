"""`tokens --verify`: counts held against bills."""

import json
from typing import Any

from tests.conftest import Run

BODY = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}
OTHER = {"model": "my-llama", "messages": []}


def lines(*values: Any) -> bytes:
    return "".join(f"{json.dumps(value)}\n" for value in values).encode()


BILLS = lines(
    {"body": BODY, "usage": {"prompt_tokens": 8}},
    {"request": BODY, "response": {"model": "gpt-4o-mini", "usage": {"prompt_tokens": 10}}},
    {"body": OTHER, "usage": {"prompt_tokens": 10}},
    {"body": BODY, "status": 500},
)


def test_a_table_and_the_worst(run: Run) -> None:
    done = run("tokens", "--verify", "-", stdin=BILLS)
    assert done.code == 0
    assert done.text == (
        "requests  exact  in 2 %  said exact  and were  largest difference  of\n"
        "       1      1       1           1         1                      gpt-4o "
        "/chat/completions\n"
        "       1      0       0           1         0                  -2  gpt-4o-mini "
        "/chat/completions\n"
        "       2      1       1           2         1                  -2  all\n"
        "\n"
        "line 2, gpt-4o-mini /chat/completions: counted 8, billed 10: 2 too few\n"
    )
    assert done.err == (
        "openai-cli: notice: failed requests, not in any row: 1\n"
        "openai-cli: notice: requests that cannot be counted: 1; line 3: no encoding is known for "
        "the model 'my-llama'\n"
    )


def test_a_limit(run: Run) -> None:
    assert run("tokens", "--verify", "-", "--max-difference", "20", stdin=BILLS).code == 0
    done = run("tokens", "--verify", "-", "--max-difference", "19.5", stdin=BILLS)
    assert done.code == 8
    assert done.text.endswith("2 too few\n")
    assert "error: 1 of 2 counts differ by more than the 19.5 % of --max-difference" in done.err


def test_json(run: Run) -> None:
    found = json.loads(run("tokens", "--verify", "-", "--json", stdin=BILLS).out)
    assert [(row["model"], row["exact"]) for row in found["rows"]] == [
        ("gpt-4o", 1),
        ("gpt-4o-mini", 0),
    ]
    assert found["all"]["requests"] == 2
    assert [(worst["line"], worst["counted"], worst["billed"]) for worst in found["worst"]] == [
        (2, 8, 10)
    ]
    assert (len(found["refused"]), found["failed"]) == (1, 1)


def test_wrong_usage(run: Run) -> None:
    for arguments, problem in (
        (("--max-difference", "2", "hello"), "--max-difference goes only with --verify"),
        (("--verify", "-", "--request", "a"), "--request and --verify: give one of them"),
        (("--verify", "-", "--max-difference", "x"), "--max-difference must be a number"),
        (("--verify", "-", "--encoding", "gpt2"), "--encoding does not go with --verify"),
    ):
        done = run("tokens", *arguments, stdin=BILLS)
        assert (done.code, done.out) == (2, b"")
        assert problem in done.err
