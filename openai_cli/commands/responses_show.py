"""`responses show`: GET /responses/ID."""

from contextlib import ExitStack
from typing import Annotated
from urllib.parse import urlencode

from openai_cli.commands.awaiting import Awaiting, await_response, path_of, tell_pending
from openai_cli.commands.reaching import reachable
from openai_cli.commands.sending import (
    Plan,
    Printing,
    check_output,
    is_preview,
    receive,
    send,
    show,
)
from openai_cli.config.destination import destination
from openai_cli.context import Context
from openai_cli.flags import responses
from openai_cli.flags.adapter import body_of
from openai_cli.flags.ours import Stdin, argument, options_group
from openai_cli.inputs import Inputs
from openai_cli.request import Request


@options_group
class Options(Printing, Stdin, Awaiting):
    """The text of a stored response, as respond prints it.

    One that is still being made has no text: its id is printed, or with --wait its text once it is
    made.
    """

    id: Annotated[str, argument("ID", "The response")]
    include: responses.Include = None


def run(context: Context, options: Options) -> None:
    """Print the response."""
    from openai_cli.answer.response import Response

    inputs = Inputs(context, options.stdin)
    included = body_of(options, inputs.source).get("include", [])
    query = urlencode([("include[]", name) for name in included])
    request = Request(path_of(options.id) + (f"?{query}" if query else ""), {}, method="GET")
    server = destination(context, options, inputs)
    if is_preview(options):
        show(context, options, request, server)
        return
    plan = Plan(request, answer=Response, streams=False, tells_usage=False)
    with ExitStack() as stack:
        server = reachable(stack, options, server)
        if options.wait:
            check_output(context, options)
            await_response(context, options, server, receive(context, options, server, plan))
        else:
            tell_pending(context, send(context, options, server, plan))
