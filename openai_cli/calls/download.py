"""What commands whose answer is a file do: send, and pass its bytes on as they come."""

from contextlib import ExitStack
from typing import TYPE_CHECKING

from openai_cli.calls.session import Reaching, client, reachable
from openai_cli.config.destination import Destination
from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, UsageError
from openai_cli.output.sink import open_sink

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.http.client import HttpResponse
    from openai_cli.http.payload import Payload


def refuse_terminal(context: Context, output: str | None) -> None:
    """Raise UsageError where a file would go onto a terminal."""
    if context.stdout_is_terminal and output in (None, "-"):
        raise UsageError(
            "the answer is a file, which a terminal cannot show",
            hint="-o FILE writes it to a file; a pipe takes it too",
        )


def download(
    context: Context,
    options: Reaching,
    server: Destination,
    method: str,
    path: str,
    *,
    output: str | None,
    payload: "Payload | None" = None,
    check: "Callable[[HttpResponse], None]" = lambda _http: None,
) -> str | None:
    """Send the request, and pass the answer's bytes on, once `check` has passed.

    Gives the request's id.

    UsageError, before anything is sent, where they would go onto a terminal; BadAnswerError where
    there are none.
    """
    refuse_terminal(context, output)
    with ExitStack() as stack:
        server = reachable(stack, options, server)
        sink = stack.enter_context(open_sink(context, output))

        def consume(http: "HttpResponse") -> str | None:
            check(http)
            for piece in http.pieces():
                sink.write(piece)
                sink.flush()
            if not sink.size:
                raise BadAnswerError("the answer is empty", request_id=http.request_id)
            return http.request_id

        sender = client(context, options, server)
        return sender.call(method, path, consume, payload=payload, may_retry=lambda: sink.size == 0)
