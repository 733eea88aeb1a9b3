"""Our own flags of commands whose answer is a model's text: what is asked of it, what is shown."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from openai_cli.flags.ours import OUTPUT, TEXT, Forms, options_group, ours, switch


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
