"""Our own flags for a command's output: its destination, its format, and reports on its calls."""

from collections.abc import Mapping
from typing import ClassVar

from openai_cli.flags.ours import INPUT, OUTPUT, options_group, ours, switch
from openai_cli.records import Annotated


@options_group
class Written:
    """The flag for the file that a result is written to."""

    output: Annotated[
        str | None,
        ours(OUTPUT, "--output", "Write to FILE, all of it or nothing", metavar="FILE", short="-o"),
    ] = None


@options_group
class Results(Written):
    """The flags that separate several results."""

    separator: Annotated[
        str | None,
        ours(
            OUTPUT,
            "--separator",
            "Put TEXT between results [default: an empty line]",
            metavar="TEXT",
        ),
    ] = None
    null: Annotated[
        bool, switch(OUTPUT, "null", "End each result with NUL, not a newline", short="-0")
    ] = False


@options_group
class Forms(Written):
    """The flags for the format and the destination of an answer."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (("json", "query"),)
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {"lines": ("query",)}

    json: Annotated[bool, switch(OUTPUT, "json", "Print the response body exactly as it came")] = (
        False
    )
    query: Annotated[
        str | None,
        ours(OUTPUT, "--query", "Print what this JMESPath expression finds", metavar="EXPR"),
    ] = None
    lines: Annotated[
        bool, switch(OUTPUT, "lines", "Print each item of the list that --query finds")
    ] = False

    @property
    def has_lines(self) -> bool:
        """Whether a list that the query finds is printed one item per line."""
        return self.lines


@options_group
class Extracting(Forms):
    """The flags that print only a part of the answer."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("json", "query", "extract", "extract_last"),
    )

    extract: Annotated[
        bool, switch(OUTPUT, "extract", "Print only the answer's first code block", short="-x")
    ] = False
    extract_last: Annotated[
        bool, switch(OUTPUT, "extract-last", "Print only the answer's last code block")
    ] = False


@options_group
class Structured(Extracting):
    """The flags for the schema of an answer, or the part of it that is printed."""

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
            OUTPUT,
            "--schema",
            "Ask for JSON: a JSON Schema, or 'name, age int'",
            metavar="SCHEMA",
        ),
    ] = None
    schema_rows: Annotated[
        bool,
        switch(OUTPUT, "schema-rows", "Ask for a list of --schema objects; print one per line"),
    ] = False
    csv: Annotated[bool, switch(OUTPUT, "csv", "Print the --schema-rows as CSV")] = False


@options_group
class Spending:
    """The flags that report the tokens and the cost of calls."""

    usage: Annotated[bool, switch(OUTPUT, "usage", "Show tokens and cost on stderr")] = False
    usage_file: Annotated[
        str | None,
        ours(
            OUTPUT, "--usage-file", "Append tokens, cost and more to FILE as JSON", metavar="FILE"
        ),
    ] = None
    label: Annotated[
        str | None,
        ours(
            OUTPUT,
            "--label",
            "Label that line [env: OPENAI_CLI_LABEL]",
            metavar="TEXT",
        ),
    ] = None


@options_group
class Prices:
    """The flags for the prices that apply, and for the limit on the cost."""

    prices: Annotated[
        str | None,
        ours(INPUT, "--prices", "Add or override prices from your own table", metavar="FILE"),
    ] = None
    max_cost: Annotated[
        str | None, ours(OUTPUT, "--max-cost", "Exit 8 if it could cost more", metavar="USD")
    ] = None
    allow_unbounded: Annotated[
        bool,
        switch(OUTPUT, "allow-unbounded", "Let --max-cost use an estimate if there is no bound"),
    ] = False


@options_group
class Completeness:
    """The flag that requires a complete answer."""

    require_complete: Annotated[
        bool,
        switch(OUTPUT, "require-complete", "Exit 9 if the answer is cut off or refused"),
    ] = False


@options_group
class Previews:
    """The flags that print the request instead of sending it."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (("dry_run", "curl", "batch_line"),)

    dry_run: Annotated[
        bool, switch(OUTPUT, "dry-run", "Print the request body and send nothing")
    ] = False
    curl: Annotated[bool, switch(OUTPUT, "curl", "Print a curl command and send nothing")] = False


@options_group
class BatchLine:
    """The flag that prints the request as a line for the Batch API."""

    batch_line: Annotated[
        str | None,
        ours(OUTPUT, "--batch-line", "Print a Batch API line and send nothing", metavar="ID"),
    ] = None


@options_group
class Output(BatchLine, Previews, Completeness, Spending, Forms, Results):
    """All output flags of a command that sends a request."""
