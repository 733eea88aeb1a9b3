"""What `respond` and `responses show` share: a response that the API creates and stores."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from openai_cli.calls.background import told_how_to_go_on, wait_for
from openai_cli.calls.exchange import Exchange, exchange, print_made
from openai_cli.calls.plan import Plan
from openai_cli.calls.send import send
from openai_cli.calls.session import Session
from openai_cli.errors import BadAnswerError, UsageError
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import OPTIONS, options_group, switch
from openai_cli.records import Annotated
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from openai_cli.answer.response import ModelResponse

SHOW = Endpoint("/responses/{response_id}", method="GET")


@options_group
class Waiting:
    """Whether to wait."""

    wait: Annotated[bool, switch(OPTIONS, "wait", "Wait until a background response is done")] = (
        False
    )


def check_waiting(options: Waiting, asked: Mapping[str, Any]) -> None:
    """Raise UsageError if --wait is given for a stream."""
    if options.wait and asked.get("stream") is True:
        raise UsageError("--wait polls for the answer: leave --stream out")


class Following:
    """Reads the stream of a response that is created in the background.

    `name` is the response's id, if it is known beforehand. With `is_rest` the stream starts after
    its first event.
    """

    def __init__(self, session: Session, name: str | None = None, *, is_rest: bool = False) -> None:
        self._session = session
        self._name = name
        self._is_rest = is_rest
        self._answer: ModelResponse | None = None

    def reader(self) -> "ModelResponse":
        """Return a new reader for the answer, and remember it."""
        self._answer = _model_response()(is_rest=self._is_rest)
        return self._answer

    def rest(self) -> str | None:
        """The words of the command that prints what is missing; None if nothing is."""
        answer = self._answer
        if answer is None or answer.sequence is None or answer.is_whole:
            return None
        if (name := self._name or (answer.id if answer.is_background else None)) is None:
            return None
        if self._session.form.output is not None:
            return f"responses show {name} --wait"
        return f"responses show {name} --stream --starting-after {answer.sequence}"


def deliver_response(
    session: Session,
    request: Request,
    following: Following,
    *,
    waits: bool,
    is_free: bool = False,
) -> None:
    """Print the request if a preview was asked for; else send it and print its response.

    With `waits` the response is polled until it has ended; without, a notice says how to get one
    that is still in progress.
    """
    if session.preview is not None:
        session.show((request,))
        return
    plan = Plan(request, answer=following.reader, is_free=is_free, forgets=True)
    if waits:
        print_made(session, partial(_made, session, plan))
        return
    with told_how_to_go_on(session.context, following.rest):
        answer = send(session, plan)
    if isinstance(answer, _model_response()) and answer.is_pending:
        said = f"it is in progress: openai-cli responses show {answer.id} --wait"
        session.context.messages.notice(said)


def _made(session: Session, plan: Plan) -> Exchange:
    """Send the request, and poll its response until it has ended.

    A response that has ended at once is not requested again.
    """
    first = exchange(session, plan)
    if _pending(first) is None:
        return first
    name = first.answer.id if isinstance(first.answer, _model_response()) else None
    if name is None:
        raise BadAnswerError("the answer does not have the API's shape: it has no id")
    path = SHOW.filled({"response_id": name})
    request = Request(path, {}, method=SHOW.method, has_body=False)
    look = Plan(request, answer=_model_response(), is_free=True)
    try:
        with told_how_to_go_on(session.context, lambda: f"responses show {name} --wait"):
            made = wait_for(session, name, first, partial(exchange, session, look), _pending)
    except BaseException as error:
        session.receipts.add(first.answer, error, is_taken=True)
        raise
    made.answer.asked_model, made.answer.began = first.answer.asked_model, first.answer.began
    return made


def _pending(made: Exchange) -> str | None:
    """The status of a response that is still in progress, else None."""
    answer = made.answer
    return answer.status if isinstance(answer, _model_response()) and answer.is_pending else None


def _model_response() -> "type[ModelResponse]":
    from openai_cli.answer.response import ModelResponse

    return ModelResponse
