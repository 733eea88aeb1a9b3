"""Count the requests in a file: a single body, one per line, or the lines of a Batch API file.

Lines are read, parsed and counted in batches, so that memory does not grow with the file. While one
batch is counted, the next is parsed.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.jsontext import quick_loads
from openai_cli.records import NamedTuple
from openai_cli.tokens.bulk import Counter, Counts
from openai_cli.tokens.counted import Doubt
from openai_cli.tokens.cutting import LONGEST_RUN, check_runs
from openai_cli.tokens.messages import Parts, parts_of
from openai_cli.tokens.shapes import optional

Json = Any

# In characters: the text in a batch, and what a request counts for in it besides its texts.
BATCH = 1_000_000
REQUEST = 500

# The number of pending batches: about as many are parsed in the half second that gigatoken loads.
WAITING = 40

# The deepest nesting of a request: reading, comparing and writing it recurses up to three times as
# deep in Python.
DEEPEST = 300

StandIn = Callable[[str], str | None]


class Group(NamedTuple):
    """Consecutive requests that differ only in the texts of their messages.

    `body` is that of the first of them, or of an earlier one like it. For each request, `numbers`
    has its line, from 1, `custom_ids` its name in the Batch API (None elsewhere), and `tokens` the
    tokens of its prompt. `doubts` say why these are estimates.
    """

    body: Mapping[str, Json]
    doubts: tuple[Doubt, ...]
    numbers: list[int]
    custom_ids: list[str | None]
    tokens: list[int]


def count_lines(
    lines: Iterable[bytes],
    *,
    model: str | None = None,
    instead: str | None = None,
    stand_in: StandIn = lambda _name: None,
    on: date | None = None,
) -> Iterator[Group]:
    """Yield the requests of a file with the tokens of their prompts, in order.

    `model` applies to bodies that name none, and the model `instead` to all. `stand_in` returns the
    model to count like, for one that is in no table, and None for any other. `on` is the day on
    which they are sent, or None if not known. Raises UsageError, with the line, for anything but a
    JSON object, and for a body that `parts_of` refuses.
    """
    with ExitStack() as stack:
        batches = _Batches(stack)
        reader = _Reader(model, stand_in, on, batches.begin, instead)
        size = 0
        for number, value, line in _values(lines):
            try:
                size += reader.read(number, value, line) + REQUEST
            except UsageError as error:
                raise at_line(number, error) from None
            if size > BATCH:
                size = 0
                reader.forget()
                batches.submit()
                while len(batches) > WAITING:
                    yield from batches.pop()
        batches.submit()
        while batches:
            yield from batches.pop()


@dataclass(slots=True)
class _Group:
    """A group that is not counted yet; all its requests have the same number of `texts`."""

    body: Mapping[str, Json]
    parts: Parts
    numbers: list[int] = field(default_factory=list)
    custom_ids: list[str | None] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class _Settings(NamedTuple):
    """What requests have in common, as a `key`: roles, body without messages, endpoint.

    `body` and `parts` are those of one such request.
    """

    key: tuple[tuple[str, ...], Mapping[str, Json], str | None]
    body: Mapping[str, Json]
    parts: Parts


class _Reader:
    """Reads requests into groups.

    In most files with many requests, the lines differ only in the texts of their messages, or are
    of a few such kinds. The rest of such a line is analysed only once.
    """

    def __init__(
        self,
        model: str | None,
        stand_in: StandIn,
        on: date | None,
        begin: Callable[[_Group], None],
        instead: str | None = None,
    ) -> None:
        self._model = model
        self._instead = instead
        self._on = on
        self._stand_in = stand_in
        self._begin = begin
        self._known: deque[_Settings] = deque(maxlen=8)
        self._settings: _Settings | None = None
        self._group: _Group | None = None

    def forget(self) -> None:
        """Make the next request begin a new group."""
        self._group = None

    def read(self, number: int, value: dict[str, Json], line: bytes) -> int:
        """Read the value of a line and return the length of its texts.

        Raises the errors of `parts_of`, and UsageError for a value that is nested too deep.
        """
        body, endpoint, custom_id = _request(value)
        if self._instead is not None:
            body["model"] = self._instead
        messages = body.pop("messages", None)
        roles, texts = _plain(messages)
        settings = self._settings
        key = roles, body, endpoint
        if settings is None or key != settings.key:
            self._group = None
            settings = next((known for known in self._known if key == known.key), None)
            self._settings = settings
        group = self._group
        if group is None:
            if settings is None:
                if messages is not None:
                    body["messages"] = messages
                if _nests_too_deep(value, line):
                    raise UsageError("the request nests too deep")
                parts = self._parts(body, endpoint)
                # If a text was added, such as definitions, each request has to be read whole.
                if roles is not None and parts.texts == texts:
                    self._remember(body, endpoint, roles, parts)
                group, texts = _Group(body, parts), parts.texts
            else:
                group = _Group(settings.body, settings.parts)
            self._group = group
            self._begin(group)
        size = 0
        for text in texts:
            size += len(text)
            if len(text) >= LONGEST_RUN:
                check_runs(text, encoding=group.parts.encoding)
        group.numbers.append(number)
        group.custom_ids.append(custom_id)
        group.texts += texts
        return size

    def _remember(
        self, body: Mapping[str, Json], endpoint: str | None, roles: tuple[str, ...], parts: Parts
    ) -> None:
        rest = {name: value for name, value in body.items() if name != "messages"}
        self._settings = _Settings((roles, rest, endpoint), body, parts)
        self._known.append(self._settings)

    def _parts(self, body: Mapping[str, Json], endpoint: str | None) -> Parts:
        named = optional(body, "model")
        name = self._model if named is None else named
        other = None if name is None else self._stand_in(name)
        parts = parts_of(body, endpoint=endpoint, model=other or name, on=self._on)
        if other is None:
            return parts
        doubt = Doubt(f"how {name} counts is not known: counted like {other}")
        return parts._replace(doubts=(*parts.doubts, doubt))


def _plain(messages: Json) -> tuple[tuple[str, ...] | None, list[str]]:
    """Return the roles and the texts of messages that have nothing else; None and [] for others."""
    if type(messages) is not list or not messages:
        return None, []
    roles, texts = [], []
    try:
        for message in messages:
            role, text = message["role"], message["content"]
            if type(role) is not str or type(text) is not str or len(message) != 2:
                return None, []
            roles.append(role)
            texts.append(text)
    except (KeyError, TypeError):  # no object, or another one
        return None, []
    return tuple(roles), texts


def objects(
    lines: Iterable[bytes], *, may_be_empty: bool = False
) -> Iterator[tuple[int, dict[str, Json]]]:
    """Yield the JSON objects of a file with their line numbers: one per line, or a single one.

    It is a single one if the first non-empty line is not JSON by itself. Empty lines are skipped.
    Raises UsageError, with the line, for anything but a JSON object in UTF-8, and for a file with
    none unless it `may_be_empty`.
    """
    for number, value, line in _values(lines, may_be_empty=may_be_empty):
        if _nests_too_deep(value, line):
            raise UsageError(f"line {number} nests too deep")
        yield number, value


def _values(
    lines: Iterable[bytes], *, may_be_empty: bool = False
) -> Iterator[tuple[int, dict[str, Json], bytes]]:
    """Yield like `objects`, with their lines, but do not check their depth."""
    load = quick_loads()
    numbered = enumerate(lines, 1)
    is_first = True
    for number, line in numbered:
        if line.isspace():
            continue
        read = line
        try:
            value = load(line)
        except (ValueError, RecursionError):
            rest = (more for _, more in numbered) if is_first else ()
            value, read = _loaded(line, number, rest)
        if not isinstance(value, dict):
            raise UsageError(f"line {number} is not a JSON object")
        yield number, value, read
        is_first = False
    if is_first and not may_be_empty:
        raise UsageError("the file is empty")


def _nests_too_deep(value: Json, line: bytes) -> bool:
    """Return whether the value of a line is nested deeper than `DEEPEST`, without recursion."""
    if line.count(b"[") + line.count(b"{") <= DEEPEST:
        return False
    level = [value]
    for _ in range(DEEPEST):
        inner = (one.values() if isinstance(one, dict) else one for one in level)
        level = [child for one in inner for child in one if isinstance(child, (dict, list))]
        if not level:
            return False
    return True


def at_line(number: int, error: UsageError) -> UsageError:
    """Return the error with its line number."""
    return UsageError(f"line {number}: {error.problem}", hint=error.hint, parameter=error.parameter)


def _loaded(line: bytes, number: int, rest: Iterable[bytes]) -> tuple[Json, bytes]:
    """Parse a line with json, which unlike orjson accepts lone surrogates; return what was parsed.

    If the line is not JSON by itself, parse it together with the `rest` of the file.
    """
    with suppress(ValueError, RecursionError):
        return json.loads(line), line
    text = b"".join([line, *rest])
    try:
        return json.loads(text), text
    except UnicodeDecodeError as error:
        where = f"byte {text[error.start]:#04x} at offset {error.start}"
        raise UsageError(f"line {number} is not UTF-8: {where}") from None
    except json.JSONDecodeError as error:
        place = f"line {number + error.lineno - 1}, column {error.colno}"
        raise UsageError(f"{place}: the file is not JSON: {error.msg}") from None
    except RecursionError:
        raise UsageError(f"line {number} nests too deep") from None
    except ValueError:  # of Python's limit
        raise UsageError(f"line {number} has an integer of too many digits") from None


def _request(value: dict[str, Json]) -> tuple[dict[str, Json], str | None, str | None]:
    """Return the body, the endpoint and the custom_id of a line: a body, or a Batch API line."""
    if "custom_id" not in value:
        return value, None, None
    body, url, custom_id = value.get("body"), value.get("url"), value["custom_id"]
    if not isinstance(body, dict):
        raise UsageError("body must be an object", parameter="body")
    if not isinstance(url, str):
        raise UsageError("url must be a string", parameter="url")
    if not isinstance(custom_id, str):
        raise UsageError("custom_id must be a string", parameter="custom_id")
    return body, url, custom_id


class _Batches:
    """The groups that are being filled, and the batches of groups that are being counted."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._counters: dict[str, Counter] = {}
        self._groups: list[_Group] = []
        self._submitted: deque[list[tuple[_Group, Counts]]] = deque()

    def __len__(self) -> int:
        return len(self._submitted)

    def begin(self, group: _Group) -> None:
        """Add a group, which may still grow."""
        self._groups.append(group)

    def submit(self) -> None:
        """Start to count the added groups."""
        texts: dict[str, list[str]] = {}
        for group in self._groups:
            texts.setdefault(group.parts.encoding, []).extend(group.texts)
        counts = {
            encoding: self._counter(encoding).submit(found) for encoding, found in texts.items()
        }
        self._submitted.append([(group, counts[group.parts.encoding]) for group in self._groups])
        self._groups = []

    def pop(self) -> Iterator[Group]:
        """Yield the groups of the oldest batch."""
        counted: dict[int, Iterator[int]] = {}
        for group, counts in self._submitted.popleft():
            found = counted.setdefault(id(counts), iter(counts.result()))
            each = len(group.texts) // len(group.numbers)
            flat = list(islice(found, len(group.texts)))
            columns = [flat[place::each] for place in range(each)]
            frame, doubts = group.parts.overhead, group.parts.doubts
            tokens = [frame + sum(row) for row in zip(*columns, strict=True)]
            yield Group(
                group.body,
                doubts,
                group.numbers,
                group.custom_ids,
                tokens or [frame] * len(group.numbers),
            )

    def _counter(self, encoding: str) -> Counter:
        found = self._counters.get(encoding)
        if found is None:
            found = self._counters[encoding] = self._stack.enter_context(Counter(encoding))
        return found
