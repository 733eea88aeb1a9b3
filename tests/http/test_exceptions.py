"""Every exception that a request can raise becomes one of ours, with words for a user."""

import http.client
import inspect
import socket
import ssl
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
import requests.exceptions as r
import urllib3.exceptions as u
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.response import HTTPResponse

from openai_cli.errors import BadAnswerError, CliError, NetworkError, UnreachableError, UsageError
from openai_cli.http.exceptions import FOREIGN, translated

# What urllib3's exceptions are made of, by the names of their parameters.
VALUES: dict[str, Callable[[], Any]] = {
    "pool": lambda: HTTPConnectionPool("api.example.test"),
    "conn": lambda: HTTPConnection("api.example.test"),
    "host": lambda: "api.example.test",
    "url": lambda: "/v1/chat/completions",
    "message": lambda: "it did not work",
    "error": lambda: OSError(113, "No route to host"),
    "reason": lambda: socket.gaierror(socket.EAI_AGAIN, "Temporary failure"),
    "retries": lambda: 0,
    "location": lambda: "http://[",
    "scheme": lambda: "gopher",
    "partial": lambda: 3,
    "expected": lambda: 5,
    "response": lambda: HTTPResponse(b"abc"),
    "length": lambda: b"xyz",
    "defects": list,
    "unparsed_data": lambda: b"junk",
}


def made(kind: type[Exception]) -> Exception:
    """An exception of this class with arguments as its library gives them."""
    if issubclass(kind, r.JSONDecodeError):
        return kind("Expecting value", "x", 0)
    init = inspect.getattr_static(kind, "__init__")
    if not inspect.isfunction(init) or kind.__module__.startswith("requests"):
        return kind("it did not work")
    names = [name for name in inspect.signature(init).parameters if name != "self"]
    return kind(*(VALUES[name]() for name in names))


def classes(module: ModuleType) -> Iterator[type[Exception]]:
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Exception):
            is_own = value.__module__ == module.__name__
            if is_own and not issubclass(value, Warning):
                yield value


ALL = sorted({*classes(r), *classes(u)}, key=lambda kind: (kind.__module__, kind.__name__))


def test_the_walk_finds_the_classes() -> None:
    assert {r.RequestException, r.ChunkedEncodingError, u.HTTPError, u.MaxRetryError} <= set(ALL)
    assert len(ALL) > 45


def check_words(error: CliError) -> None:
    """One line for a user: no object of Python's, no class, no number of an errno."""
    assert error.problem == " ".join(error.problem.split())
    for part in ("<", " object at 0x", "Pool(", "Error(", "Caused by", "[Errno", "('", "None"):
        assert part not in error.problem, error.problem
    assert 8 < len(error.problem) < 200


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_exception_of_the_libraries_is_caught_and_translated(kind: type[Exception]) -> None:
    assert issubclass(kind, FOREIGN)
    ours = translated(made(kind))
    assert isinstance(ours, NetworkError | UsageError | BadAnswerError)
    check_words(ours)


@pytest.mark.parametrize("kind", list(classes(u)), ids=lambda kind: kind.__name__)
def test_and_so_it_is_inside_of_those_that_wrap_it(kind: type[Exception]) -> None:
    pool = HTTPConnectionPool("api.example.test")
    check_words(translated(r.ConnectionError(u.MaxRetryError(pool, "/v1", made(kind)))))
    check_words(translated(r.ConnectionError(u.ProtocolError("Connection aborted.", made(kind)))))


REFUSED = ConnectionRefusedError(111, "Connection refused")
RESET = ConnectionResetError(104, "Connection reset by peer")
UNKNOWN = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
LATER = socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
UNTRUSTED = ssl.SSLCertVerificationError(
    1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"
)


def wrapped(reason: Exception, cause: Exception | None = None) -> r.ConnectionError:
    """As requests raises it: args hold a MaxRetryError, whose reason is urllib3's own."""
    reason.__cause__ = cause
    pool = HTTPConnectionPool("api.example.test")
    return r.ConnectionError(u.MaxRetryError(pool, "/v1/chat/completions", reason))


def connection() -> HTTPConnection:
    return HTTPConnection("api.example.test")


def no_connection(cause: OSError) -> r.ConnectionError:
    """As urllib3 tells of a connect() that failed."""
    said = u.NewConnectionError(connection(), f"Failed to establish a new connection: {cause}")
    return wrapped(said, cause)


def no_name(cause: socket.gaierror) -> r.ConnectionError:
    return wrapped(u.NameResolutionError("api.example.test", connection(), cause), cause)


POOL = HTTPConnectionPool("api.example.test")

