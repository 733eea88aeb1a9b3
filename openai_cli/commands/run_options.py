"""The flags of a run of a file of requests, and examples of them."""

from typing import ClassVar

from openai_cli.flags.ours import OPTIONS, argument, options_group, ours, switch
from openai_cli.flags.output import Completeness, Prices, Spending, Written
from openai_cli.flags.server import ServerOptions
from openai_cli.records import Annotated

WAYS = ("live", "batch")


@options_group
class RunOptions:
    """How to run the requests."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (("query", "text"),)

    via: Annotated[
        str,
        ours(
            OPTIONS,
            "--via",
            "live, or batch for the Batch API [default: live]",
            metavar="WAY",
            names=WAYS,
        ),
    ] = "live"
    concurrency: Annotated[
        str | None,
        ours(
            OPTIONS, "--concurrency", "Send at most N requests at once [default: 64]", metavar="N"
        ),
    ] = None
    rpm: Annotated[
        str | None, ours(OPTIONS, "--rpm", "Send at most N requests per minute", metavar="N")
    ] = None
    tpm: Annotated[
        str | None, ours(OPTIONS, "--tpm", "Send at most N tokens per minute", metavar="N")
    ] = None
    service_tier: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--service-tier",
            "Send all requests at this tier: flex, priority, …",
            metavar="NAME",
        ),
    ] = None
    queue_tokens: Annotated[
        str | None,
        ours(OPTIONS, "--queue-tokens", "Queue at most N tokens at the Batch API", metavar="N"),
    ] = None
    keep_files: Annotated[
        bool, switch(OPTIONS, "keep-files", "Keep the files of batches at the API")
    ] = False
    limit: Annotated[
        str | None, ours(OPTIONS, "--limit", "Run only the first N lines, as a sample", metavar="N")
    ] = None
    retry_failed: Annotated[bool, switch(OPTIONS, "retry-failed", "Send failed lines again")] = (
        False
    )
    shard: Annotated[
        str | None, ours(OPTIONS, "--shard", "Run part I of N of the lines", metavar="I/N")
    ] = None
    query: Annotated[
        str | None,
        ours(OPTIONS, "--query", "Write what this JMESPath finds in each answer", metavar="EXPR"),
    ] = None
    text: Annotated[bool, switch(OPTIONS, "text", "Write the text of each answer")] = False
    csv: Annotated[
        str | None,
        ours(OPTIONS, "--csv", "Write these rows with a column of answers", metavar="ROWS"),
    ] = None
    id: Annotated[
        str | None,
        ours(OPTIONS, "--id", "Use this column of the rows as the custom_id", metavar="COLUMN"),
    ] = None
    null: Annotated[
        bool, switch(OPTIONS, "null", "End each result with NUL, not a newline", short="-0")
    ] = False


EXAMPLES = (
    "seq 3 | openai-cli batch make chat --prompts - -o batch.jsonl",
    "openai-cli batch run batch.jsonl -o answers.jsonl",
    "openai-cli batch run batch.jsonl -o texts.txt --text --concurrency 2",
    "openai-cli batch run batch.jsonl -o overnight.jsonl --via batch",
)


@options_group
class Options(RunOptions, ServerOptions, Written, Completeness, Spending, Prices):
    """FILE has one request per line: a Batch API line, or just its body. - reads stdin.

    OUT gets one line per answer, in the order of FILE, in the form of the Batch API. Failed lines
    go to OUT.failed.jsonl, which can be run again. OUT.run keeps the progress: the same command
    resumes where the run stopped.
    """

    file: Annotated[str, argument("FILE", "The requests; - is stdin", names=None)]
