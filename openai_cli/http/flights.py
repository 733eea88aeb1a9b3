"""Send many requests to one path concurrently from a single thread.

`Direct` opens each connection, with its first request, in a separate thread. Later requests on it
are multiplexed with all others. With a thread per request, switching between 64 threads for each
read took more processor time than everything else (0.36 of 0.6 ms per request).
"""

import http.client
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Hashable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from openai_cli.errors import BadAnswerError, CliError
from openai_cli.http.decoding import joined, largest
from openai_cli.http.direct import Connected, Direct
from openai_cli.http.exceptions import FOREIGN
from openai_cli.http.framing import Framing
from openai_cli.http.whole import WHOLE, WholeResponse
from openai_cli.records import NamedTuple

T = TypeVar("T", bound=Hashable)

_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
# In bytes.
_PIECE = 64 * 1024
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Landed(NamedTuple, Generic[T]):
    """The result of a request: a complete response, an error, or a `fault` of our own."""

    key: T
    response: WholeResponse | None = None
    error: CliError | None = None
    fault: BaseException | None = None


class _Asked(NamedTuple, Generic[T]):
    """A request; `patience` is its read timeout in seconds."""

    key: T
    data: bytes
    patience: float


class _Wire:
    """A connection: `out` is the data to be sent, `heard` the time of the last progress."""

    def __init__(self, connected: Connected) -> None:
        self._connected = connected
        self.socket = connected.socket
        self.out = memoryview(b"")
        self.framing = Framing()
        self.heard = 0.0
        self.interest = _READ

    def begin(self, data: bytes) -> None:
        """Send as much of a request as is possible without waiting; raises OSError."""
        self.out = memoryview(self._connected.request(data))
        self.framing = Framing()
        self.heard = time.monotonic()
        self._send()

    def go_on(self) -> bool:
        """Send and read without waiting; return whether the response is complete.

        Raises OSError and what `Framing` raises where it will not be.
        """
        if self.out:
            self._send()
        while not self.framing.is_whole:
            try:
                piece = self.socket.recv(_PIECE)
            except _NOT_NOW:
                return False
            self.heard = time.monotonic()
            if not piece:
                self.framing.feed_end()
            else:
                self.framing.feed(piece)
            self._check_size()
            if len(piece) < _PIECE and not isinstance(self.socket, ssl.SSLSocket):
                break  # nothing more has arrived
        return self.framing.is_whole

    def _check_size(self) -> None:
        most = largest(self.framing.status)
        if self.framing.size > most:
            raise BadAnswerError(f"the answer is larger than {most // 1024**2} MB")

    @property
    def response(self) -> WholeResponse:
        """The answer, or what came of a failure; raises BadAnswerError where it is none."""
        framing = self.framing
        encoding = framing.headers.get("content-encoding", "")
        body, _ = joined(framing.status, iter(framing.pieces), encoding)
        return WholeResponse(framing.status, framing.headers, body, framing.reason)

    def _send(self) -> None:
        try:
            while self.out:
                self.out = self.out[self.socket.send(self.out) :]
                self.heard = time.monotonic()
        except _NOT_NOW:
            pass
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            # There may still be a response, for example to a body that is too large.
            self.out = memoryview(b"")

    def is_quiet(self) -> bool:
        """Return whether an idle connection is still open."""
        try:
            self.socket.recv(1)
        except _NOT_NOW:
            return True
        except OSError:
            return False
        return False


