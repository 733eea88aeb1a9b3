"""`cost ledger`: what was spent, over all calls that were kept, and how far the budgets are."""

import re
import shutil
from typing import TYPE_CHECKING, Annotated, ClassVar

from openai_cli.commands.ledger import day
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.ours import OPTIONS, CommonOptions, options_group, ours, switch
from openai_cli.flags.output import Written
from openai_cli.jsontext import quoted
from openai_cli.ledger.place import VARIABLE, location
from openai_cli.output.sink import open_sink, utf8_bytes
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from openai_cli.ledger.book import Standing
    from openai_cli.ledger.report import Spent
    from openai_cli.ledger.rows import Row
    from openai_cli.ledger.store import Store

EXAMPLES = (
    "openai-cli cost ledger",
    "openai-cli cost ledger --by model --since 2026-11-01 --json",
    "openai-cli cost ledger --import usage.jsonl",
)

BYS = ("day", "week", "month", "model", "label", "command", "host")
_AGE = re.compile(r"([0-9]{1,5})d")


@options_group
class Options(CommonOptions, Written):
    """Calls are kept once config.toml has `ledger = true`, or OPENAI_CLI_LEDGER names a file.

    Days are in UTC, and weeks begin on Monday. Calls older than 400 days are removed.
    """

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (("json", "csv", "markdown"),)

    by: Annotated[
        str,
        ours(OPTIONS, "--by", "Add up by this (month)", metavar="KEY", names=BYS),
    ] = "month"
    since: Annotated[
        str | None, ours(OPTIONS, "--since", "Only calls from this day on, in UTC", metavar="DAY")
    ] = None
    until: Annotated[
        str | None, ours(OPTIONS, "--until", "Only calls to this day", metavar="DAY")
    ] = None
    import_: Annotated[
        str | None,
        ours(OPTIONS, "--import", "Add the lines of a usage file, each once", metavar="FILE"),
    ] = None
    prune: Annotated[
        str | None, ours(OPTIONS, "--prune", "Remove the calls older than that", metavar="DAYS")
    ] = None
    json: Annotated[bool, switch(OPTIONS, "json", "Print JSON")] = False
    csv: Annotated[bool, switch(OPTIONS, "csv", "Print CSV, without the total")] = False
    markdown: Annotated[bool, switch(OPTIONS, "markdown", "Print a table in Markdown")] = False


def run(context: Context, options: Options) -> None:
    """Add to the ledger or take from it, where that was asked for; else print what it has."""
    _check(options)
    path = location(context)
    if options.import_ is not None:
        _import(context, path, options.import_)
    elif options.prune is not None:
        _prune(context, path, options.prune)
    else:
        _print(context, options, _spent(context, options, path))


def _check(options: Options) -> None:
    given = [name for name in ("json", "csv", "markdown") if getattr(options, name)]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(f'--{name}' for name in given)}: give one of them")
    if options.by not in BYS:
        raise UsageError(f"--by must be {', '.join(BYS[:-1])} or {BYS[-1]}, not '{options.by}'")
    if options.import_ is not None and options.prune is not None:
        raise UsageError("--import and --prune: give one of them")


def _spent(context: Context, options: Options, path: "Path") -> "Spent":
    from openai_cli.ledger.report import Spent, groups_of
    from openai_cli.ledger.store import opened

    since, until = day("--since", options.since), day("--until", options.until)
    if since and until and until < since:
        raise UsageError("--until is before --since")
    if not path.exists():
        is_kept = context.settings.ledger or context.variable(VARIABLE)
        how = "" if is_kept else "; `ledger = true` in config.toml has calls kept from now on"
        context.messages.notice(f"there is no ledger '{path}' yet{how}")
        return Spent(options.by, (), since, until)
    with opened(path) as store, store.transaction():
        groups = groups_of(store, options.by, since, until)
        return Spent(options.by, groups, since, until, _budgets(context, store))


def _budgets(context: Context, store: "Store") -> "tuple[Standing, ...]":
    from openai_cli.ledger.book import Book

    store.lapse()
    return tuple(Book(context, limits=context.settings.budget).standings(store))


def _print(context: Context, options: Options, spent: "Spent") -> None:
    from openai_cli.ledger import report

    form = next((made for name, made in report.FORMS.items() if getattr(options, name)), None)
    with open_sink(context, options.output) as sink:
        columns = shutil.get_terminal_size().columns if sink.is_terminal else None
        text = report.as_table(spent, columns=columns) if form is None else form(spent)
        sink.write(utf8_bytes(text))


def _import(context: Context, path: "Path", file: str) -> None:
    from openai_cli.ledger.store import add_once, opened

    rows = list(_rows(Inputs(context), file))
    with opened(path) as store:
        added = add_once(store, rows)
    there = len(rows) - added
    rest = f", {there:,} were there" if there else ""
    context.messages.notice(f"{added:,} of {len(rows):,} calls were added{rest}")


def _rows(inputs: Inputs, file: str) -> "Iterator[Row]":
    from openai_cli.ledger.rows import Row

    for number, line in enumerate(inputs.lines("--import", file), 1):
        try:
            text = line.decode().strip()
            if text:
                yield Row.of(text)
        except (ValueError, RecursionError) as error:  # no UTF-8 and no JSON are ValueErrors too
            reason = "it is not JSON" if type(error) is not ValueError else str(error)
            raise UsageError(f"--import: line {number}: {reason}") from None


def _prune(context: Context, path: "Path", age: str) -> None:
    from openai_cli.ledger.book import prune
    from openai_cli.ledger.store import opened

    found = _AGE.fullmatch(age)
    if found is None:
        raise UsageError(f"--prune must be a number of days such as 90d, not {quoted(age)}")
    gone = 0
    if path.exists():
        with opened(path) as store, store.transaction():
            gone = prune(store, context.today(), int(found[1]))
    noun = "call" if gone == 1 else "calls"
    context.messages.notice(f"{gone:,} {noun} older than {found[1]} days removed")
