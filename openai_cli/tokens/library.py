"""`Counter`, `count_texts` and `count_files`: the Python interface for large amounts of text.

`count_texts` and `count_files` use a Counter for a single call.
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

# The size of a batch in characters, and the overhead of each text in it.
_BATCH = 1_000_000
_EACH = 100


class Counter:
    """Counts tokens in one encoding, and keeps its workers until `close`.

    The encoding is given by its name or by a `model` that uses it; by default it is that of the
    current models. Raises `openai_cli.errors.UsageError` for an unknown name and if both are given.

    Up to 2,000,000 characters in total are counted in this process. Beyond that, with the extra
    [bulk], it starts processes: one, and another for every 32 MiB, up to `workers`, by default the
    number of processors that this process may use. Each starts in half a second and takes up to
    250 MB. Without the extra, it uses up to four threads. `close`, the end of a `with` block and
    garbage collection stop them; after `close`, the counter may be used again.

    Threads may share a Counter. A forked process starts its own workers. A Counter may be pickled,
    for multiprocessing, Dask and Ray: each process has a single Counter for the encoding and the
    `workers`, which all tasks share.
    """

    def __init__(
        self, *, model: str | None = None, encoding: str | None = None, workers: int | None = None
    ) -> None:
        self._encoding = one_of(model, encoding)
        self._workers = workers
        self._counter = bulk.Counter(self._encoding, workers)

    def count(self, text: str) -> int:
        """Return the number of tokens of a text; raises the errors of `count_texts`."""
        return self.count_texts([text])[0]

    def count_texts(self, texts: Iterable[str]) -> list[int]:
        """Return the number of tokens of each text, in order.

        Text that looks like a special token is ordinary text. Raises UsageError for a text with a
        run of 900,000 characters without a place to cut, `openai_cli.errors.CliError` if a counting
        process dies, and TypeError for a single string instead of several.
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
        """Count the tokens of files, like `openai-cli tokens --files`.

        Yields results as soon as they are known, in the order of the paths and in folders by name:

        - FileCount: the `path` of a file and its `tokens`
        - LeftOut: the `path` of a file in a folder that is not text, and `why`
        - UsageError: what cannot be read or counted, with its name; it is yielded, not raised,
          because the rest is counted

        A path is that of a file or a folder, or an fsspec URL such as `s3://bucket/folder`. `field`
        is the only field of each line of JSONL that is counted, in dots or JMESPath.
        `input_encoding` is one of Python's text codecs. `left_out` receives the number of skipped
        folder entries by kind; `on_read` is called with the number of bytes just read.

        Raises UsageError for an invalid `field` or `input_encoding`, CliError if a counting process
        dies, and TypeError for a single path instead of several.
        """
        _refuse_one(paths, "paths")
        wanted = Wanted(self._encoding, field or None, codec_of(input_encoding))
        tally = Tally[str]() if left_out is None else left_out
        named = (os.fsdecode(path) for path in paths)
        return files_counted(self._counter, named, wanted, left_out=tally, on_read=on_read)

    def close(self) -> None:
        """Cancel what is pending, and stop the processes and threads."""
        self._counter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return shared, (self._encoding, self._workers)


@cache
def shared(encoding: str, workers: int | None) -> Counter:
    """Return the single Counter of this process with these arguments."""
    return Counter(encoding=encoding, workers=workers)


def count_texts(
    texts: Iterable[str],
    *,
    model: str | None = None,
    encoding: str | None = None,
    workers: int | None = None,
) -> list[int]:
    """Count texts with a temporary Counter; see `Counter.count_texts`."""
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
    """Count files with a temporary Counter; see `Counter.count_files`."""
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
