"""The parts of --help below the usage line: groups of flags, notes, examples, the manual."""

from collections.abc import Iterable, Iterator
from typing import Any

from openai_cli.flags.ours import PANELS, CommonOptions, Input
from openai_cli.messages import PROGRAM

Records = list[tuple[str, str]]

SWITCHES = "A flag without a value also has a --no- form, such as --no-quiet."
VALUES = (
    "JSON means JSON text, @FILE to read it from a file, or @- for stdin. OBJECT is also JSON, or "
    "KEY=VALUE, repeated. TEXT|@FILE means text or a file to read it from; type @@ for text that "
    "starts with @. Parameters that you do not give are not sent."
)

# Commands that have a page of the manual to themselves.
_GUIDES = {"cost diff": "cost-of-a-change.md", "cost ledger": "ledger.md"}


def groups(options: type[CommonOptions], parameters: Iterable[Any], ctx: Any) -> dict[str, Records]:
    """Return the help records of arguments and flags, by group title; empty groups are omitted."""
    panels: dict[str, Records] = {panel: [] for panel in PANELS}
    for parameter in parameters:
        if (record := parameter.get_help_record(ctx)) is not None:
            names, line = record
            told = line.removesuffix("  [required]")  # the usage line says so
            if "--model" in parameter.opts:
                told += _default_model(options)
            panel = getattr(parameter, "rich_help_panel", PANELS[0])
            panels[panel].append((names.partition(" / --no-")[0], told))
    notes = options.group_notes
    return {
        f"{panel} ({notes[panel]})" if panel in notes else panel: records
        for panel, records in panels.items()
        if records
    }


def _default_model(options: type[CommonOptions]) -> str:
    endpoint = options.endpoint
    if not endpoint.default_model:
        return ""
    variable = "OPENAI_MODEL or " if endpoint.takes_general_model else ""
    return f" [default: {variable}{endpoint.default_model}]"


def notes(options: type[CommonOptions]) -> Iterator[str]:
    """Yield the paragraphs after the flags."""
    yield SWITCHES
    if issubclass(options, Input):
        yield VALUES


def guide_of(name: str) -> str:
    """Return the page of the manual that is about a command; most are named by its first word."""
    return _GUIDES.get(name) or f"{name.partition(' ')[0] or 'index'}.md"


def manual(name: str) -> str:
    """Return the manual line for a command or a group; '' is the program.

    The name of a group ends with a space.
    """
    guide = f"docs/{guide_of(name)}"
    page = "-".join([PROGRAM, *name.split()])
    is_group = name.endswith(" ")
    return f"Manual: {guide}" if is_group else f"Manual: man {page}, or {guide}"


def manual_of_operations(group: str) -> str:
    """Return the manual line for a group's commands from the table of operations."""
    return f"Manual: man {PROGRAM}-{group}, or docs/operations/{group}.md"


def write_end(
    formatter: Any, paragraphs: Iterable[str], examples: Iterable[str], last: str
) -> None:
    """Write what follows the flags; each example is on one line, so that it can be pasted."""
    for paragraph in paragraphs:
        formatter.write_paragraph()
        formatter.write_text(paragraph)
    if examples:
        with formatter.section("Examples"):
            formatter.write("".join(f"  {example}\n" for example in examples))
    formatter.write_paragraph()
    formatter.write(f"{last}\n")
