"""A call that is made and not printed, or printed once it is made."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from openai_cli.calls.completeness import judge, why_incomplete
from openai_cli.calls.fallback import fallen_back, next_model, tell_who
from openai_cli.calls.plan import Plan
from openai_cli.calls.send import check_budget, writer_of
from openai_cli.calls.session import Session
from openai_cli.errors import CliError
from openai_cli.output.writers import Kept, write_answer
from openai_cli.records import record

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer


@record
class Exchange:
    """A call that was made and not printed: its answer, and all parts of it as they came."""

    plan: Plan
    answer: "Answer"
    kept: Kept

    @property
    def raw(self) -> bytes:
        """The body as it came; of a stream its events, a line each."""
        return b"\n".join(part.raw for part, _ in self.kept.taken)


def exchange(session: Session, plan: Plan) -> Exchange:
    """Send the request, print nothing, and give its answer."""
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
    """Print the answer of the call that `make` makes, and what is to be said of it.

    Where it goes is open before the call is made.
    """
    with session.form.open(session.context) as sink:
        made = make()
        made.kept.replay(made.answer, writer_of(session, made.plan, sink))
    session.receipts.add(made.answer)
    session.receipts.compare(made.plan.request, made.answer)
    session.receipts.check()
    judge(session, why_incomplete(session, made.plan, made.answer))
