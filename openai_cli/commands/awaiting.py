"""What commands about a response in the background do: ask for it until it is there."""

from typing import TYPE_CHECKING, Annotated

from openai_cli.commands.asking import segment
from openai_cli.commands.sending import Plan, Printing, receive, send
from openai_cli.config.destination import Destination
from openai_cli.context import Context
from openai_cli.errors import BadAnswerError
from openai_cli.flags.ours import OUTPUT, options_group, switch
from openai_cli.request import Request

if TYPE_CHECKING:
    from openai_cli.answer.parts import Answer

# In seconds: between two looks, at first and at most; each wait is half as long again.
FIRST, LONGEST, GROWTH = 1.0, 10.0, 1.5


@options_group
class Awaiting:
    """Whether to wait."""

    wait: Annotated[
        bool, switch(OUTPUT, "wait", "Wait until a response in the background is made")
    ] = False


def path_of(name: str) -> str:
    """The path of a response."""
    return f"/responses/{segment(name)}"


def tell_pending(context: Context, answer: "Answer") -> None:
    """Say how to get a response that is still to be made."""
    from openai_cli.answer.response import Response

    if isinstance(answer, Response) and answer.is_pending:
        context.messages.notice(f"it is being made: openai-cli responses show {answer.id} --wait")


def await_response(
    context: Context, options: Printing, server: Destination, answer: "Answer"
) -> None:
    """Ask for a response until it has ended, and print it; each look is told on stderr."""
    from openai_cli.answer.response import Response

    if not isinstance(answer, Response) or answer.id is None:
        raise BadAnswerError("the answer is not of the API's shape: it has no id")
    name = answer.id
    plan = Plan(
        Request(path_of(name), {}, method="GET"),
        answer=Response,
        streams=False,
        tells_usage=False,
    )
    waited, seconds = 0.0, FIRST
    try:
        while isinstance(answer, Response) and answer.is_pending:
            context.messages.notice(
                f"{name} is {answer.status} after {waited:.0f} s; looking again in {seconds:.1f} s"
            )
            context.sleep(seconds)
            waited, seconds = waited + seconds, min(seconds * GROWTH, LONGEST)
            answer = receive(context, options, server, plan)
    except KeyboardInterrupt:
        context.messages.notice(f"it goes on: openai-cli responses show {name} --wait")
        raise
    send(context, options, server, plan)
