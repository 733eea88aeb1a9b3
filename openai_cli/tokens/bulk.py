"""Counting much text: with gigatoken where the extra `bulk` is installed, else with tiktoken.

gigatoken counts some ten times as fast as tiktoken, here in a process of its own (see `worker`), so
that its memory can be given back and nothing that Python does meanwhile holds it up. tiktoken
counts in threads, for it lets go of the interpreter while it works: on two processors they were as
fast as processes, 1.7 times one, and they share the 90 MiB of the vocabulary.

Their counts are the same: in 6,000,000 random texts of the four vocabularies, and in each character
of Unicode between others, only such differed as have a letter, mark or digit of Unicode 17, which
gigatoken 0.10 knows and tiktoken 0.14 does not. Those are left to tiktoken, with what stands around
them.
"""

import os
import re
import sys
from binascii import b2a_base64
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from itertools import chain, compress, islice
from operator import not_
from typing import TYPE_CHECKING, Protocol, Self

from openai_cli.errors import CliError
from openai_cli.tokens import worker
from openai_cli.tokens.cutting import blocks_of, pieces
from openai_cli.tokens.encoding import Rules, count_all, full_encoder, rules_of
from openai_cli.tokens.vocabulary import open_vocabulary

if TYPE_CHECKING:
    from concurrent.futures import Future

# In characters, as all sizes here. gigatoken takes half a second to load, and tiktoken, which takes
# as long, counts about so much in a fifth of that: below it a process more does not pay.
LITTLE = 2_000_000

# A longer text is counted in pieces of about this length.
LONG = 2**19

# How many submissions are worth having under way: while gigatoken loads, so much is read.
AHEAD = 24

# How many threads count with tiktoken at most.
_MOST_THREADS = 4

# The versions whose counts are known to be tiktoken's.
_GIGATOKEN = "0.10."

# What gigatoken calls the pattern that goes with a vocabulary.
_PRETOKENIZERS = {"o200k_base": "o200k", "cl100k_base": "gpt4", "p50k_base": "gpt2"}

# A special token of our own between the texts: so one call counts them all.
_SEPARATOR = "<|\x1e|>"

# Stands for the one rank that p50k_base leaves free, as gigatoken wants them all; in no UTF-8.
_NO_TEXT = b"\xff\xff"

# The letters, marks and digits that Unicode 17 added.
_NEWER = re.compile(
    "[\u088f\u0c5c\u0cdc\u1acf-\u1add\u1ae0-\u1aeb\ua7ce\ua7cf\ua7d2\ua7d4\ua7f1"
    "\U00010940-\U00010959\U00010ec5-\U00010ec7\U00010efa\U00010efb\U00011b60-\U00011b67"
    "\U00011db0-\U00011ddb\U00011de0-\U00011de9\U00016ea0-\U00016eb8\U00016ebb-\U00016ed3"
    "\U00016ff2-\U00016ff6\U000187f8-\U000187ff\U00018d09-\U00018d1e\U00018d80-\U00018df2"
    "\U0001e6c0-\U0001e6de\U0001e6e0-\U0001e6f5\U0001e6fe\U0001e6ff\U0002b73a-\U0002b73f"
    "\U0002cea2-\U0002cead\U000323b0-\U00033479]"
)

# In the UTF-8 of all that are not four bytes long, by their first byte: searched at memory's speed.
_NEWER_BYTES = {
    b"\xe0": [b"\xe0\xa2\x8f", b"\xe0\xb1\x9c", b"\xe0\xb3\x9c"],
    b"\xe1": [b"\xe1\xab"],
    b"\xea": [b"\xea\x9f"],
}

# The first bytes of what is four bytes long: of all, and of symbols, among which there is none.
_FOUR, _SYMBOLS = b"\xf0", [b"\xf0\x9d", b"\xf0\x9f"]

# A text that has one is counted in pieces of about this length, of which few are left to tiktoken.
_SHORT = 2**10


