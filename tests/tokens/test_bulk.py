"""Counting much text: what gigatoken and tiktoken say, and the process between."""

import importlib.metadata
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tiktoken import Encoding

from openai_cli.errors import CliError, UsageError
from openai_cli.tokens import agreement, bulk, cutting, team, worker
from openai_cli.tokens.bulk import Counter
from openai_cli.tokens.spans import Span, Wanted
from openai_cli.tokens.tasks import Task
from openai_cli.tokens.team import Team
from openai_cli.tokens.walking import Found
from tests.tokens.test_encoding import CODE, FRAGMENTS, SCRIPTS, TEXTS

ENGINES = ["gigatoken", "tiktoken"]

# A letter, a mark and a digit of Unicode 17; in 16 they were none.
NEWER = "\u088f\U00010efa\U00011de0"

# What stands between texts on their way to gigatoken.
SEPARATOR = "<|\x1e|>"


def open_counter(encoding: str, name: str) -> Counter:
    """A counter with an engine of that name, as it is when it has counted much."""
    counter = Counter(encoding)
    counter.name = name
    counter._size = bulk.LITTLE + 1
    return counter


@pytest.fixture(scope="module")
def counters() -> Iterator[dict[tuple[str, str], Counter]]:
    """One counter for each engine and vocabulary, as each takes half a second to begin."""
    with ExitStack() as stack:

        class Counters(dict[tuple[str, str], Counter]):
            def __missing__(self, key: tuple[str, str]) -> Counter:
                self[key] = stack.enter_context(open_counter(*key))
                return self[key]

        yield Counters()


@pytest.fixture(scope="module", params=ENGINES)
def counter(
    request: pytest.FixtureRequest, counters: dict[tuple[str, str], Counter], reference: Encoding
) -> Counter:
    return counters[reference.name, request.param]


@pytest.fixture(scope="module")
def gigatoken(counters: dict[tuple[str, str], Counter], reference: Encoding) -> Counter:
    return counters[reference.name, "gigatoken"]


def lengths(texts: list[str], reference: Encoding) -> list[int]:
    return [len(ids) for ids in map(reference.encode_ordinary, texts)]


@settings(max_examples=200)
@given(texts=st.lists(TEXTS, max_size=6))
@example(texts=[])
@example(texts=["", "", "a", ""])
@example(texts=FRAGMENTS)
@example(texts=["<|\x1e", "|>", f"a{SEPARATOR}b", SEPARATOR, "\x1e|>", "<|endoftext|>"])
@example(texts=["a", f"the {NEWER}'s b", "c", "\ud800", "a\udfff b", "\ud83d\ude00"])
def test_many_texts(texts: list[str], counter: Counter, reference: Encoding) -> None:
    assert counter.counts(texts) == lengths(texts, reference)


@settings(max_examples=100)
@given(texts=st.lists(TEXTS | st.sampled_from(NEWER), max_size=4))
@example(texts=[f"{newer}'s {newer}1\n\n" for newer in NEWER])
@example(texts=[CODE + NEWER + CODE])
def test_what_gigatoken_takes_for_other_letters(
    texts: list[str], gigatoken: Counter, reference: Encoding
) -> None:
    assert gigatoken.counts(texts) == lengths(texts, reference)


def test_every_character(gigatoken: Counter, reference: Encoding) -> None:
    """In several places: so a new Unicode of either would be seen."""
    characters = [*_every_character()]
    texts = [
        "".join(f"a{c}'s1{c} {c}\n  {c}{c}B/{c}\n\n" for c in characters[start : start + 50])
        for start in range(0, len(characters), 50)
    ]
    assert gigatoken.counts(texts) == lengths(texts, reference)


def _every_character() -> Iterator[str]:
    """Those of the planes that have letters; of long uniform ranges one in a hundred."""
    uniform = re.compile("[\u3500-\u9f00\uac80-\ud700\ue000-\uf800\U00020000-\U0010ffff]")
    for code in range(0x110000):
        character = chr(code)
        if 0xD800 <= code < 0xE000 or (uniform.match(character) and code % 101):
            continue
        yield character


@pytest.mark.parametrize("unit", [" ", "a", "\n", "0", "-", "é", "中", "👍", "\0", "ab", " \n"])
def test_long_runs(unit: str, counter: Counter, reference: Encoding) -> None:
    text = unit * 20_000
    assert counter.counts([text, "b", text]) == lengths([text, "b", text], reference)


