"""What is said on stderr: one line each, harmless on a terminal, and never a secret."""

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.errors import CliError, RefusedError
from openai_cli.messages import Color, Messages, one_line
from openai_cli.terminal import visible

KEY = "sk-made-up-for-tests"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def said(act: Callable[[Messages], None], stream: io.StringIO | None = None, **options: str) -> str:
    """What these calls write."""
    out = stream or io.StringIO()
    act(Messages(out, environ=options))
    return out.getvalue()


ERRORS: list[tuple[CliError, str]] = [
    (CliError("it broke"), "it broke"),
    (CliError("it broke", hint="mend it"), "it broke; mend it"),
    (CliError("It broke.", hint="mend it"), "It broke. mend it"),
    (CliError("no", status=400), "no (HTTP 400)"),
    (
        RefusedError("no", parameter="n", status=400, request_id="req_1", hint="send less"),
        "no (parameter n, HTTP 400, request id req_1); send less",
    ),
    (CliError("no.", status=400, hint="wait"), "no. (HTTP 400); wait"),
    (CliError("one\ntwo\r\n\tthree  four"), "one two three four"),
    (CliError("a\x1b[31mb\x9bc"), r"a^[[31mb\x9bc"),
    (CliError("no", hint="one\ntwo\x07"), "no; one two^G"),
    (CliError("Größe: 日本 😀"), "Größe: 日本 😀"),
]


@pytest.mark.parametrize(("error", "line"), ERRORS)
def test_an_error_is_one_line(error: CliError, line: str) -> None:
    assert said(lambda messages: messages.error(error)) == f"openai-cli: error: {line}\n"


EVIL = "a\nb\x1b]0;owned\x07\r\x9b31m"

FROM_OUTSIDE: dict[str, Callable[[Messages], None]] = {
    "problem": lambda messages: messages.error(CliError(EVIL)),
    "hint": lambda messages: messages.error(CliError("no", hint=EVIL)),
    "parameter": lambda messages: messages.error(CliError("no", parameter=EVIL)),
    "request id": lambda messages: messages.error(CliError("no", request_id=EVIL)),
    "notice": lambda messages: messages.notice(EVIL),
    "usage": lambda messages: messages.usage(EVIL),
    "debug": lambda messages: messages.debug(EVIL),
}


@pytest.mark.parametrize("act", FROM_OUTSIDE.values(), ids=FROM_OUTSIDE)
def test_what_comes_from_outside_stays_on_its_line_and_is_not_executed(
    act: Callable[[Messages], None],
) -> None:
    text = said(act)
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert not set(text) & set("\x1b\x07\r\x9b")


@given(st.text())
def test_one_line_is_one(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert not [char for char in line if ord(char) < 32 or 0x7F <= ord(char) <= 0x9F]


def test_a_block_keeps_its_lines_and_is_not_executed() -> None:
    text = said(lambda messages: messages.block('{\n\t"a": "\x1b[2J"\n}\n\n'))
    assert text == '{\n\t"a": "^[[2J"\n}\n'


PICTURES = [
    ("a\tb\n", "a\tb\n"),
    ("\x00\x07\x1b\r\x1f", "^@^G^[^M^_"),
    ("\x7f", "^?"),
    ("\x80\x85\x9b\x9f", r"\x80\x85\x9b\x9f"),
    ("\xa0é日\u2028", "\xa0é日\u2028"),
]


@pytest.mark.parametrize(("text", "picture"), PICTURES)
def test_control_characters_are_shown(text: str, picture: str) -> None:
    assert visible(text) == picture


def test_quiet_silences_all_but_errors() -> None:
    def act(messages: Messages) -> None:
        messages.quiet = True
        messages.notice("one")
        messages.usage("two")
        messages.debug("three")
        messages.error(CliError("four"))

    assert said(act) == "openai-cli: error: four\n"


def test_every_kind_has_its_word() -> None:
    def act(messages: Messages) -> None:
        messages.notice("one")
        messages.usage("two")
        messages.debug("three")

    assert said(act).splitlines() == [
        "openai-cli: notice: one",
        "openai-cli: usage: two",
        "openai-cli: debug: three",
    ]


COLORS: list[tuple[Color, bool, dict[str, str], bool]] = [
    ("auto", True, {}, True),
    ("auto", False, {}, False),
    ("auto", True, {"NO_COLOR": "1"}, False),
    ("auto", True, {"NO_COLOR": ""}, True),
    ("auto", True, {"TERM": "dumb"}, False),
    ("auto", True, {"TERM": "xterm"}, True),
    ("always", False, {}, True),
    ("always", True, {"NO_COLOR": "1"}, True),
    ("never", True, {}, False),
]


@pytest.mark.parametrize(("choice", "terminal", "environ", "colored"), COLORS)
def test_color(choice: Color, terminal: bool, environ: dict[str, str], colored: bool) -> None:
    def act(messages: Messages) -> None:
        messages.color = choice
        messages.error(CliError("no"))
        messages.notice("hm")

    text = said(act, Terminal() if terminal else None, **environ)
    assert ("\x1b[" in text) is colored
    assert text.count("\x1b[0m") == (2 if colored else 0)


def test_a_secret_is_masked_everywhere() -> None:
    def act(messages: Messages) -> None:
        messages.hide(KEY)
        messages.error(CliError(f"bad {KEY}!", hint=KEY, parameter=KEY, request_id=KEY))
        messages.notice(f"Bearer {KEY}")
        messages.usage(KEY)
        messages.debug(KEY)
        messages.block(f'{{"key": "{KEY}"}}\n{KEY}')

    text = said(act)
    assert KEY not in text
    assert text.count("***") == 9
    assert "bad ***!" in text


def test_a_secret_is_masked_where_it_was_cut_and_where_json_escapes_it() -> None:
    def act(messages: Messages) -> None:
        messages.hide("odd/secret")
        messages.error(CliError("got odd/sec…", body=b'{"a": "odd\\/secret"}'), with_body=True)
        messages.notice("a key of no other: sk-made-up")

    text = said(act)
    assert "odd" not in text
    assert "made" not in text
    assert text.count("***") == 3


class Broken(io.StringIO):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str, /) -> int:
        raise self.error


@pytest.mark.parametrize(
    "stream",
    [None, Broken(BrokenPipeError()), Broken(OSError(28, "full")), Broken(ValueError("closed"))],
)
def test_a_stderr_that_is_gone_is_no_reason_to_fail(stream: io.StringIO | None) -> None:
    messages = Messages(stream, environ={})
    messages.notice("one")
    messages.error(CliError("two"))
    messages.block("three")


def test_a_stderr_that_is_not_utf8_is_no_reason_to_fail() -> None:
    raw = io.BytesIO()
    messages = Messages(io.TextIOWrapper(raw, "ascii", "backslashreplace"), environ={})
    messages.error(CliError("Größe \ud83d"))
    assert raw.getvalue() == rb"openai-cli: error: Gr\xf6\xdfe \ud83d" + b"\n"
