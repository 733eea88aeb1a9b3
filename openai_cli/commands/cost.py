"""`cost`: what requests can cost and what answers have cost, offline."""

import re
import shutil
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import ClassVar

from openai_cli.commands.ledger import KEYS
from openai_cli.commands.pricing import LIMITS, Priced, Pricing
from openai_cli.context import Context
from openai_cli.errors import LimitError, UsageError
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.names import flag_of
from openai_cli.flags.ours import OPTIONS, options_group, ours, switch
from openai_cli.jsontext import quoted
from openai_cli.models import DEFAULT_CHAT
from openai_cli.models.table import Table, load_table
from openai_cli.output.sink import open_sink, utf8_bytes
from openai_cli.prices.bill import Statement
from openai_cli.prices.charges import total
from openai_cli.prices.money import amount, plain
from openai_cli.prices.report import Report, as_json, as_total
from openai_cli.records import Annotated

# Days after which a notice says how old the price table is.
OLD = 90

# How many reasons for an incomplete cost are reported.
_MOST_REASONS = 5

MISSING = "give --max-tokens or --output-tokens"

_AGE = r"([0-9]{1,6})d?"

# Flags that tell of a text what requests and answers state themselves.
_OF_TEXT = (
    "text", "max_tokens", "max_completion_tokens", "n", "best_of", "input_tokens", "cached_tokens",
    "cache_write_tokens",
)  # fmt: skip
# Flags of which at most one may be given.
_EITHER = (
    ("request", "response", "audio", "audio_seconds", "files"), ("text", "input_tokens"), LIMITS,
    ("total", "json", "csv", "markdown"), ("by", "by_request"),
)  # fmt: skip
# What is priced instead of a text, and the flags that it excludes.
_NOT_WITH: dict[str, tuple[str, ...]] = {
    "request": _OF_TEXT,
    **dict.fromkeys(("response", "audio", "audio_seconds"), (*_OF_TEXT, "output_tokens")),
    "files": ("input_tokens", "cached_tokens", "cache_write_tokens", "n", "best_of"),
}
# Flags that have no effect without one of others.
_GOES_WITH: dict[str, tuple[str, ...]] = {
    "allow_unbounded": ("max_cost",),
    "by_request": ("request", "response"),
    **dict.fromkeys(("since", "until", "by"), ("response",)),
}
_ALTERNATIVES = (
    *_EITHER,
    ("audio", "model"),
    ("audio_seconds", "model"),
    *((source, name) for source, names in _NOT_WITH.items() for name in names),
)

EXAMPLES = (
    'openai-cli cost "Write a haiku" --max-tokens 100',
    'openai-cli cost "Write a haiku" --output-tokens 40 -m gpt-4o -m gpt-5.4-mini',
    'openai-cli chat "Say hi" --usage-file usage.jsonl',
    "openai-cli cost --response usage.jsonl",
)


@options_group
class Options(Priced):
    """TEXT is priced as the message that `chat TEXT` sends. Without TEXT, stdin is priced as it is.

    A limit on the output gives an upper bound; --output-tokens gives a figure. Tokens that are read
    from the cache or written to it cost the input rate if the model has no rate of its own for
    them.

    `cost diff` shows what a change of prompts costs, `cost ledger` what was spent. Put `--` before
    a TEXT that is such a word.
    """

    endpoint = Endpoint("", DEFAULT_CHAT, takes_general_model=True)
    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = _ALTERNATIVES
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = _GOES_WITH
    subcommands: ClassVar[tuple[str, ...]] = ("diff", "ledger")

    max_price_age: Annotated[
        str | None,
        ours(OPTIONS, "--max-price-age", "Exit 8 if the price table is older", metavar="DAYS"),
    ] = None
    total: Annotated[bool, switch(OPTIONS, "total", "Print only the total")] = False
    json: Annotated[bool, switch(OPTIONS, "json", "Print JSON")] = False
    csv: Annotated[bool, switch(OPTIONS, "csv", "Print CSV without the total")] = False
    markdown: Annotated[bool, switch(OPTIONS, "markdown", "Print a Markdown table")] = False


