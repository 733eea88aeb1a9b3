"""What every command that sends does with its request: show it, or send it and print the answer."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from openai_cli.calls.budget import check_cost
from openai_cli.calls.session import Reaching, client, reachable
from openai_cli.config.destination import Destination, destination
from openai_cli.context import Context
from openai_cli.errors import IncompleteError, OutputError, RefusedError, UsageError
from openai_cli.flags.ours import Input, Output, Prices, options_group
from openai_cli.output.progress import Progress
from openai_cli.output.sink import Sink, append, open_sink, separator, utf8_bytes
from openai_cli.request.body import Request
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from openai_cli.answer.choice import Choice
    from openai_cli.answer.parts import Answer
    from openai_cli.http.client import HttpResponse
    from openai_cli.output.writers import Affixes, Query, Writer
    from openai_cli.prices.receipt import Receipt


@options_group
class Printing(Reaching, Output, Prices):
    """The options of every command that prints what a model said."""


@options_group
class Sending(Printing, Input):
    """The options of every command that sends a request with a body."""


@dataclass
class Meter:
    """What the calls of a session took; a server that refused to tell is not asked again."""

    calls: "list[Receipt]" = field(default_factory=list)
    is_refused: bool = False


@dataclass(frozen=True)
class Plan:
    """A request on its way, and what is made of its answer.

    `answer` makes what reads it, and `writer` what prints it as text; without them it has choices,
    as many as `choices`, whose texts are printed. `streams` says that a terminal gets it as a
    stream, and `tells_usage` that `stream_options.include_usage` is what a stream wants to tell
    its usage.
    `on_broken` is given what came of an answer that was cut off. `render` shows the text as
    Markdown, on a terminal. With a `meter` the usage is asked for, and goes there.
    """

    request: Request
    choices: int = 1
    answer: "Callable[[], Answer] | None" = None
    writer: "Callable[[Sink], Writer] | None" = None
    streams: bool = True
    tells_usage: bool = True
    frames: "tuple[Affixes, ...]" = ()
    on_broken: "Callable[[Answer], object]" = lambda _answer: None
    render: bool = False
    meter: Meter | None = None

    def reader(self) -> "Answer":
        """What reads the answer."""
        if self.answer is not None:
            return self.answer()
        from openai_cli.answer.completion import Completion

        return Completion(expected=self.choices)


def deliver(context: Context, options: Sending, inputs: Inputs, plan: Plan) -> "Answer | None":
    """Print the request where that was asked for; else send it and print its answer.

    Gives the answer, or None where nothing was sent.
    """
    server = destination(context, options, inputs)
    if is_preview(options):
        show(context, options, plan.request, server)
        return None
    check_cost(context, options, plan.request)
    with ExitStack() as stack:
        return send(context, options, reachable(stack, options, server), plan)


def send(context: Context, options: Printing, server: Destination, plan: Plan) -> "Answer":
    """Send the request, and print its answer and what is to be said of it."""
    return send_all(context, options, server, (plan,))[-1]


def send_all(
    context: Context, options: Printing, server: Destination, plans: "Iterable[Plan]"
) -> "list[Answer]":
    """Send the requests one after the other, and print their answers into one output.

    A plan is asked for when the answers before it are printed. Receipt is told of each call.
    """
    query = _query(options)
    check_usage_file(options)
    sink = open_sink(context, options.output)
    calls: list[_Call] = []
    try:
        with sink:
            for plan in plans:
                if calls and options.json:
                    sink.end_line()
                calls.append(_Call(context, options, plan, server, sink, query))
                calls[-1].run()
    except BaseException:
        last = calls[-1] if calls else None
        if last is not None and last.answer is not None:
            last.plan.on_broken(last.answer)
        for call in calls:
            # A call that failed may have been paid for.
            if call.answer is not None and (call is not last or call.answer.usage is not None):
                report_usage(context, options, call.answer, call.plan.meter)
        raise
    answers = []
    for call in calls:
        if call.answer is not None:
            answers.append(call.answer)
            report_usage(context, options, call.answer, call.plan.meter)
    for answer in answers:
        _judge(context, options, answer)
    return answers


def check_output(context: Context, options: Printing) -> None:
    """Find out before the call whether its answer can be printed where, and as, it is to be."""
    _query(options)
    check_usage_file(options)
    open_sink(context, options.output).discard()


def receive(context: Context, options: Reaching, server: Destination, plan: Plan) -> "Answer":
    """Send the request, and print nothing."""
    from openai_cli.answer.parts import parts

    def consume(http: "HttpResponse") -> "Answer":
        answer = plan.reader()
        answer.request_id = http.request_id
        for part in parts(http, answer):
            answer.add(part.body)
        return answer

    request = plan.request
    sender = client(context, options, server)
    return sender.call(request.method, request.path, consume, payload=request.payload())


def fetch(context: Context, options: Printing, server: Destination, plan: Plan) -> "Answer":
    """Send a request of our own, and print nothing but its usage."""
    answer = receive(context, options, server, plan)
    report_usage(context, options, answer, plan.meter)
    return answer


def show(context: Context, options: Output, request: Request, server: Destination) -> None:
    """Print the request in the form that was asked for."""
    show_all(context, options, (request,), server)


def show_all(
    context: Context, options: Output, requests: "Iterable[Request]", server: Destination
) -> None:
    """Print the requests, one after the other."""
    with open_sink(context, options.output) as sink:
        for request in requests:
            sink.write(_preview(options, request, server, terminal=sink.is_terminal))


def is_preview(options: Output) -> bool:
    """Whether the request is to be shown and not sent; UsageError for two forms of that."""
    chosen = [options.dry_run, options.curl, options.batch_line is not None]
    if sum(chosen) > 1:
        raise UsageError("--dry-run, --curl and --batch-line: give one of them")
    return any(chosen)


def _preview(options: Output, request: Request, server: Destination, *, terminal: bool) -> bytes:
    if options.batch_line is not None:
        from openai_cli.calls import preview

        return preview.batch_line(request, options.batch_line)
    return preview_of(request, server, curl=options.curl, terminal=terminal)


def preview_of(request: Request, server: Destination, *, curl: bool, terminal: bool) -> bytes:
    """The request as a curl command, or its body."""
    from openai_cli.calls import preview

    return preview.curl(request, server) if curl else preview.body(request, terminal=terminal)


def _query(options: Output) -> "Query | None":
    if options.query is None:
        return None
    from openai_cli.output.writers import Query

    return Query(options.query)


def check_usage_file(options: Output) -> None:
    """Find out before the call whether its usage can be written down after it."""
    if options.usage_file is None:
        return
    try:
        append(options.usage_file, b"")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"--usage-file: cannot write '{options.usage_file}': {why}") from None


@dataclass
class _Call:
    """One call: the request goes out, the answer's parts go to the writer.

    `answer` is what has come of it so far.
    """

    context: Context
    options: Printing
    plan: Plan
    server: Destination
    sink: Sink
    query: "Query | None"
    answer: "Answer | None" = None

    def run(self) -> "Answer":
        request = self._streamed(self.plan.request)
        with_usage = self._asking_for_usage(request)
        try:
            return self._send(with_usage)
        except RefusedError as refused:
            if with_usage is request or refused.status not in (400, 422):
                raise
            answer = self._send(request)
            if self.plan.meter is not None:
                self.plan.meter.is_refused = True
            self.context.messages.notice(
                "usage was not asked for: the server refuses stream_options.include_usage"
            )
            return answer

    def _streamed(self, request: Request) -> Request:
        """The request with `stream`, when nobody decided it and somebody watches."""
        options = self.options
        watched = self.sink.is_terminal and options.output is None
        plain = not options.json and options.query is None
        if "stream" in request.body or not self.plan.streams or not watched or not plain:
            return request
        return request if _holds_best_of(request) else request.with_body(stream=True)

    def _asking_for_usage(self, request: Request) -> Request:
        meter = self.plan.meter
        wanted = self.options.usage or self.options.usage_file is not None or meter is not None
        if not self.plan.tells_usage or (meter is not None and meter.is_refused):
            return request
        if not wanted or request.body.get("stream") is not True or "stream_options" in request.body:
            return request
        return request.with_body(stream_options={"include_usage": True})

    def _send(self, request: Request) -> "Answer":
        begin = self.sink.size
        with Progress(self.context.messages, request.upload_size) as progress:
            return client(self.context, self.options, self.server).call(
                request.method,
                request.path,
                self._consume,
                payload=request.payload(progress.advance),
                may_retry=lambda: self.sink.size == begin and not self._is_made_already(request),
            )

    def _is_made_already(self, request: Request) -> bool:
        """Whether another try would have the same made, and paid for, a second time."""
        answer = self.answer
        return request.method == "POST" and answer is not None and answer.is_background

    def _consume(self, http: "HttpResponse") -> "Answer":
        from openai_cli.answer.parts import parts

        self.answer = answer = self.plan.reader()
        answer.request_id = http.request_id
        answer.asked_model = self.plan.request.body.get("model")
        writer = self._writer()
        for part in parts(http, answer, arrived=self.sink.flush):
            writer.take(part, answer.add(part.body))
        writer.finish(answer)
        return answer

    def _writer(self) -> "Writer":
        from openai_cli.output import writers

        options = self.options
        form = writers.form_writer(
            self.sink,
            self.context.messages,
            json=options.json,
            query=self.query,
            null=options.null,
        )
        if form is not None:
            return form
        if self.plan.writer is not None:
            return self.plan.writer(self.sink)
        if self.plan.render and self.sink.is_terminal and not options.null:
            from openai_cli.output.rendering import can_draw, markdown_writer

            if can_draw(self.context):
                return markdown_writer(self.context, self.sink, separator(options.separator))
        return writers.TextWriter(
            self.sink,
            separator=separator(options.separator),
            null=options.null,
            frames=self.plan.frames or (writers.Affixes(),),
        )


def _holds_best_of(request: Request) -> bool:
    """Whether the API could not stream it: the best of several is known at the end."""
    best_of = request.body.get("best_of")
    return isinstance(best_of, int) and best_of > 1


def _judge(context: Context, options: Output, answer: "Answer") -> None:
    """After the answer is out: what is to be said of its choices."""
    choices = answer.in_order
    reasons = [_reason(choice, len(choices)) for choice in choices if choice.incomplete]
    if not reasons:
        return
    text = "; ".join(reasons)
    if options.require_complete:
        raise IncompleteError(text)
    context.messages.notice(text)


_REASONS = {
    "max_output_tokens": "the answer stopped at the token limit (reason max_output_tokens)",
    "incomplete": "the answer is not complete (status incomplete)",
    "cancelled": "the response was cancelled (status cancelled)",
    "length": "the answer stopped at the token limit (finish_reason length)",
    "content_filter": "the answer was cut by the content filter (finish_reason content_filter)",
    "refusal": "the model refused to answer:",
}


def _reason(choice: "Choice", count: int) -> str:
    """Why the choice is not complete; for a refusal, its text."""
    named = [f"choice {choice.index}:"] if count > 1 else []
    text = "".join(choice.refusal)
    return " ".join([*named, _REASONS[choice.incomplete or ""], *([text] if text else [])])


def report_usage(
    context: Context, options: Printing, answer: "Answer", meter: Meter | None = None
) -> None:
    """What the call took, as far as it is known."""
    if not options.usage and options.usage_file is None and meter is None:
        return
    from openai_cli.models.table import load_table
    from openai_cli.prices.receipt import Receipt

    usage = Receipt.of(answer, load_table(options.prices), context.today())
    if meter is not None:
        meter.calls.append(usage)
    if options.usage:
        context.messages.usage(usage.line())
    if options.usage_file is not None:
        line = usage.record()
        try:
            append(options.usage_file, utf8_bytes(f"{line}\n"))
        except OSError as error:
            raise OutputError(
                f"the usage could not be written to '{options.usage_file}': {error.strerror}",
                hint=f"it is {line}",
            ) from None
