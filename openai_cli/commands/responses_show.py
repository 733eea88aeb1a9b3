"""`responses show`: GET /responses/ID."""

from contextlib import ExitStack
from typing import Annotated, Any
from urllib.parse import urlencode

from openai_cli.calls.background import (
    Awaiting,
    Following,
    await_response,
    check_waiting,
    path_of,
    tell_pending,
    told_how_to_go_on,
)
from openai_cli.calls.send import (
    Plan,
    Printing,
    check_output,
    is_preview,
    receive,
    send,
    show,
)
from openai_cli.calls.session import reachable
from openai_cli.config.destination import destination
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags import api, responses
from openai_cli.flags.adapter import body_of
from openai_cli.flags.ours import Stdin, argument, options_group
from openai_cli.request.body import Request
from openai_cli.request.inputs import Inputs


@options_group
class Options(Printing, Stdin, Awaiting):
    """The text of a stored response, as respond prints it.

    One that is still being made has no text: its id is printed, or with --wait its text once it is
    made. With --stream the text comes as it is made, if it was asked for as a stream too.
    """

    id: Annotated[str, argument("ID", "The response")]
    include: responses.Include = None
    include_obfuscation: responses.IncludeObfuscation = None
    starting_after: responses.StartingAfter = None
    stream: api.Stream = None


def run(context: Context, options: Options) -> None:
    """Print the response."""
    inputs = Inputs(context, options.stdin)
    request = _request(options, body_of(options, inputs.source))
    server = destination(context, options, inputs)
    if is_preview(options):
        show(context, options, request, server)
        return
    following = Following(options, options.id, is_rest=options.starting_after is not None)
    plan = Plan(request, answer=following.reader, streams=False, tells_usage=False)
    with ExitStack() as stack:
        server = reachable(stack, options, server)
        if options.wait:
            check_output(context, options)
            await_response(context, options, server, receive(context, options, server, plan))
            return
        with told_how_to_go_on(context, following.rest):
            answer = send(context, options, server, plan)
    tell_pending(context, answer)


def _request(options: Options, asked: dict[str, Any]) -> Request:
    from openai_cli.http.payload import form_fields

    check_waiting(options, asked)
    if "starting_after" in asked and asked.get("stream") is not True:
        raise UsageError("--starting-after is of a stream: add --stream")
    query = urlencode(list(form_fields(asked)))
    return Request(path_of(options.id) + (f"?{query}" if query else ""), {}, method="GET")