# Subcommands of `cost`.
_BELOW = ("diff", "ledger")
# Letters; a shorter text is not taken for a mistyped subcommand.
_LEAST = 3


def run(context: Context, options: Options) -> None:
    """Print the cost, then raise LimitError if it is more than --max-cost."""
    _check(options)
    most = None if options.max_cost is None else amount("--max-cost", options.max_cost)
    table = load_table(options.prices)
    _check_age(context, options, table)
    call = Pricing(context, options, table)
    found = _described(call, options, _statements(call))
    over = None if most is None else _over(call, options, found, most)
    _tell(call, options, found)
    _print(context, options, found)
    if over is not None:
        raise over


def _statements(call: Pricing) -> list[Statement]:
    """What the options ask to price."""
    options = call.options
    if options.response is None and options.request is None and not options.files:
        return call.statements()
    from openai_cli.commands.pricing_files import answered, of_files, requested

    if options.response is not None:
        return answered(call, options.response)
    if options.request is not None:
        return requested(call, options.request)
    return of_files(call, options.text or ())


def _described(call: Pricing, options: Options, priced: list[Statement]) -> Report:
    is_one = options.request is None and options.response is None and not options.files
    several = len(dict.fromkeys(options.model or ())) > 1
    notes = dict.fromkeys(note for one in priced for note in _notes(one, call.on))
    return Report(
        tuple(priced),
        as_of=call.on,
        table=call.table,
        is_choice=several or (is_one and len(priced) > 1),
        is_detailed=is_one and len(priced) == 1,
        at_most=options.response is None and options.output_tokens is None and not call.is_speech,
        missing="they have no limit; --output-tokens assumes one" if options.request else MISSING,
        doubts=tuple(call.doubts),
        notes=tuple(notes),
        labels=tuple(call.labels),
        labelled=_labelled(options),
        is_grouped=options.by is not None,
        unpriced=tuple(call.unpriced),
    )


def _labelled(options: Options) -> str:
    """What each row stands for."""
    if options.by is not None:
        return options.by
    return "file" if options.files else "answer" if options.response else "request"


def _tell(call: Pricing, options: Options, found: Report) -> None:
    """Print the notices that help to read the numbers."""
    notice = call.context.messages.notice
    if (command := _nearly_named(options)) is not None:
        notice(f"this is the cost of a text; openai-cli {command} is a separate command")
    for note in found.notes:
        notice(note)
    if found.doubts:
        notice(
            f"{'the cost is' if call.is_speech else 'the tokens are'} an estimate: "
            f"{'; '.join(found.doubts)}"
        )
    for reason in found.unknown[:_MOST_REASONS]:
        notice(f"the cost is at least that: {reason}")
    if (more := len(found.unknown) - _MOST_REASONS) > 0:
        notice(f"the cost is at least that: {more} more such reasons; --json lists them")
    if options.total and found.unlimited:
        notice(f"the total does not include output: {found.missing}")


def _nearly_named(options: Options) -> str | None:
    """The subcommand whose name the text begins with, give or take a letter; else None."""
    word, _, _ = "".join((options.text or [])[:1]).partition(" ")
    alike = [name for name in _BELOW if word[:1].lower() == name[0] and len(word) <= len(name) + 1]
    if not alike or len(word) < _LEAST:
        return None
    from openai_cli.suggestions.near import near

    found = near(word, alike, edits=1)
    return f"cost {found[0]}" if found else None


