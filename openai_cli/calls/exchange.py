"""Calls whose answers are kept instead of printed, or printed only once they are complete."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from openai_cli.calls.completeness import judge, why_incomplete
from openai_cli.calls.fallback import fallen_back, next_model, tell_who
from openai_cli.calls.plan import Plan
from openai_cli.calls.send import check_budget, writer_of
from openai_cli.calls.session import Session
from openai_cli.errors import CliError
from openai_cli.output.writers import Kept, write_answer
from openai_cli.records import record, replace

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer


@record
class Exchange:
    """A finished call that was not printed: its answer, and every part of it as received."""

    plan: Plan
    answer: "Answer"
    kept: Kept

    @property
    def raw(self) -> bytes:
        """The response body as received; for a stream, its events, one per line."""
        return b"\n".join(part.raw for part, _ in self.kept.taken)


def exchange(session: Session, plan: Plan) -> Exchange:
    """Send the request and return its answer, printing nothing."""
    check_budget(session, plan)
    models = iter(() if plan.is_free else session.fallbacks)
    first = plan.request
    while True:
        kept = Kept()
        try:
            made = _exchanged(session, plan, kept)
            break
        except CliError as error:
            if kept.taken or (model := next_model(models, error)) is None:
                raise
            plan = replace(plan, request=fallen_back(session.context, plan.request, model, error))
            session.budget.renew(plan.request)
    if plan.request is not first:
        tell_who(session.context, made.answer)
    return made


def _exchanged(session: Session, plan: Plan, kept: Kept) -> Exchange:
    request, answer = plan.request, plan.reader()
    answer.asked_model = request.body.get("model")
    session.make_ready()
    answer.began = session.context.now()
    try:
        session.call(
            request,
            lambda http: write_answer(http, answer, kept),
            payload=request.payload(),
        )
    except BaseException as error:
        if not plan.is_free:
            session.receipts.add(answer, error)
        raise
    return Exchange(plan, answer, kept)


def print_made(session: Session, make: Callable[[], Exchange]) -> None:
    """Run `make` and print the answer of its call, then its usage and any notices.

    The output is opened before the call is made.
    """
    with session.form.open(session.context) as sink:
        made = make()
        made.kept.replay(made.answer, writer_of(session, made.plan, sink))
    session.receipts.add(made.answer)
    session.receipts.compare(made.plan.request, made.answer)
    session.receipts.check()
    judge(session, why_incomplete(session, made.plan, made.answer))
