"""What is printed of an answer: text, JSON, a query; into a pipe and on a terminal."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.answer.completion import Completion
from openai_cli.answer.parts import Part, read
from openai_cli.context import Context
from openai_cli.errors import OutputError, UsageError
from openai_cli.output.sink import open_sink
from openai_cli.output.writers import Affixes, JsonWriter, Query, QueryWriter, TextWriter, Writer
from tests.answer.reading import http
from tests.servers import chat, completion, delta, events

Make = Callable[[Any], Writer]


def printed(
    raw: bytes, make: Make, *, terminal: bool = False, context: Context | None = None
) -> bytes:
    """What a writer prints of this body."""
    out = io.BytesIO()
    world = context or Context.test(stdout=out, terminal=terminal)
    answer = Completion()
    with open_sink(world, None) as sink:
        writer = make(sink)
        for part, added in read(http(raw), answer):
            writer.take(part, added)
        writer.finish(answer)
    stdout = world.stdout
    assert isinstance(stdout, io.BytesIO)
    return stdout.getvalue()


def text(**options: Any) -> Make:
    return lambda sink: TextWriter(sink, **options)


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


def streamed(*texts: str) -> bytes:
    """A stream of these choices, one letter of each in turn."""
    longest = max(map(len, texts), default=0)
    data = [
        delta(letters[at : at + 1], index=index)
        for at in range(longest)
        for index, letters in enumerate(texts)
    ]
    return events(*data, *(delta(index=index, finish="stop") for index in range(len(texts))))


TEXTS: list[tuple[list[str], dict[str, Any], str]] = [
    (["Hello"], {}, "Hello\n"),
    (["Hello\n"], {}, "Hello\n"),
    (["Hello\n\n"], {}, "Hello\n\n"),
    (["a\r\nb"], {}, "a\r\nb\n"),
    ([""], {}, "\n"),
    (["a", "b"], {}, "a\n\nb\n"),
    (["a\n", "b\n", "c"], {}, "a\n\nb\n\nc\n"),
    (["a", ""], {}, "a\n\n\n"),
    (["a", "b"], {"separator": "---\n"}, "a\n---\nb\n"),
    (["a", "b"], {"separator": ""}, "a\nb\n"),
    (["a"], {"separator": "---\n"}, "a\n"),
    (["a"], {"null": True}, "a\0"),
    (["a\n"], {"null": True}, "a\n\0"),
    (["a", "b", ""], {"null": True}, "a\0b\0\0"),
    (["a", "b"], {"null": True, "separator": "---\n"}, "a\0b\0"),
    (["is"], {"affixes": (Affixes("This ", " it."),)}, "This is it.\n"),
    ([""], {"affixes": (Affixes("This ", " it."),)}, "This  it.\n"),
    (["a", "b"], {"affixes": (Affixes("<", ">"),)}, "<a>\n\n<b>\n"),
    (["a", "b", "c"], {"affixes": (Affixes("1"), Affixes("2", "!"))}, "1a\n\n2b!\n\n2c!\n"),
    (["a"], {"affixes": (Affixes("<", ">\n"),)}, "<a>\n"),
    (["a", "b"], {"affixes": (Affixes("<", ">"),), "null": True}, "<a>\0<b>\0"),
    (["é\u2028\u0085日😀"], {}, "é\u2028\u0085日😀\n"),
]


@pytest.mark.parametrize(("texts", "options", "out"), TEXTS)
def test_text_is_printed_alike_in_every_form(
    texts: list[str], options: dict[str, Any], out: str
) -> None:
    for raw in (encoded(chat(*texts)), encoded(completion(*texts)), streamed(*texts)):
        assert printed(raw, text(**options)) == out.encode()


@given(
    st.lists(st.text("ab\n", max_size=4), min_size=1, max_size=3),
    st.sampled_from(["", "\n", "--\n"]),
    st.booleans(),
    st.tuples(st.text("<\n", max_size=2), st.text(">\n", max_size=2)),
)
def test_a_stream_prints_what_a_whole_answer_prints(
    texts: list[str], separator: str, null: bool, ends: tuple[str, str]
) -> None:
    make = text(separator=separator, null=null, affixes=(Affixes(*ends),))
    assert printed(streamed(*texts), make) == printed(encoded(chat(*texts)), make)


def taken(writer: Writer, answer: Completion, *bodies: dict[str, Any]) -> None:
    """Hand these events to a writer."""
    for body in bodies:
        writer.take(Part(encoded(body), body, streamed=True), answer.add(body))


def test_choice_0_is_printed_as_it_arrives_and_the_others_after_it() -> None:
    out = io.BytesIO()
    answer = Completion(expected=2)
    with open_sink(Context.test(stdout=out), None) as sink:
        writer = TextWriter(sink)
        stages = []
        for body in (delta("o", index=1), delta("a"), delta("n", index=1), delta("b")):
            taken(writer, answer, body)
            sink.flush()
            stages.append(out.getvalue())
        assert stages == [b"", b"a", b"a", b"ab"]
        writer.finish(answer)
    assert out.getvalue() == b"ab\n\non\n"


def test_the_frame_is_printed_with_the_first_text() -> None:
    out = io.BytesIO()
    answer = Completion()
    with open_sink(Context.test(stdout=out), None) as sink:
        writer = TextWriter(sink, affixes=(Affixes("<", ">"),))
        taken(writer, answer, delta(role="assistant"), delta("a"))
        sink.flush()
        assert out.getvalue() == b"<a"
        writer.finish(answer)
    assert out.getvalue() == b"<a>\n"


def test_a_stream_without_choice_0_is_printed_too() -> None:
    raw = events(delta("b", index=1), delta("c", index=2))
    assert printed(raw, text()) == b"b\n\nc\n"


CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a": "é\\n"}'}}
LINE = (
    '{"id": "call_1", "type": "function", "function": {"name": "f", '
    '"arguments": "{\\"a\\": \\"é\\\\n\\"}"}}\n'
)


def message(**parts: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": parts, "finish_reason": "stop"}]}


CALLS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (message(content=None, tool_calls=[CALL]), {}, LINE),
    (message(content=None, tool_calls=[CALL, CALL]), {}, LINE * 2),
    (message(content="Hi", tool_calls=[CALL]), {}, "Hi\n" + LINE),
    (message(content="", tool_calls=[CALL]), {}, LINE),
    (message(content=None, tool_calls=[CALL]), {"null": True}, LINE.rstrip("\n") + "\0"),
    (message(content=None, tool_calls=[CALL]), {"affixes": (Affixes("<", ">"),)}, LINE),
    (message(content=None, function_call={"name": "f"}), {}, '{"name": "f"}\n'),
    (message(content=None, refusal="I cannot"), {}, ""),
    (message(content="Hi", refusal="I cannot"), {}, "Hi\n"),
]


@pytest.mark.parametrize(("body", "options", "out"), CALLS)
def test_a_tool_call_is_a_line_of_json_and_a_refusal_is_not_printed(
    body: dict[str, Any], options: dict[str, Any], out: str
) -> None:
    assert printed(encoded(body), text(**options)).decode() == out


def test_tool_calls_of_a_stream_follow_its_text() -> None:
    pieces = [
        {"index": 0, **CALL, "function": {"name": "f", "arguments": '{"a": '}},
        {"index": 0, "function": {"arguments": '"é\\n"}'}},
    ]
    data = [delta("Hi"), *(delta(tool_calls=[piece]) for piece in pieces), delta(finish="stop")]
    assert printed(events(*data), text()).decode() == "Hi\n" + LINE


# Surrogates: JSON may cut a character of two code units over two events


HALVES = [
    ([r'"a\ud83d"', r'"\ude00b"'], "a😀b\n"),
    ([r'"\ud83d"', '""', r'"\ude00"'], "😀\n"),
    ([r'"\ud83d\ude00"'], "😀\n"),
    ([r'"a\ud83d"'], "a\ufffd\n"),
    ([r'"a\ud83d"', '"b"'], "a\ufffdb\n"),
    ([r'"\ude00"', '"b"'], "\ufffdb\n"),
    ([r'"\ud83d"', r'"\ud83d"', r'"\ude00"'], "\ufffd😀\n"),
]


@pytest.mark.parametrize(("texts", "out"), HALVES)
@pytest.mark.parametrize("terminal", [True, False])
def test_halves_of_a_character_are_joined(texts: list[str], out: str, terminal: bool) -> None:
    one = '{"choices": [{"index": 0, "delta": {"content": %s}}]}'
    raw = events(*(one % half for half in texts))
    assert printed(raw, text(), terminal=terminal).decode() == out


def test_halves_of_a_character_are_joined_with_others_between() -> None:
    one = '{"choices": [{"index": %d, "delta": {"content": "%s"}}]}'
    raw = events(
        one % (0, r"\ud83d"), one % (1, r"\ud83d"), one % (0, r"\ude00"), one % (1, r"\ude00")
    )
    assert printed(raw, text()).decode() == "😀\n\n😀\n"


# Terminals


EVIL = "\x1b]0;owned\x07\x1b[2Jok\rgone\x08\x00\x7f\x9b31m\x85\tq\n"
SHOWN = r"^[]0;owned^G^[[2Jok^Mgone^H^@^?\x9b31m\x85" + "\tq\n"


@pytest.mark.parametrize("raw", [encoded(chat(EVIL)), streamed(EVIL)], ids=["whole", "streamed"])
def test_a_terminal_executes_nothing_and_a_pipe_gets_every_byte(raw: bytes) -> None:
    assert printed(raw, text(), terminal=True).decode() == SHOWN
    assert printed(raw, text()) == EVIL.encode()


@given(st.text())
def test_no_text_has_a_control_character_for_a_terminal(content: str) -> None:
    out = printed(encoded(chat(content)), text(), terminal=True).decode()
    assert not [char for char in out if ord(char) < 32 and char not in "\n\t"]
    assert not [char for char in out if 0x7F <= ord(char) <= 0x9F]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_goes_into_a_pipe_as_it_is(content: str) -> None:
    end = "" if content.endswith("\n") else "\n"
    assert printed(encoded(chat(content)), text()).decode() == content + end


def test_what_is_ours_is_shown_too() -> None:
    """A tool call's name and a frame come from outside as well."""
    body = message(content=None, tool_calls=[{"id": "\x9b31m\x7f"}])
    assert printed(encoded(body), text(), terminal=True) == b'{"id": "\\u009b31m\\u007f"}\n'


