"""`embed --lines`: any number of lines, in requests of the size that the API takes, in order."""

import json
import threading
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from itertools import chain, pairwise
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli import tokens
from openai_cli.calls import ahead
from openai_cli.commands import embed
from tests.batches import crowd
from tests.conftest import Run
from tests.servers import Received, Server, kept, reply

ONE_BY_ONE = ("embed", "--lines", "--concurrency", "1")


def answer(*vectors: Any) -> bytes:
    """An answer with these vectors, the last one first."""
    data = [
        {"object": "embedding", "index": index, "embedding": vector}
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": len(data), "total_tokens": len(data)}
    return reply({"object": "list", "model": "m", "data": data[::-1], "usage": usage})


def numbered(first: int, last: int) -> bytes:
    return answer(*([number] for number in range(first, last + 1)))


def stdin(count: int) -> bytes:
    return "".join(f"line {number}\n" for number in range(1, count + 1)).encode()


def test_5000_lines_are_three_requests_in_order(run: Run) -> None:
    replies = [numbered(1, 2048), numbered(2049, 4096), numbered(4097, 5000)]
    with Server(replies) as server:
        done = run(*ONE_BY_ONE, stdin=stdin(5000), base_url=server.base_url)
    assert (done.code, done.err) == (0, "")
    sent = [request.json["input"] for request in server.received]
    assert [len(texts) for texts in sent] == [2048, 2048, 904]
    assert [*chain(*sent)] == [f"line {number}" for number in range(1, 5001)]
    assert done.text == "".join(f"[{number}]\n" for number in range(1, 5001))


@pytest.mark.parametrize(("count", "requests"), [(1, [1]), (2048, [2048]), (2049, [2048, 1])])
def test_a_request_has_at_most_2048_inputs(run: Run, count: int, requests: list[int]) -> None:
    first = 0
    replies = []
    for size in requests:
        replies.append(numbered(first + 1, first + size))
        first += size
    with Server(replies) as server:
        done = run(*ONE_BY_ONE, stdin=stdin(count), base_url=server.base_url)
    assert done.code == 0, done.err
    assert [len(request.json["input"]) for request in server.received] == requests


def test_a_request_has_at_most_300_000_tokens(run: Run) -> None:
    # " a" is a token of cl100k_base each time, and so are the 8,000 of a line.
    line = " a" * 8000
    with Server([numbered(1, 37), numbered(38, 40)]) as server:
        done = run(*ONE_BY_ONE, stdin=f"{line}\n".encode() * 40, base_url=server.base_url)
    assert done.code == 0, done.err
    # 37 lines have 296,000 tokens, 38 have 304,000.
    assert [len(request.json["input"]) for request in server.received] == [37, 3]


@given(st.lists(st.integers(0, 60).map("é ".__mul__) | st.integers(0, 300).map("a".__mul__)))
def test_requests_are_as_large_as_they_can_be_and_each_line_is_counted_once(
    texts: list[str],
) -> None:
    counted: list[str] = []

    def counting(texts: list[str], *, encoding: str) -> list[int]:
        counted.extend(texts)
        return [tokens.count(text, encoding=encoding) for text in texts]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "count_all", counting)
        patch.setattr(embed, "MOST_TOKENS", 100)
        held, found, refused = embed._Held("text-embedding-3-small"), [], 0
        for text in texts:
            if not held.add(text):
                refused += 1
                found.append(held.texts)
                held = embed._Held(held.model)
                held.add(text)
        found.append(held.texts)
    assert [*chain(*found)] == texts
    sizes = [[tokens.count(text, encoding="cl100k_base") for text in one] for one in found]
    assert all(sum(one) <= 100 for one in sizes if len(one) > 1)
    for one, after in pairwise(sizes):
        assert sum(one) + after[0] > 100
    # A line that was refused is counted there, and once more where it came to be.
    assert len(counted) <= len(texts) + refused


def test_lines_keep_what_is_no_newline(run: Run) -> None:
    lines = b" a \r\n\xc3\xa9\t\x0c\nlast"
    with Server([numbered(1, 3)]) as server:
        done = run("embed", "--lines", stdin=lines, base_url=server.base_url)
    assert done.code == 0, done.err
    assert server.received[0].json["input"] == [" a \r", "é\t\x0c", "last"]


