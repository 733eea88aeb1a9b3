"""Requests sent ahead of their turn, so that several are in flight at once.

Each answer is kept until its turn comes. No more requests are in flight or kept than may be in
flight at once, and fewer when answers are large.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from typing import TYPE_CHECKING

from openai_cli.answer.parts import collected
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.errors import CliError, RateLimitError
from openai_cli.http.failure import REQUEST_ID
from openai_cli.http.pace import Pace
from openai_cli.http.whole import WholeResponse

if TYPE_CHECKING:
    from openai_cli.http.client import HttpResponse

# Requests in flight before anything is known of their answers.
_FIRST = 4
# Bytes: the largest answer accepted, and roughly how much of all answers is kept.
_LARGEST = 512 * 1024 * 1024
_KEPT = 256 * 1024 * 1024


class Early:
    """A request that was sent early; `began` is when, in seconds since the epoch.

    `had_trouble` is True once it was retried or has failed.
    """

    def __init__(self, plan: Plan, began: float, out: "deque[Early]") -> None:
        self.plan = plan
        self.began = began
        self.sent = time.monotonic()
        self.had_trouble = False
        self._out = out
        self._was_alone = False
        self._is_over = threading.Event()
        self._found: WholeResponse | BaseException | None = None

    def land(self, found: WholeResponse | BaseException) -> None:
        """Store the answer, or the exception that the call raised, and wake whoever waits."""
        self.had_trouble = self.had_trouble or isinstance(found, CliError)
        self._was_alone = len(self._out) == 1
        self._found = found
        self._is_over.set()

    def wait(self) -> None:
        """Block until the call has ended."""
        self._is_over.wait()

    def tried_again(self) -> bool:
        """Record a retry. Always True, which allows it."""
        self.had_trouble = True
        return True

    def response(self) -> WholeResponse | None:
        """Wait for the answer; None if the caller should send the request again, on its own.

        That is the case after a rate limit while several were in flight; by then the others have
        ended. Raises what the call raised.
        """
        self.wait()
        if isinstance(self._found, WholeResponse):
            return self._found
        if isinstance(self._found, RateLimitError) and not self._was_alone:
            for one in self._out:
                one.wait()
            return None
        raise self._found or AssertionError

    @property
    def answered(self) -> WholeResponse | None:
        """The answer if it has arrived, else None."""
        return self._found if isinstance(self._found, WholeResponse) else None


class Ahead:
    """Sends the plans in order with several in flight, and iterates over them in that order.

    `left` holds the requests that are in flight or whose answers nobody has taken.
    """

    def __init__(self, session: Session, plans: Iterable[Plan], most: int) -> None:
        self._session = session
        self._plans = iter(plans)
        self._pace = Pace(most)
        self._pace.window = min(_FIRST, most)
        self._heaviest = 1
        self.left: deque[Early] = deque()
        self._asked: SimpleQueue[Early] = SimpleQueue()
        self._threads = 0

    def __iter__(self) -> Iterator[Early]:
        """Yield each request in order, then raise what iterating over the plans raised.

        The caller takes each answer before it asks for the next request.
        """
        ended: CliError | None = None
        is_all = False
        while True:
            while not is_all and self._has_room:
                try:
                    plan = next(self._plans, None)
                except CliError as error:
                    plan, ended = None, error
                is_all = plan is None
                if plan is not None:
                    self._send(plan)
            if not self.left:
                break
            yield self.left[0]
            self._heed(self.left.popleft())
        if ended is not None:
            raise ended

    @property
    def _has_room(self) -> bool:
        """Whether one more request may be sent."""
        most = min(int(self._pace.window), _KEPT // self._heaviest)
        return len(self.left) < max(most, 1)

    def _heed(self, early: Early) -> None:
        if early.answered is not None:
            self._heaviest = max(self._heaviest, len(early.answered.body))
        if early.had_trouble:
            self._pace.too_much(time.monotonic(), early.sent)
        else:
            self._pace.went_well()

    def _send(self, plan: Plan) -> None:
        _ = self._session.client  # created in this thread, before others use it
        early = Early(plan, self._session.context.now(), self.left)
        self.left.append(early)
        if self._threads < len(self.left):
            self._threads += 1
            threading.Thread(target=self._work, daemon=True).start()
        self._asked.put(early)

    def _work(self) -> None:
        while True:
            early = self._asked.get()
            request = early.plan.request
            try:
                early.land(
                    self._session.client.call(
                        request.method,
                        request.path,
                        _whole,
                        payload=request.payload(),
                        may_retry=early.tried_again,
                    )
                )
            except BaseException as error:  # noqa: BLE001 - raised again when its turn comes
                early.land(error)


def _whole(http: "HttpResponse") -> WholeResponse:
    """Read the whole answer."""
    told = {REQUEST_ID: http.request_id, "content-type": http.content_type}
    headers = {name: value for name, value in told.items() if value is not None}
    return WholeResponse(200, headers, collected(http.pieces(), _LARGEST))
