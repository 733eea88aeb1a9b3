"""What commands whose answer is a file do: send, and pass its bytes on as they come."""

from contextlib import ExitStack
from typing import TYPE_CHECKING

from openai_cli.commands.reaching import Reaching, client, reachable
from openai_cli.config.destination import Destination
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.ours import Written, options_group
from openai_cli.output import open_sink

if TYPE_CHECKING:
    from openai_cli.http.client import Response
    from openai_cli.http.payload import Payload


@options_group
class Downloading(Reaching, Written):
    """The options of a command whose answer is a file."""


def download(
    context: Context,
    options: Downloading,
    server: Destination,
    method: str,
    path: str,
    *,
    payload: "Payload | None" = None,
) -> str | None:
    """Send the request, and pass the answer's bytes on; gives the id of the request.

    UsageError, before anything is sent, where they would go onto a terminal.
    """
    with ExitStack() as stack:
        server = reachable(stack, options, server)
        sink = stack.enter_context(open_sink(context, options.output))
        if sink.is_terminal:
            raise UsageError(
                "the answer is a file, which a terminal cannot show",
                hint="-o FILE writes it to a file; a pipe takes it too",
            )

        def consume(http: "Response") -> str | None:
            for piece in http.pieces():
                sink.write(piece)
                sink.flush()
            return http.request_id

        sender = client(context, options, server)
        return sender.call(method, path, consume, payload=payload, may_retry=lambda: sink.size == 0)
