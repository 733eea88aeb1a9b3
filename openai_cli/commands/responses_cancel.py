"""`responses cancel`: POST /responses/ID/cancel."""

from typing import Annotated, Any

from openai_cli.calls.background import path_of
from openai_cli.calls.stored import Asking, ask
from openai_cli.context import Context
from openai_cli.flags.ours import argument, options_group


@options_group
class Options(Asking):
    """A response in the background is made no further; its status is printed."""

    id: Annotated[str, argument("ID", "The response")]


def run(context: Context, options: Options) -> None:
    """Cancel the response."""
    ask(context, options, "POST", f"{path_of(options.id)}/cancel", _status)


def _status(body: dict[str, Any]) -> str:
    from openai_cli.answer.shape import as_string

    return as_string(body.get("status"), "status")
