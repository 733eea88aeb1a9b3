"""What is made in the background: look at it until it has ended."""

from collections.abc import Callable
from typing import TypeVar

from openai_cli.calls.session import Session

T = TypeVar("T")

# In seconds: between two looks, at first and at most; each wait is half as long again.
FIRST, LONGEST, GROWTH = 1.0, 10.0, 1.5


def wait_for(
    session: Session,
    name: str,
    first: T,
    look: Callable[[], T],
    pending: Callable[[T], str | None],
) -> T:
    """Look until what is seen is not pending any more, and give that; each look is told on stderr.

    `first` was seen before. `pending` gives the status of what is still to be made, or None. Raises
    UnreachableError at the deadline.
    """
    seen, waited, seconds = first, 0.0, FIRST
    while (status := pending(seen)) is not None:
        session.context.messages.notice(
            f"{name} is {status} after {waited:.0f} s; looking again in {seconds:.1f} s"
        )
        session.sleep(seconds)
        waited, seconds = waited + seconds, min(seconds * GROWTH, LONGEST)
        seen = look()
    return seen
