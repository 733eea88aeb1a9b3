"""The HTTP client: one requests session, with retries and streamed response bodies.

It is imported only when something is sent, because `requests` is slow to import.
"""

import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from openai_cli import __version__
from openai_cli.context import Context
from openai_cli.errors import (
    BadAnswerError,
    CliError,
    NetworkError,
    UnreachableError,
)
from openai_cli.http import debug, failure, retry
from openai_cli.http.address import joined, name_and_port
from openai_cli.http.deadline import Deadline
from openai_cli.http.decoding import LARGEST, body_of, pieces_of
from openai_cli.http.exceptions import FOREIGN, translated
from openai_cli.http.library import requests
from openai_cli.http.payload import Json, Payload
from openai_cli.http.transport import (
    ClientCertificate,
    Connections,
    Proxies,
    Transport,
    authorities_for,
)
from openai_cli.http.whole import WHOLE
from openai_cli.records import field, record

if TYPE_CHECKING:
    from openai_cli.http.direct import Direct
    from openai_cli.http.forwarded import Forwarded

T = TypeVar("T")

_USER_AGENT = f"openai-cli/{__version__}"

# How much to read after the last event of a stream: blank lines, a comment, the last chunk.
_REST_PIECES, _REST_SECONDS = 8, 0.2


@record
class ServerSettings:
    """Where requests go and how they are sent; timeouts are in seconds.

    With `key` None, no key is sent; with `is_admin`, it is the admin key. The user's `headers`
    override the client's own. All calls share one `deadline`. `connections` is the pool size: the
    number of threads that may share the client.
    """

    base_url: str
    key: str | None
    headers: Mapping[str, str]
    connect_timeout: float
    read_timeout: float
    max_retries: int
    certificate: ClientCertificate | None = None
    deadline: Deadline = field(default_factory=Deadline)
    connections: int = 64
    is_admin: bool = False


class HttpResponse:
    """A 2xx response whose body has not been read yet.

    `has_known_end` is true if the body is chunked or has a Content-Length (RFC 9112, section 6.3).
    """

    age = None

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self._pieces = self._read()
        self.is_read = False
        self.status = response.status_code
        is_chunked = bool(getattr(response.raw, "chunked", False))
        self.has_known_end = is_chunked or "content-length" in response.headers
        self._timer: threading.Timer | None = None
        self.request_id = response.headers.get(failure.REQUEST_ID)
        self.content_type = response.headers.get("content-type", "")

    def pieces(self) -> Iterator[bytes]:
        """Iterate over the decoded body as it arrives.

        Raises NetworkError if the body is truncated, and BadAnswerError if it is larger than 512 MB
        or has a content encoding that was not requested.
        """
        return self._pieces

    def _read(self) -> Generator[bytes, None, None]:
        yield from pieces_of(self._response.raw, LARGEST)
        self.is_read = True

    def end_within(self, seconds: float | None) -> None:
        """Stop reading the body after so many seconds; None cancels that.

        The body then ends early or fails with an error; later data is not read.
        """
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if seconds is not None:
            self._timer = threading.Timer(seconds, self._shut)
            self._timer.daemon = True
            self._timer.start()

    def _shut(self) -> None:
        """Abort the read in progress; a response that has just been read has no connection."""
        with suppress(OSError, RuntimeError, ValueError):
            self._response.raw.shutdown()

    def finish(self) -> None:
        """Drain what follows the last event of a stream, so that its connection can be reused.

        The connection is closed if more than a few pieces follow or the server stays silent.
        """
        with suppress(CliError):
            self.end_within(_REST_SECONDS)
            for _ in islice(self._pieces, _REST_PIECES):
                pass
        self.close()

    def close(self) -> None:
        """Return the connection to the pool if the body was read to its end; otherwise close it."""
        self.end_within(None)
        # A suspended generator would keep the response alive, and with it the open pool.
        self._pieces.close()
        self._response.close()


