"""Requests that are sent before it is their turn, so that several are out at once.

Their answers are kept as they came until it is: at most so many as may be out, and of large ones
fewer.
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

# How many are out before anything is known of their answers.
_FIRST = 4
# In bytes: the largest answer, and about how much of answers is kept.
_LARGEST = 512 * 1024 * 1024
_KEPT = 256 * 1024 * 1024


class Early:
    """A request that was sent early; `began` is when, in seconds since the epoch.

    `had_trouble` says that it was tried again, or has failed.
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
        """Be over, with an answer or what was raised."""
        self.had_trouble = self.had_trouble or isinstance(found, CliError)
        self._was_alone = len(self._out) == 1
        self._found = found
        self._is_over.set()

    def wait(self) -> None:
        """Wait until it is over."""
        self._is_over.wait()

    def tried_again(self) -> bool:
        """True: it may be tried again."""
        self.had_trouble = True
        return True

    def response(self) -> WholeResponse | None:
        """The answer, once it is there; None where it is to be asked for again, all by itself.

        That is where several were too many for the server. Raises what the call raised.
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
        """The answer, where it is there already."""
        return self._found if isinstance(self._found, WholeResponse) else None


class Ahead:
    """The plans in their order, each of them sent: at most so many at once.

    `left` are those that are out, or whose answers nobody has taken.
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
        """Each is taken before the next one is given; then what the plans raised."""
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
        """Whether one more may be out."""
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
        _ = self._session.client  # made by this thread
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
            except BaseException as error:  # noqa: BLE001 - it is raised where it is its turn
                early.land(error)


def _whole(http: "HttpResponse") -> WholeResponse:
    """The answer, read to its end."""
    told = {REQUEST_ID: http.request_id, "content-type": http.content_type}
    headers = {name: value for name, value in told.items() if value is not None}
    return WholeResponse(200, headers, collected(http.pieces(), _LARGEST))