def test_a_failure_in_the_middle_keeps_what_came_before(run: Run) -> None:
    refused = reply({"error": {"message": "too much"}}, status="400 Bad Request")
    with Server([numbered(1, 2048), refused]) as server:
        done = run(*ONE_BY_ONE, stdin=stdin(5000), base_url=server.base_url)
    assert done.code == 4
    assert done.text == "".join(f"[{number}]\n" for number in range(1, 2049))
    assert "too much" in done.err
    assert "lines 2049 to 4096 of stdin were in the request" in done.err
    assert "the vectors of the 2048 lines before are printed" in done.err


def test_a_line_that_is_wrong_is_named_behind_what_is_done(run: Run) -> None:
    lines = stdin(2048) + b"ok\n\n"
    with Server([numbered(1, 2048)] * 2) as server:
        done = run("embed", "--lines", stdin=lines, base_url=server.base_url)
        into = run("embed", "--lines", "-o", "a", stdin=lines, base_url=server.base_url)
    assert (done.code, into.code) == (2, 2)
    assert "line 2050 of stdin is empty" in done.err
    assert "were in the request" not in done.err
    assert "the vectors of the 2048 lines before are printed" in done.err
    assert "printed" not in into.err


def test_a_file_is_written_whole_or_not_at_all(run: Run, folder: Path) -> None:
    refused = reply({"error": {"message": "too much"}}, status="400 Bad Request")
    line = (*ONE_BY_ONE, "-o", "vectors.jsonl")
    with Server([numbered(1, 2048), refused]) as server:
        done = run(*line, stdin=stdin(5000), base_url=server.base_url)
    assert done.code == 4
    assert not (folder / "vectors.jsonl").exists()
    with Server([numbered(1, 3)]) as server:
        assert run(*line, stdin=stdin(3), base_url=server.base_url).out == b""
    assert (folder / "vectors.jsonl").read_text() == "[1]\n[2]\n[3]\n"


@pytest.mark.parametrize("line", ["--lines", "Hi"])
def test_base64_is_decoded(run: Run, line: str) -> None:
    # These are exact in 32 bits.
    vector = b64encode(pack("<3f", 0.5, -1.0, 0.0078125)).decode()
    with Server([answer(vector)]) as server:
        done = run(
            "embed", line, "--encoding-format", "base64", stdin=b"Hi\n", base_url=server.base_url
        )
    assert (done.code, done.text) == (0, "[0.5,-1.0,0.0078125]\n")


def test_numbers_are_printed_as_they_came(run: Run) -> None:
    body = '{"model":"m","data":[{"index":0,"embedding":[-0.012345678901234567,1e-9]}]}'
    with Server([reply(body)]) as server:
        done = run("embed", "Hi", base_url=server.base_url)
    (vector,) = map(json.loads, done.text.splitlines())
    assert vector == [-0.012345678901234567, 1e-9]


@pytest.mark.parametrize(
    "body",
    [
        answer([1]),
        answer([1], [2], [3]),
        reply({"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [2]}]}),
        reply({"data": [{"index": 0, "embedding": [1]}, {"index": 2, "embedding": [2]}]}),
        reply({"data": [{"index": 0, "embedding": [1]}, {"index": "1", "embedding": [2]}]}),
        reply({"data": [{"index": 0, "embedding": [1]}, {"index": True, "embedding": [2]}]}),
        reply({"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [True]}]}),
        reply({"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": "%"}]}),
        reply({"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": "AAA="}]}),
        reply({"data": [{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [{}]}]}),
        reply({"data": None}),
        reply({}),
    ],
)
def test_an_answer_that_is_not_one_vector_for_each_line(run: Run, body: bytes) -> None:
    with Server([body]) as server:
        done = run("embed", "--lines", stdin=b"a\nb\n", base_url=server.base_url)
    assert (done.code, done.out) == (6, b"")
    assert "Traceback" not in done.err