def test_a_long_text_is_counted_in_pieces(counter: Counter, reference: Encoding) -> None:
    texts = ["\n".join(SCRIPTS) * 3, "short", "", CODE, "a" * 3000]
    with (
        patch.object(agreement, "LONGEST_UNCUT", 100),
        patch.object(cutting, "LONGEST_UNCUT", 100),
    ):
        assert counter.counts(texts) == lengths(texts, reference)


def test_texts_that_are_submitted_together(counter: Counter, reference: Encoding) -> None:
    texts = [[CODE[start : start + 1000 + 37 * start]] * 3 for start in range(0, 3000, 100)]
    submitted = [counter.submit(batch) for batch in texts]
    assert [counts.result() for counts in submitted] == [
        lengths(batch, reference) for batch in texts
    ]


@pytest.mark.parametrize("encoding", ["gpt2", "p50k_edit", "o200k_harmony"])
@pytest.mark.parametrize("name", ENGINES)
def test_encodings_that_share_a_vocabulary(encoding: str, name: str) -> None:
    with open_counter(encoding, name) as counter:
        assert (
            counter.counts(["hello world <|endoftext|>", "    x"])
            == {
                "gpt2": [9, 4],
                "p50k_edit": [9, 2],
                "o200k_harmony": [9, 2],
            }[encoding]
        )


def test_an_unknown_encoding() -> None:
    with pytest.raises(UsageError, match="there is no encoding 'o300k'"):
        Counter("o300k")


def test_a_little_text_begins_nothing() -> None:
    """Not even when it was submitted in parts, and its counts are asked for in another order."""
    with Counter("o200k_base") as counter, patch.object(Counter, "_begun", _never):
        submitted = [counter.submit(["hello"]), counter.submit(["hello world", ""])]
        assert submitted[1].result() == [2, 0]
        assert submitted[0].result() == [1]
        assert counter.counts([]) == []


def test_what_was_little_at_first_is_counted_with_the_rest() -> None:
    with patch.object(bulk, "LITTLE", 20), Counter("o200k_base") as counter:
        counter.name = "tiktoken"
        submitted = [counter.submit(["hello world"] * times) for times in (1, 1, 3)]
        with patch.object(bulk, "count_all", _never):
            assert [counts.result() for counts in submitted] == [[2], [2], [2] * 3]


def _never(*_: Any, **__: Any) -> NoReturn:
    pytest.fail("this is not to be called")


@pytest.mark.parametrize(
    ("version", "name"), [("0.10.3", "gigatoken"), ("0.9.0", "tiktoken"), ("0.11.0", "tiktoken")]
)
def test_gigatoken_is_used_in_versions_that_count_the_same(
    version: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _name: version)
    assert Counter("o200k_base").name == name


def test_without_the_extra_tiktoken_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> NoReturn:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with (
        patch.object(bulk, "LITTLE", 0),
        patch.object(team, "Team", _never),
        Counter("o200k_base") as counter,
    ):
        assert counter.counts(["hello world"]) == [2]


