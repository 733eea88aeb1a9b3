"""`Counter`, `count_texts` and `count_files`, for Python: what is kept between calls, and what not.

They are one: `count_texts` and `count_files` are a Counter that is made for one call.
"""

import os
from collections import Counter as Tally
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Self

from openai_cli.tokens import bulk
from openai_cli.tokens.corpus import Counted, files_counted
from openai_cli.tokens.cutting import check_runs
from openai_cli.tokens.encoding import one_of
from openai_cli.tokens.spans import OnRead, Wanted, codec_of

Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]

# In characters: how much is counted at once, where each text is so much more.
_BATCH = 1_000_000
_EACH = 100


class Counter:
    """Counts tokens in one encoding, and keeps what that takes until `close`.

    The encoding is named by itself or by a `model` that uses it; without both it is that of today's
    models. Raises `openai_cli.errors.UsageError` for a name that no table has, and if both are
    given.

    Up to 2,000,000 characters in all it counts as `count` does. Beyond, with the extra [bulk], it
    begins processes: one, and one more for each 32 MiB that it gets, up to `workers`, by default as
    many as this process may use processors. Each begins in half a second and has up to 250 MB.
    Without the extra it is up to four threads. It may be used again after `close`, as which the end
    of a `with` and that of the object count.

    Threads may share one. A forked process begins workers of its own. Pickled, as for
    multiprocessing, Dask and Ray, it becomes the one Counter that the other process has for this
    encoding and these `workers`, so that tasks that bring one there share what it keeps.
    """

    def __init__(
        self, *, model: str | None = None, encoding: str | None = None, workers: int | None = None
    ) -> None:
        self._encoding = one_of(model, encoding)
        self._workers = workers
        self._counter = bulk.Counter(self._encoding, workers)

    def count(self, text: str) -> int:
        """How many tokens a text has; raises what `count_texts` does."""
        return self.count_texts([text])[0]

    def count_texts(self, texts: Iterable[str]) -> list[int]:
        """How many tokens each of the texts has, in their order.

        What looks like a special token is ordinary text. Raises UsageError for a text with a run of
        900,000 characters with no place to cut, `openai_cli.errors.CliError` if a process that
        counts ends, as one that is killed does, and TypeError for one string in place of several.
        """
        _refuse_one(texts, "texts")
        found: list[int] = []
        under_way: deque[bulk.Counts] = deque()
        for batch in _batches(texts):
            for text in batch:
                check_runs(text, encoding=self._encoding)
            under_way.append(self._counter.submit(batch))
            if len(under_way) > bulk.AHEAD:
                found += under_way.popleft().result()
        for counts in under_way:
            found += counts.result()
        return found

    def count_files(
        self,
        paths: Iterable[Path],
        *,
        field: str | None = None,
        input_encoding: str = "utf-8",
        left_out: Tally[str] | None = None,
        on_read: OnRead = lambda _size: None,
    ) -> Counted:
        """How many tokens each file has, as `openai-cli tokens --files` counts them.

        Gives, as soon as each is known, in the order of the paths and in folders by name:

        - FileCount: the `path` of a file and its `tokens`
        - LeftOut: the `path` of a file in a folder that is no text, and `why`
        - UsageError: what cannot be read or counted, with its name; it is not raised, for the rest
          is counted

        A path is of a file, a folder, or an address that fsspec knows, as `s3://bucket/folder`.
        `field` is the field of each line of JSONL that is counted alone, in dots or JMESPath.
        `input_encoding` is one of Python's codecs of text. `left_out` gets how many entries of
        folders were left out, by kind; `on_read` is told of bytes as they are read.

        Raises UsageError for a `field` or an `input_encoding` that is none, CliError if a process
        that counts ends, and TypeError for one path in place of several.
        """
        _refuse_one(paths, "paths")
        wanted = Wanted(self._encoding, field or None, codec_of(input_encoding))
        tally = Tally[str]() if left_out is None else left_out
        named = (os.fsdecode(path) for path in paths)
        return files_counted(self._counter, named, wanted, left_out=tally, on_read=on_read)

    def close(self) -> None:
        """Stop what is still under way, and end the processes and the threads."""
        self._counter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return shared, (self._encoding, self._workers)


@cache
def shared(encoding: str, workers: int | None) -> Counter:
    """The Counter of this process for all that bring one with these arguments."""
    return Counter(encoding=encoding, workers=workers)


def count_texts(
    texts: Iterable[str],
    *,
    model: str | None = None,
    encoding: str | None = None,
    workers: int | None = None,
) -> list[int]:
    """`Counter.count_texts` of a Counter that is made for this and closed."""
    with Counter(model=model, encoding=encoding, workers=workers) as counter:
        return counter.count_texts(texts)


def count_files(
    paths: Iterable[Path],
    *,
    model: str | None = None,
    encoding: str | None = None,
    field: str | None = None,
    input_encoding: str = "utf-8",
    workers: int | None = None,
    left_out: Tally[str] | None = None,
    on_read: OnRead = lambda _size: None,
) -> Counted:
    """`Counter.count_files` of a Counter that is made for this, and closed when it is done."""
    counter = Counter(model=model, encoding=encoding, workers=workers)
    found = counter.count_files(
        paths, field=field, input_encoding=input_encoding, left_out=left_out, on_read=on_read
    )

    def counted() -> Counted:
        with counter:
            yield from found

    return counted()


def _refuse_one(given: object, name: str) -> None:
    if isinstance(given, str | bytes | os.PathLike):
        raise TypeError(f"{name} must be several in a list, not one {type(given).__name__}")


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += _EACH + len(text)
        if size > _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
