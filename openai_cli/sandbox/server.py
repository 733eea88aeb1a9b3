"""The sandbox over HTTP on loopback: connections, headers, bodies, streams."""

import re
import socket
import socketserver
import struct
from collections.abc import Iterator
from http import HTTPStatus
from http.client import LineTooLong
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase

from openai_cli.errors import UsageError
from openai_cli.sandbox.api import Api, HttpRequest, error_response
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.connections import Allowance, Connections, Standing
from openai_cli.sandbox.exchange import Ending, HttpResponse
from openai_cli.sandbox.faults import KNOWN, Fault, parse_fault
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.routes import allowed_methods

HOST = "127.0.0.1"

# A request with this header gets the fault that it names, and none of --fault.
FAULT_HEADER = "X-Sandbox-Fault"

# Bytes: enough for attachments, and few enough to hold in memory. LARGEST_SUM limits all bodies
# held at once, LARGEST_HEAD a request line with its headers.
LARGEST_BODY = 100 * 1024 * 1024
LARGEST_SUM = 256 * 1024 * 1024
LARGEST_HEAD = 64 * 1024
CHUNK = 1024 * 1024
_LENGTH = re.compile("[0-9]{1,18}")

# Bytes of a refused body that are read, so that the client gets to read the response.
DISCARDED = 256 * 1024 * 1024

# Seconds for which a client that has not shown the key may be silent.
PATIENCE = 20.0

# Nothing is limited; these are the API's limits per minute for the highest usage tier.
_LIMITS = (
    ("x-ratelimit-limit-requests", "30000"),
    ("x-ratelimit-limit-tokens", "150000000"),
    ("x-ratelimit-remaining-requests", "29999"),
    ("x-ratelimit-remaining-tokens", "149999000"),
    ("x-ratelimit-reset-requests", "2ms"),
    ("x-ratelimit-reset-tokens", "0s"),
)

FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
    b"Connection: close\r\n\r\n"
)


Connection = socket.socket | tuple[bytes, socket.socket]


class SandboxServer(ThreadingHTTPServer):
    """A listening server; UsageError if the port is taken (0 picks any free one)."""

    request_queue_size = 128
    # Some versions of Python share the port with any other listener, so it would never be in use.
    allow_reuse_port = False

    def __init__(self, port: int, config: SandboxConfig) -> None:
        self.config = config
        self.api = Api(config.replies, config.key, faults=config.faults, upstream=config.upstream)
        self.connections = Connections()
        self.bodies = Allowance(LARGEST_SUM)
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not from 0 to 65535"
            raise UsageError(
                f"cannot listen on port {port}: {reason}",
                hint="choose another port, or 0 for any free one",
                parameter="port",
            ) from None

    def server_bind(self) -> None:
        """Bind without HTTPServer's reverse lookup of the host, which may query a name server."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def verify_request(self, request: Connection, client_address: object) -> bool:  # noqa: ARG002
        """Whether there is room for a connection; if not, send 503."""
        assert isinstance(request, socket.socket)  # noqa: S101 - always, for TCP
        if self.connections.admit(request):
            return True
        request.sendall(FULL)
        return False

    def close_request(self, request: Connection) -> None:
        """Close a connection."""
        if isinstance(request, socket.socket):
            self.connections.remove(request)
        super().close_request(request)

    def server_close(self) -> None:
        """Stop listening, and end the connections that clients keep open."""
        super().server_close()
        self.connections.end_all()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors: they come from clients that left, or whose connection was reset."""


