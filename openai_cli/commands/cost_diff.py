"""`cost diff`: what a change of prompts and requests costs, against a commit or a baseline."""

import os
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from openai_cli.commands.comparison import Compared, Comparing
from openai_cli.context import Context
from openai_cli.errors import LimitError, UsageError
from openai_cli.flags.names import flag_of
from openai_cli.flags.ours import OPTIONS, options_group, ours, switch
from openai_cli.flags.output import Written
from openai_cli.output.sink import open_sink, utf8_bytes
from openai_cli.prices.money import amount, percentage
from openai_cli.records import Annotated

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.diff.gate import Limits
    from openai_cli.diff.report import Told

EXAMPLES = (
    'echo "Write a haiku" > haiku.txt',
    "openai-cli cost --files haiku.txt --output-tokens 40 --json -o base.json",
    "openai-cli cost diff haiku.txt --baseline base.json --output-tokens 40",
    "openai-cli cost diff haiku.txt --baseline base.json --output-tokens 80 --json",
)


# How many problems of a kind are told on stderr.
_MOST_TOLD = 20

_INCREASES = (
    "max_increase", "max_increase_percent", "max_increase_each", "max_increase_percent_each",
)  # fmt: skip


@options_group
class Options(Compared, Written):
    """PATHs are files and folders of prompts. Each file is priced as the message that `chat < FILE`
    sends.

    The base is the last commit that --base and the head have in common; the head is the working
    tree. An output without a limit is left out on both sides. If the change removes a limit, the
    model's longest output is used.
    """

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("base", "baseline"),
        ("head", "baseline"),
        ("merge_base", "baseline"),
        ("json", "markdown"),
    )
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "files": ("paths",),
        **dict.fromkeys(("model", "output_tokens"), ("paths", "request")),
        "ignore_below": _INCREASES,
        **dict.fromkeys(("warn", "allow_unbounded"), (*_INCREASES, "max_cost")),
    }

    max_increase: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--max-increase",
            "Exit 8 if the total increases by more",
            metavar="USD",
        ),
    ] = None
    max_increase_percent: Annotated[
        str | None,
        ours(OPTIONS, "--max-increase-percent", "The same, in percent of the base", metavar="P"),
    ] = None
    max_increase_each: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--max-increase-each",
            "Exit 8 if any one increases by more",
            metavar="USD",
        ),
    ] = None
    max_increase_percent_each: Annotated[
        str | None,
        ours(OPTIONS, "--max-increase-percent-each", "The same, in percent", metavar="P"),
    ] = None
    ignore_below: Annotated[
        str | None,
        ours(OPTIONS, "--ignore-below", "Ignore smaller increases", metavar="USD"),
    ] = None
    warn: Annotated[bool, switch(OPTIONS, "warn", "Warn instead of exiting with 8")] = False
    json: Annotated[bool, switch(OPTIONS, "json", "Print JSON")] = False
    markdown: Annotated[
        bool, switch(OPTIONS, "markdown", "Print Markdown, such as for a comment")
    ] = False
    github: Annotated[
        bool, switch(OPTIONS, "github", "Write GitHub annotations, step summary and outputs")
    ] = False
    junit: Annotated[
        str | None, ours(OPTIONS, "--junit", "Also write a JUnit XML report", metavar="FILE")
    ] = None


def run(context: Context, options: Options) -> None:
    """Print what the change costs, then raise LimitError if it is more than was allowed."""
    _check(options)
    limits = _limits(options)
    told = _judged(Comparing(context, options), limits, only_warn=options.warn)
    _tell(context, options, told)
    _print(context, options, told)
    if told.failures and not options.warn:
        first, *others = told.failures
        more = f" (and {len(others)} more)" if others else ""
        raise LimitError(f"{first.problem}{more}")


def _judged(comparing: Comparing, limits: "Limits", *, only_warn: bool) -> "Told":
    from openai_cli.diff.gate import failures
    from openai_cli.diff.report import Told

    found, base, head = comparing.found()
    return Told(
        found,
        base,
        head,
        table=comparing.pricer.table,
        as_of=comparing.pricer.on,
        volume=comparing.volume.shown,
        failures=tuple(failures(found, limits)),
        only_warn=only_warn,
        doubts=tuple(comparing.doubts),
        notes=comparing.notes,
    )