def test_vectors_may_end_with_nul(run: Run) -> None:
    with Server([numbered(1, 2)]) as server:
        done = run("embed", "--lines", "-0", stdin=b"a\nb\n", base_url=server.base_url)
    assert (done.code, done.out) == (0, b"[1]\0[2]\0")


def test_vectors_without_an_index_are_in_the_order_of_the_inputs(run: Run) -> None:
    with Server([reply({"data": [{"embedding": [1]}, {"embedding": [2]}]})]) as server:
        done = run("embed", "--lines", stdin=b"a\nb\n", base_url=server.base_url)
    assert (done.code, done.text) == (0, "[1]\n[2]\n")


def test_the_usage_of_each_request_is_told(run: Run, folder: Path) -> None:
    with Server([numbered(1, 2048), numbered(2049, 2050)]) as server:
        done = run(
            *ONE_BY_ONE, "--usage", "--usage-file", "usage.jsonl", "-o", "v.jsonl",
            stdin=stdin(2050), base_url=server.base_url,
        )  # fmt: skip
    assert done.err.count("openai-cli: usage: ") == 2
    records = map(json.loads, (folder / "usage.jsonl").read_text().splitlines())
    assert [record["input_tokens"] for record in records] == [2048, 2]


def test_a_budget_holds_for_all_requests_together(run: Run) -> None:
    # 300,000 tokens of text-embedding-3-small cost 0.006 USD: two requests of 296,000 cost 0.01184.
    lines = f"{' a' * 8000}\n".encode() * 74
    with Server([numbered(1, 37)]) as server:
        done = run(*ONE_BY_ONE, "--max-cost", "0.01", stdin=lines, base_url=server.base_url)
    assert done.code == 8
    assert len(done.text.splitlines()) == 37
    assert "0.01184 USD" in done.err
    with Server([numbered(1, 37), numbered(38, 74)]) as server:
        done = run(*ONE_BY_ONE, "--max-cost", "0.012", stdin=lines, base_url=server.base_url)
    assert done.code == 0, done.err


def test_the_sandbox_keeps_the_order(run: Run, sandbox: str) -> None:
    lines = [f"line {number}" for number in range(3000)]
    whole = run(
        "embed", "--lines", "--dimensions", "2", stdin="\n".join(lines).encode(), base_url=sandbox
    )
    assert whole.code == 0, whole.err
    vectors = whole.text.splitlines()
    assert len(vectors) == 3000
    for number in (0, 2047, 2048, 2999):
        alone = run("embed", lines[number], "--dimensions", "2", base_url=sandbox)
        assert alone.text == f"{vectors[number]}\n"


# Several at once


def first_of(received: Received) -> int:
    """The number of the first line of a request for `stdin`."""
    return int(received.json["input"][0].split()[1])


def vectors(received: Received) -> bytes:
    """The number of each line of a request as its vector."""
    first = first_of(received)
    return kept(numbered(first, first + len(received.json["input"]) - 1))


class Crowd(crowd.Crowd):
    """A server that many ask at once, which keeps the first lines of the requests in `began`."""

    def __init__(self, answer: Callable[[Received], bytes] = vectors) -> None:
        super().__init__(answer)

    @property
    def began(self) -> Counter[int]:
        return Counter(map(first_of, self.received))


@pytest.mark.parametrize(("flags", "first", "most"), [((), 4, 7), (("--concurrency", "3"), 3, 3)])
def test_so_many_requests_are_out_at_once_and_the_vectors_keep_their_order(
    run: Run, flags: tuple[str, ...], first: int, most: int
) -> None:
    met = threading.Barrier(first, timeout=30)
    later = threading.Event()

    def answer(received: Received) -> bytes:
        if first_of(received) <= (first - 1) * 2048 + 1:
            met.wait()
        if first_of(received) == 1:
            later.wait(30)
        elif first_of(received) == 2049:
            later.set()  # the second answer goes out before the first
        return vectors(received)

    with Crowd(answer) as server:
        done = run("embed", "--lines", *flags, stdin=stdin(14_000), base_url=server.base_url)
    assert (done.code, done.err) == (0, "")
    assert done.text == "".join(f"[{number}]\n" for number in range(1, 14_001))
    assert first <= server.most <= most
    assert server.connections <= most