class Counter:
    """Counts many texts, or long ones, in one encoding. A context manager, for it has threads.

    What looks like a special token is ordinary text. A text must be one that
    `encoding.check_runs` takes. UsageError for an encoding that there is not.
    """

    def __init__(self, encoding: str) -> None:
        rules_of(encoding)
        self._encoding = encoding
        self._early: list[Counts] = []
        self._size = 0
        self._team: _Team | None = None

    @cached_property
    def name(self) -> str:
        """What counts when it is much: "gigatoken" or "tiktoken"."""
        from importlib.metadata import PackageNotFoundError, version

        try:
            return "gigatoken" if version("gigatoken").startswith(_GIGATOKEN) else "tiktoken"
        except PackageNotFoundError:
            return "tiktoken"

    def submit(self, texts: Sequence[str]) -> "Counts":
        """Begin to count the tokens of each text."""
        counts = Counts(texts, self._encoding)
        self._early.append(counts)
        self._size += sum(map(len, texts))
        if self._size > LITTLE:
            self._begin()
        return counts

    def counts(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each of the texts has. CliError if the process of gigatoken ends."""
        return self.submit(texts).result()

    def close(self) -> None:
        """Stop what is still under way, and end the threads and the process."""
        if self._team:
            self._team.close()

    def _begin(self) -> None:
        if self._team is None:
            make = _Gigatoken if self.name == "gigatoken" else _Tiktoken
            self._team = _Team(make(self._encoding))
        for counts in self._early:
            counts.begin(self._team)
        self._early.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Counts:
    """The counts of some texts, which may still be under way."""

    def __init__(self, texts: Sequence[str], encoding: str) -> None:
        self._texts = texts
        self._encoding = encoding
        self._future: Future[list[int]] | None = None

    def begin(self, team: "_Team") -> None:
        """Have them made."""
        self._future = team.submit(self._texts)

    def result(self) -> list[int]:
        """How many tokens each text has; waits until it is known."""
        if self._future is None:
            texts, self._texts = self._texts, ()
            return count_all(texts, encoding=self._encoding)
        return self._future.result()


class _Engine(Protocol):
    """Counts texts; each of so many `threads` may ask it."""

    threads: int

    def count(self, texts: Sequence[str]) -> list[int]: ...
    def close(self) -> None: ...


class _Team:
    """An engine, and the threads that ask it."""

    def __init__(self, engine: _Engine) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._engine = engine
        self._executor = ThreadPoolExecutor(engine.threads)

    def submit(self, texts: Sequence[str]) -> "Future[list[int]]":
        return self._executor.submit(self._count, texts)

    def close(self) -> None:
        self._engine.close()
        self._executor.shutdown(cancel_futures=True)

    def _count(self, texts: Sequence[str]) -> list[int]:
        if max(map(len, texts), default=0) <= LONG:
            return self._engine.count(texts)
        cut = [list(pieces(blocks_of(text, LONG))) for text in texts]
        counts = iter(self._engine.count(list(chain.from_iterable(cut))))
        return [sum(islice(counts, len(parts))) for parts in cut]


class _Tiktoken:
    """Counts with tiktoken; more than one thread at a time may."""

    def __init__(self, encoding: str) -> None:
        self.threads = min(_processors(), _MOST_THREADS)
        self._encoder = full_encoder(encoding)

    def count(self, texts: Sequence[str]) -> list[int]:
        return list(map(len, map(self._encoder.encode_ordinary, texts)))

    def close(self) -> None:
        """Nothing: a thread ends with what it has begun."""


class _Gigatoken:
    """Counts with gigatoken, in a process of its own."""

    # One waits for the answer while the other has already sent what comes next.
    threads = 2

    def __init__(self, encoding: str) -> None:
        from subprocess import DEVNULL, Popen
        from tempfile import TemporaryFile
        from threading import Lock

        rules = rules_of(encoding)
        pretokenizer = _PRETOKENIZERS[rules.vocabulary]
        self._encoding = encoding
        self._sending, self._receiving = Lock(), Lock()
        questions, self._questions = os.pipe()
        self._answers, answers = os.pipe()
        _widen(self._questions)
        with TemporaryFile() as file:
            arguments = [str(file.fileno()), pretokenizer, _SEPARATOR, str(rules.below)]
            self._process = Popen(  # noqa: S603 - this Python, and a file of this package
                [sys.executable, "-P", worker.__file__, *arguments],
                stdin=questions,
                stdout=answers,
                stderr=DEVNULL,
                pass_fds=[file.fileno()],
                process_group=0,  # Ctrl-C is for this process, which then ends that one
            )
            os.close(questions)
            os.close(answers)
            # While it loads what it needs: it reads this when the first texts have come.
            file.write(_rank_file(rules))
            file.flush()

    def count(self, texts: Sequence[str]) -> list[int]:
        message = _plain(texts)
        return self._count_apart(texts) if message is None else self._ask(message)

    def _count_apart(self, texts: Sequence[str]) -> list[int]:
        cut = [list(pieces(blocks_of(text, _SHORT))) for text in texts]
        parts = list(chain.from_iterable(cut))
        plain = [_plain([part]) is not None for part in parts]
        asked = iter(self.count(list(compress(parts, plain))))
        others = compress(parts, map(not_, plain))
        counted = iter(count_all(list(others), encoding=self._encoding))
        counts = (next(asked if is_plain else counted) for is_plain in plain)
        return [sum(islice(counts, len(parts))) for parts in cut]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._questions)
        os.close(self._answers)

    def _ask(self, message: bytes) -> list[int]:
        try:
            with self._sending:
                worker.send(self._questions, message)
                # Within the other lock, so that the answers are taken in the order of the texts.
                self._receiving.acquire()
            try:
                answer = worker.receive(self._answers)
            finally:
                self._receiving.release()
        except OSError:
            answer = None
        if answer is None:
            raise CliError(f"the process that counts ended, with status {self._process.wait()}")
        return memoryview(answer).cast("I").tolist()


def _plain(texts: Sequence[str]) -> bytes | None:
    """The texts as the worker takes them; None where its counts may not be tiktoken's."""
    try:
        message = _SEPARATOR.join(["", *texts, ""]).encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return None
    has_separator = message.count(_SEPARATOR.encode()) != len(texts) + 1
    has_newer = any(not text.isascii() and _has_newer(text) for text in texts)
    return None if has_separator or has_newer else message


def _has_newer(text: str) -> bool:
    data = text.encode()
    may_have = any(
        first in data and any(part in data for part in parts)
        for first, parts in _NEWER_BYTES.items()
    ) or (_FOUR in data and data.count(_FOUR) != sum(map(data.count, _SYMBOLS)))
    return may_have and _NEWER.search(text) is not None


def _rank_file(rules: Rules) -> bytes:
    """A file in tiktoken's format that has every rank, in their order."""
    lines = [b""] * rules.below
    for token, rank in open_vocabulary(rules.vocabulary, rules.below).items():
        lines[rank] = _rank_line(token, rank)
    return b"".join(line or _rank_line(_NO_TEXT, rank) for rank, line in enumerate(lines))


def _rank_line(token: bytes, rank: int) -> bytes:
    return b"%b %d\n" % (b2a_base64(token, newline=False), rank)


def _widen(pipe: int) -> None:
    """Let a pipe hold a message, where the system can: it took a fifth of the time to fill it."""
    import fcntl

    if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux
        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 2**20)


def _processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1
