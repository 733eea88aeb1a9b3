"""What is printed of a text that is not printed whole: a code block."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.context import Context
from openai_cli.output.shapes import CodeBlock
from tests.conftest import MADE_UP_KEY
from tests.flags.commandline import Ended, execute, refused
from tests.servers import Server, chat, delta, reply, stream

TWO = "Here:\n\n```python\nprint(1)\n```\n\nand\n\n~~~\nlast\n~~~\nDone."
FIRST, LAST = CodeBlock(0), CodeBlock(-1)


def response(text: str) -> dict[str, object]:
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"type": "message", "role": "assistant", "content": [part]}
    return {"id": "resp_1", "object": "response", "status": "completed", "output": [message]}


def answered(answer: bytes, *arguments: str, terminal: bool = False) -> Ended:
    with Server([answer]) as server:
        environ = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        return execute(Context.test(environ=environ, terminal=terminal), *arguments)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (TWO, "print(1)\n", "last\n"),
        ("```\na\n```", "a\n", "a\n"),
        ("```\n\n  a\n\tb\n\n```", "\n  a\n\tb\n\n", "\n  a\n\tb\n\n"),
        ("````md\n```\na\n```\n````", "```\na\n```\n", "```\na\n```\n"),
        ("~~~\n```\n~~~", "```\n", "```\n"),
        ("```\nhalf", "half", "half"),
        ("1. Do\n\n   ```sh\n   ls\n     -l\n   ```\n", "ls\n  -l\n", "ls\n  -l\n"),
        ("Do\n\n      ```sh\n      ls\n      ```\n", "ls\n", "ls\n"),
        ("> ```\n> a\n> ```", "a\n", "a\n"),
        ("<details>\n```\na\n```\n</details>", "a\n", "a\n"),
        ("```\n```", "", ""),
        ("with ``` in a line\n\nand `code`", None, None),
        ("    indented", None, None),
        ("", None, None),
    ],
)
def test_a_block_is_what_stands_between_its_fences(
    text: str, first: str | None, last: str | None
) -> None:
    assert (FIRST.of(text), LAST.of(text)) == (first, last)


LINES = st.text(st.characters(exclude_categories=["C"], exclude_characters="`\x85\u2028\u2029"))


@given(st.lists(st.lists(LINES), min_size=1))
def test_of_all_blocks_the_first_and_the_last(blocks: list[list[str]]) -> None:
    insides = ["".join(f"{line}\n" for line in lines) for lines in blocks]
    text = "\n\nText\n\n".join(f"```\n{inside}```" for inside in insides)
    assert (FIRST.of(text), LAST.of(text)) == (insides[0], insides[-1])


@pytest.mark.parametrize("flag", ["-x", "--extract"])
@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (("chat", "hi"), reply(chat(TWO))),
        (("chat", "hi", "--stream"), stream(*map(delta, TWO), delta(finish="stop"))),
        (("chat", "hi", "--render"), reply(chat(TWO))),
        (("respond", "hi"), reply(response(TWO))),
        (("responses", "show", "resp_1"), reply(response(TWO))),
    ],
)
def test_the_first_block_alone_is_printed(
    flag: str, command: tuple[str, ...], answer: bytes
) -> None:
    ended = answered(answer, *command, flag)
    assert (ended.code, ended.out, ended.err) == (0, b"print(1)\n", "")
    assert answered(answer, *command, "--extract-last").out == b"last\n"


def test_at_a_terminal_nothing_is_shown_before() -> None:
    ended = answered(reply(chat(TWO)), "chat", "hi", "-x", "--render", terminal=True)
    assert (ended.out, ended.err) == (b"print(1)\n", "")


def test_without_a_block_all_is_printed_and_told_of() -> None:
    ended = answered(reply(chat("no code")), "chat", "hi", "-x")
    assert (ended.code, ended.out) == (0, b"no code\n")
    assert ended.err == (
        "openai-cli: notice: the answer has no code block, so all of it is printed\n"
    )


def test_of_several_choices_each_has_its_own() -> None:
    answer = reply(chat(TWO, "```\nb\n```"))
    assert answered(answer, "chat", "hi", "-n", "2", "-x").out == b"print(1)\n\nb\n"
    assert answered(answer, "chat", "hi", "-n", "2", "-x", "-0").out == b"print(1)\n\0b\n\0"


def test_a_call_of_a_tool_is_printed_as_ever() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body = chat(None, finish="tool_calls")
    body["choices"][0]["message"]["tool_calls"] = [call]
    ended = answered(reply(body), "chat", "hi", "-x")
    assert json.loads(ended.out) == call
    assert ended.err == ""


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (("-x", "--json"), "--json and --extract: give one of them"),
        (("-x", "--extract-last"), "--extract and --extract-last: give one of them"),
        (("-x", "--query", "id"), "--query and --extract: give one of them"),
        (
            ("-x", "--schema", "a", "--schema-rows"),
            "--extract and --schema-rows: give one of them",
        ),
    ],
)
@pytest.mark.parametrize("command", ["chat", "respond"])
def test_one_form_at_a_time(command: str, flags: tuple[str, ...], why: str) -> None:
    assert why in refused(command, "hi", *flags)
