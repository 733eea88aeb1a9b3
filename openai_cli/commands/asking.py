"""What all commands about the API's stored things do: ask, and print what the API says of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from openai_cli.commands.reaching import Reaching, client, reachable
from openai_cli.config.destination import destination
from openai_cli.context import Context
from openai_cli.flags.ours import Forms, Stdin, options_group
from openai_cli.inputs import Inputs
from openai_cli.output import Sink, open_sink

if TYPE_CHECKING:
    from openai_cli.answer.parts import Answer
    from openai_cli.http.client import Client, Response
    from openai_cli.writers import Writer


@options_group
class Asking(Reaching, Forms, Stdin):
    """The options of a command about something that the API has stored."""


def ask(
    context: Context,
    options: Asking,
    method: str,
    path: str,
    printed: Callable[[dict[str, Any]], str],
) -> None:
    """Send a request without a body, and print its answer; `printed` is the text of it."""
    with asking(context, options, printed) as (sender, writer):
        writer.finish(receive(sender, method, path, writer))


@contextmanager
def asking(
    context: Context, options: Asking, printed: Callable[[dict[str, Any]], str]
) -> "Iterator[tuple[Client, Writer]]":
    """The client of the server that the options name, and the writer of the form they ask for.

    Nothing is sent before it is known where the answer goes.
    """
    from openai_cli.writers import BodyWriter, Query, form_writer

    query = None if options.query is None else Query(options.query)
    server = destination(context, options, Inputs(context, options.stdin))
    with ExitStack() as stack:
        server = reachable(stack, options, server)
        sink: Sink = stack.enter_context(open_sink(context, options.output))
        writer = form_writer(sink, context.messages, json=options.json, query=query)
        yield client(context, options, server), writer or BodyWriter(sink, printed)


def receive(sender: "Client", method: str, path: str, writer: "Writer") -> "Answer":
    """Send a request without a body, and give its answer to the writer."""
    from openai_cli.answer.parts import Answer, parts

    def consume(http: "Response") -> Answer:
        answer = Answer(request_id=http.request_id)
        for part in parts(http, answer):
            writer.take(part, answer.add(part.body))
        return answer

    return sender.call(method, path, consume)
