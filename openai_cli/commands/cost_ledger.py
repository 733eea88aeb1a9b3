"""`cost ledger`: what was spent over all recorded calls, and how much of the budgets is used."""

import shutil
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode, urlsplit

from openai_cli.commands.ledger import day
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.names import flag_of
from openai_cli.flags.ours import CONNECTION, OPTIONS, options_group, ours, switch
from openai_cli.flags.output import Written
from openai_cli.flags.server import Connection, ServerOptions
from openai_cli.output.sink import open_sink, utf8_bytes
from openai_cli.reading import is_there
from openai_cli.records import Annotated, fields_of
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from openai_cli.calls.session import Session
    from openai_cli.http.client import HttpResponse
    from openai_cli.ledger.bills import Bills
    from openai_cli.ledger.book import Standing
    from openai_cli.ledger.report import Spent
    from openai_cli.ledger.rows import Row
    from openai_cli.ledger.store import Store

EXAMPLES = (
    "openai-cli cost ledger",
    "openai-cli cost ledger --by model --since 2026-11-01 --json",
    "openai-cli cost ledger --prune 90d",
)

_FORMS = ("json", "csv", "markdown")
_COSTS = Endpoint("/organization/costs", method="GET", is_admin=True)
BYS = ("day", "week", "month", "model", "label", "command", "host")
_REPORT = ("by", "since", "until", *_FORMS, "output")
# Flags of which at most one may be given.
_EITHER = (_FORMS, ("import_", "prune", "reconcile"))
# Other tasks than the report, and the flags that have no effect on them.
_NOT_WITH = {"import_": _REPORT, "prune": _REPORT, "reconcile": ("by",)}


@options_group
class Options(ServerOptions, Written):
    """Calls are kept once config.toml has `ledger = true`, or OPENAI_CLI_LEDGER names a file.

    Days are in UTC, and weeks begin on Monday. Calls older than 400 days are removed. --reconcile
    asks the API with the admin key, for the current month unless days are given.
    """

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (
        *_EITHER,
        *((task, name) for task, names in _NOT_WITH.items() for name in names),
    )
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        field.name: ("reconcile",) for field in fields_of(Connection)
    }
    group_notes: ClassVar[Mapping[str, str]] = {CONNECTION: "used only with --reconcile"}

    by: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--by",
            f"Add up by {', '.join(BYS[:-1])} or {BYS[-1]} (month)",
            metavar="KEY",
            names=BYS,
        ),
    ] = None
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
        str | None, ours(OPTIONS, "--prune", "Remove the calls older than DAYS", metavar="DAYS")
    ] = None
    reconcile: Annotated[
        bool, switch(OPTIONS, "reconcile", "Show beside it what the API says was billed")
    ] = False
    json: Annotated[bool, switch(OPTIONS, "json", "Print JSON")] = False
    csv: Annotated[bool, switch(OPTIONS, "csv", "Print CSV, without the total")] = False
    markdown: Annotated[bool, switch(OPTIONS, "markdown", "Print a table in Markdown")] = False


def run(context: Context, options: Options) -> None:
    """Import into the ledger or prune it, if asked to; else print what it holds."""
    from openai_cli.ledger.recent import location

    _check(options)
    path = location(context)
    if options.import_ is not None:
        _import(context, path, options.import_)
    elif options.prune is not None:
        _prune(context, path, options.prune)
    elif options.reconcile:
        from openai_cli.ledger import bills

        _print(context, options, _billed(context, options, path), bills)
    else:
        from openai_cli.ledger import report

        _print(context, options, _spent(context, options, path), report)


def _check(options: Options) -> None:
    """Raise UsageError for flags that exclude each other, or have no effect."""

    def are_given(names: Iterable[str]) -> list[str]:
        return [name for name in names if getattr(options, name) not in (None, False)]

    for group in _EITHER:
        if len(given := are_given(group)) > 1:
            raise UsageError(f"{' and '.join(map(flag_of, given))}: give one of them")
    for task in are_given(_NOT_WITH):
        for name in are_given(_NOT_WITH[task]):
            raise UsageError(f"{flag_of(name)} does not go with {flag_of(task)}")
    if not options.reconcile:
        for name in are_given(options.needs):
            raise UsageError(f"{flag_of(name)} goes only with --reconcile")
    if options.by not in (None, *BYS):
        raise UsageError(f"--by must be {', '.join(BYS[:-1])} or {BYS[-1]}, not '{options.by}'")


def _days(options: Options) -> "tuple[date | None, date | None]":
    since, until = day("--since", options.since), day("--until", options.until)
    if since and until and until < since:
        raise UsageError("--until is before --since")
    return since, until


