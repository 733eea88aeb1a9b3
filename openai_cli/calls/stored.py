"""What all commands about the API's stored things do: ask, and print what the API says of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from openai_cli.answer.shape import as_string
from openai_cli.calls.session import Reaching, client, reachable
from openai_cli.config.destination import destination
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.ours import Forms, Stdin, options_group
from openai_cli.output.sink import Sink, open_sink
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.http.client import Client, HttpResponse
    from openai_cli.output.writers import Writer


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
    with asking(context, options, printed) as conversation:
        conversation.send(method, path)


@dataclass(frozen=True)
class Conversation:
    """Requests without a body to one server, whose answers go into one output."""

    client: "Client"
    sink: Sink
    writer: "Writer"

    def send(self, method: str, path: str) -> dict[str, Any]:
        """Send a request, print its answer, and give the body of it."""
        from openai_cli.answer.parts import Answer, parts

        if self.sink.size:
            self.sink.end_line()

        def consume(http: "HttpResponse") -> dict[str, Any]:
            answer = Answer(request_id=http.request_id)
            body: dict[str, Any] = {}
            for part in parts(http, answer):
                body = part.body
                self.writer.take(part, answer.add(body))
            self.writer.finish(answer)
            return body

        return self.client.call(method, path, consume)


@contextmanager
def asking(
    context: Context, options: Asking, printed: Callable[[dict[str, Any]], str]
) -> Iterator[Conversation]:
    """The server that the options name, and the form of output that they ask for.

    Nothing is sent before it is known where the answer goes.
    """
    from openai_cli.output.writers import BodyWriter, Query, form_writer

    query = None if options.query is None else Query(options.query)
    server = destination(context, options, Inputs(context, options.stdin))
    with ExitStack() as stack:
        server = reachable(stack, options, server)
        sink = stack.enter_context(open_sink(context, options.output))
        writer = form_writer(sink, context.messages, json=options.json, query=query)
        yield Conversation(
            client(context, options, server), sink, writer or BodyWriter(sink, printed)
        )


def segment(name: str) -> str:
    """An id as a part of a path; UsageError for one that is empty, or would lead elsewhere."""
    if not name:
        raise UsageError("the id is empty")
    if name in (".", ".."):
        raise UsageError(f"'{name}' is no id")
    return quote(name, safe=":")


def deleted(body: dict[str, Any]) -> str:
    """The id of what the API says that it deleted."""
    return as_string(body.get("id"), "id")
