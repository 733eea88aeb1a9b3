"""Format a change of cost as JUnit XML, which most CI servers show: one test case per row."""

import re
from xml.sax.saxutils import quoteattr

from openai_cli.diff.report import Told, signed, sources, summary
from openai_cli.diff.rows import Row

# What XML 1.0 does not allow, not even escaped: https://www.w3.org/TR/xml/#charsets
_FORBIDDEN = r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"


def as_junit(told: Told) -> str:
    """Format the report; an exceeded limit is a failure of its row, or of the total."""
    wrong: dict[int, list[str]] = {}
    for failure in () if told.only_warn else told.failures:
        wrong.setdefault(id(failure.row), []).append(failure.problem)
    cases = [_case("total", f"{summary(told)}; {sources(told)}", wrong.get(id(None), []))]
    cases += (
        _case(row.shown, _text(row), wrong.get(id(row), []))
        for row in told.found.of("added", "removed", "changed")
    )
    count = f'tests="{len(cases)}" failures="{sum("<failure" in case for case in cases)}"'
    body = "".join(cases)
    suite = f'<testsuite name="openai-cli cost diff" {count}>\n{body}</testsuite>\n'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites {count}>\n{suite}</testsuites>\n'


def _text(row: Row) -> str:
    return f"{row.status}: {signed(row.change)} USD"


def _case(name: str, text: str, problems: list[str]) -> str:
    found = "".join(f"<failure message={_quoted(problem)}/>\n" for problem in problems)
    out = f"<system-out>{_quoted(text)[1:-1]}</system-out>\n"
    return f'<testcase classname="cost" name={_quoted(name)}>\n{found}{out}</testcase>\n'


def _quoted(text: str) -> str:
    return quoteattr(re.sub(_FORBIDDEN, "\ufffd", text), {'"': "&quot;"})
