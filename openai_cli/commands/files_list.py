"""`files list`: GET /files."""

from typing import Any
from urllib.parse import urlencode

from openai_cli.answer import page
from openai_cli.calls.stored import Asking, asking
from openai_cli.context import Context
from openai_cli.flags import files
from openai_cli.flags.adapter import body_of
from openai_cli.flags.ours import options_group
from openai_cli.output.columns import moment, tabbed
from openai_cli.request.inputs import Inputs


@options_group
class Options(Asking):
    """Each file is a line: its id, bytes, time of creation, purpose and name, with tabs between.

    All of them are listed; with --limit so many.
    """

    purpose: files.Purpose = None
    limit: files.Limit = None
    order: files.Order = None
    after: files.After = None


def run(context: Context, options: Options) -> None:
    """Print the files, page by page."""
    given = body_of(options, Inputs(context, options.stdin).source)
    with asking(context, options, _lines) as conversation:
        seen = set[str | None]()
        while True:
            body = conversation.send("GET", f"/files?{urlencode(given)}" if given else "/files")
            last = page.after(body)
            if last is None or last in seen:
                return
            seen.add(last)
            if "limit" in given:
                context.messages.notice(f"there are more: --after {last}")
                return
            given["after"] = last


def _lines(body: dict[str, Any]) -> str:
    return tabbed(
        [
            str(file.get("id", "")),
            str(file.get("bytes", "")),
            moment(file["created_at"]) if type(file.get("created_at")) is int else "",
            str(file.get("purpose", "")),
            str(file.get("filename", "")),
        ]
        for file in page.items(body)
    )