def test_of_large_answers_fewer_are_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_FIRST", 1)
    monkeypatch.setattr(ahead, "_KEPT", 10_000)
    with Crowd() as server:
        done = run("embed", "--lines", stdin=stdin(9000), base_url=server.base_url)
    assert done.code == 0
    assert server.most == 1


def test_a_failure_names_its_lines_and_what_came_before_is_printed(run: Run, folder: Path) -> None:
    """What was sent behind it is told of in --usage-file, for it may have been paid."""

    def answer(received: Received) -> bytes:
        if first_of(received) != 2049:
            return vectors(received)
        return crowd.error("400 Bad Request", "made_up", "too much")

    with Crowd(answer) as server:
        done = run(
            "embed", "--lines", "--usage-file", "usage.jsonl", stdin=stdin(9000),
            base_url=server.base_url,
        )  # fmt: skip
    assert done.code == 4
    assert done.text == "".join(f"[{number}]\n" for number in range(1, 2049))
    assert "too much" in done.err
    assert "lines 2049 to 4096 of stdin were in the request" in done.err
    assert "the vectors of the 2048 lines before are printed" in done.err
    told = (folder / "usage.jsonl").read_text().splitlines()
    assert [json.loads(one)["exit_code"] for one in told] == [0, 4, 4, 4, 4]


def test_what_was_too_much_together_is_asked_for_again_alone(run: Run) -> None:
    met = threading.Barrier(3, timeout=30)
    together: list[int] = []

    def answer(received: Received) -> bytes:
        if server.began[first_of(received)] > 1:
            together.append(server.at_once)
            return vectors(received)
        met.wait()
        if first_of(received) == 1:
            return vectors(received)
        return crowd.error("429 Too Many Requests", "rate_limit_exceeded")

    with Crowd(answer) as server:
        done = run(
            "embed", "--lines", "--max-retries", "0", stdin=stdin(6000), base_url=server.base_url
        )
    assert (done.code, done.err) == (0, "")
    assert done.text == "".join(f"[{number}]\n" for number in range(1, 6001))
    assert together == [1, 1]


def test_a_limit_that_holds_for_one_alone_ends_it(run: Run) -> None:
    def answer(_received: Received) -> bytes:
        return crowd.error("429 Too Many Requests", "rate_limit_exceeded")

    with Crowd(answer) as server:
        done = run("embed", "--lines", "--max-retries", "0", stdin=b"a\n", base_url=server.base_url)
    assert done.code == 5
    assert len(server.received) == 1


def test_a_line_that_is_wrong_is_told_of_once_what_is_out_is_printed(run: Run) -> None:
    with Crowd() as server:
        lines = stdin(5000) + b"\n"
        done = run("embed", "--lines", stdin=lines, base_url=server.base_url)
    assert done.code == 2
    assert len(done.text.splitlines()) == 4096
    assert "line 5001 of stdin is empty" in done.err
    assert "were in the request" not in done.err


def test_a_budget_holds_for_what_is_out_too(run: Run) -> None:
    lines = f"{' a' * 8000}\n".encode() * 111

    def answer(received: Received) -> bytes:
        return kept(numbered(1, len(received.json["input"])))

    with Crowd(answer) as server:
        done = run("embed", "--lines", "--max-cost", "0.012", stdin=lines, base_url=server.base_url)
        assert len(server.received) == 2
    assert done.code == 8
    assert len(done.text.splitlines()) == 74
    assert "lines 75 to 111 of stdin were in the request" in done.err


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (("--lines", "--concurrency", "0"), "--concurrency must be an integer of at least 1"),
        (("Hi", "--concurrency", "2"), "--concurrency is for --lines"),
    ],
)
def test_a_wrong_concurrency_is_told_of_before_anything_is_sent(
    run: Run, flags: tuple[str, ...], problem: str
) -> None:
    with Server([]) as server:
        done = run("embed", *flags, stdin=b"a\n", base_url=server.base_url)
    assert done.code == 2
    assert problem in done.err
