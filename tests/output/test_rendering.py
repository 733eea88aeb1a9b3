"""Markdown on a terminal, as it grows: what stands on the screen, and what has scrolled off it."""

import io
import os
import re
from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openai_cli.answer.completion import Completion
from openai_cli.answer.parts import Part
from openai_cli.context import Context
from openai_cli.messages import Color
from openai_cli.output.rendering import MarkdownWriter, can_draw, markdown_writer
from openai_cli.output.sink import Sink
from openai_cli.output.target import Terminal

_PIECES = re.compile(r"\r\x1b\[(\d+)A\x1b\[J|\n|[^\r\n]+")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Screen:
    """A terminal of some rows that knows what the writer uses, and nothing else."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.lines = [""]
        self.heights: list[int] = []

    def show(self, data: str) -> None:
        place = 0
        for found in _PIECES.finditer(data):
            assert found.start() == place, f"what is {data[place : found.start()]!r}?"
            place = found.end()
            if found[1]:
                assert self.lines[-1] == "", "it goes up from the beginning of a line"
                up = int(found[1])
                assert up < self.rows, "what has left the screen cannot be reached"
                del self.lines[-up - 1 :]
                self.lines.append("")
                self.heights.append(up)
            elif found[0] == "\n":
                self.lines.append("")
            else:
                self.lines[-1] += found[0]

    @property
    def text(self) -> str:
        return _COLOURS.sub("", "\n".join(self.lines))


def drawn(pieces: Iterable[str], *, rows: int = 1000, color: Color = "auto") -> Screen:
    """The screen after all pieces, each of which is drawn."""
    stdout = io.BytesIO()
    context = Context.test(stdout=stdout, terminal=True, environ={"TERM": "xterm"})
    context.messages.color = color
    sink = Sink(Terminal(stdout))
    writer = markdown_writer(context, sink, "\n")
    writer.size = lambda: os.terminal_size((40, rows))
    ticks = iter(range(0, 10**9, 100))
    writer.clock = lambda: next(ticks)
    answer = Completion()
    for piece in pieces:
        send(writer, answer, piece)
    writer.finish(answer)
    sink.flush()
    screen = Screen(rows)
    screen.show(stdout.getvalue().decode())
    return screen


def send(writer: MarkdownWriter, answer: Completion, piece: str, index: int = 0) -> None:
    body = {"choices": [{"index": index, "delta": {"content": piece}}]}
    writer.take(Part(b"", body, True), answer.add(body))


FRAGMENTS = [
    "word ", "**bold** ", "*", "`code`", "\n", "\n\n", "# ", "- ", "* ", "1. ", "> ", "    ",
    "```\n", "```python\n", "---", "| a | b |\n", "|---|---|\n", "[x](http://a.b)", "<div>", "\\",
    "&amp;", "===", "\t", "🙂", "é", "~~", "  ",
]  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30))
def test_what_grows_ends_as_what_came_at_once(fragments: list[str]) -> None:
    grown = drawn(character for fragment in fragments for character in fragment)
    assert grown.text == drawn(["".join(fragments)]).text


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30), st.integers(1, 5))
def test_it_never_goes_above_the_screen(fragments: list[str], rows: int) -> None:
    drawn(fragments, rows=max(rows, 2))


def test_the_forms() -> None:
    text = "# Top\n\nOne **b** `c` and\ntwo.\n\n- x\n- y\n\n```\nz = 1\n```\n\n1. p\n\n> q\n\nend"
    assert drawn([text]).text.replace(" ", "") == (
        "Top\n\nOnebcandtwo.\n\n•x\n•y\n\nz=1\n\n1p\n\n▌q\n\nend\n"
    )
    assert "\x1b[1mb\x1b[0m" in "\n".join(drawn([text]).lines)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"- item {number}\n" for number in range(100)),
        "```\n" + "".join(f"item {number}\n" for number in range(100)) + "```\n",
        "".join(f"item {number} of a paragraph\n" for number in range(100)),
        "".join(f"item {number}\n\n" for number in range(100)),
    ],
    ids=["list", "code", "one paragraph", "paragraphs"],
)
def test_what_is_longer_than_the_screen_loses_nothing(text: str) -> None:
    screen = drawn(re.findall(r".{1,5}|\n", text), rows=10)
    numbers = [int(number) for number in re.findall(r"item\s+(\d+)", screen.text)]
    assert numbers == list(range(100))


def test_only_the_lines_that_change_are_drawn_anew() -> None:
    text = "```\n" + "".join(f"line {number}\n" for number in range(50)) + "```\n"
    assert max(drawn(text).heights) <= 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "^[[31mred^G"),
        ("\x9b31m", "\\x9b31m"),
        ("`\x1b]0;t`", "^[]0;t"),
        ("```\n\x1b[2J\n```", " ^[[2J"),
        ("&#27;[31m &#x9b;", "�[31m �"),
        ("[bold]x[/bold] :smile:", "[bold]x[/bold] :smile:"),
        ("<b>x</b>\n\n<div>y</div>", "<b>x</b>\n\n<div>y</div>"),
        ("[x](http://a.b/\x1b]8;;)", "x (http://a.b/%5E%5B%5D8;;)"),
        ("[x](http://a.b)", "x (http://a.b)"),
        ("\ud83d\ude00 \ud800", "😀 �"),
    ],
)
def test_text_is_text(text: str, shown: str) -> None:
    for pieces in ([text], list(text)):
        assert drawn(pieces).text.rstrip("\n") == shown


def test_without_colour() -> None:
    screen = drawn(["`code` **b** [x](http://a.b)"], color="never")
    styles = {code for found in re.findall(r"\x1b\[([0-9;]*)m", "".join(screen.lines))
              for code in found.split(";")}  # fmt: skip
    assert styles <= {"0", "1", "4"}, "bold and underlined are no colours"


def test_several_choices_and_calls() -> None:
    stdout = io.BytesIO()
    sink = Sink(Terminal(stdout))
    context = Context.test(stdout=stdout, terminal=True, environ={"TERM": "xterm"})
    writer, answer = markdown_writer(context, sink, "--\n"), Completion(expected=2)
    send(writer, answer, "**two**", index=1)
    send(writer, answer, "one")
    answer.choices[0].tools.add_item({"function": {"name": "\x1b"}})
    writer.finish(answer)
    sink.flush()
    screen = Screen(24)
    screen.show(stdout.getvalue().decode())
    assert screen.text == 'one\n{"function": {"name": "\\u001b"}}\n--\ntwo\n'


def test_it_is_drawn_ten_times_a_second_and_long_blocks_less_often() -> None:
    stdout = io.BytesIO()
    sink = Sink(Terminal(stdout))
    context = Context.test(stdout=stdout, terminal=True, environ={"TERM": "xterm"})
    writer, answer = markdown_writer(context, sink, "\n"), Completion()
    now = [0.0]
    writer.clock = lambda: now[0]

    def shown_after(seconds: float) -> str:
        now[0] += seconds
        send(writer, answer, "x")
        sink.flush()
        return stdout.getvalue().decode().rpartition("\x1b[J")[2]

    assert [shown_after(0.06) for _ in range(4)] == ["x\n", "x\n", "xxx\n", "xxx\n"]
    slow = iter([10.0, 11.0])
    writer.clock = lambda: next(slow)
    assert shown_after(0) == "xxxxx\n"
    writer.clock = lambda: now[0]
    now[0] = 14.9
    assert shown_after(0) == "xxxxx\n", "four times as long as it took"
    assert shown_after(0.2) == "xxxxxxx\n"


@pytest.mark.parametrize(("term", "can"), [("xterm", True), ("dumb", False), ("", False)])
def test_a_terminal_that_cannot_draw(term: str, can: bool) -> None:
    assert can_draw(Context.test(environ={"TERM": term})) is can


# Nothing said may vanish


def letters(text: str) -> Counter[str]:
    return Counter(letter for letter in text if letter.isalnum())


WORDS = [fragment for fragment in FRAGMENTS if fragment not in ("```python\n", "&amp;", "1. ")]
WORDS += ["> " * 6, "  " * 9 + "- ", "| word | **x** |\n", "![y](z.png 'w')", "[r]: http://q.r\n"]


@example(["| a | b |\n", "|---|---|\n", "word ", "| a | b |\n"])
@example(["> - x\n>\n>   | a |\n>   |---|\n>   | c \\| d | lost |\n"])
@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_all_words_stay(fragments: list[str]) -> None:
    text = "".join(fragments)
    assert not letters(text) - letters(drawn(fragments).text)


@pytest.mark.parametrize(
    "text",
    [
        "".join("  " * depth + f"- level{depth} word\n" for depth in range(12)),
        "".join("  " * depth + f"- level{depth} word\n" for depth in range(100)),
        "".join(">" * depth + f" level{depth}\n>\n" for depth in range(1, 30)),
        ">" * 500 + " deep",
        "|" + "column|" * 30 + "\n|" + "---|" * 30 + "\n|" + "a long value|" * 30 + "\n",
        "|a|b|\n|-|-|\n|" + "long" * 30 + "|" + "word " * 30 + "|\n",
        "[one]: http://example.com/1 'title'\n\nIt says [so][one], and ![draw](there.png \"alt\").",
        "[x](http://example.com 'why')",
    ],
    ids=["list of 12", "list of 100", "quotes", "quotes of 500", "table of 30", "wide cells",
         "definition", "title"],
)  # fmt: skip
@pytest.mark.parametrize("is_at_once", [True, False])
def test_what_cannot_be_drawn_is_printed_as_it_is(text: str, is_at_once: bool) -> None:
    screen = drawn([text] if is_at_once else re.findall(r".{1,40}|\n", text), rows=20)
    assert not letters(text) - letters(screen.text)
    assert max(map(len, screen.text.split("\n"))) <= 40
