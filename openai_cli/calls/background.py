"""What commands about a response in the background do: ask for it until it is there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from openai_cli.calls.send import Plan, Printing, receive, send
from openai_cli.calls.stored import segment
from openai_cli.config.destination import Destination
from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, NetworkError, UsageError
from openai_cli.flags.ours import OUTPUT, options_group, switch
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.answer.parts import Answer
    from openai_cli.answer.response import ModelResponse

# In seconds: between two looks, at first and at most; each wait is half as long again.
FIRST, LONGEST, GROWTH = 1.0, 10.0, 1.5


@options_group
class Awaiting:
    """Whether to wait."""

    wait: Annotated[
        bool, switch(OUTPUT, "wait", "Wait until a response in the background is made")
    ] = False


def check_waiting(options: Awaiting, asked: Mapping[str, Any]) -> None:
    """UsageError where it is to wait for what streams."""
    if options.wait and asked.get("stream") is True:
        raise UsageError("--wait asks again and again: leave --stream out")


def path_of(name: str) -> str:
    """The path of a response."""
    return f"/responses/{segment(name)}"


@contextmanager
def told_how_to_go_on(context: Context, rest: "Callable[[], str | None]") -> Iterator[None]:
    """Where the network fails, or the user ends it, say how to get what is made all the same.

    `rest` gives the arguments of `responses show`, or None where nothing is made.
    """
    try:
        yield
    except (NetworkError, KeyboardInterrupt) as error:
        if (arguments := rest()) is not None:
            said = f"it goes on: openai-cli responses show {arguments}"
            if isinstance(error, NetworkError):
                error.add_hint(said)
            else:
                context.messages.notice(said)
        raise


class Following:
    """Reads the stream of a response that is made in the background.

    `name` is the response's id, where it is known before. With `is_rest` the stream does not begin
    at its first event.
    """

    def __init__(
        self, options: Printing, name: str | None = None, *, is_rest: bool = False
    ) -> None:
        self._options = options
        self._name = name
        self._is_rest = is_rest
        self._answer: ModelResponse | None = None

    def reader(self) -> "ModelResponse":
        """What reads the answer."""
        from openai_cli.answer.response import ModelResponse

        self._answer = ModelResponse(is_rest=self._is_rest)
        return self._answer

    def rest(self) -> str | None:
        """The arguments of `responses show` for what has not been printed; None where all was."""
        answer = self._answer
        if answer is None or answer.sequence is None or answer.is_done:
            return None
        if (name := self._name or (answer.id if answer.is_background else None)) is None:
            return None
        if self._options.output is not None:
            return f"{name} --wait"
        return f"{name} --stream --starting-after {answer.sequence}"


def tell_pending(context: Context, answer: "Answer") -> None:
    """Say how to get a response that is still to be made."""
    from openai_cli.answer.response import ModelResponse

    if isinstance(answer, ModelResponse) and answer.is_pending:
        context.messages.notice(f"it is being made: openai-cli responses show {answer.id} --wait")


def await_response(
    context: Context, options: Printing, server: Destination, answer: "Answer"
) -> None:
    """Ask for a response until it has ended, and print it; each look is told on stderr."""
    from openai_cli.answer.response import ModelResponse

    if not isinstance(answer, ModelResponse) or answer.id is None:
        raise BadAnswerError("the answer is not of the API's shape: it has no id")
    name = answer.id
    plan = Plan(
        Request(path_of(name), {}, method="GET"),
        answer=ModelResponse,
        streams=False,
        tells_usage=False,
    )
    waited, seconds = 0.0, FIRST
    with told_how_to_go_on(context, lambda: f"{name} --wait"):
        while isinstance(answer, ModelResponse) and answer.is_pending:
            context.messages.notice(
                f"{name} is {answer.status} after {waited:.0f} s; looking again in {seconds:.1f} s"
            )
            context.sleep(seconds)
            waited, seconds = waited + seconds, min(seconds * GROWTH, LONGEST)
            answer = receive(context, options, server, plan)
    send(context, options, server, plan)
