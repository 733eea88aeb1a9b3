"""What the commands on stored things share: send a request, and print what the API says."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode

from openai_cli.answer.page import Deletion, Whole, following
from openai_cli.answer.shape import as_string
from openai_cli.calls.consent import Consent, demand_consent
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.flags.adapter import Parts, parts_of
from openai_cli.flags.ours import Stdin, options_group
from openai_cli.flags.output import Forms
from openai_cli.flags.server import ServerOptions
from openai_cli.output.sink import Sink
from openai_cli.records import replace
from openai_cli.request.body import Request, bodyless
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.http.client import HttpResponse


@options_group
class StoredOptions(ServerOptions, Forms, Stdin):
    """The options of a command about something that the API has stored."""


@options_group
class DeletionOptions(StoredOptions, Consent):
    """The options of a command that deletes something that the API has stored."""


def ask(
    context: Context,
    options: StoredOptions,
    printed: Callable[[dict[str, Any]], str],
    answer: Callable[[Request], Whole] = lambda _request: Whole(),
) -> None:
    """Send the options' request and print its answer; `printed` formats it as text.

    A path parameter with several values makes one request for each. `answer` makes the reader of a
    request's answer.
    """
    inputs = Inputs(context, options.stdin)
    requests = [
        bodyless(options.endpoint, each) for each in _each(parts_of(options, inputs.source))
    ]
    with Session(context, options, inputs) as session, session.form.open(context) as sink:
        for request in requests:
            answered(session, sink, request, printed, answer(request))


def delete(context: Context, options: DeletionOptions) -> None:
    """Send the options' delete requests, and print the id of each thing that was deleted.

    Raises what `demand_consent` raises.
    """
    demand_consent(context, options)

    def deletion(request: Request) -> Deletion:
        return Deletion(instead={"id": unquote(request.path.rpartition("/")[2])})

    ask(context, options, lambda body: as_string(body.get("id"), "id"), deletion)


def _each(parts: Parts) -> Iterator[Parts]:
    """Yield the parts once for each value of a path parameter that has several."""
    several = next((name for name, value in parts.path.items() if isinstance(value, list)), None)
    if several is None:
        yield parts
        return
    for value in parts.path[several]:
        yield parts._replace(path={**parts.path, several: value})


def answered(
    session: Session,
    sink: Sink,
    request: Request,
    printed: Callable[[dict[str, Any]], str],
    answer: Whole,
) -> dict[str, Any]:
    """Send the request, print its answer to the sink, and return the body."""
    from openai_cli.output.writers import BodyWriter, write_answer

    def consume(http: "HttpResponse") -> dict[str, Any]:
        write_answer(http, answer, writer)
        return answer.body

    sink.end_line()
    writer = session.form.writer(
        sink, session.context.messages, lambda sink: BodyWriter(sink, lambda body: (printed(body),))
    )
    return session.client.call(request.method, request.path, consume, payload=request.payload())


def pages(request: Request, get: Callable[[Request], Any], style: str = "after") -> Iterator[str]:
    """Get the page of the request and those after it, paged in a `style` of the table.

    Before each further page is requested, yields its cursor, such as the id of the last item of the
    page before it. A cursor that was seen before ends the list.
    """
    name = "page" if style == "page" else "after"
    seen: set[str] = set()
    last = following(get(request), style)
    while last is not None and last not in seen:
        seen.add(last)
        yield last
        last = following(get(replace(request, path=_with(request.path, name, last))), style)


def _with(path: str, name: str, value: str) -> str:
    """Return the path with this query parameter set."""
    base, _, query = path.partition("?")
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != name]
    return f"{base}?{urlencode([*pairs, (name, value)])}"
