"""Our own flags for what a command prints: where, in which form, and what is told of its calls."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from openai_cli.flags.ours import INPUT, OUTPUT, TEXT, options_group, ours, switch


@options_group
class Written:
    """Where a result is written."""

    output: Annotated[
        str | None,
        ours(OUTPUT, "--output", "Write to FILE, whole or not at all", metavar="FILE", short="-o"),
    ] = None


@options_group
class Results(Written):
    """How several results are told apart."""

    separator: Annotated[
        str | None,
        ours(OUTPUT, "--separator", "Between several results (an empty line)", metavar="TEXT"),
    ] = None
    null: Annotated[
        bool, switch(OUTPUT, "null", "End each result with NUL, add no newline", short="-0")
    ] = False


@options_group
class Forms(Written):
    """In which form an answer is printed, and where."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (("json", "query"),)
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"lines": ("query",)}

    json: Annotated[bool, switch(OUTPUT, "json", "Print the answer's body exactly as it came")] = (
        False
    )
    query: Annotated[
        str | None,
        ours(OUTPUT, "--query", "Print what this JMESPath finds in the body", metavar="EXPR"),
    ] = None
    lines: Annotated[
        bool, switch(OUTPUT, "lines", "Print a list that --query finds, a line for each item")
    ] = False

    @property
    def has_lines(self) -> bool:
        """Whether a list that the query finds is printed item by item."""
        return self.lines


@options_group
class Extracting(Forms):
    """Which part of the answer is printed."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("json", "query", "extract", "extract_last"),
    )

    extract: Annotated[
        bool, switch(OUTPUT, "extract", "Print the answer's first code block alone", short="-x")
    ] = False
    extract_last: Annotated[
        bool, switch(OUTPUT, "extract-last", "Print the answer's last code block alone")
    ] = False


@options_group
class Structured(Extracting):
    """Which schema the answer holds to, or which part of it is printed."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("json", "query", "extract", "extract_last", "schema_rows"),
    )
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **Forms.needs,
        "schema_rows": ("schema",),
        "csv": ("schema_rows",),
    }

    schema: Annotated[
        str | None,
        ours(
            TEXT,
            "--schema",
            "Ask for JSON of this JSON Schema, or as 'name, age int'",
            metavar="SCHEMA",
        ),
    ] = None
    schema_rows: Annotated[
        bool, switch(OUTPUT, "schema-rows", "Ask for a list of --schema, print a line for each")
    ] = False
    csv: Annotated[bool, switch(OUTPUT, "csv", "Print the --schema-rows as CSV")] = False


@options_group
class Spending:
    """How it is told what calls took."""

    usage: Annotated[bool, switch(OUTPUT, "usage", "Show what the call took, on stderr")] = False
    usage_file: Annotated[
        str | None,
        ours(OUTPUT, "--usage-file", "Append what the call took, as JSON", metavar="FILE"),
    ] = None
    label: Annotated[
        str | None,
        ours(
            OUTPUT,
            "--label",
            "What its line is to be found by; or OPENAI_CLI_LABEL",
            metavar="TEXT",
        ),
    ] = None


@options_group
class Prices:
    """By which prices a cost is told, and how high it may be."""

    prices: Annotated[
        str | None,
        ours(INPUT, "--prices", "Lay your own table of prices over ours", metavar="FILE"),
    ] = None
    max_cost: Annotated[
        str | None, ours(OUTPUT, "--max-cost", "Exit 8 when it can cost more", metavar="USD")
    ] = None
    allow_unbounded: Annotated[
        bool,
        switch(OUTPUT, "allow-unbounded", "Let --max-cost pass what has no bound, at its estimate"),
    ] = False


@options_group
class Completeness:
    """Whether an answer has to be complete."""

    require_complete: Annotated[
        bool,
        switch(OUTPUT, "require-complete", "Exit 9 when the answer is cut off or refused"),
    ] = False


@options_group
class Previews:
    """Whether the request is printed and not sent."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (("dry_run", "curl", "batch_line"),)

    dry_run: Annotated[bool, switch(OUTPUT, "dry-run", "Print the request body; send nothing")] = (
        False
    )
    curl: Annotated[bool, switch(OUTPUT, "curl", "Print a curl command; send nothing")] = False


@options_group
class BatchLine:
    """Whether the request is printed as the Batch API takes it."""

    batch_line: Annotated[
        str | None,
        ours(OUTPUT, "--batch-line", "Print the Batch API's line; send nothing", metavar="ID"),
    ] = None


@options_group
class Output(BatchLine, Previews, Completeness, Spending, Forms, Results):
    """What a command that sends prints, and where."""
