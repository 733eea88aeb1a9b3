"""`Counter`, `count_texts` and `count_files` in Python: threads, processes, and other machines."""

import multiprocessing
import os
import pickle
from collections import Counter as Tally
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

import pytest
from tiktoken import Encoding

from openai_cli import tokens
from openai_cli.errors import UsageError
from openai_cli.tokens import bulk
from openai_cli.tokens.team import Team
from tests.tokens.test_encoding import CODE, SCRIPTS

# So much that workers count it, and the tokens of each.
MUCH = ["hello world " * 100_000] * 2
COUNTS = [200_001] * 2


def workers_of(counter: tokens.Counter) -> list[int]:
    """The ids of its processes."""
    team = counter._counter._team
    return [process._process.pid for process in team._processes] if isinstance(team, Team) else []


def test_many_texts(reference: Encoding) -> None:
    texts = [*SCRIPTS, CODE, "", "<|endoftext|>", "half \ud83d"]
    expected = [len(reference.encode_ordinary(text)) for text in texts]
    assert tokens.count_texts(iter(texts), encoding=reference.name) == expected
    with tokens.Counter(encoding=reference.name) as counter, patch.object(bulk, "LITTLE", 99):
        with patch("openai_cli.tokens.library._BATCH", 500):
            assert counter.count_texts(texts) == expected
        assert counter.count(CODE) == len(reference.encode_ordinary(CODE))


def test_the_encoding_is_that_of_the_model() -> None:
    assert tokens.count_texts(["hamburger"], model="davinci-002") == [2]
    assert tokens.count_texts(["hamburger"], encoding="gpt2") == [3]
    with pytest.raises(UsageError, match="no encoding is known for the model 'gtp'"):
        tokens.Counter(model="gtp")
    with pytest.raises(UsageError, match="given twice"):
        tokens.count_files([], model="gpt-4o", encoding="gpt2")


def test_what_is_one_and_not_several(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="texts must be several in a list, not one str"):
        tokens.count_texts("hamburger")
    for path in ("a", tmp_path):
        with pytest.raises(TypeError, match="paths must be several in a list, not one"):
            tokens.count_files(path)  # type: ignore[arg-type]


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("hello world")
    (tmp_path / "b.jsonl").write_text('{"x": "hello world"}\n{}\n')
    (tmp_path / "c").write_bytes(b"\0")
    left_out = Tally[str]()
    read: list[int] = []
    first, second, third = tokens.count_files([tmp_path], left_out=left_out, on_read=read.append)
    assert first == tokens.FileCount(str(tmp_path / "a"), 2)
    assert isinstance(second, tokens.FileCount)
    assert third == tokens.LeftOut(str(tmp_path / "c"), "binary")
    assert left_out == {"binary": 1}
    assert sum(read) >= 11
    with tokens.Counter(model="gpt-4o") as counter:
        fault, count = counter.count_files([tmp_path / "b.jsonl"], field="x")
        assert "line 2" in str(fault)
        assert isinstance(fault, UsageError)
        assert count == tokens.FileCount(str(tmp_path / "b.jsonl"), 2)
    for wrong in ({"field": "a["}, {"input_encoding": "nope"}):
        with pytest.raises(UsageError):
            tokens.count_files([tmp_path], **wrong)  # type: ignore[arg-type]
    (latin,) = tokens.count_files([bytes(tmp_path / "a")], input_encoding="Latin-1")
    assert latin == first


def test_its_workers_are_kept_until_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text(MUCH[0] * 2)
    with tokens.Counter(workers=1) as counter:
        assert counter.count("hello") == 1
        assert not workers_of(counter), "so little is counted without"
        assert counter.count_texts(MUCH) == COUNTS
        (worker,) = workers_of(counter)
        assert list(counter.count_files([path])) == [tokens.FileCount(str(path), 400_001)]
        assert workers_of(counter) == [worker]
        counter.close()
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)
        assert counter.count_texts(MUCH) == COUNTS
        assert workers_of(counter) != [worker]


def test_the_workers_end_with_the_counter() -> None:
    counter = tokens.Counter(workers=1)
    counter.count_texts(MUCH)
    (worker,) = workers_of(counter)
    del counter
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_threads_may_share_one() -> None:
    with tokens.Counter(workers=2) as counter, ThreadPoolExecutor(4) as threads:
        texts = [["hello world " * (number + 1) * 3000] for number in range(60)]
        found = threads.map(counter.count_texts, texts)
        assert list(found) == [[6000 * (number + 1) + 1] for number in range(60)]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(method: str) -> None:
    """One that is forked, or gets it pickled, has workers of its own, and leaves these alone."""
    with tokens.Counter(workers=1) as counter:
        assert counter.count_texts(MUCH) == COUNTS
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            for _ in range(2):
                assert pool.submit(counter.count_texts, MUCH).result() == COUNTS
            assert pool.submit(tokens.count_texts, ["hello"]).result() == [1]
        assert counter.count_texts(MUCH) == COUNTS


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_forked_process_counts_with_a_counter_that_is_under_way() -> None:
    with tokens.Counter(workers=1) as counter:
        counter.count_texts(MUCH)
        mine = workers_of(counter)
        child = os.fork()
        if not child:
            theirs = counter.count_texts(MUCH) == COUNTS and workers_of(counter) != mine
            counter.close()
            os._exit(0 if theirs else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert counter.count_texts(MUCH) == COUNTS
        assert workers_of(counter) == mine


def test_a_counter_that_is_pickled_is_one_in_the_other_process() -> None:
    def sent(counter: tokens.Counter) -> tokens.Counter:
        arrived = pickle.loads(pickle.dumps(counter))  # noqa: S301 - of this line
        assert isinstance(arrived, tokens.Counter)
        return arrived

    arrived = sent(tokens.Counter(encoding="gpt2"))
    assert arrived.count("hamburger") == 3
    assert sent(tokens.Counter(encoding="gpt2")) is arrived
    assert sent(tokens.Counter(encoding="gpt2", workers=3)) is not arrived


def test_on_ray() -> None:
    ray = pytest.importorskip("ray")
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        count = ray.remote(tokens.Counter.count_texts)
        counter = tokens.Counter(workers=1)
        assert ray.get([count.remote(counter, MUCH) for _ in range(2)]) == [COUNTS] * 2
    finally:
        ray.shutdown()