def _check(options: Options) -> None:
    """Raise UsageError for flags that exclude each other, have no effect, or are wrong."""
    _check_exclusive(options)
    for name in ("total", "files", "by_request", "by"):
        if _is_given(options, name) and len(options.model or ()) > 1:
            raise UsageError(f"{flag_of(name)} takes one --model")
    for name, others in _GOES_WITH.items():
        if _is_given(options, name) and not any(_is_given(options, other) for other in others):
            raise UsageError(f"{flag_of(name)} goes only with {' or '.join(map(flag_of, others))}")
    if options.by is not None and options.by not in KEYS:
        raise UsageError(f"--by is one of {', '.join(KEYS)}, not {quoted(options.by)}")


def _check_exclusive(options: Options) -> None:
    """Raise UsageError for flags that exclude each other."""
    for group in _EITHER:
        given = [name for name in group if _is_given(options, name)]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(map(_shown, given))}: give one of them")
    for source, names in _NOT_WITH.items():
        if not _is_given(options, source):
            continue
        for name in names:
            if _is_given(options, name):
                raise UsageError(f"{_shown(name)} does not go with {_shown(source)}")


def _is_given(options: Options, name: str) -> bool:
    return getattr(options, name) not in (None, False)


def _shown(name: str) -> str:
    return "TEXT" if name == "text" else flag_of(name)


def _check_age(context: Context, options: Options, table: Table) -> None:
    """Raise LimitError for a table older than --max-price-age; without it, a notice past OLD."""
    age = (context.today() - table.date).days
    told = f"the prices are {age} days old, of {table.date}"
    if options.max_price_age is None:
        if age > OLD:
            context.messages.notice(f"{told}: a newer version of this program has newer ones")
        return
    found = re.fullmatch(_AGE, options.max_price_age)
    if found is None:
        raise UsageError(
            "--max-price-age must be a number of days such as 30d, "
            f"not {quoted(options.max_price_age)}"
        )
    if age > int(found[1]):
        raise LimitError(f"{told}, more than the {found[1]} of --max-price-age")


def _notes(statement: Statement, on: date) -> list[str]:
    notes = statement.tariff.notes(on)
    if statement.if_written:
        notes.append(
            f"{statement.tariff.name} may write long prompts to its cache: that adds up to "
            f"{plain(statement.if_written)} USD"
        )
    return notes


def _over(call: Pricing, options: Options, found: Report, limit: Decimal) -> LimitError | None:
    """The error if the cost can exceed the limit; of several models, the dearest counts."""
    if call.unbounded is not None and not options.allow_unbounded:
        from openai_cli.calls.budget import no_bound

        return no_bound(call.unbounded)
    bounds = [statement.most() for statement in call.bounds(list(found.statements))]
    most = max(bounds) if found.is_choice else total(bounds)
    if most <= limit:
        return _unbounded(options, found, limit)
    names = dict.fromkeys(one.limit_name for one in found.statements if one.unlimited)
    flags = " and ".join(names if options.request else map(flag_of, names))
    verb = "did" if options.response else "can"
    return LimitError(
        f"it {verb} cost {plain(most)} USD, more than the {plain(limit)} of --max-cost",
        hint=f"{flags} lowers it: without a limit, the longest output counts" if flags else None,
    )


def _unbounded(options: Options, found: Report, limit: Decimal) -> LimitError | None:
    """The error if something unknown may raise the cost above the limit, else None."""
    if not found.unknown or options.allow_unbounded:
        return None
    verb = "did" if options.response else "can"
    return LimitError(
        f"whether it {verb} cost more than the {plain(limit)} USD of --max-cost is unknown: "
        f"{found.unknown[0]}"
    )


def _print(context: Context, options: Options, found: Report) -> None:
    with open_sink(context, options.output) as sink:
        if options.json:
            sink.write_json(utf8_bytes(as_json(found)))
            return
        if options.total:
            sink.write(utf8_bytes(as_total(found)))
            return
        from openai_cli.prices import grid

        if options.csv:
            text = grid.as_csv(found)
        elif options.markdown:
            text = grid.as_markdown(found)
        else:
            columns = shutil.get_terminal_size().columns if sink.is_terminal else None
            text = grid.as_table(found, columns=columns)
        sink.write(utf8_bytes(text))
