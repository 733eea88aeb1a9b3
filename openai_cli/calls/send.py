"""Send requests and print their answers."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from openai_cli.calls.completeness import judge, why_incomplete
from openai_cli.calls.fallback import fallen_back, next_model, tell_who
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.errors import BadAnswerError, CliError, RefusedError
from openai_cli.output.progress import Progress
from openai_cli.output.sink import Sink
from openai_cli.records import mutable_record, replace
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer
    from openai_cli.calls.ahead import Early
    from openai_cli.http.decoding import Incoming
    from openai_cli.http.whole import WholeResponse
    from openai_cli.output.writers import Writer


def send(session: Session, plan: Plan) -> "Answer":
    """Send the request, print its answer and any notices, and return the answer."""
    check_budget(session, plan)
    (answer,) = _sent(session, (plan,))
    return answer


def send_all(
    session: Session,
    plans: Iterable[Plan],
    *,
    at_once: int = 1,
    printed: Callable[[], object] = lambda: None,
) -> None:
    """Send the requests and print their answers in order, to one output.

    Up to `at_once` are in flight. With 1, or with a cache, the next plan is taken only after the
    answer before it is printed. `printed` is called after each answer, which is then dropped. What
    the plans can cost together is held to the budget.
    """

    def within_budget() -> Iterator[Plan]:
        for plan in plans:
            if not plan.is_free:
                session.budget.reserve(plan.request)
            yield plan

    if at_once == 1 or session.cache is not None:
        sent = _sent(session, within_budget())
    else:
        from openai_cli.calls.ahead import Ahead

        ahead = Ahead(session, within_budget(), at_once)
        sent = _sent(session, ahead, ahead.left)
    for _ in sent:
        printed()


def _sent(
    session: Session, plans: "Iterable[Plan | Early]", left: "Iterable[Early]" = ()
) -> "Iterator[Answer]":
    """Print the answers and yield each; `left` holds requests that were sent but not printed."""
    reasons: list[str] = []
    call: _Call | None = None
    early: Early | None = None
    try:
        with session.form.open(session.context) as sink:
            for one in plans:
                if session.form.is_json:
                    sink.end_line()
                plan, early = (one, None) if isinstance(one, Plan) else (one.plan, one)
                call = _Call(session, plan, sink, early)
                answer = call.run()
                reasons += why_incomplete(session, plan, answer)
                yield answer
    except BaseException as error:
        if call is not None:
            call.break_off(error)
        for other in left:
            if other is not early:
                _abandon(session, other, error)
        raise
    session.receipts.check()
    judge(session, reasons)


def _abandon(session: Session, early: "Early", error: BaseException) -> None:
    """Record the usage of a request whose answer nobody will see."""
    from openai_cli.answer.parts import read

    answer = early.plan.reader()
    answer.asked_model, answer.began = early.plan.request.body.get("model"), early.began
    if early.answered is not None:
        with suppress(CliError):
            deque(read(early.answered, answer), maxlen=0)
    session.receipts.add(answer, error)


def check_budget(session: Session, plan: Plan) -> None:
    """Raise LimitError if the request, with any model that may answer, could exceed the budget."""
    if not plan.is_free:
        others = (plan.request.with_body(model=model) for model in session.fallbacks)
        session.budget.check(plan.request, *others)


@mutable_record
class _Call:
    """One call: sends the request and passes the parts of the answer to the writer.

    `early` is the request if it was sent ahead of its turn, and `answer` what has arrived so far.
    """

    session: Session
    plan: Plan
    sink: Sink
    early: "Early | None" = None
    answer: "Answer | None" = None
    _began: float | None = None
    _is_told: bool = False

    def run(self) -> "Answer":
        """Make the call, and record its usage once the answer is printed.

        If a model fails before anything of its answer arrived, the next fallback model is asked.
        """
        context, first = self.session.context, self.plan.request
        models = iter(self.session.fallbacks)
        while True:
            try:
                answer = self._made()
                break
            except CliError as error:
                if self.answer is not None or (model := next_model(models, error)) is None:
                    raise
                self.break_off(error)
                request = fallen_back(context, self.plan.request, model, error)
                self.plan = replace(self.plan, request=request)
                self.session.budget.renew(request)
                self._began, self._is_told = None, False
        if self.plan.request is not first:
            tell_who(context, answer)
        return answer

    def _made(self) -> "Answer":
        answer = self._asked()
        self.sink.flush()
        self._tell(answer)
        return answer

    def break_off(self, error: BaseException) -> None:
        """Hand on what arrived of a failed call, and record its usage: it may have been billed."""
        if self.answer is not None:
            self.plan.on_broken(self.answer)
        if self._began is not None:
            self._tell(self.answer or self._marked(_no_answer()), error)

    def _tell(self, answer: "Answer", failed: BaseException | None = None) -> None:
        if not self._is_told:
            self._is_told = True
            self.session.receipts.add(answer, failed)
            self.session.receipts.compare(self.plan.request, answer)

    def _asked(self) -> "Answer":
        receipts = self.session.receipts
        request = self._streamed(self.plan.request)
        with_usage = self._asking_for_usage(request)
        try:
            return self._send(with_usage)
        except RefusedError as refused:
            if with_usage is request or refused.status not in (400, 422):
                raise
        answer = self._send(request)
        receipts.is_refused = True
        self.session.context.messages.notice(
            "the server refuses stream_options.include_usage, so the usage of the call is unknown"
        )
        return answer

    def _streamed(self, request: Request) -> Request:
        """The request, with `stream` set if the user left it open and is watching the output."""
        form = self.session.form
        is_watched = self.sink.is_terminal and form.output is None and form.is_live
        if "stream" in request.body or not request.may_stream or not is_watched:
            return request
        return request if _holds_best_of(request) else request.with_body(stream=True)

    def _asking_for_usage(self, request: Request) -> Request:
        receipts = self.session.receipts
        if not request.may_ask_for_usage or not receipts.are_wanted or receipts.is_refused:
            return request
        if request.body.get("stream") is not True or "stream_options" in request.body:
            return request
        return request.with_body(stream_options={"include_usage": True})

    def _send(self, request: Request) -> "Answer":
        if (early := self.early) is not None:
            self.early, self._began = None, early.began
            if (response := early.response()) is not None:
                return self._taken(response)
        begin = self.sink.size
        self.session.make_ready()
        if self._began is None:
            self._began = self.session.context.now()
        with Progress(self.session.context.messages, request.upload_size) as progress:
            return self.session.call(
                request,
                self._consume,
                payload=request.payload(progress.advance),
                may_retry=lambda: self.sink.size == begin and not self._is_made_already(request),
            )

    def _taken(self, response: "WholeResponse") -> "Answer":
        """Print the answer to a request that was sent ahead of its turn."""
        try:
            return self._consume(response)
        except BadAnswerError as error:
            from openai_cli.http.failure import add_base_url_hint

            add_base_url_hint(error, self.session.server.base_url)
            raise

    def _is_made_already(self, request: Request) -> bool:
        """Whether a retry would create, and bill, the same background response again."""
        answer = self.answer
        return request.method == "POST" and answer is not None and answer.is_background

    def _consume(self, http: "Incoming") -> "Answer":
        from openai_cli.output.writers import write_answer

        self.answer = answer = self._marked(self.plan.reader())
        writer = writer_of(self.session, self.plan, self.sink)
        forgets = self.plan.forgets and self.session.schema is None
        write_answer(http, answer, writer, arrived=self.sink.flush, forgets=forgets)
        return answer

    def _marked(self, answer: "Answer") -> "Answer":
        """The answer, with the model asked for and the time of the request filled in."""
        answer.asked_model, answer.began = self.plan.request.body.get("model"), self._began
        return answer


def _no_answer() -> "Answer":
    """A stand-in for the answer of a call that failed before one arrived."""
    from openai_cli.answer.base import Answer

    return Answer()


def writer_of(session: Session, plan: Plan, sink: Sink) -> "Writer":
    """Return the writer that prints the plan's answer."""
    text = plan.writer or (lambda sink: _text_writer(session, plan, sink))
    is_asked = plan.request.asks_for_stream
    return session.form.writer(sink, session.context.messages, text, as_whole=not is_asked)


def _text_writer(session: Session, plan: Plan, sink: Sink) -> "Writer":
    from openai_cli.output import writers

    form = session.form
    if plan.render and sink.is_terminal and form.shape is None and not form.null:
        from openai_cli.output.rendering import can_draw, markdown_writer

        if can_draw(session.context):
            return markdown_writer(session.context, sink, form.separator)
    return writers.TextWriter(
        sink,
        separator=form.separator,
        null=form.null,
        shape=form.shape,
        notice=session.context.messages.notice,
        affixes=plan.affixes or (writers.Affixes(),),
    )


def _holds_best_of(request: Request) -> bool:
    """Whether `best_of` rules out streaming: the best choice is known only at the end."""
    best_of = request.body.get("best_of")
    return isinstance(best_of, int) and best_of > 1
