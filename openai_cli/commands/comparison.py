"""What `cost diff` compares: its options, and the two sides that they name.

Limits and output are in commands/cost_diff.py.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING

from openai_cli.commands.counting_files import tell_left_out
from openai_cli.commands.ledger import day
from openai_cli.commands.pricing import Rates, count_of, region
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.names import flag_of
from openai_cli.flags.ours import OPTIONS, CommonOptions, argument, options_group, ours, switch
from openai_cli.flags.values import Number
from openai_cli.jsontext import quoted
from openai_cli.models import DEFAULT_CHAT
from openai_cli.models.table import load_table, tier_of
from openai_cli.prices.money import plain
from openai_cli.records import Annotated, NamedTuple
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.diff.baseline import Baseline
    from openai_cli.diff.items import Entry, Item
    from openai_cli.diff.report import Side
    from openai_cli.diff.repository import Repository
    from openai_cli.diff.rows import Comparison
    from openai_cli.diff.texts import Message, Sides

_VOLUME = re.compile(r"([0-9]{1,15})(?:/(day|week|month|year))?")

# The name of a side that is not a commit.
_HEAD = "the working tree"

# How many reasons for estimated counts are reported.
_MOST_DOUBTS = 5


@options_group
class Compared(CommonOptions, Rates):
    """What is compared, with what, and by which prices."""

    paths: Annotated[list[str] | None, argument("[PATH]...", "Prompts: files and folders")] = None
    files: Annotated[
        bool, switch(OPTIONS, "files", "Changes nothing: PATHs are always files and folders")
    ] = False
    base: Annotated[
        str | None,
        ours(OPTIONS, "--base", "Compare with this branch, tag or commit", metavar="REF"),
    ] = None
    merge_base: Annotated[
        bool | None,
        switch(OPTIONS, "merge-base", "Compare with the common ancestor of --base and the head"),
    ] = None
    head: Annotated[
        str | None,
        ours(OPTIONS, "--head", "Compare this commit, not the working tree", metavar="REF"),
    ] = None
    baseline: Annotated[
        str | None,
        ours(OPTIONS, "--baseline", "Compare with the output of `cost --json`", metavar="FILE"),
    ] = None
    request: Annotated[
        list[str] | None,
        ours(
            OPTIONS,
            "--request",
            "Compare request bodies or batch lines too; repeatable",
            metavar="FILE",
        ),
    ] = None
    response: Annotated[
        list[str] | None,
        ours(
            OPTIONS, "--response", "Compare answers or usage lines too; repeatable", metavar="FILE"
        ),
    ] = None
    model: Annotated[
        str | None,
        ours(OPTIONS, "--model", "The model for prompts and for requests without one",
             metavar="NAME", short="-m"),
    ] = None  # fmt: skip
    calls: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--calls",
            "Multiply by this many calls of each, such as 1000/day",
            metavar="N[/day]",
        ),
    ] = None


class _File(NamedTuple):
    """A file of requests or answers: its flag, its path as typed and as git's.

    `was` is git's path of it in the base, if it was moved without a change.
    """

    flag: str
    path: str
    place: str
    was: str | None = None

    def unreadable(self, why: str, *, hint: str | None = None) -> UsageError:
        """Return the error for a file that cannot be compared."""
        return UsageError(f"{flag_of(self.flag)}: cannot read '{self.path}': {why}", hint=hint)


class _Volume(NamedTuple):
    """The number of calls of each request, and how the report words it."""

    calls: Decimal
    shown: str


class Comparing:
    """One run of `cost diff`: what it compares, and at which prices."""

    def __init__(self, context: Context, options: Compared) -> None:
        """Raises UsageError for flags that are invalid or exclude each other."""
        from openai_cli.diff.items import Pricer

        self.context = context
        self.options = options
        self.volume = _volume(options.calls)
        limit = count_of(options, "output_tokens", Number(0, integer=True))
        self.pricer = Pricer(
            load_table(options.prices),
            day("--as-of", options.as_of) or context.today(),
            region(context, options),
            None if options.tier is None else tier_of(options.tier),
            limit,
        )
        self.model = options.model or context.variable("OPENAI_MODEL") or DEFAULT_CHAT
        self.inputs = Inputs(context)
        self.doubts: dict[str, None] = {}

    def found(self) -> "tuple[Comparison, Side, Side]":
        """The rows of both sides, and the sides' names; UsageError if a side cannot be read."""
        from openai_cli.diff.report import Side
        from openai_cli.diff.rows import Comparison, rows_of

        options = self.options
        if options.baseline is not None:
            base, head = self._with_baseline(options.baseline)
            names = Side(_source(options.baseline)), Side(_HEAD)
        else:
            sides = self._sides()
            base, head = self._with_commit(sides)
            names = Side(str(options.base), sides.base), Side(options.head or _HEAD, sides.head)
        rows = rows_of(base, head, self.pricer, self._recounted, calls=self.volume.calls)
        return Comparison(tuple(rows)), *names

    @property
    def notes(self) -> tuple[str, ...]:
        """Caveats about the amounts: texts have no output unless its length is given."""
        if not self.options.paths or self.pricer.limit is not None:
            return ()
        return ("texts are priced without an output: --output-tokens says how long it is",)

    def _recounted(self, item: "Item", model: str) -> int:
        from openai_cli.diff.requests import recounted

        return recounted(item, model, self.pricer)

    def _sides(self) -> "Sides":
        from openai_cli.diff.repository import Repository
        from openai_cli.diff.texts import Sides

        repository = Repository()
        base = repository.commit(str(self.options.base))
        head = None if self.options.head is None else repository.commit(self.options.head)
        if self.options.merge_base is not False:
            base = repository.merge_base(base, head or repository.commit("HEAD"))
        return Sides(repository, base, head)

    def _with_commit(self, sides: "Sides") -> tuple[list["Entry"], list["Entry"]]:
        from openai_cli.diff.texts import text_entries

        base: list[Entry] = []
        head: list[Entry] = []
        if self.options.paths:
            left_out: Counter[str] = Counter()
            found = text_entries(sides, self.options.paths, self._message(), self.pricer, left_out)
            base, head = found
            tell_left_out(self.context, left_out)
        named = self._files(sides)
        for file, (before, after) in zip(named, self._contents(sides, named), strict=True):
            if before is not None:
                base += self._of_base(file.flag, file.path, before)
            if after is not None:
                entries = self._entries(file.flag, file.path, after)
                was = None if file.was is None else sides.repository.typed(file.was)
                head += (entry._replace(was=was) for entry in entries)
        return base, head

    def _files(self, sides: "Sides") -> "list[_File]":
        """The files of requests and of answers, without those that moved to another of them."""
        from openai_cli.diff.moves import moved_files

        repository = sides.repository
        named = [_File(flag, path, repository.path(path)) for flag, path in self._named()]
        places = list(dict.fromkeys(file.place for file in named))
        moved = moved_files(repository, sides.base, sides.head, places) if named else {}
        gone = set(moved.values())
        return [
            file._replace(was=moved.get(file.place)) for file in named if file.place not in gone
        ]

    def _of_base(self, flag: str, path: str, content: bytes) -> list["Entry"]:
        """The entries of a file in the base; none, and a notice, if it was not such a file then."""
        try:
            return list(self._entries(flag, path, content))
        except UsageError as error:
            self.context.messages.notice(f"the base is not priced: {error.problem}")
            return []

    def _entries(self, flag: str, path: str, content: bytes) -> "Iterable[Entry]":
        if flag == "response":
            from openai_cli.diff.answers import answer_entries

            return answer_entries(path, content, self.pricer)
        from openai_cli.diff.requests import request_entries

        return request_entries(path, content, self.pricer, model=self.model, doubt=self._doubt)

    def _doubt(self, reason: str) -> None:
        if len(self.doubts) < _MOST_DOUBTS:
            self.doubts[reason] = None

    def _named(self) -> Iterator[tuple[str, str]]:
        """Yield the flag and the path of each file of requests and of answers."""
        yield from (("request", path) for path in self.options.request or ())
        yield from (("response", path) for path in self.options.response or ())

    def _contents(
        self, sides: "Sides", files: "list[_File]"
    ) -> Iterator[tuple[bytes | None, bytes | None]]:
        """Yield the contents of each file on both sides; None for a side that lacks it."""
        from openai_cli.diff.repository import is_pointer, not_fetched

        if not files:
            return
        repository = sides.repository
        before = _in_commit(repository, sides.base, [file.was or file.place for file in files])
        after: Iterator[bytes | None]
        if sides.head is None:
            after = (self._on_disk(repository, file) for file in files)
        else:
            after = _in_commit(repository, sides.head, [file.place for file in files])
        for file, base, head in zip(files, before, after, strict=True):
            if base is None and head is None:
                raise file.unreadable("neither side has it")
            if is_pointer(base or b"") or is_pointer(head or b""):
                raise not_fetched(file.place)
            yield base, head

    def _on_disk(self, repository: "Repository", file: "_File") -> bytes | None:
        """The contents of a file in the working tree; None if it lacks the file."""
        if os.path.lexists(file.path):
            return self.inputs.source(flag_of(file.flag), file.path)
        if file.place in repository.unwalked.sparse:
            raise file.unreadable("it is not checked out", hint="--head HEAD compares the commit")
        return None

    def _message(self) -> "Message":
        from openai_cli.commands.pricing_files import message_of
        from openai_cli.diff.texts import Message

        tier = self.pricer.tier or "standard"
        asked, frame, encoding = message_of(self.pricer.bill(), self.model, tier)
        for doubt in frame.doubts:
            self._doubt(doubt)
        return Message(asked._replace(limit=self.pricer.limit or 0), frame, encoding)

    def _with_baseline(self, name: str) -> tuple[list["Entry"], list["Entry"]]:
        from openai_cli.diff.baseline import by_model, read_baseline

        named = list(self._named())
        path = named[0][1] if len(named) == 1 else None
        text = self.inputs.source("--baseline", name)
        found = read_baseline(_source(name), text, self.pricer, path=path)
        self._tell_moved(found)
        head = list(self._head_entries(named))
        return found.entries, by_model(head) if found.is_sum else head

    def _head_entries(self, named: "list[tuple[str, str]]") -> "Iterator[Entry]":
        if self.options.paths:
            from openai_cli.diff.texts import folder_entries

            left_out: Counter[str] = Counter()
            yield from folder_entries(self.options.paths, self._message(), self.pricer, left_out)
            tell_left_out(self.context, left_out)
        for flag, path in named:
            yield from self._entries(flag, path, self.inputs.source(flag_of(flag), path))

    def _tell_moved(self, found: "Baseline") -> None:
        """Print a notice if prices have changed since the baseline, which is then priced anew."""
        from openai_cli.prices.charges import total

        now = total(entry.amount.usd for entry in found.entries if entry.amount)
        if now != found.usd:
            self.context.messages.notice(
                f"the baseline's {plain(found.usd)} USD is at the prices of {found.prices_of}; at "
                f"those used here for both sides it is {plain(now)} USD"
            )


def _in_commit(repository: "Repository", commit: str, places: list[str]) -> Iterator[bytes | None]:
    """Yield the contents of files in a commit; None for one that the commit lacks."""
    there = repository.files(commit, places)
    contents = repository.blobs([(place, there[place]) for place in places if place in there])
    for place in places:
        yield next(contents) if place in there else None


def _source(name: str) -> str:
    """The name of a file for people; `-` is stdin."""
    return "stdin" if name == "-" else name


def _volume(text: str | None) -> _Volume:
    if text is None:
        return _Volume(Decimal(1), "")
    found = _VOLUME.fullmatch(text)
    if found is None or not int(found[1]):
        raise UsageError(
            f"--calls must be a number of calls such as 1000 or 1000/day, not {quoted(text)}"
        )
    period = f" a {found[2]}" if found[2] else ""
    return _Volume(Decimal(found[1]), f", at {found[1]} calls of each{period}")