class _Handler(BaseHTTPRequestHandler):
    """One connection: passes requests to `respond`, and sends back the responses."""

    server: SandboxServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet; stream events are flushed
    disable_nagle_algorithm = True
    timeout = PATIENCE

    def parse_request(self) -> bool:
        """Read the headers, up to LARGEST_HEAD."""
        rest, self.rfile = self.rfile, _Head(self.rfile)  # type: ignore[assignment]  # it reads lines
        try:
            return super().parse_request()
        finally:
            self.rfile = rest

    def _serve(self) -> None:
        if (refusal := self._refusal()) is not None:
            self._discard_body()
            self._refuse(refusal)
            return
        self.server.connections.mark(self.connection, Standing.BUSY)
        self.connection.settimeout(None)  # a client with the key may take its time
        try:
            length = self._length()
        except Refusal as wrong:
            self._discard_body()
            self._refuse(wrong)
        else:
            with self.server.bodies.held(length):
                self._answer(self._read_body(length))
        self.server.connections.mark(self.connection, Standing.IDLE)

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = _serve  # noqa: N815

    def _refusal(self) -> Refusal | None:
        """Why the request is not admitted, or None.

        Such requests are not recorded and take no fault's turn, as they are not part of the test.
        """
        try:
            self.server.api.admit(self._received(b""))
        except Refusal as refusal:
            return refusal
        return None

    def _refuse(self, refusal: Refusal) -> None:
        """Answer a request whose body is not read; the connection cannot be used after it."""
        self.close_connection = True
        self._send(error_response(refusal), self._received(b""))

    def _answer(self, content: bytes) -> None:
        fault = Fault()
        try:
            fault = self._fault()
            reply = fault.applied(lambda: self.server.api.respond(self._received(content)))
        except Refusal as refusal:
            reply = error_response(refusal)
        except Exception as error:  # noqa: BLE001 - a bug of ours must reach the client as such
            reply = error_response(Refusal(f"The sandbox failed: {error!r}", status=500))
        if fault.pause:
            self.server.config.sleep(fault.pause)
        self._send(self._recorded(reply, content), self._received(content))

    def _received(self, content: bytes) -> HttpRequest:
        return HttpRequest(
            self.command,
            self.path,
            content,
            content_type=self.headers.get("Content-Type", ""),
            authorization=self.headers.get("Authorization", ""),
            host=", ".join(self.headers.get_all("Host", [])),
            origin=self.headers.get("Origin", ""),
            site=self.headers.get("Sec-Fetch-Site", ""),
            headers=tuple(self.headers.items()),
        )

    def _recorded(self, reply: HttpResponse, content: bytes) -> HttpResponse:
        """The response, once its request is recorded; an error if that fails."""
        if (recorder := self.server.config.recorder) is not None:
            try:
                recorder.add(self.command, self.path, self.headers.items(), content, reply.status)
            except OSError as error:
                problem = f"The sandbox cannot record the request: {error.strerror}"
                return error_response(Refusal(problem, status=500))
        return reply

    def _fault(self) -> Fault:
        """The fault for this request; a Refusal if its header names an invalid one."""
        if (spec := self.headers.get(FAULT_HEADER)) is None:
            return self.server.config.faults.next()
        try:
            return parse_fault(spec, once=True)
        except ValueError as error:
            raise Refusal(f"{FAULT_HEADER} {error}; {KNOWN}.") from None

    def _length(self) -> int:
        """The size of the body; a Refusal if it is not given or too large."""
        if "Transfer-Encoding" in self.headers:
            raise Refusal("A body needs a Content-Length.", status=411)
        told = ", ".join(self.headers.get_all("Content-Length", ["0"]))
        if not _LENGTH.fullmatch(told):
            raise Refusal(f"Invalid Content-Length: {told!r}.")
        length = int(told)
        if length > LARGEST_BODY:
            message = f"Maximum content size limit ({LARGEST_BODY}) exceeded ({length} bytes read)"
            raise Refusal(message)
        return length

    def _read_body(self, length: int) -> bytes:
        content = self.rfile.read(length)
        if len(content) < length:
            raise ConnectionAbortedError("the client left in the middle of its request")
        return content

    def _discard_body(self) -> None:
        """Discard the body, up to DISCARDED: a client that is still sending reads no response."""
        told = self.headers.get("Content-Length", "")
        length = min(int(told), DISCARDED) if _LENGTH.fullmatch(told) else 0
        while length > 0 and (piece := self.rfile.read(min(length, CHUNK))):
            length -= len(piece)

    def _send(self, reply: HttpResponse, received: HttpRequest) -> None:
        if reply.status:
            self._send_head(reply, received)
            if self.command != "HEAD":
                self._send_body(reply)
        self._end(reply.ending)

    def _send_head(self, reply: HttpResponse, received: HttpRequest) -> None:
        if reply.events is not None and not self._is_chunked(reply):
            # A client of HTTP/1.0 does not know chunks: the end of the connection ends the
            # response.
            self.close_connection = True
        self.send_response(reply.status)
        for name, value in self._headers(reply, received):
            self.send_header(name, value)
        self.end_headers()

    def _send_body(self, reply: HttpResponse) -> None:
        chunked = self._is_chunked(reply)
        self.wfile.write(reply.content)
        for event in reply.events or ():
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event) if chunked else event)
            self.wfile.flush()
        if chunked and reply.ending is Ending.WHOLE:
            self.wfile.write(b"0\r\n\r\n")

    def _end(self, ending: Ending) -> None:
        """Close, stall or reset the connection, as the response requires."""
        if ending is Ending.WHOLE:
            return
        self.close_connection = True
        if ending is Ending.STALL:
            self.wfile.flush()
            while self.rfile.read(1):  # until the client leaves, or the server stops
                pass
        elif ending is Ending.RESET:
            # A linger time of zero makes the close a reset: socket(7).
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            for part in (self.rfile, self.wfile, self.connection):
                part.close()

    def _is_chunked(self, reply: HttpResponse) -> bool:
        return reply.events is not None and self.request_version == "HTTP/1.1"

    def _headers(self, reply: HttpResponse, received: HttpRequest) -> Iterator[tuple[str, str]]:
        """Yield the headers of a response; its own override ours."""
        if reply.events is None:
            yield "Content-Length", str(len(reply.content))
        elif self._is_chunked(reply):
            yield "Transfer-Encoding", "chunked"
        if self.close_connection:
            yield "Connection", "close"
        yield from reply.headers
        if reply.is_foreign:
            return
        given = {name.lower() for name, _ in reply.headers}
        for name, value in self._own_headers(reply, received):
            if name.lower() not in given:
                yield name, value

    def _own_headers(self, reply: HttpResponse, received: HttpRequest) -> Iterator[tuple[str, str]]:
        """Yield the headers that the sandbox adds."""
        yield "Content-Type", reply.content_type if reply.events is None else "text/event-stream"
        if reply.status == 405:
            yield "Allow", ", ".join(allowed_methods(received.path) or [received.method])
        yield from _LIMITS
        yield "openai-version", "2020-10-01"
        yield "openai-processing-ms", "0"
        yield "x-request-id", f"req_{received.digest}"

    def handle_expect_100(self) -> bool:
        """Answer a client that waits for permission to send its body."""
        if (refusal := self._refusal()) is not None:
            self._refuse(refusal)
            return False
        expected = super().handle_expect_100()
        self.wfile.flush()
        return expected

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Report errors of http.server, such as a malformed request line, in the API's shape."""
        self.close_connection = True
        problem = message or explain or HTTPStatus(code).phrase
        self._send(error_response(Refusal(problem, status=code)), HttpRequest("", ""))

    def version_string(self) -> str:
        """The product name for the Server header."""
        return "openai-cli-sandbox"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing: stdout and stderr belong to the command."""


class _Head:
    """The lines of a request's head, up to LARGEST_HEAD."""

    def __init__(self, file: BufferedIOBase) -> None:
        self._file = file
        self._left = LARGEST_HEAD

    def readline(self, size: int) -> bytes:
        line = self._file.readline(min(size, self._left + 1))
        self._left -= len(line)
        if self._left < 0:
            raise LineTooLong("header")
        return line
