"""What `tokens --files` counts: files and folders."""

import os
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from openai_cli.commands.counting import (
    ENGINES,
    FROM_0,
    Counting,
    encoding_of,
    keep_limit,
    whole,
    write_list,
)
from openai_cli.commands.long_stdin import count_stdin, with_stdin
from openai_cli.context import Context
from openai_cli.errors import LimitError, UsageError
from openai_cli.flags.values import Number
from openai_cli.jsontext import quoted
from openai_cli.output.sink import Sink, open_sink
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.tokens.corpus import Engine, FileCount, LeftOut

_FROM_1 = Number(1, integer=True)

# How many files over --max-each are named.
_MOST_NAMED = 5


def count_paths(context: Context, options: Counting, inputs: Inputs) -> None:
    """Print the number of tokens of each file, and their total."""
    from openai_cli.output.progress import Progress
    from openai_cli.tokens.corpus import FileCount, count_files

    encoding = encoding_of(context, options)
    each = whole("--max-each", options.max_each, FROM_0)
    workers = whole("--workers", options.workers, _FROM_1)
    left_out: Counter[str] = Counter()
    met = _Met()

    def counts(progress: Progress, engine: "Engine | None") -> "Iterator[FileCount | LeftOut]":
        of_disk = partial(
            count_files,
            encoding=encoding,
            field=options.jsonl,
            input_encoding=_input_encoding(options),
            left_out=left_out,
            on_read=progress.advance,
            workers=workers,
            engine=engine,
        )
        of_stdin = partial(_count_stdin, options, inputs, encoding)
        for one in with_stdin(_paths(options, inputs), of_disk, of_stdin):
            if isinstance(one, UsageError):
                met.is_whole = False
                context.messages.error(one)
                continue
            if isinstance(one, FileCount):
                met.add(one, each)
            yield one

    with (
        _engine(context, options, workers) as engine,
        open_sink(context, options.output) as sink,
        Progress(context.messages) as progress,
    ):
        counted = counts(progress, engine)
        if options.json:
            items = map(_listed, counted)
            write_list(sink, "files", items, lambda: {"tokens": met.tokens, "encoding": encoding})
        else:
            _write_counts(sink, counted, met)
    is_judged = options.max is not None
    tell_left_out(context, left_out, is_judged=is_judged, has_input_encoding=True)
    _keep_each(met.long, each)
    keep_limit(options, met.tokens)
    if not met.is_whole:
        raise UsageError("not everything was counted: see the errors above")


def _write_counts(sink: "Sink", counted: "Iterable[FileCount | LeftOut]", met: "_Met") -> None:
    """Write a line for each file, and the total unless there is only one file."""
    from openai_cli.tokens.corpus import FileCount

    for one in counted:
        if isinstance(one, FileCount):
            _write_count(sink, one.tokens, one.path)
    if met.files != 1:
        _write_count(sink, met.tokens, "total")


def _engine(
    context: Context, options: Counting, workers: int | None
) -> "AbstractContextManager[Engine | None]":
    """The engine that counts, as a context manager; of None for processes on this machine."""
    name = options.engine or "local"
    if name not in ENGINES:
        raise UsageError(f"--engine must be {' or '.join(ENGINES)}, not {quoted(name)}")
    if name == "local":
        if options.scheduler is not None:
            raise UsageError("--scheduler goes only with --engine dask")
        return nullcontext()
    if options.scheduler is not None and workers is not None:
        raise UsageError("--workers and --scheduler: its cluster has its own workers")
    from openai_cli.tokens.cluster import Cluster

    return Cluster(options.scheduler, workers, context.messages.notice)


def _count_stdin(options: Counting, inputs: Inputs, encoding: str) -> int:
    if options.jsonl is not None:
        raise UsageError("--jsonl reads only files, and - is stdin")
    return count_stdin(inputs.stdin_blocks("--files"), encoding, _input_encoding(options))


class _Met:
    """What was counted so far: files, their tokens, and the files over --max-each."""

    def __init__(self) -> None:
        self.files = 0
        self.tokens = 0
        self.is_whole = True
        self.long: list[FileCount] = []

    def add(self, file: "FileCount", each: int | None) -> None:
        self.files += 1
        self.tokens += file.tokens
        if each is not None and file.tokens > each:
            self.long.append(file)


def _keep_each(long: "Sequence[FileCount]", each: int | None) -> None:
    """Raise LimitError if files have more tokens than --max-each, naming the first of them."""
    if not long:
        return
    shown = ", ".join(f"{one.path} has {one.tokens}" for one in long[:_MOST_NAMED])
    more = f" and {len(long) - _MOST_NAMED} more files" if len(long) > _MOST_NAMED else ""
    raise LimitError(f"{shown}{more}: more tokens than the {each} of --max-each")


def _listed(one: "FileCount | LeftOut") -> dict[str, Any]:
    """A file as an item of --json."""
    from openai_cli.tokens.corpus import LeftOut

    if isinstance(one, LeftOut):
        return {"path": one.path, "tokens": None, "left_out": one.why}
    return {"path": one.path, "tokens": one.tokens}


def tell_left_out(
    context: Context,
    left_out: Mapping[str, int],
    *,
    is_judged: bool = False,
    has_input_encoding: bool = False,
) -> None:
    """Report how many entries of folders were left out, by kind; `is_judged` if --max is given.

    `has_input_encoding`: the command has that flag.
    """
    from openai_cli.tokens.spans import ANOTHER_ENCODING, BINARY
    from openai_cli.tokens.walking import LINK

    if not left_out:
        return
    kinds = ", ".join(
        f"{count} {kind}{'s' if kind == LINK and count > 1 else ''}"
        for kind, count in sorted(left_out.items())
    )
    is_readable = has_input_encoding and ANOTHER_ENCODING in left_out
    hint = "; --input-encoding NAME reads text in another one" * is_readable
    files = left_out.get(BINARY, 0) + left_out.get(ANOTHER_ENCODING, 0)
    judged = f"; --max does not count {files} of them" if is_judged and files else ""
    context.messages.notice(f"left out: {kinds}{hint}{judged}")


def _input_encoding(options: Counting) -> str:
    """The encoding of the files, by its name in Python's codecs."""
    from openai_cli.tokens.spans import codec_of

    try:
        return codec_of(options.input_encoding or "utf-8")
    except UsageError as error:
        error.problem = f"--input-encoding: {error.problem}"
        raise


def _write_count(sink: Sink, count: int, path: str) -> None:
    """Write a line in the form of `wc`, with the bytes of the path unchanged."""
    sink.write(f"{count:>8} ".encode() + os.fsencode(path) + b"\n")
    sink.flush()


def _paths(options: Counting, inputs: Inputs) -> Iterator[str]:
    """The paths of the arguments, then those of --files-from."""
    if not options.text and options.files_from is None:
        raise UsageError(
            "--files needs paths", hint="for example: openai-cli tokens --files prompts/"
        )
    yield from options.text or ()
    if options.files_from is None:
        return
    if options.null:
        listed: Iterable[bytes] = inputs.source("--files-from", options.files_from).split(b"\0")
    else:
        lines = inputs.lines("--files-from", options.files_from)
        listed = (line.removesuffix(b"\n").removeprefix(BOM_UTF8) for line in lines)
    yield from (os.fsdecode(path) for path in listed if path)
