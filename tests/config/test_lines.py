"""The line of a key, in TOML of every form that hides one or looks like one."""

import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.config.lines import key_lines


class Statement(NamedTuple):
    """Lines of TOML. `keys` are those that it names, by line from its first: 0."""

    text: str
    keys: dict[tuple[str, ...], int]
    is_header: bool = False


# Values of one line and of many, with what looks like keys, tables and ends of strings in them.
ONE_LINE = (
    "1", "-0.5", "true", "2026-11-23", '"a # no comment"', "'[no.table]'", '"no = 1"', '"\\"#"',
    "[]", '[1, "]", \'[\']', "[{ n = 1 }, { n = 2 }]", '""', '"""one line"""', "''''quoted''''",
    '""""two""""', '"""a\\"""b"""',
)  # fmt: skip
MANY_LINES = (
    '"""\nno = 1\n[no.table]\n# none\n"""', "'''\nno = \"\"\"\n[[no]]\n'''", '"""a\\\n  no = 1"""',
    '[\n  1, # ] no end\n  "]",\n\n  [ 2,\n 3 ]\n]', "[\n{ n = 1 },\n{ n = '''\nno = 1'''}]",
    '"""\n\\"""\nno = 1\n"""',
)  # fmt: skip
BETWEEN = ("", "  ", "\t", "# no = 1", "  # [no.table]", '# """', "# '''", "#", "# [")


def written(name: str, style: int) -> str:
    """A key in one of its forms."""
    return (name, f'"{name}"', f"'{name}'", f'"\\u{ord(name[0]):04x}{name[1:]}"')[style]


@st.composite
def statements(draw: st.DrawFn, number: int) -> Statement:
    """A statement whose names no other statement has."""
    count = draw(st.integers(1, 3))
    names = tuple(f"k{number}{part}" for part in "abc"[:count])
    dot = draw(st.sampled_from((".", " . ", "\t.")))
    key = dot.join(written(name, draw(st.integers(0, 3))) for name in names)
    prefixes = {names[:end]: 0 for end in range(1, count + 1)}
    indent = draw(st.sampled_from(("", "  ", "\t")))
    match draw(st.sampled_from(("between", "table", "tables", "value", "value", "inline", "open"))):
        case "between":
            return Statement(draw(st.sampled_from(BETWEEN)), {})
        case "table":
            return Statement(f"{indent}[ {key} ] # = [x]", prefixes, is_header=True)
        case "tables":
            return Statement(f"{indent}[[{key}]]", prefixes, is_header=True)
        case "inline":
            inner = written("in", draw(st.integers(0, 3)))
            value = draw(st.sampled_from(ONE_LINE))
            text = f"{indent}{key} = {{ {inner} = {value}, d.e = 1, s = {{ t = 2 }} }}"
            below = [("in",), ("d",), ("d", "e"), ("s",), ("s", "t")]
            return Statement(text, prefixes | {(*names, *path): 0 for path in below})
        case "open":  # where a key of it stands, nobody says
            value = draw(st.sampled_from(MANY_LINES))
            return Statement(f"{indent}{key} = {{ a = {value}, z = 1 }}", {})
        case _:
            value = draw(st.sampled_from(ONE_LINE + MANY_LINES))
            return Statement(
                f"{indent}{key}={value}{draw(st.sampled_from(('', ' # = [x]')))}", prefixes
            )


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[tuple[str, ...], int]]:
    """A text, and the line of each of its keys that can be told."""
    table: tuple[str, ...] = ()
    lines: list[str] = []
    expected: dict[tuple[str, ...], int] = {}
    for number in range(draw(st.integers(0, 8))):
        one = draw(statements(number))
        base = () if one.is_header else table
        for path, line in one.keys.items():
            expected[(*base, *path)] = len(lines) + 1 + line
        if one.is_header:
            table = max(one.keys, key=len)
        lines += one.text.split("\n")
    newline = draw(st.sampled_from(("\n", "\r\n")))
    return newline.join(lines) + draw(st.sampled_from(("", newline))), expected


def paths(value: Any) -> Iterator[tuple[str, ...]]:
    """All keys of a document that no array is above, and those below its arrays of tables."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        value = {key: inner for item in value for key, inner in item.items()}
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (key,)
            yield from ((key, *path) for path in paths(inner))


@given(documents())
def test_each_key_has_its_line_and_no_other_has_one(
    document: tuple[str, dict[tuple[str, ...], int]],
) -> None:
    text, expected = document
    found = key_lines(text)
    assert {path: found.get(path) for path in expected} == expected
    assert set(found) <= set(paths(tomllib.loads(text)))


def test_a_file_as_people_write_it() -> None:
    text = (
        'quiet = true\n\n# chat\n[chat]\nmodel = "m"\nsystem = """\nmodel = "no"\n"""\nstop = [\n'
        '  "A",\n]\nmetadata = { team = "ci" }\n[models.list]\nlocal = true\n'
    )
    assert key_lines(text) == {
        ("quiet",): 1,
        ("chat",): 4,
        ("chat", "model"): 5,
        ("chat", "system"): 6,
        ("chat", "stop"): 9,
        ("chat", "metadata"): 12,
        ("chat", "metadata", "team"): 12,
        ("models",): 13,
        ("models", "list"): 13,
        ("models", "list", "local"): 14,
    }


def test_a_table_is_where_it_is_first_named() -> None:
    assert key_lines("a.b = 1\na.c = 2\n[t.u]\n[t]\nx = 1\n")[("a",)] == 1
    assert key_lines("[t.u]\n[t]\nx = 1\n")[("t",)] == 1


def test_a_key_behind_an_open_value_of_its_table_has_no_line() -> None:
    found = key_lines("a = { x = [\n1,\n], y = 2 }\nb = 1\n")
    assert found == {("a",): 1, ("b",): 4}


@pytest.mark.parametrize(("lines", "told"), [(198, True), (199, False)])
def test_behind_a_value_of_very_many_lines_nothing_is_told(lines: int, told: bool) -> None:
    text = "a = 1\nb = [\n" + "1,\n" * lines + "]\nc = 1\n"
    assert key_lines(text).get(("a",)) == 1
    assert (key_lines(text).get(("c",)) is not None) is told
