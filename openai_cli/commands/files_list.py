"""`files list`: GET /files."""

from typing import Any
from urllib.parse import urlencode

from openai_cli.columns import moment, tabbed
from openai_cli.commands.asking import Asking, asking
from openai_cli.context import Context
from openai_cli.flags import files
from openai_cli.flags.adapter import body_of
from openai_cli.flags.ours import options_group
from openai_cli.inputs import Inputs


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
        while True:
            body = conversation.send("GET", f"/files?{urlencode(given)}" if given else "/files")
            last = _last(body)
            if body.get("has_more") is not True or last in (None, given.get("after")):
                return
            if "limit" in given:
                context.messages.notice(f"there are more: --after {last}")
                return
            given["after"] = last


def _last(body: dict[str, Any]) -> str | None:
    """The id that the next page comes after."""
    data = body.get("data")
    if isinstance(body.get("last_id"), str):
        return str(body["last_id"])
    return data[-1].get("id") if isinstance(data, list) and data else None


def _lines(body: dict[str, Any]) -> str:
    from openai_cli.answer.shape import as_objects

    return tabbed(
        [
            str(file.get("id", "")),
            str(file.get("bytes", "")),
            moment(file["created_at"]) if type(file.get("created_at")) is int else "",
            str(file.get("purpose", "")),
            str(file.get("filename", "")),
        ]
        for file in as_objects(body.get("data"), "data")
    )
