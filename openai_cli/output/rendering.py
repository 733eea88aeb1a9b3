"""Render a reply's Markdown on a terminal with rich while it arrives.

Finished blocks are printed once; only the last block is redrawn as it grows.
"""

import io
import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from operator import eq
from typing import ClassVar

from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import chop_cells
from rich.console import Console
from rich.markdown import Markdown

from openai_cli.answer.base import Answer
from openai_cli.answer.choice import Choice
from openai_cli.answer.parts import Part
from openai_cli.context import Context
from openai_cli.jsontext import finite_json
from openai_cli.output.sink import Sink, lined, utf8_bytes
from openai_cli.records import NamedTuple
from openai_cli.terminal import visible

# Seconds between two redraws: ten a second are smooth enough for text.
_PAUSE = 0.1
# The longest block that is rendered, in characters; a longer one is printed as it arrives.
_LONGEST = 256 * 1024
# Redrawing takes at most one in so many seconds, however long the last block is.
_SHARE = 5

# HTML and link definitions are treated as text, because rich would leave them out.
_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
_PARSER.disable("reference")
# The parser drops the contents of blocks at this depth and below.
_DEEPEST = _PARSER.options["maxNesting"] - 1

# What separates and escapes the cells of a row, or stands before it in a quotation.
_NO_TEXT = re.compile(r"[\s|\\>]")
# The attributes of links and images that hold their address and title.
_TOLD = ("href", "src", "title")
_COLOR = re.compile(r"\x1b\[[0-9;]*m")

Size = Callable[[], os.terminal_size]


def can_draw(context: Context) -> bool:
    """Return whether the terminal can redraw lines."""
    return context.variable("TERM") not in (None, "dumb")


def markdown_writer(context: Context, sink: Sink, separator: str) -> "MarkdownWriter":
    """Return a writer that renders text to a sink that is a terminal."""
    console = Console(
        file=io.StringIO(),
        force_terminal=True,
        no_color=not context.messages.may_color(terminal=True),
        markup=False,
        emoji=False,
        highlight=False,
        _environ=context.environ,
    )
    return MarkdownWriter(sink, console, lambda: _size(context), separator)


def _size(context: Context) -> os.terminal_size:
    try:
        found = os.get_terminal_size(context.stdout.fileno() if context.stdout else 1)
    except OSError:
        found = os.terminal_size((0, 0))
    return os.terminal_size((found.columns or 80, found.lines or 24))


@dataclass
class MarkdownWriter:
    """Renders the text of every choice: choice 0 as it arrives, the others after it.

    `separator` stands between choices. A tool call is printed as a line of JSON.
    """

    joins: ClassVar[bool] = True

    sink: Sink
    console: Console
    size: Size
    separator: str
    clock: Callable[[], float] = time.monotonic
    _next: float = 0.0

    def __post_init__(self) -> None:
        self._page = _Page(self.console)

    def take(self, _part: Part, added: list[tuple[Choice, str]]) -> None:
        for choice, text in added:
            if choice.index == 0:
                self._page.add(text)
        begin = self.clock()
        if begin >= self._next:
            self._write(self._page.drawn(self.size()))
            end = self.clock()
            self._next = end + max(_PAUSE, (end - begin) * (_SHARE - 1))

    def needs(self, choice: Choice) -> bool:
        """Return whether the text of a choice is needed once the answer is complete."""
        return choice.index != 0

    def finish(self, answer: Answer) -> None:
        for position, choice in enumerate(answer.in_order):
            if position:
                self._write(self.separator)
            if choice.index:
                self._page = _Page(self.console)
                self._page.add(choice.content or "")
            self._write(self._page.drawn(self.size(), is_whole=True))
            for call in choice.calls:
                self.sink.write_json(utf8_bytes(lined(finite_json(call))))

    def _write(self, text: str) -> None:
        self.sink.draw(text)