class Client:
    """Sends requests to one server."""

    def __init__(self, server: ServerSettings, context: Context, *, debug_on: bool = False) -> None:
        self._server = server
        self._context = context
        self._debug = debug_on
        self._transport = Transport(server.connections)
        self._session = Connections(self._transport)
        self._deadline = server.deadline
        self._unfinished: list[HttpResponse] = []

    def call(
        self,
        method: str,
        path: str,
        consume: Callable[[HttpResponse], T],
        *,
        payload: Payload | None = None,
        may_retry: Callable[[], bool] = lambda: True,
    ) -> T:
        """Send a request and return what `consume` returns for the 2xx response.

        Retries by the rules of `retry`, but not once `may_retry` returns false, which means that
        output has begun. Raises the last failure as a CliError, and UnreachableError when the
        deadline passes.
        """
        with self._deadline.watched(self._transport.cut):
            self._finish()
            return self._called(method, path, consume, payload, may_retry)

    def _called(
        self,
        method: str,
        path: str,
        consume: Callable[[HttpResponse], T],
        payload: Payload | None,
        may_retry: Callable[[], bool],
    ) -> T:
        attempt = 0
        while True:
            self._deadline.check()
            status: int | None = None
            headers: Mapping[str, str] = {}
            try:
                with self._open(method, path, payload) as response:
                    status, headers = response.status_code, response.headers
                    if status in WHOLE:
                        return self._consumed(response, consume)
                    failed: CliError = self._failure(response)
                    response.close()
            except NetworkError as error:
                failed = error
                status = None
            asked = retry.asked_delay(headers, self._context.now()) if status else None
            if not _retry_helps(failed, status, headers) or not may_retry():
                raise failed
            if asked is not None and asked > retry.LONGEST:
                failed.hint = f"the server asks to wait {asked:.0f} s; try again then"
                raise failed
            if attempt == self._server.max_retries:
                raise failed
            self._wait(attempt, failed, asked)
            attempt += 1

    def _wait(self, attempt: int, failed: CliError, asked: float | None) -> None:
        """Announce the next attempt and wait for it; raise `failed` if the deadline comes first."""
        seconds = retry.delay(attempt, asked, self._context.chance())
        left = self._deadline.left()
        if left is not None and left <= seconds:
            failed.add_hint("--max-time leaves no time for another try")
            raise failed
        status = f" (HTTP {failed.status})" if failed.status else ""
        self._context.messages.notice(
            f"{failed.problem}{status}; trying again in {seconds:.1f} s "
            f"({attempt + 1} of {self._server.max_retries})"
        )
        self._deadline.sleep(self._context.sleep, seconds)

    def _consumed(self, response: requests.Response, consume: Callable[[HttpResponse], T]) -> T:
        """Return what `consume` returns for the response.

        The rest of a stream is drained before the next call, not here: it has arrived by then, and
        nobody has to wait for it.
        """
        answer = HttpResponse(response)
        try:
            found = consume(answer)
        except BadAnswerError as error:
            failure.add_base_url_hint(error, self._server.base_url)
            raise
        finally:
            answer.end_within(None)
        if answer.is_read:
            answer.close()
        else:
            self._unfinished.append(answer)
        return found

    def _finish(self) -> None:
        while self._unfinished:
            self._unfinished.pop().finish()

    def direct(self, path: str) -> "Direct":
        """Return a sender that POSTs JSON to one path, without retries."""
        from openai_cli.http.direct import Direct

        url = joined(self._server.base_url, path)
        proxies = Proxies.of(self._context, url)
        with ExitStack() as stack:
            prepared = self._prepared("POST", url, Json(b""), stack)
        return Direct(
            self._transport,
            prepared,
            proxies,
            authorities=authorities_for(self._context, url, proxies),
            certificate=self._server.certificate,
            timeouts=(self._server.connect_timeout, self._server.read_timeout),
            base_url=self._server.base_url,
        )

    def forward(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes
    ) -> "Forwarded":
        """Forward another client's request with our key; return the response, whatever its status.

        Does not retry. Raises NetworkError if no response arrives. The caller closes the response.
        """
        from openai_cli.http.forwarded import Forwarded

        url = joined(self._server.base_url, path)
        ours = {"Accept-Encoding": "identity", "User-Agent": _USER_AGENT}
        prepared = self._addressed(method, url, {**ours, **headers}, content or None)
        if self._debug:
            debug.request(self._context.messages, prepared)
        response = self._sent(prepared, url)
        if self._debug:
            debug.response(self._context.messages, response)
        return Forwarded(response)

    def close(self) -> None:
        """Close all connections."""
        while self._unfinished:
            self._unfinished.pop().close()
        self._session.close()

    @contextmanager
    def _open(self, method: str, path: str, payload: Payload | None) -> Iterator[requests.Response]:
        url = joined(self._server.base_url, path)
        with ExitStack() as stack:
            prepared = self._prepared(method, url, payload, stack)
            if self._debug:
                debug.request(self._context.messages, prepared)
            response = self._sent(prepared, url)
            try:
                if self._debug:
                    debug.response(self._context.messages, response)
                yield response
            except BaseException:
                response.close()
                raise

    def _sent(self, prepared: requests.PreparedRequest, url: str) -> requests.Response:
        server = self._server
        proxies = Proxies.of(self._context, url)
        try:
            return self._session.send(
                prepared,
                stream=True,
                allow_redirects=False,
                timeout=(self._deadline.within(server.connect_timeout), server.read_timeout),
                proxies=dict(proxies.known),
                verify=authorities_for(self._context, url, proxies),
                cert=server.certificate and server.certificate.pair,
            )
        except FOREIGN as error:
            raise proxies.blamed(translated(error, name_and_port(url))) from error

    def _prepared(
        self, method: str, url: str, payload: Payload | None, stack: ExitStack
    ) -> requests.PreparedRequest:
        data = None if payload is None else payload.opened(stack)
        headers = {
            "Accept": "application/json, text/event-stream, */*;q=0.5",
            "Accept-Encoding": "gzip",
            **({} if payload is None else {"Content-Type": payload.content_type}),
            "User-Agent": _USER_AGENT,
            **self._server.headers,
        }
        return self._addressed(method, url, headers, data)

    def _addressed(
        self, method: str, url: str, headers: Mapping[str, str], data: Any
    ) -> requests.PreparedRequest:
        try:
            request = requests.Request(
                method, url, headers=headers, data=data, auth=self._authorize
            )
            return self._session.prepare_request(request)
        except FOREIGN as error:
            raise translated(error) from error

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the key, unless the user has set an Authorization header."""
        if self._server.key and "Authorization" not in request.headers:
            request.headers["Authorization"] = f"Bearer {self._server.key}"
        return request

    def _failure(self, response: requests.Response) -> CliError:
        failed = failure.of_status(
            response.status_code,
            response.headers,
            body_of(response.raw)[0],
            response.reason,
            with_key="authorization" in response.request.headers,
            is_admin=self._server.is_admin,
        )
        failure.add_base_url_hint(failed, self._server.base_url)
        return Proxies.of(self._context, response.url).blamed(failed)


def _retry_helps(failed: CliError, status: int | None, headers: Mapping[str, str]) -> bool:
    return not isinstance(failed, UnreachableError) and retry.may_retry(status, headers)
