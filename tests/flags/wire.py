"""From a command line to the bytes that a socket received."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import Run
from tests.servers import Received, Server


@dataclass(frozen=True)
class Row:
    """A property, what is typed, and what the body must have beyond that of a bare call.

    `numbers` are the bytes that must represent a number, by its key.
    """

    name: str
    typed: tuple[str, ...]
    sent: dict[str, Any]
    numbers: dict[str, bytes] = field(default_factory=dict)
    text: str | None = "hi"

    def __str__(self) -> str:
        return " ".join(self.typed)[:50] or self.name


# Flags with a single value without which a command sends nothing.
_NEEDED = ("--purpose", "--voice")


def joined(line: Sequence[str], more: Sequence[str]) -> list[str]:
    """Append words to a line; a needed flag keeps only its last value."""
    for place, flag in enumerate(line):
        if flag in _NEEDED and flag in more:
            line = [*line[:place], *line[place + 2 :]]
    return [*line, *more]


def received(run: Run, command: str, row: Row, reply: bytes) -> Received:
    """The request that a server received from the row's command line, run as a process."""
    text = [] if row.text is None else [row.text]
    with Server([reply]) as server:
        line = joined([*command.split(), *text], row.typed)
        result = run(*line, base_url=server.base_url)
    assert result.code == 0, result.err
    return server.received[0]


def assert_sent(request: Received, expected: dict[str, Any], numbers: dict[str, bytes]) -> None:
    """Check that the body is exactly this one: `1`, `1.0` and `true` are three values."""
    assert request.json == expected
    assert canonical(request.json) == canonical(expected)
    for key, digits in numbers.items():
        assert number_at(key, request.body) == digits


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def number_at(key: str, sent: bytes) -> bytes:
    """The bytes that represent a number in JSON."""
    found = re.search(rb'"%s":\s*([^\s,}\]]+)' % re.escape(key.encode()), sent)
    assert found, sent
    return found[1]
