"""What to say about a printed answer: why it is incomplete, and what its text does not show."""

from typing import TYPE_CHECKING

from openai_cli.answer.base import named
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.errors import IncompleteError
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer


def judge(session: Session, reasons: list[str]) -> None:
    """Raise IncompleteError under --require-complete; else print each reason as a notice."""
    for reason in reasons:
        if session.must_be_complete:
            raise IncompleteError(reason)
        session.context.messages.notice(reason)


def why_incomplete(session: Session, plan: Plan, answer: "Answer") -> list[str]:
    """Return why the answer is incomplete, as at most one text; print all other remarks at once."""
    is_plain = session.form.is_text and plan.writer is None
    for remark in (*answer.remarks, *(_in_body_alone(plan.request) if is_plain else ())):
        session.context.messages.notice(remark)
    reasons = [*answer.incomplete, *_shortfalls(session, answer)]
    return ["; ".join(reasons)] if reasons else []


def _shortfalls(session: Session, answer: "Answer") -> list[str]:
    """How the choices violate --schema, leaving out those already reported as incomplete."""
    if (schema := session.schema) is None:
        return []
    choices = answer.in_order
    whole = [choice for choice in choices if choice.has_content and not choice.incomplete]
    found = ((choice, schema.shortfall(str(choice.text))) for choice in whole)
    return [named(choice, choices, said) for choice, said in found if said is not None]


def _in_body_alone(request: Request) -> list[str]:
    """What was requested but is not part of the text output."""
    body, found = request.body, []
    logprobs = body.get("logprobs")
    is_asked = logprobs is not None and logprobs is not False  # completions' 0 asks for some too
    if is_asked or "logprobs" in str(body.get("include") or ""):
        found.append("the logprobs")
    if body.get("response_format") == "verbose_json":
        found.append("the segments and their times")
    return [f"{' and '.join(found)} are in the body: --json prints them"] if found else []
