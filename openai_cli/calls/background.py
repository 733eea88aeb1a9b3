"""Wait for work that the API does in the background, by polling it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import NetworkError

T = TypeVar("T")

# Seconds between two polls, first and longest; each wait is this factor longer than the last.
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
    """Poll with `look` until the work is no longer pending, and return its last state.

    `first` is the state that is known already. `pending` returns the status of unfinished work, or
    None. Each new status is a notice. Raises UnreachableError at the deadline.
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
    """After a network failure or Ctrl-C, say how to get what the server is still making.

    `rest` returns the words after the program's name, or None if nothing is being made.
    """
    try:
        yield
    except (NetworkError, KeyboardInterrupt) as error:
        if (words := rest()) is not None:
            said = f"to continue: openai-cli {words}"
            if isinstance(error, NetworkError):
                error.add_hint(said)
            else:
                context.messages.notice(said)
        raise
