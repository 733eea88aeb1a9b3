"""`tokens`: the tokens of a text, files or a request, offline."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from openai_cli import tokens
from openai_cli.commands.counting import (
    FROM_0,
    Counting,
    count_remotely,
    count_requests,
    count_text,
    encoding_of,
    json_line,
    keep_limit,
    limit_of,
    text_of,
    whole,
)
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.names import flag_of
from openai_cli.flags.ours import OPTIONS, options_group, ours, switch
from openai_cli.flags.values import Number
from openai_cli.jsontext import quoted
from openai_cli.output.sink import Series, Sink, open_sink, separator, utf8_bytes
from openai_cli.records import Annotated
from openai_cli.request.inputs import Inputs
from openai_cli.tokens.encoding import token_bytes

_SOME = Number(1, integer=True)

# Where pieces of --split may end.
PLACES = ("token", "line", "paragraph")

# Modes, of which only one can be given; the exception is --show with --ids.
_MODES = ("decode", "ids", "show", "first", "last", "split", "files", "request", "verify")
_COUNTS = {"count", "ids", "show"}
_GOES_WITH = {
    "remote": {"count", "request"},
    "encoding": {*_MODES} - {"verify"} | {"count"},
    "overlap": {"split"},
    "at": {"split"},
    "output_dir": {"split"},
    "special": _COUNTS,
    "max": {*_COUNTS, "files", "request"},
    "jsonl": {"files"},
    "input_encoding": {"files"},
    "max_each": {"files"},
    "workers": {"files"},
    "engine": {"files"},
    "scheduler": {"files"},
    "max_difference": {"verify"},
}

# The same for the configuration file: a flag overrides settings that it excludes.
_ALTERNATIVES = (
    ("model", "encoding"),
    *(tuple(mode for mode in _MODES if mode != other) for other in ("ids", "show")),
    *(
        (name, mode)
        for name, modes in _GOES_WITH.items()
        for mode in _MODES
        if "count" in modes and mode not in modes
    ),
)
_NEEDS = {
    **{name: tuple(modes) for name, modes in _GOES_WITH.items() if "count" not in modes},
    **dict.fromkeys(
        ("jsonl", "input_encoding", "max_each", "workers", "engine", "scheduler"),
        ("files", "files_from"),
    ),
}

EXAMPLES = (
    'openai-cli tokens "How many tokens is this?"',
    'openai-cli tokens --show --ids "Tokenization"',
    'echo "Answer in one word." | tee prompt.txt | openai-cli tokens -m gpt-4o',
    "openai-cli tokens --files prompt.txt --max 100",
)


@options_group
class Options(Counting):
    """ARG is the text; several are joined by spaces. Without ARG, stdin is counted byte for byte.

    The output is just the number. Text that looks like a special token is counted as ordinary text.
    """

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = _ALTERNATIVES
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = _NEEDS

    special: Annotated[
        bool, switch(OPTIONS, "special", "Treat <|endoftext|> and the like as special tokens")
    ] = False
    decode: Annotated[bool, switch(OPTIONS, "decode", "Decode the ids in ARG or stdin")] = False
    ids: Annotated[bool, switch(OPTIONS, "ids", "Print the ids of the tokens")] = False
    show: Annotated[
        bool, switch(OPTIONS, "show", "Print the tokens: coloured, or as JSON strings in a pipe")
    ] = False
    first: Annotated[
        str | None, ours(OPTIONS, "--first", "Print the text of the first N tokens", metavar="N")
    ] = None
    last: Annotated[
        str | None, ours(OPTIONS, "--last", "Print the text of the last N tokens", metavar="N")
    ] = None
    split: Annotated[
        str | None,
        ours(OPTIONS, "--split", "Print the text in pieces of at most N tokens", metavar="N"),
    ] = None
    overlap: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--overlap",
            "Start each piece with the last N tokens of the one before",
            metavar="N",
        ),
    ] = None
    at: Annotated[
        str | None,
        ours(OPTIONS, "--at", "End pieces after a token, line or paragraph", metavar="PLACE",
             names=PLACES),
    ] = None  # fmt: skip
    output_dir: Annotated[
        str | None,
        ours(OPTIONS, "--output-dir", "Write each piece to a file in FOLDER", metavar="FOLDER"),
    ] = None


def run(context: Context, options: Options) -> None:
    """Do what the options say with the tokens."""
    mode = _mode(options)
    limit_of(options)  # an invalid --max is an error before anything is read
    inputs = Inputs(context, options.stdin)
    _RUNS["remote" if options.remote else mode](context, options, inputs)


def _mode(options: Options) -> str:
    """The mode: one of _MODES, or `count`; UsageError for flags that exclude each other."""
    chosen = [name for name in _MODES if _is_given(options, name)]
    if chosen == ["ids", "show"]:
        chosen = ["show"]
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(map(flag_of, chosen))}: give one of them")
    mode = chosen[0] if chosen else "count"
    for name, modes in _GOES_WITH.items():
        if _is_given(options, name) and mode not in modes:
            asked = " or ".join(flag_of(other) for other in sorted(modes - {"count"}))
            raise UsageError(
                f"{flag_of(name)} does not go with {flag_of(mode)}"
                if "count" in modes
                else f"{flag_of(name)} goes only with {asked}"
            )
    return mode


def _is_given(options: Options, name: str) -> bool:
    if name == "files" and options.files_from is not None:
        return True
    return getattr(options, name) not in (None, False)


def _count(context: Context, options: Options, inputs: Inputs) -> None:
    """Print the number of tokens in the text or, with --ids or --show, the tokens."""
    encoding = encoding_of(context, options)
    if not options.ids and not options.show:
        if options.special:
            count = tokens.count(text_of(options, inputs), encoding=encoding, special=True)
        else:
            count = count_text(options, inputs, encoding)
        keep_limit(options, count)
        line = json_line({"tokens": count, "encoding": encoding})
        with open_sink(context, options.output) as sink:
            sink.write(line if options.json else f"{count}\n".encode())
        return
    text = text_of(options, inputs)
    ids = tokens.encode(text, encoding=encoding, special=options.special)
    keep_limit(options, len(ids))
    with open_sink(context, options.output) as sink:
        if options.json:
            sink.write_json(json_line(_described(options, ids, encoding)))
        elif options.show:
            _show(context, options, sink, token_bytes(ids, encoding=encoding), ids)
        else:
            sink.write(f"{' '.join(map(str, ids))}\n".encode())


def _described(options: Options, ids: Sequence[int], encoding: str) -> dict[str, Any]:
    found: dict[str, Any] = {"tokens": len(ids), "encoding": encoding}
    if options.ids:
        found["ids"] = list(ids)
    if options.show:
        parts = token_bytes(ids, encoding=encoding)
        found["texts"] = [part.decode(errors="surrogateescape") for part in parts]
    return found


def _show(
    context: Context, options: Options, sink: Sink, parts: Sequence[bytes], ids: Sequence[int]
) -> None:
    """Write the tokens, in colours or one per line."""
    from openai_cli.tokens import show

    if not context.messages.may_color(terminal=sink.is_terminal):
        sink.write_json(utf8_bytes(show.listed(parts, ids if options.ids else None)))
    elif options.ids:
        columns = shutil.get_terminal_size().columns
        sink.draw(show.colored_with_ids(parts, ids, columns=columns))
    else:
        sink.draw(show.colored(parts))


def _decode(context: Context, options: Options, inputs: Inputs) -> None:
    """Print exactly the bytes of the given ids; only a terminal gets more."""
    ids = [whole("--decode", raw, FROM_0) or 0 for raw in text_of(options, inputs).split()]
    data = tokens.decode(ids, encoding=encoding_of(context, options))
    with open_sink(context, options.output) as sink:
        if options.json or sink.is_terminal:
            _write(options, sink, [data])
        else:
            sink.write(data)


def _cut(context: Context, options: Options, inputs: Inputs) -> None:
    """Print the first or last tokens of the text."""
    from openai_cli.tokens.pieces import first, last

    cut, name = (first, "first") if options.first is not None else (last, "last")
    n = whole(flag_of(name), getattr(options, name), FROM_0) or 0
    part = cut(text_of(options, inputs), n, encoding=encoding_of(context, options))
    with open_sink(context, options.output) as sink:
        _write(options, sink, [part])


def _write(options: Options, sink: Sink, parts: Iterable[bytes]) -> None:
    """Write parts of the text: one JSON string per line, or with separators between them."""
    if options.json:
        from openai_cli.tokens.show import json_text

        sink.write_json("".join(f"{json_text(part)}\n" for part in parts).encode())
        return
    series = Series(sink, separator(options.separator), options.null)
    for part in parts:
        series.add(part)


def _split(context: Context, options: Options, inputs: Inputs) -> None:
    """Print the pieces of the text, or write them to files."""
    from openai_cli.tokens.pieces import split

    n = whole("--split", options.split, _SOME) or 1
    overlap = whole("--overlap", options.overlap, Number(0, n - 1, integer=True)) or 0
    at = options.at or "token"
    if at not in PLACES:
        raise UsageError(f"--at must be {' or '.join(PLACES)}, not {quoted(at)}")
    encoding = encoding_of(context, options)
    pieces = split(text_of(options, inputs), n, encoding=encoding, overlap=overlap, at=at)
    if options.output_dir is not None:
        _write_files(context, options, options.output_dir, pieces)
        return
    with open_sink(context, options.output) as sink:
        _write(options, sink, pieces)


def _write_files(context: Context, options: Options, folder: str, pieces: Iterable[bytes]) -> None:
    """Write the pieces to numbered files, and print their paths."""
    from openai_cli.output.folder import NumberedFiles

    with NumberedFiles(folder) as files:
        for piece in pieces:
            files.add(piece)
        paths = files.commit()
    with open_sink(context, options.output) as sink:
        if options.json:
            sink.write_json(json_line(paths))
        else:
            sink.write(b"".join(os.fsencode(path) + b"\n" for path in paths))


def _files(context: Context, options: Options, inputs: Inputs) -> None:
    """Count files and folders."""
    from openai_cli.commands.counting_files import count_paths

    count_paths(context, options, inputs)


def _verify(context: Context, options: Options, inputs: Inputs) -> None:
    """Compare counts with what was billed."""
    from openai_cli.commands.verifying import verify_counts

    verify_counts(context, options, inputs)


_RUNS: dict[str, Callable[[Context, Options, Inputs], None]] = {
    "count": _count,
    "ids": _count,
    "show": _count,
    "decode": _decode,
    "first": _cut,
    "last": _cut,
    "split": _split,
    "files": _files,
    "request": count_requests,
    "remote": count_remotely,
    "verify": _verify,
}
