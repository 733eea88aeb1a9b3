"""The sandbox over HTTP on loopback: connections, headers, bodies, streams."""

import contextlib
import re
import socket
import socketserver
import struct
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from openai_cli.errors import UsageError
from openai_cli.sandbox.api import Api, HttpRequest, error_response
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.exchange import Ending, HttpResponse
from openai_cli.sandbox.faults import KNOWN, Fault, parse_fault
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.routes import allowed_methods

HOST = "127.0.0.1"

# A request with it meets the fault that it names, and none of --fault.
FAULT_HEADER = "X-Sandbox-Fault"

# In bytes: enough for attachments, and little enough to hold in memory.
LARGEST_BODY = 100 * 1024 * 1024
CHUNK = 1024 * 1024


class SandboxServer(ThreadingHTTPServer):
    """A listening server; UsageError where the port cannot be had (0 takes any free one)."""

    request_queue_size = 128
    # Some versions of Python share the port with whoever asks for it, and then it is never in use.
    allow_reuse_port = False

    def __init__(self, port: int, config: SandboxConfig | None = None) -> None:
        self.config = config or SandboxConfig()
        self.api = Api(self.config.replies)
        self._connections: set[socket.socket] = set()
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not from 0 to 65535"
            raise UsageError(
                f"cannot listen on port {port}: {reason}",
                hint="name another port, or 0 for any that is free",
                parameter="port",
            ) from None

    def server_bind(self) -> None:
        """Bind without HTTPServer's reverse look-up of the host, which may ask a name server."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Accept a connection, and remember it to end it with the server."""
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def close_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection."""
        if isinstance(request, socket.socket):
            self._connections.discard(request)
        super().close_request(request)

    def server_close(self) -> None:
        """Stop listening, and end the connections that clients keep open."""
        super().server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: what gets here is a client that went away, or that was reset."""


class _Handler(BaseHTTPRequestHandler):
    """One connection: what arrives goes to `respond`, and what that says goes back."""

    server: SandboxServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet; each event of a stream is flushed
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        content, fault = b"", Fault()
        try:
            content = self._read_body()
            fault = self._fault()
            reply = fault.applied(lambda: self.server.api.respond(self._received(content)))
        except Refusal as refusal:
            # Where the body was not read, nothing after it on this connection can be.
            self.close_connection = True
            reply = error_response(refusal)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must reach the client as one
            reply = error_response(Refusal(f"The sandbox failed: {error!r}", status=500))
        if fault.delay:
            self.server.config.sleep(fault.delay)
        received = self._received(content)
        self._send(self._recorded(reply, content), received)

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = _serve  # noqa: N815

    def _received(self, content: bytes) -> HttpRequest:
        return HttpRequest(
            self.command,
            self.path,
            content,
            content_type=self.headers.get("Content-Type", ""),
            authorization=self.headers.get("Authorization", ""),
            host=self.headers.get("Host", ""),
        )

    def _recorded(self, reply: HttpResponse, content: bytes) -> HttpResponse:
        """The answer, once its request is recorded; another where that fails."""
        if (recorder := self.server.config.recorder) is not None:
            try:
                recorder.add(self.command, self.path, self.headers.items(), content, reply.status)
            except OSError as error:
                problem = f"The sandbox cannot record the request: {error.strerror}"
                return error_response(Refusal(problem, status=500))
        return reply

    def _fault(self) -> Fault:
        """The fault that this request meets; a Refusal where its header names none."""
        if (spec := self.headers.get(FAULT_HEADER)) is None:
            return self.server.config.faults.next()
        try:
            return parse_fault(spec, once=True)
        except ValueError as error:
            raise Refusal(f"{FAULT_HEADER} {error}; {KNOWN}.") from None

    def _read_body(self) -> bytes:
        """The body; a Refusal where its length is not told or too large."""
        if "Transfer-Encoding" in self.headers:
            raise Refusal("A body needs a Content-Length.", status=411)
        told = self.headers.get("Content-Length", "0")
        if not re.fullmatch(r"[0-9]{1,18}", told):
            raise Refusal(f"Invalid Content-Length: {told!r}.")
        length = int(told)
        if length > LARGEST_BODY:
            self._discard(length)
            message = f"Maximum content size limit ({LARGEST_BODY}) exceeded ({length} bytes read)"
            raise Refusal(message)
        content = self.rfile.read(length)
        if len(content) < length:
            raise ConnectionAbortedError("the client left in the middle of its request")
        return content

    def _discard(self, length: int) -> None:
        """Read and forget: a client that is still sending would not see the answer."""
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
            # A client of HTTP/1.0 knows no chunks: the end of the connection ends the answer.
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
        """Do with the connection what the answer wants."""
        if ending is Ending.WHOLE:
            return
        self.close_connection = True
        if ending is Ending.STALL:
            self.wfile.flush()
            while self.rfile.read(1):  # until the client leaves, or the server ends
                pass
        elif ending is Ending.RESET:
            # Lingering for no time at all makes the close a reset: socket(7).
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            for part in (self.rfile, self.wfile, self.connection):
                part.close()

    def _is_chunked(self, reply: HttpResponse) -> bool:
        return reply.events is not None and self.request_version == "HTTP/1.1"

    def _headers(self, reply: HttpResponse, received: HttpRequest) -> Iterator[tuple[str, str]]:
        """The headers of an answer."""
        if reply.events is None:
            yield "Content-Type", reply.content_type
            yield "Content-Length", str(len(reply.content))
        else:
            yield "Content-Type", "text/event-stream"
        if self._is_chunked(reply):
            yield "Transfer-Encoding", "chunked"
        if self.close_connection:
            yield "Connection", "close"
        if reply.status == 405:
            yield "Allow", ", ".join(allowed_methods(received.path) or [received.method])
        yield from reply.headers
        yield "openai-version", "2020-10-01"
        yield "openai-processing-ms", "0"
        yield "x-request-id", f"req_{received.digest}"

    def handle_expect_100(self) -> bool:
        """Tell a client that waits for it to send its body."""
        expected = super().handle_expect_100()
        self.wfile.flush()
        return expected

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what http.server finds wrong, as a malformed request line, in the API's shape."""
        self.close_connection = True
        problem = message or explain or HTTPStatus(code).phrase
        self._send(error_response(Refusal(problem, status=code)), HttpRequest("", ""))

    def version_string(self) -> str:
        """What the Server header names."""
        return "openai-cli-sandbox"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing: stdout and stderr belong to the command."""
