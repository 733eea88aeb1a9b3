"""Deliver a request: print a preview of it if one was asked for, else send it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer


def deliver(session: Session, plan: Plan) -> "Answer | None":
    """Print a preview of the request if one was asked for; else send it and print its answer.

    Returns the answer, or None if nothing was sent.
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
    """Print previews of the requests, or send each and print its answer.

    Up to `at_once` requests are in flight; `printed` is called after each answer.
    """
    if session.preview is not None:
        session.show(plan.request for plan in plans)
        return
    from openai_cli.calls.send import send_all

    send_all(session, plans, at_once=at_once, printed=printed)