# --json


RAW = b'\n{ "id":"a\\u00e9\xc3\xa9",\r\n  "choices" : [ {"index":0, "text": "x"}]}'


def test_json_is_the_body_exactly_as_it_came() -> None:
    assert printed(RAW, JsonWriter) == RAW


def test_json_of_a_stream_is_every_event_on_a_line_of_its_own() -> None:
    raw = (
        b': hi\n\nevent: x\ndata: {"choices": [],\ndata:  "a":\ndata: 1}\n\n'
        b'data:{"choices":[{"text":""}],"u":"\\u00e9\xc3\xa9\xe2\x80\xa8\\n"}\r\n\r\n'
        b"data: [DONE]\n\n"
    )
    lines = printed(raw, JsonWriter).split(b"\n")
    assert lines.pop() == b""
    assert len(lines) == 2
    assert json.loads(lines[0]) == {"choices": [], "a": 1}
    assert lines[1] == b'{"choices":[{"text":""}],"u":"\\u00e9\xc3\xa9\xe2\x80\xa8\\n"}'


@pytest.mark.parametrize("is_stream", [True, False])
def test_json_on_a_terminal_is_the_same_value_and_harmless(is_stream: bool) -> None:
    body = message(content="\x7f\x9b31m\x85")
    dumped = json.dumps(body, ensure_ascii=False).encode()
    raw = events(dumped.decode()) if is_stream else dumped
    out = printed(raw, JsonWriter, terminal=True)
    assert json.loads(out) == body
    assert out.endswith(b"}\n")
    assert out.isascii()


