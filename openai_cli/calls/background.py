"""What is made in the background: look at it until it has ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import NetworkError

T = TypeVar("T")

# In seconds: between two looks, at first and at most; each wait is half as long again.
FIRST, LONGEST, GROWTH = 1.0, 10.0, 1.5


def wait_for(
    session: Session,
    name: str,
    first: T,
    look: Callable[[], T],
    pending: Callable[[T], str | None],
    *,
    longest: float = LONGEST,
) -> T:
    """Look until what is seen is not pending any more, and give that; stderr tells each change.

    `first` was seen before. `pending` gives the status of what is still to be made, or None. Raises
    UnreachableError at the deadline.
    """
    seen, waited, seconds, told = first, 0.0, FIRST, None
    while (status := pending(seen)) is not None:
        if status != told:
            session.context.messages.notice(
                f"{name} is {status} after {waited:.0f} s; looking again in {seconds:.1f} s"
            )
            told = status
        session.sleep(seconds)
        waited, seconds = waited + seconds, min(seconds * GROWTH, longest)
        seen = look()
    return seen


@contextmanager
def told_how_to_go_on(context: Context, rest: Callable[[], str | None]) -> Iterator[None]:
    """Where the network fails, or the user ends it, say how to get what is made all the same.

    `rest` gives the words of the command behind the program's name, or None where nothing is made.
    """
    try:
        yield
    except (NetworkError, KeyboardInterrupt) as error:
        if (words := rest()) is not None:
            said = f"it goes on: openai-cli {words}"
            if isinstance(error, NetworkError):
                error.add_hint(said)
            else:
                context.messages.notice(said)
        raise