MEANT: dict[str, tuple[Exception, type[CliError], str]] = {
    "refused": (no_connection(REFUSED), NetworkError, "refuse"),
    "refused, bare": (REFUSED, NetworkError, "refuse"),
    "no route": (no_connection(OSError(113, "No route to host")), NetworkError, "No route to host"),
    "no such name": (no_name(UNKNOWN), UnreachableError, "find the host"),
    "no such name, bare": (UNKNOWN, UnreachableError, "find the host"),
    "no resolver": (no_name(LATER), NetworkError, "find the host"),
    "no certificate": (
        r.SSLError(u.MaxRetryError(POOL, "/", u.SSLError(UNTRUSTED))),
        UnreachableError,
        "self-signed certificate",
    ),
    "no certificate, bare": (UNTRUSTED, UnreachableError, "self-signed certificate"),
    "TLS, bare": (ssl.SSLError(1, "[SSL] wrong version number"), UnreachableError, "TLS"),
    "connect time-out": (
        r.ConnectTimeout(
            u.MaxRetryError(POOL, "/", u.ConnectTimeoutError(connection(), "timed out"))
        ),
        NetworkError,
        "no connection in time",
    ),
    "read time-out": (
        r.ReadTimeout(u.ReadTimeoutError(POOL, "/", "Read timed out.")),
        NetworkError,
        "no answer in time",
    ),
    "read time-out, within the body": (
        u.ReadTimeoutError(POOL, "/", "Read timed out."),
        NetworkError,
        "no answer in time",
    ),
    "time-out, bare": (TimeoutError("timed out"), NetworkError, "in time"),
    "reset": (
        r.ConnectionError(u.ProtocolError("Connection aborted.", RESET)),
        NetworkError,
        "broke",
    ),
    "reset, bare": (RESET, NetworkError, "broke"),
    "closed before the status line": (
        r.ConnectionError(
            u.ProtocolError("Connection aborted.", http.client.RemoteDisconnected("Remote end"))
        ),
        NetworkError,
        "broke",
    ),
    "body cut": (u.IncompleteRead(3, 5), NetworkError, "broke"),
    "body cut, of the standard library": (
        http.client.IncompleteRead(b"abc", 2),
        NetworkError,
        "broke",
    ),
    "chunk cut": (u.InvalidChunkLength(HTTPResponse(b""), b"xyz"), NetworkError, "broke"),
    "chunk cut, within requests": (
        r.ChunkedEncodingError(u.IncompleteRead(3, 5)),
        NetworkError,
        "broke",
    ),
    "proxy": (
        r.ProxyError(u.MaxRetryError(POOL, "/", u.ProxyError("Unable to connect", REFUSED))),
        NetworkError,
        "proxy",
    ),
    "proxy, bare": (r.ProxyError("Unable to connect to proxy"), NetworkError, "proxy"),
    "proxy without a host": (
        r.InvalidProxyURL("Please check proxy URL. It is malformed."),
        UsageError,
        "proxy",
    ),
    "proxy of an unknown kind": (u.ProxySchemeUnknown("gopher"), UsageError, "gopher"),
    "header": (r.InvalidHeader("Header part (1) must be of type str"), UsageError, "header"),
    "header that is not Latin-1": (
        UnicodeEncodeError("latin-1", "日本", 0, 2, "ordinal not in range(256)"),
        UsageError,
        "header",
    ),
    "URL": (r.InvalidURL("Failed to parse: http://["), UsageError, "URL"),
    "URL, of urllib3": (u.LocationParseError("http://["), UsageError, "URL"),
    "URL without a scheme": (r.MissingSchema("Invalid URL 'x': No scheme"), UsageError, "URL"),
    "URL of an unknown scheme": (r.InvalidSchema("No connection adapters"), UsageError, "URL"),
    "broken pipe": (BrokenPipeError(32, "Broken pipe"), NetworkError, "broke"),
}


@pytest.mark.parametrize(("error", "kind", "words"), MEANT.values(), ids=MEANT)
def test_the_important_ones_say_what_happened(
    error: Exception, kind: type[CliError], words: str
) -> None:
    ours = translated(error)
    assert type(ours) is kind
    assert words in ours.problem
    check_words(ours)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("refused", "--base-url"),
        ("no such name", "--base-url"),
        ("no certificate", "SSL_CERT_FILE"),
        ("no certificate, bare", "SSL_CERT_FILE"),
        ("connect time-out", "--timeout"),
        ("read time-out", "--timeout"),
        ("proxy", "HTTPS_PROXY"),
        ("proxy, bare", "HTTPS_PROXY"),
        ("proxy without a host", "HTTPS_PROXY"),
        ("proxy of an unknown kind", "HTTPS_PROXY"),
        ("header", "--header"),
        ("header that is not Latin-1", "--header"),
        ("URL", "--base-url"),
    ],
)
def test_and_what_to_do_about_it(name: str, hint: str) -> None:
    assert hint in (translated(MEANT[name][0]).hint or "")


def test_exceptions_that_go_round_in_a_circle_end() -> None:
    one, two = OSError("one"), OSError("two")
    one.__cause__, two.__cause__ = two, one
    assert isinstance(translated(one), NetworkError)