def test_json_with_cr_between_its_tokens_is_json_on_a_terminal_too() -> None:
    out = printed(RAW, JsonWriter, terminal=True)
    assert b"\r" not in out
    assert json.loads(out) == json.loads(RAW)


# --query


BODY = encoded({**chat("Hello", "b\n"), "n": 1.50, "big": 9007199254740993})

QUERIES = [
    ("choices[0].message.content", "Hello\n"),
    ("choices[1].message.content", "b\n"),
    ("usage.total_tokens", "8\n"),
    ("usage", '{"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}\n'),
    ("choices[].message.content", '["Hello", "b\\n"]\n'),
    ("choices[].index", "[0, 1]\n"),
    ("big", "9007199254740993\n"),
    ("n", "1.5\n"),
    ("usage.total_tokens == `8`", "true\n"),
    ("usage.total_tokens == `9`", "false\n"),
    ("''", "\n"),
    ("'é'", "é\n"),
    ("{t: 'é'}", '{"t": "é"}\n'),
]


def query(expression: str, context: Context | None = None) -> Make:
    messages = (context or Context.test()).messages
    return lambda sink: QueryWriter(sink, Query(expression), messages)


@pytest.mark.parametrize(("expression", "out"), QUERIES)
def test_a_query_prints_strings_bare_and_all_else_as_json(expression: str, out: str) -> None:
    assert printed(BODY, query(expression)).decode() == out


@pytest.mark.parametrize("expression", ["nothing", "choices[7]", "choices[0].message.refusal"])
@pytest.mark.parametrize("is_stream", [True, False])
def test_a_query_that_finds_nothing_prints_nothing_and_says_so(
    expression: str, is_stream: bool
) -> None:
    context = Context.test()
    raw = streamed("Hello") if is_stream else BODY
    assert printed(raw, query(expression, context), context=context) == b""
    stderr = context.messages.stream
    assert isinstance(stderr, io.StringIO)
    (line,) = stderr.getvalue().splitlines()
    assert line.startswith("openai-cli: notice: ")
    assert expression in line


