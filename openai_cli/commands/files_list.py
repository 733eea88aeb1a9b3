"""`files list`: GET /files."""

from typing import Any

from openai_cli.calls.listing import Listing, print_list
from openai_cli.calls.session import Session
from openai_cli.calls.stored import StoredOptions
from openai_cli.context import Context
from openai_cli.flags import files
from openai_cli.flags.adapter import parts_of
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group
from openai_cli.output.columns import moment, tabbed
from openai_cli.output.sink import Sink
from openai_cli.request.body import bodyless
from openai_cli.request.inputs import Inputs

EXAMPLES = (
    "openai-cli files list",
    "openai-cli files list --purpose batch --limit 10",
)


@options_group
class Options(StoredOptions, Listing):
    """Each file is printed on one line: id, bytes, creation time, purpose and name, separated by
    tabs.

    All pages are listed; --limit is the size of a page.
    """

    endpoint = Endpoint("/files", method="GET")

    purpose: files.Purpose = None
    limit: files.Limit = None
    order: files.Order = None
    after: files.After = None


def run(context: Context, options: Options) -> None:
    """Print the files, page by page."""
    inputs = Inputs(context, options.stdin)
    request = bodyless(options.endpoint, parts_of(options, inputs.source))
    with Session(context, options, inputs) as session:
        print_list(session, request, options, _lines)


def _lines(_sink: Sink, found: list[dict[str, Any]]) -> str:
    return tabbed(
        [
            _cell(file.get("id")),
            _cell(file.get("bytes")),
            moment(file["created_at"]) if type(file.get("created_at")) is int else "",
            _cell(file.get("purpose")),
            _cell(file.get("filename")),
        ]
        for file in found
    )


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