def _check(options: Options) -> None:
    """Raise UsageError for flags that exclude each other or have no effect, or for no sides."""
    for names in Options.alternatives:
        given = [name for name in names if _is_given(options, name)]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(map(_shown, given))}: give one of them")
    for name in ("base", "head", "baseline", "model"):
        if getattr(options, name) == "":
            raise UsageError(f"{flag_of(name)} must not be empty")
    if options.base is None and options.baseline is None:
        raise UsageError(
            "there is nothing to compare with: --base REF or --baseline FILE says what",
            hint="for example: openai-cli cost diff --base origin/main prompts",
        )
    if not (options.paths or options.request or options.response):
        raise UsageError(
            "there is nothing to compare: give paths of prompts, --request or --response",
            hint="for example: openai-cli cost diff --base origin/main prompts",
        )
    for name, others in Options.needs.items():
        if _is_given(options, name) and not any(_is_given(options, other) for other in others):
            raise UsageError(f"{_shown(name)} goes only with {' or '.join(map(_shown, others))}")
    outputs = {os.path.realpath(name or "-") for name in (options.junit, options.output)}
    if options.junit is not None and len(outputs) == 1:
        raise UsageError("--junit and --output: give each a file of its own")


def _is_given(options: Options, name: str) -> bool:
    value = getattr(options, name)
    return value is not None and (value is not False or name == "merge_base")


def _shown(name: str) -> str:
    return "PATH" if name == "paths" else flag_of(name)


def _limits(options: Options) -> "Limits":
    from openai_cli.diff.gate import Limits

    def given(name: str) -> Decimal | None:
        value = getattr(options, name)
        return None if value is None else amount(flag_of(name), value)

    def percent(name: str) -> Decimal | None:
        value = getattr(options, name)
        return None if value is None else percentage(flag_of(name), value)

    return Limits(
        given("max_increase"), percent("max_increase_percent"), given("max_increase_each"),
        percent("max_increase_percent_each"), given("max_cost"),
        given("ignore_below") or Decimal(0), options.allow_unbounded,
    )  # fmt: skip


def _tell(context: Context, options: Options, told: "Told") -> None:
    """Print the notices that help to read the numbers."""
    notice = context.messages.notice
    for note in told.notes:
        notice(note)
    if _judges_by_percent(options) and any(not row.base and row.head for row in told.found.rows):
        notice("new prompts have no percentage: only --max-increase and --max-increase-each apply")
    if told.doubts:
        notice(f"the tokens are an estimate: {'; '.join(told.doubts)}")
    wrong = [row.base_error for row in told.found.rows if row.base_error]
    for problem in _first(wrong):
        notice(f"the base is not priced: {problem}")
    if told.only_warn:
        for problem in _first([failure.problem for failure in told.failures]):
            notice(problem)


def _first(problems: Sequence[str]) -> Iterator[str]:
    """Yield some problems, and how many more there are."""
    yield from problems[:_MOST_TOLD]
    if len(problems) > _MOST_TOLD:
        yield f"and {len(problems) - _MOST_TOLD} more"


def _judges_by_percent(options: Options) -> bool:
    by_percent = options.max_increase_percent, options.max_increase_percent_each
    by_amount = options.max_increase, options.max_increase_each
    return any(by_percent) and not any(by_amount)


def _print(context: Context, options: Options, told: "Told") -> None:
    from openai_cli.diff import report

    forms: dict[str, Callable[[Told], str]] = {
        "json": report.as_json, "markdown": report.as_markdown
    }  # fmt: skip
    form = next((made for name, made in forms.items() if getattr(options, name)), report.as_table)
    if options.junit is not None:
        from openai_cli.diff.junit import as_junit

        _write(context, options.junit, as_junit(told), "--junit")
    if options.github:
        _tell_github(context, told)
    _write(context, options.output, form(told), "--output")


def _write(context: Context, path: str | None, text: str, flag: str) -> None:
    with open_sink(context, path, flag=flag) as sink:
        sink.write(utf8_bytes(text))


def _tell_github(context: Context, told: "Told") -> None:
    """Print annotations on stderr, and append to the summary and output files of GitHub Actions."""
    from openai_cli.diff import github
    from openai_cli.diff.report import as_markdown

    root = os.path.realpath(context.variable("GITHUB_WORKSPACE") or os.curdir)

    def placed(path: str) -> str:
        return os.path.relpath(os.path.realpath(path), root)

    for line in github.annotations(told, placed):
        context.messages.block(line)
    files = {"GITHUB_STEP_SUMMARY": as_markdown, "GITHUB_OUTPUT": github.outputs}
    for variable, form in files.items():
        path = context.variable(variable)
        if path is None:
            context.messages.notice(f"{variable} is not set, so there is nothing to write to")
            continue
        try:
            with open(path, "ab") as file:  # noqa: PTH123
                file.write(utf8_bytes(form(told)))
        except OSError as error:
            raise UsageError(f"{variable}: cannot write '{path}': {error.strerror}") from None