def worker_instead(program: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run this program as the worker."""
    path = folder / "program.py"
    path.write_text(program)
    monkeypatch.setattr(worker, "__file__", str(path))


def test_a_worker_that_has_grown_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = f"""
import sys
from pathlib import Path
from openai_cli.tokens import worker
with Path({str(tmp_path / "starts")!r}).open("a") as file:
    file.write("started\\n")
worker.ROOM = -worker._resident()
worker.main(*sys.argv[1:])
"""
    worker_instead(program, tmp_path, monkeypatch)
    with open_counter("r50k_base", "gigatoken") as counter:
        submitted = [counter.submit(["hello world"] * times) for times in range(4)]
        assert [counts.result() for counts in submitted] == [[2] * times for times in range(4)]
    starts = (tmp_path / "starts").read_text().count("started")
    assert starts in (4, 5), "one for each answer, and perhaps one that was ended"


def test_a_worker_that_grows_in_a_task_loads_the_vocabulary_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task may be a packed file of any size: 120 MB of random words took 970 MiB."""
    program = f"""
import sys
from pathlib import Path
import gigatoken.gigatoken_rs as gigatoken
from openai_cli.tokens import spans, tasks, worker

class Tokenizer:
    @staticmethod
    def from_tiktoken(*given, load=gigatoken.BPETokenizer.from_tiktoken):
        with Path({str(tmp_path / "loads")!r}).open("a") as file:
            file.write("loaded\\n")
        return load(*given)

gigatoken.BPETokenizer = Tokenizer
tasks.BATCH = spans.BLOCK = 1000
spans._SHORT = 0
sizes = iter([0, 1, worker.ROOM + 1, *[worker.ROOM] * 99])
worker._resident = lambda: next(sizes)
worker.main(*sys.argv[1:])
"""
    worker_instead(program, tmp_path, monkeypatch)
    path = tmp_path / "text"
    path.write_text("hello world\n" * 1000)
    span = Span(Found(str(path), is_named=True))
    with open_counter("r50k_base", "gigatoken") as counter:
        (part,) = counter.submit_task(Task((span,), Wanted("r50k_base"), "", 0)).result()
    assert part.tokens == 3000
    assert (tmp_path / "loads").read_text().count("loaded") == 2


@pytest.mark.parametrize("program", ["raise SystemExit(3)", "import os; os.read(0, 9); exit(3)"])
def test_a_worker_that_ends_is_an_error(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker_instead(program, tmp_path, monkeypatch)
    with open_counter("r50k_base", "gigatoken") as counter:
        for counts in [counter.submit(["a" * 100_000]) for _ in range(5)]:
            with pytest.raises(CliError, match="the process that counts ended, with status 3"):
                counts.result()


def processes_of(counter: Counter) -> list[Any]:
    assert isinstance(counter._team, Team)
    return [process._process for process in counter._team._processes]


def test_much_has_more_workers_and_little_has_one() -> None:
    counter = Counter("r50k_base", workers=3)
    counter._size = bulk.LITTLE
    with counter, patch.object(team, "ENOUGH", 400):
        texts = ["hello world"] * 20
        submitted = [counter.submit(texts)]
        assert len(processes_of(counter)) == 1
        submitted += [counter.submit(texts) for _ in range(9)]
        assert len(processes_of(counter)) == 2, "and one processor is for who reads the texts"
        assert [counts.result() for counts in submitted] == [[2] * 20] * 10


def test_a_worker_that_is_killed_is_an_error() -> None:
    """As Linux kills one where memory is short; what waits for it does not hang."""
    with open_counter("r50k_base", "gigatoken") as counter:
        assert counter.counts(["hello world"]) == [2]
        (process,) = processes_of(counter)
        process.send_signal(signal.SIGSTOP)
        submitted = [counter.submit(["a" * 100_000]) for _ in range(5)]
        process.kill()
        for counts in submitted:
            with pytest.raises(CliError, match="was killed, as Linux does when memory runs out"):
                counts.result()


def test_the_worker_is_gone_when_the_counter_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though it would count for a minute, and more is waiting for it."""
    worker_instead("import time; time.sleep(60)", tmp_path, monkeypatch)
    with open_counter("r50k_base", "gigatoken") as counter:
        for _ in range(5):
            counter.submit(["a" * 100_000])
        (process,) = processes_of(counter)
    assert process.returncode == -9


def test_files_of_the_users_folder_are_no_modules_of_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit(4)")
    monkeypatch.chdir(tmp_path)
    with open_counter("r50k_base", "gigatoken") as counter:
        assert counter.counts(["hello world"]) == [2]


def test_messages_of_any_length(tmp_path: Path) -> None:
    path = tmp_path / "messages"
    messages = [b"", b"a", b"b" * 100_000]
    with path.open("wb") as file:
        for message in messages:
            worker.send(file.fileno(), message)
        file.write(b"\x05\0\0")
    with path.open("rb") as file:
        assert [worker.receive(file.fileno()) for _ in messages] == messages
        assert worker.receive(file.fileno()) is None
    path.write_bytes(b"\x05\0\0\0\0\0\0\0abc")
    with path.open("rb") as file:
        assert worker.receive(file.fileno()) is None


def test_importing_it_loads_nothing_slow() -> None:
    code = "import openai_cli.tokens.corpus, sys; print(*sys.modules)"
    loaded = set(
        subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).split()
    )
    slow = {"tiktoken", "gigatoken", "numpy", "orjson", "pathspec", "gzip", "subprocess"}
    assert loaded.isdisjoint({*slow, "concurrent.futures", "importlib.metadata"})
