"""`batch check`: each rule with the line that breaks it, and what a file costs in each way."""

import json
from pathlib import Path

import pytest

from openai_cli.batches import rules
from tests.batches.crowd import line, lines
from tests.conftest import Result, Run


def check(run: Run, data: bytes, *flags: str) -> Result:
    return run("batch", "check", "-", *flags, stdin=data, key=None)


def embedding(custom_id: str, given: object) -> bytes:
    body = {"model": "text-embedding-3-small", "input": given}
    found = {"custom_id": custom_id, "method": "POST", "url": "/v1/embeddings", "body": body}
    return json.dumps(found).encode() + b"\n"


def replaced(**values: object) -> bytes:
    """A line with other values than it should have; None is left out."""
    found = {**json.loads(line("b", "x")), **values}
    whole = {name: value for name, value in found.items() if value is not None}
    return json.dumps(whole).encode() + b"\n"


GOOD = line("a", "x")
FAULTS = [
    (b"", "there is no request in it"),
    (b"\n\n", "there is no request in it"),
    (GOOD + b'{"a": 1,}\n', "line 2: it is not JSON"),
    (GOOD + b'{"a": 1\r\n', "line 2: it is not JSON: Expecting ',' delimiter at line 1, column 8"),
    (GOOD + b'{"custom_id": NaN}\n', "line 2: it is not JSON: NaN is not a JSON number"),
    (GOOD + b"\xff\n", "line 2: it is not UTF-8: byte 0xff at offset 0"),
    (GOOD + b"[1]\n", "line 2: it is not a JSON object"),
    (GOOD + replaced(custom_id=None), "line 2: custom_id must be a non-empty string"),
    (GOOD + replaced(custom_id=7), "line 2: custom_id must be a non-empty string"),
    (GOOD + replaced(custom_id=""), "line 2: custom_id must be a non-empty string"),
    (GOOD + line("a", "y"), "line 2: the custom_id 'a' is already used on line 1"),
    (GOOD + replaced(method="GET"), 'line 2: method must be POST, not "GET"'),
    (GOOD + replaced(url="/v1/files"), 'line 2: url must be an endpoint that the Batch API takes'),
    (GOOD + replaced(url=None), "line 2: url must be an endpoint"),
    (GOOD + replaced(body="x"), "line 2: body must be an object"),
    (GOOD + embedding("b", "x"),
     "line 2: url is /v1/embeddings, but /v1/chat/completions on earlier lines"),
    (GOOD + line("b", "y", model="gpt-4o"),
     "line 2: model is gpt-4o, but gpt-4o-mini on earlier lines"),
    (GOOD + line("b", "y", model=None), "line 2: the body names no model"),
    (GOOD + line("b", "y", stream=True), "line 2: a batch cannot stream"),
    # The rules of the command, by value and across parameters.
    (GOOD + line("b", "y", temperature=3), "line 2: temperature must be a number from 0 to 2"),
    (GOOD + line("b", "y", temperature="1"), "line 2: temperature must be a number from 0 to 2"),
    (GOOD + line("b", "y", store="yes"), "line 2: store must be true or false"),
    (GOOD + line("b", "y", tools={}), "line 2: tools must be a JSON array of objects"),
    (GOOD + line("b", "y", stop=["1", "2", "3", "4", "5"]), "line 2: stop takes at most 4 values"),
    (GOOD + line("b", "y", top_logprobs=3), "line 2: top_logprobs needs logprobs"),
    (GOOD + line("b", "y", messages="x"), "line 2: messages must be"),
    (GOOD + line("b", "y", messages=None), "line 2: there is no message to send"),
    (GOOD + b'{"a": 1}\n', "line 2: the request body has no messages, no input and no prompt"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "said"), FAULTS, ids=[said[:60] for _, said in FAULTS])
def test_a_fault_is_told_with_its_line(data: bytes, said: str, run: Run) -> None:
    done = check(run, data)
    assert (done.code, done.out) == (2, b"")
    assert f"stdin: {said}" in done.err
    assert done.err.count("error:") == 1


def test_all_faults_are_told(run: Run) -> None:
    done = check(run, b"{\n" + GOOD + GOOD + line("c", "y", n=0))
    assert [f"stdin: line {n}" in done.err for n in (1, 2, 3, 4)] == [True, False, True, True]
    assert done.err.count("error:") == 3


def test_what_one_batch_takes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_LINES", 2)
    monkeypatch.setattr(rules, "MOST_BYTES", 100)
    done = check(run, lines(3))
    assert "it has 3 lines, but a batch takes at most 2; " in done.err
    assert "bytes, but a batch takes at most 100" in done.err
    monkeypatch.undo()
    assert (rules.MOST_LINES, rules.MOST_BYTES, rules.MOST_INPUTS) == (50_000, 209_715_200, 50_000)


def test_inputs_of_embeddings_are_counted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_INPUTS", 3)
    assert check(run, embedding("a", ["x", "y"]) + embedding("b", [1, 2, 3])).code == 0
    done = check(run, embedding("a", ["x", "y"]) + embedding("b", ["x", "y"]))
    assert "it has 4 inputs of embeddings, but a batch takes at most 3" in done.err


def test_a_property_that_nobody_knows_is_told_of_and_no_fault(run: Run) -> None:
    done = check(run, line("a", "x", temprature=1))
    assert done.code == 0
    assert (
        "1 line has temprature, which /chat/completions is not known to take; did you mean "
        "temperature?"
    ) in done.err


# Of gpt-4o-mini: 0.15 and 0.60 USD a million, half of it as a batch; no price as flex.
TABLE = """\
requests  2
url       /v1/chat/completions
model     gpt-4o-mini
input     20 tokens

       USD        at most
live   0.000123   0.000123
flex   -          -
batch  0.0000615  0.0000615
"""


def test_the_costs_of_each_way_stand_side_by_side(run: Run) -> None:
    done = check(run, lines(2, max_completion_tokens=100))
    assert done.code == 0
    assert done.text == TABLE
    assert "notice: flex: gpt-4o-mini" in done.err


def test_without_a_limit_the_longest_outputs_are_the_most(run: Run) -> None:
    found = json.loads(check(run, lines(1), "--json").out)
    assert found["requests"] == 1
    assert found["input_tokens"] == 10
    # 10 x 0.15 USD of a million, and 16,384 x 0.60 more.
    assert found["ways"]["live"] == {"usd": "0.0000015", "most_usd": "0.0098319"}


def test_a_model_without_a_price_has_no_cost(run: Run) -> None:
    done = check(run, lines(1, model="made-up"))
    assert done.code == 0
    assert "made-up" in done.text


def test_files_are_read_from_disk_too(run: Run, folder: Path) -> None:
    (folder / "in.jsonl").write_bytes(lines(2))
    assert run("batch", "check", "in.jsonl").code == 0
    (folder / "in.jsonl").write_bytes(lines(2) + b"{")
    done = run("batch", "check", "in.jsonl")
    assert "'in.jsonl': line 3: it is not JSON" in done.err
    assert "cannot read 'nowhere'" in run("batch", "check", "nowhere").err