def test_a_query_is_asked_of_every_event() -> None:
    context = Context.test()
    out = printed(streamed("Hey"), query("choices[0].delta.content", context), context=context)
    assert out == b"H\ne\ny\n"
    assert cast("io.StringIO", context.messages.stream).getvalue() == ""


def test_a_query_sees_the_body_as_it_came() -> None:
    raw = encoded(message(content=None, tool_calls=[{"index": 4, **CALL}]))
    found = printed(raw, query("choices[0].message.tool_calls[0].index"))
    assert found == b"4\n"


def test_what_a_query_finds_is_harmless_on_a_terminal() -> None:
    raw = encoded(chat(EVIL))
    assert printed(raw, query("choices[0].message.content"), terminal=True).decode() == SHOWN
    out = printed(raw, query("choices[0].message"), terminal=True)
    assert b"\x1b" not in out
    assert "\x9b" not in out.decode()


def test_a_lone_surrogate_that_a_query_finds_is_replaced() -> None:
    raw = b'{"choices": [{"text": "a\\ud83d"}]}'
    assert printed(raw, query("choices[0].text")).decode() == "a\ufffd\n"


BAD = [
    "",
    "choices[",
    "a..b",
    "a b",
    "`{",
    "foo(",
    "nofunction(@)",
    "length(@.id, @)",
    "a[1",
    "'",
    "@ @",
]


@pytest.mark.parametrize("expression", BAD)
def test_an_expression_that_is_none_is_wrong_usage(expression: str) -> None:
    with pytest.raises(UsageError) as caught:
        printed(BODY, query(expression))
    assert "--query" in caught.value.problem


RUNTIME = [
    "length(big)",
    "sum(choices)",
    "max_by(choices, &message)",
    "sort(choices)",
    "choices[::0]",
    "keys('x')",
    "join(',', choices)",
]


@pytest.mark.parametrize("expression", RUNTIME)
def test_an_answer_that_an_expression_does_not_fit_is_kept(expression: str) -> None:
    with pytest.raises(OutputError, match="--query") as caught:
        printed(BODY, query(expression))
    kept = Path((caught.value.hint or "").rpartition(" ")[2])
    assert kept.read_bytes() == BODY
    kept.unlink()


def whole_query(expression: str) -> Make:
    return lambda sink: QueryWriter(sink, Query(expression), Context.test().messages, as_whole=True)


def test_a_query_goes_over_the_whole_of_a_stream_that_was_not_asked_for() -> None:
    assert printed(streamed("ab"), whole_query("choices[0].message.content")) == b"ab\n"
    assert printed(streamed("ab"), whole_query("length(choices)")) == b"1\n"
    assert (
        printed(encoded(message(content="c")), whole_query("choices[0].message.content")) == b"c\n"
    )


def test_a_query_prints_null_for_what_json_has_no_number_for() -> None:
    raw = b'{"choices": [{"text": "x"}], "x": [NaN, 1e999]}'
    assert printed(raw, whole_query("x")) == b"[null, null]\n"


@pytest.mark.parametrize(
    ("expression", "lines"),
    [
        ("choices[].message.content", b"a b\n{}\n"),
        ("choices[].[index, message.content]", b'[0, "a b"]\n[1, "{}"]\n'),
        ("choices[].index", b"0\n1\n"),
        ("choices[].{at: index}", b'{"at": 0}\n{"at": 1}\n'),
        ("choices[0].message.[refusal, index, content]", b"null\nnull\na b\n"),
        ("model", b"m\n"),
        ("usage.total_tokens", b"8\n"),
        ("choices[?index == `9`]", b""),
        ("none", b""),
    ],
)
def test_of_a_list_each_item_is_a_line(expression: str, lines: bytes) -> None:
    out, messages = encoded(chat("a b", "{}")), Context.test().messages
    assert printed(out, listed(expression)) == lines
    assert printed(out, listed(expression, null=True)) == lines.replace(b"\n", b"\0")
    writer = listed(expression, messages)
    printed(out, writer)
    assert isinstance(messages.stream, io.StringIO)
    told = f"openai-cli: notice: --query found nothing: {expression}\n"
    assert messages.stream.getvalue() == ("" if lines else told)


def listed(expression: str, messages: Any = None, **options: Any) -> Make:
    query = Query(expression, lines=True)
    return lambda sink: QueryWriter(sink, query, messages or Context.test().messages, **options)