def _spent(context: Context, options: Options, path: "Path") -> "Spent":
    from openai_cli.ledger.book import Standing
    from openai_cli.ledger.pricing import opened
    from openai_cli.ledger.recent import VARIABLE
    from openai_cli.ledger.report import Spent, groups_of, saved_of

    since, until = _days(options)
    by = options.by or "month"
    if not is_there(path):
        is_kept = context.settings.ledger or context.variable(VARIABLE)
        how = "" if is_kept else "; `ledger = true` in config.toml has calls kept from now on"
        context.messages.notice(f"there is no ledger '{path}' yet{how}")
        unspent = tuple(Standing(limit, 0, 0) for limit in context.settings.budget)
        return Spent(by, (), since, until, unspent)
    with opened(path) as store, store.transaction():
        groups = groups_of(store, by, since, until)
        saved = saved_of(store, since, until)
        return Spent(by, groups, since, until, _budgets(context, store), saved)


def _budgets(context: Context, store: "Store") -> "tuple[Standing, ...]":
    from openai_cli.ledger.book import Book

    store.lapse()
    return tuple(Book(context, limits=context.settings.budget).standings(store))


def _print(context: Context, options: Options, found: Any, forms: Any) -> None:
    """Print `found` in one of the `forms`: as_json, as_csv, as_markdown or as_table."""
    form = next((name for name in _FORMS if getattr(options, name)), None)
    with open_sink(context, options.output) as sink:
        if form is not None:
            text = getattr(forms, f"as_{form}")(found)
        else:
            columns = shutil.get_terminal_size().columns if sink.is_terminal else None
            text = forms.as_table(found, columns=columns)
        sink.write(utf8_bytes(text))


def _billed(context: Context, options: Options, path: "Path") -> "Bills":
    """The ledger's total, and what the API reports for the same days."""
    from openai_cli.calls.session import Session
    from openai_cli.ledger.bills import PAGES, Bills, Days

    since, until = _days(options)
    until = until or context.today()
    if since and until < since:
        raise UsageError("--since is after today, so nothing was billed yet")
    bills = Bills(Days(since or until.replace(day=1), until))
    with Session(context, options, endpoint=_COSTS) as session:
        for place in PAGES:
            _add_pages(session, bills, place)
        host = urlsplit(session.server.base_url).hostname
    if is_there(path):
        from openai_cli.ledger.pricing import opened

        with opened(path) as store:
            bills.add_own(store, host)
    return bills


def _add_pages(session: "Session", bills: "Bills", path: str) -> None:
    """Get all pages of the days; a page named a second time ends the list."""
    from openai_cli.answer.page import Whole
    from openai_cli.answer.parts import read

    def body(http: "HttpResponse") -> dict[str, Any]:
        answer = Whole()
        for _ in read(http, answer):
            pass
        return answer.body

    query = bills.days.query(path)
    seen: set[str] = set()
    page: str | None = None
    while page not in seen:
        if page is not None:
            seen.add(page)
        asked = urlencode({**query, **({"page": page} if page else {})})
        page = bills.add_page(path, session.client.call("GET", f"{path}?{asked}", body))
        if page is None:
            return


def _import(context: Context, path: "Path", file: str) -> None:
    from openai_cli.ledger.pricing import opened
    from openai_cli.ledger.store import add_once

    rows = list(_rows(Inputs(context), file))
    with opened(path) as store:
        added = add_once(store, rows)
    there = len(rows) - added
    rest = f"; in the ledger already: {there:,}" if there else ""
    context.messages.notice(f"calls added: {added:,} of {len(rows):,}{rest}")


def _rows(inputs: Inputs, file: str) -> "Iterator[Row]":
    from openai_cli.ledger.rows import Row

    for number, line in enumerate(inputs.lines("--import", file), 1):
        try:
            text = line.decode().removeprefix("\ufeff").strip()
            if text:
                yield Row.of(text)
        except (ValueError, RecursionError) as error:  # also for invalid UTF-8 and JSON
            reason = "it is not JSON" if type(error) is not ValueError else str(error)
            raise UsageError(f"--import: line {number}: {reason}") from None


def _prune(context: Context, path: "Path", age: str) -> None:
    from openai_cli.flags.durations import UNITS, duration
    from openai_cli.ledger.book import prune
    from openai_cli.ledger.pricing import opened

    seconds = duration("--prune", age, units="d", such="a number of days such as 90d")
    days, gone = seconds // UNITS["d"], 0
    if is_there(path):
        with opened(path) as store, store.transaction():
            gone = prune(store, context.today(), days)
    shown = "a day" if days == 1 else f"{days} days"
    context.messages.notice(f"calls removed that are older than {shown}: {gone:,}")
