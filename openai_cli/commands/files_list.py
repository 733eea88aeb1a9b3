"""`files list`: GET /files."""

from typing import Any

from openai_cli.answer import page
from openai_cli.calls.session import Session
from openai_cli.calls.stored import StoredOptions, answered, pages
from openai_cli.context import Context
from openai_cli.flags import files
from openai_cli.flags.adapter import parts_of
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import options_group
from openai_cli.output.columns import moment, tabbed
from openai_cli.request.body import Request, bodyless
from openai_cli.request.inputs import Inputs


@options_group
class Options(StoredOptions):
    """Each file is a line: its id, bytes, time of creation, purpose and name, with tabs between.

    All of them are listed; with --limit so many.
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
    with Session(context, options, inputs) as session, session.form.open(context) as sink:

        def get(request: Request) -> Any:
            return answered(session, sink, request, _lines, page.Page())

        for last in pages(request, get):
            if options.limit is not None:
                context.messages.notice(f"there are more: --after {last}")
                return


def _lines(body: dict[str, Any]) -> str:
    return tabbed(
        [
            _cell(file.get("id")),
            _cell(file.get("bytes")),
            moment(file["created_at"]) if type(file.get("created_at")) is int else "",
            _cell(file.get("purpose")),
            _cell(file.get("filename")),
        ]
        for file in page.items(body)
    )


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
