"""Format a change of cost for GitHub Actions: annotations and outputs of the step.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
"""

from collections.abc import Callable, Iterator

from openai_cli.diff.report import Told, shown_percent, signed
from openai_cli.diff.rows import Row, percent, rounded
from openai_cli.prices.money import plain

# GitHub shows ten annotations of each kind per step.
MOST = 10

_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def annotations(told: Told, placed: Callable[[str], str]) -> Iterator[str]:
    """Yield at most MOST annotations: exceeded limits first, then rows that cost more.

    `placed` returns a path relative to the root of the repository.
    """
    kind = "warning" if told.only_warn else "error"
    lines = [_command(kind, failure.problem, failure.row, placed) for failure in told.failures]
    judged = {id(failure.row) for failure in told.failures}
    more = [row for row in told.found.rows if row.change > 0 and id(row) not in judged]
    more.sort(key=lambda row: -row.change)
    lines += (_command("notice", f"{row.shown}: {_grown(row)}", row, placed) for row in more)
    yield from lines[:MOST]


def _grown(row: Row) -> str:
    return f"{signed(row.change)} USD ({shown_percent(row.base, row.change)})"


def _command(kind: str, message: str, row: Row | None, placed: Callable[[str], str]) -> str:
    properties = ["title=cost"]
    if row is not None and row.status != "removed":
        path = placed(row.entry.path)
        properties += [f"file={_escaped(path, _PROPERTY)}", f"line={row.entry.line or 1}"]
    return f"::{kind} {','.join(properties)}::{_escaped(message, _DATA)}\n"


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(letter, letter) for letter in text)


def outputs(told: Told) -> str:
    """Return the outputs of the step, one per line."""
    found = told.found
    grown = percent(found.base, found.change)
    values = {
        "base": plain(found.base),
        "head": plain(found.head),
        "increase": plain(found.change),
        "percent": "" if grown is None else plain(rounded(grown, 2)),
        "changed": _flag(bool(found.of("added", "removed", "changed"))),
        "passed": _flag(not told.failures),
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _flag(value: bool) -> str:
    return "true" if value else "false"