class _Page:
    """A growing text, shown as blocks of lines on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._source = ""
        self._live = _Live()
        self._blocks = 0

    def add(self, text: str) -> None:
        """Append to the text."""
        self._source += text

    def drawn(self, size: os.terminal_size, *, is_whole: bool = False) -> str:
        """Return what to write to a terminal of this size to show the text so far."""
        columns, rows = size
        written = ""
        for block in self._finished():
            written += self._live.drawn(self._lines([block], columns), rows, is_last=True)
            self._blocks += 1
        lines = self._lines(_blocks(_clean(self._source)), columns)
        return written + self._live.drawn(lines, rows, is_last=is_whole)

    def _finished(self) -> Iterator["_Block"]:
        """Yield the blocks that cannot grow any more, and remove them from the text.

        A block is finished once the first line of the next one is complete. Until then that line
        may still belong to it: `*` may begin a list or turn out to be `**bold**`.
        """
        whole = _clean(self._source[: self._source.rfind("\n") + 1])
        *finished, last = _blocks(whole) or [_Block([], "", 0)]
        if len(whole) > _LONGEST and not finished:
            self._source = self._source[len(whole) :]
            yield _Block([], whole, 0)
        if finished:
            self._source = "\n".join(self._source.split("\n")[last.first :])
        yield from finished

    def _lines(self, blocks: list["_Block"], columns: int) -> list[str]:
        """Return the lines of the blocks, with an empty line before each but the very first."""
        lines: list[str] = []
        for number, block in enumerate(blocks, self._blocks):
            lines += [""] if number else []
            lines += self._drawn(block, columns) or block.folded(columns)
        return lines

    def _drawn(self, block: "_Block", columns: int) -> list[str]:
        """Return a block's lines as rendered by rich; none if rich drops some of its text."""
        page = Markdown("", code_theme="ansi_dark", hyperlinks=False)
        page.parsed = block.tokens
        if not block.is_parsed:
            return []
        with self._console.capture() as shown:
            self._console.print(page, width=columns)
        text = shown.get()
        if block.said - Counter(_COLOR.sub("", text)):
            return []
        lines = [line.rstrip(" ") for line in text.split("\n")]
        return "\n".join(lines).strip("\n").split("\n")


@dataclass
class _Live:
    """The last lines on a terminal, some of which can be redrawn.

    `_shown` are the lines that can be redrawn, because they have not scrolled off the screen.
    `_settled` is the number of lines before them.
    """

    _shown: list[str] = field(default_factory=list)
    _settled: int = 0

    def drawn(self, lines: list[str], rows: int, *, is_last: bool) -> str:
        """Return what to write to show these lines; with `is_last`, they are final."""
        rest = lines[self._settled :]
        same = sum(takewhile(bool, map(eq, self._shown, rest)))
        up = len(self._shown) - same
        written = f"\r\x1b[{up}A\x1b[J" if up else ""
        written += "".join(f"{line}\n" for line in rest[same:])
        held = 0 if is_last else min(len(rest), max(rows - 1, 1))
        self._shown = rest[len(rest) - held :]
        after = self._settled - len(lines) if is_last else self._settled + len(rest) - held
        self._settled = max(after, 0)
        return written


def _clean(text: str) -> str:
    """Make a text safe to show on a terminal."""
    return visible(utf8_bytes(text).decode())


class _Block(NamedTuple):
    """A top-level Markdown block: its tokens, its source and the number of its first line."""

    tokens: list[Token]
    source: str
    first: int

    @property
    def is_parsed(self) -> bool:
        """Whether the parser kept the whole block."""
        is_whole = all(token.level < _DEEPEST for token in self.tokens) and self._has_all_cells()
        return bool(self.tokens) and is_whole

    def _has_all_cells(self) -> bool:
        """Return whether the parser kept all cells: it drops those beyond the table's head."""
        lines = self.source.split("\n")
        rows: defaultdict[int, str] = defaultdict(str)
        for before, token in pairwise(self.tokens):
            if before.type == "td_open" and token.map:
                rows[token.map[0] - self.first] += token.content
        return all(_NO_TEXT.sub("", lines[row]) == _NO_TEXT.sub("", rows[row]) for row in rows)

    @property
    def said(self) -> Counter[str]:
        """The characters of the block's text, without white space."""
        return Counter("".join("".join(_said(self.tokens)).split()))

    def folded(self, columns: int) -> list[str]:
        """Return the block's source, wrapped to so many columns."""
        lines = self.source.expandtabs(4).rstrip("\n").split("\n")
        return [piece for line in lines for piece in chop_cells(line, columns) or [""]]


def _said(tokens: Iterable[Token]) -> Iterator[str]:
    """Yield the texts of the tokens, and the addresses and titles of links and images."""
    for token in tokens:
        yield from _said(token.children) if token.children else (token.content,)
        yield from (str(token.attrs[name]) for name in _TOLD if name in token.attrs)
        # A single word after a code fence is the language; the highlighting shows that.
        is_fence = token.type == "fence"
        if is_fence and (not token.content.strip() or len(token.info.split()) > 1):
            yield token.info


def _blocks(text: str) -> list[_Block]:
    """Parse a Markdown text into its top-level blocks."""
    groups: list[list[Token]] = []
    for token in _PARSER.parse(text):
        if token.level == 0 and token.nesting >= 0:
            groups.append([])
        groups[-1].append(_shown(token))
    lines = text.split("\n")
    starts = [group[0].map[0] if group[0].map else 0 for group in groups]
    ends = [*starts, len(lines)][1:]
    return [
        _Block(group, "\n".join(lines[start:end]), start)
        for group, start, end in zip(groups, starts, ends, strict=True)
    ]


def _shown(token: Token) -> Token:
    """Make a token safe to show: the parser decodes entities, and `%1b` in links."""
    token.content, token.info = visible(token.content), visible(token.info)
    for name, value in token.attrs.items():
        token.attrs[name] = visible(value) if isinstance(value, str) else value
    for child in token.children or ():
        _shown(child)
    return token
