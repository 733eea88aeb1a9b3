"""Find the end of a response that arrives in pieces, without blocking.

http.client reads a response from a file, and blocks; h11 is given the data. For a small response,
it takes 0.06 ms, http.client 0.15.
"""

import http.client

import h11

# The longest head, chunk size line or trailers, in bytes.
_LONGEST_HEAD = 256 * 1024
_MOST_INTERIM = 100

# A stand-in for the request, which h11 has to know but does not send.
_ASKED = h11.Request(method="POST", target="/", headers=[("Host", ""), ("Content-Length", "0")])
_ASKED_ALL = h11.EndOfMessage()


class BrokenFramingError(http.client.IncompleteRead):
    """The response is malformed or truncated."""

    def __init__(self) -> None:
        super().__init__(b"")


class Framing:
    """A response to a POST, as far as it has arrived; once it `is_whole`, it has its `body`.

    `status`, `reason` and `headers`, with lowercase names, are set once the head is complete. The
    body is still content-encoded; `size` is its size so far, in bytes. `goes_on` says that the
    connection can be reused.
    """

    def __init__(self) -> None:
        self.is_whole = self.has_begun = self.goes_on = False
        self.status = self.size = 0
        self.reason = ""
        self.headers: dict[str, str] = {}
        self.body = b""
        self._pieces: list[bytes] = []
        self._interim = 0
        self._connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._connection.send(_ASKED)
        self._connection.send(_ASKED_ALL)

    def feed(self, piece: bytes) -> None:
        """Process received data; raise BrokenFramingError if it is not a valid response."""
        self.has_begun = True
        self._take(piece)

    def feed_end(self) -> None:
        """Process the end of the connection; raise BrokenFramingError if more was expected."""
        self._take(b"")
        if not self.is_whole:
            raise BrokenFramingError

    def _take(self, data: bytes) -> None:
        try:
            self._connection.receive_data(data)
            while not self.is_whole:
                event = self._connection.next_event()
                if not isinstance(event, h11.Event):
                    break
                self._note(event)
        except h11.RemoteProtocolError as error:
            raise BrokenFramingError from error

    def _note(self, event: h11.Event) -> None:
        match event:
            case h11.Data():
                self._pieces.append(event.data)
                self.size += len(event.data)
            case h11.Response():
                self.status, self.reason = event.status_code, event.reason.decode("latin-1").strip()
                for name, value in event.headers:
                    key, said = name.decode(), value.decode("latin-1")
                    # A repeated header has all of its values (RFC 9110, section 5.3).
                    self.headers[key] = (
                        f"{self.headers[key]}, {said}" if key in self.headers else said
                    )
            case h11.InformationalResponse():
                self._interim += 1
                if self._interim == _MOST_INTERIM:
                    raise BrokenFramingError
            case h11.EndOfMessage():
                self.body, self.is_whole = b"".join(self._pieces), True
                states = {self._connection.our_state, self._connection.their_state}
                # Trailing data must not be taken for the response to the next request.
                self.goes_on = states == {h11.DONE} and self._connection.trailing_data == (
                    b"",
                    False,
                )
            case _:
                raise BrokenFramingError