class Flights(Generic[T]):
    """The pending requests, each identified by a key of the caller's."""

    def __init__(self, direct: Direct) -> None:
        self._direct = direct
        self._selector = selectors.DefaultSelector()
        self._called, self._caller = socket.socketpair()
        self._called.setblocking(False)
        self._selector.register(self._called, _READ)
        self._idle: list[_Wire] = []
        self._busy: dict[_Wire, _Asked[T]] = {}
        self._landed: list[Landed[T]] = []
        self._due = float("inf")
        # The requests for threads that open connections, and the results of these.
        self._first: SimpleQueue[_Asked[T] | None] = SimpleQueue()
        self._came: SimpleQueue[tuple[Landed[T], Connected | None]] = SimpleQueue()
        self._setting_up = 0
        self._threads: list[threading.Thread] = []

    def send(self, key: T, data: bytes, *, read_timeout: float | None = None) -> None:
        """Send a body; a later call of `landed` returns the result."""
        asked = _Asked(key, data, read_timeout or self._direct.read_timeout)
        if (wire := self._quiet()) is None:
            self._set_up(asked)
            return
        self._busy[wire] = asked
        try:
            wire.begin(data)
        except FOREIGN as error:
            self._fail(wire, error)
            return
        self._due = min(self._due, wire.heard + asked.patience)
        self._watch(wire)

    def landed(self, timeout: float) -> list[Landed[T]]:
        """Return the finished requests, waiting at most `timeout` seconds for one."""
        wait = 0.0 if self._landed else min(timeout, self._due - time.monotonic())
        for key, _ in self._selector.select(max(0.0, wait)):
            if key.data is None:
                with suppress(BlockingIOError):
                    self._called.recv(_PIECE)
            elif key.data in self._busy:
                self._advance(key.data)
            elif not key.data.is_quiet():
                self._idle.remove(key.data)
                self._drop(key.data)
        self._take_in()
        if time.monotonic() >= self._due:
            self._expire()
        found, self._landed = self._landed, []
        return found

    def close(self) -> None:
        """Close all connections, even if they are in use."""
        for _ in self._threads:
            self._first.put(None)
        for wire in (*self._idle, *self._busy):
            self._drop(wire)
        self._selector.close()
        self._called.close()
        self._caller.close()

    def _quiet(self) -> _Wire | None:
        """Return an idle connection that is still open, or None."""
        while self._idle:
            wire = self._idle.pop()
            if wire.is_quiet():
                return wire
            self._drop(wire)
        return None

    def _advance(self, wire: _Wire) -> None:
        """Make progress on a connection, and finish its request if the response is complete."""
        try:
            if not wire.go_on():
                self._watch(wire)
                return
            self._end(wire, wire.response)
        except (CliError, http.client.HTTPException, *FOREIGN) as error:
            self._fail(wire, error)

    def _watch(self, wire: _Wire) -> None:
        """Register the connection for the events that it waits for."""
        wanted = _READ | _WRITE if wire.out else _READ
        if wanted != wire.interest:
            self._selector.modify(wire.socket, wanted, wire)
            wire.interest = wanted

    def _end(self, wire: _Wire, response: WholeResponse) -> None:
        self._landed.append(Landed(self._busy.pop(wire).key, response))
        if wire.framing.goes_on and not wire.out:
            self._idle.append(wire)
        else:
            self._drop(wire)

    def _fail(self, wire: _Wire, error: BaseException) -> None:
        if wire.framing.has_begun and wire.framing.status not in WHOLE:
            self._end(wire, wire.response)
            return
        if not isinstance(error, CliError):
            error = self._direct.translated(error, has_begun=wire.framing.has_begun)
        self._landed.append(Landed(self._busy.pop(wire).key, error=error))
        self._drop(wire)

    def _drop(self, wire: _Wire) -> None:
        self._selector.unregister(wire.socket)
        wire.socket.close()

    def _expire(self) -> None:
        """Fail the requests whose read timeout has passed."""
        now = time.monotonic()
        dues = {wire: wire.heard + asked.patience for wire, asked in self._busy.items()}
        for wire, due in dues.items():
            if due <= now:
                self._fail(wire, TimeoutError())
        self._due = min((due for due in dues.values() if due > now), default=float("inf"))

    # Opening connections

    def _set_up(self, asked: _Asked[T]) -> None:
        """Send a request on a new connection, in another thread."""
        self._setting_up += 1
        if len(self._threads) < self._setting_up:
            thread = threading.Thread(target=self._send_first, daemon=True)
            thread.start()
            self._threads.append(thread)
        self._first.put(asked)

    def _take_in(self) -> None:
        """Collect the results and the connections from the threads that open connections."""
        while True:
            try:
                landed, connected = self._came.get_nowait()
            except Empty:
                return
            self._setting_up -= 1
            self._landed.append(landed)
            if connected is not None:
                connected.socket.settimeout(0)
                wire = _Wire(connected)
                self._selector.register(wire.socket, _READ, wire)
                self._idle.append(wire)

    def _send_first(self) -> None:
        """Run in a thread: send the requests that have no connection yet."""
        for asked in iter(self._first.get, None):
            connected = None
            try:
                response, connected = self._direct.post(asked.data, read_timeout=asked.patience)
                landed = Landed(asked.key, response)
            except CliError as error:
                landed = Landed(asked.key, error=error)
            except BaseException as fault:  # noqa: BLE001 - raised where the response is awaited
                landed = Landed(asked.key, fault=fault)
            self._came.put((landed, connected))
            with suppress(OSError):  # nobody waits any more
                self._caller.send(b"\0")
