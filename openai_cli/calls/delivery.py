"""What becomes of a request: it is printed where that was asked for, else it is sent."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer


def deliver(session: Session, plan: Plan) -> "Answer | None":
    """Print the request where that was asked for; else send it and print its answer.

    Gives the answer, or None where nothing was sent.
    """
    if session.preview is not None:
        session.show((plan.request,))
        return None
    from openai_cli.calls.send import send

    return send(session, plan)


def deliver_all(
    session: Session,
    plans: Iterable[Plan],
    *,
    at_once: int = 1,
    printed: Callable[[], object] = lambda: None,
) -> None:
    """Print the requests, one after the other; else send each and print its answer.

    So many are out `at_once`, and `printed` is called after each answer.
    """
    if session.preview is not None:
        session.show(plan.request for plan in plans)
        return
    from openai_cli.calls.send import send_all

    send_all(session, plans, at_once=at_once, printed=printed)
