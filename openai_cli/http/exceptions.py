"""Translate the exceptions of requests, urllib3 and the standard library by one table."""

import http.client
import re
import socket
import ssl
from collections.abc import Iterator

import socks
import urllib3.exceptions as u

from openai_cli.errors import (
    BadAnswerError,
    CliError,
    NetworkError,
    UnreachableError,
    UsageError,
)
from openai_cli.http.library import requests

r = requests.exceptions

FOREIGN = (r.RequestException, u.HTTPError, OSError, ValueError)

_URL = "check --base-url or OPENAI_BASE_URL"
_TIME = "--timeout SECONDS waits longer"
PROXY = "check HTTPS_PROXY and HTTP_PROXY"
_TLS = "the server's certificate or TLS failed: {error}"
_PLAIN = "the server speaks http there, not https"
_CERTIFICATES = "SSL_CERT_FILE or REQUESTS_CA_BUNDLE names your own certificates"
_NO_ANSWER = "no answer in time"
# The same, after part of the response has arrived.
_FELL_SILENT = "the answer stopped coming: nothing more came in time"
_BROKE = "the connection broke before the answer was whole"

# The first row whose class matches the exception or one of its causes applies, so subclasses come
# before their bases.
_TABLE: tuple[tuple[type[BaseException], type[CliError], str, str | None], ...] = (
    (u.InvalidHeader, BadAnswerError, "the answer's headers are not valid: {error}", None),
    (r.InvalidHeader, UsageError, "a header cannot be sent: {error}", "check --header"),
    (UnicodeEncodeError, UsageError, "a header cannot be sent: {error}", "check --header"),
    (r.InvalidProxyURL, UsageError, "the proxy's URL is not valid: {error}", PROXY),
    (u.ProxySchemeUnknown, UsageError, "the proxy's URL is not valid: {error}", PROXY),
    (r.InvalidURL, UsageError, "the URL is not valid: {error}", _URL),
    (r.MissingSchema, UsageError, "the URL is not valid: {error}", _URL),
    (r.InvalidSchema, UsageError, "the URL is not valid: {error}", _URL),
    (u.LocationValueError, UsageError, "the URL is not valid: {error}", _URL),
    (u.ProxyError, NetworkError, "the proxy failed: {error}", PROXY),
    (socks.ProxyError, NetworkError, "the proxy failed: {error}", PROXY),
    (r.ProxyError, NetworkError, "the proxy failed: {error}", PROXY),
    (ssl.SSLError, UnreachableError, _TLS, _CERTIFICATES),
    (u.SSLError, UnreachableError, _TLS, _CERTIFICATES),
    (r.SSLError, UnreachableError, _TLS, _CERTIFICATES),
    # These come first because urllib3 derives NewConnectionError from ConnectTimeoutError.
    (socket.gaierror, NetworkError, "cannot find the host: {error}", _URL),
    (u.NameResolutionError, NetworkError, "cannot find the host: {error}", _URL),
    (ConnectionRefusedError, NetworkError, "the server refuses the connection{to}", _URL),
    (u.NewConnectionError, NetworkError, "cannot connect{to}: {error}", _URL),
    (u.ConnectTimeoutError, NetworkError, "no connection in time{to}", _TIME),
    (r.ConnectTimeout, NetworkError, "no connection in time{to}", _TIME),
    (u.ReadTimeoutError, NetworkError, _NO_ANSWER, _TIME),
    (r.ReadTimeout, NetworkError, _NO_ANSWER, _TIME),
    (r.Timeout, NetworkError, _NO_ANSWER, _TIME),
    (TimeoutError, NetworkError, _NO_ANSWER, _TIME),
    (http.client.IncompleteRead, NetworkError, _BROKE, None),
    (r.ChunkedEncodingError, NetworkError, _BROKE, None),
    (u.ProtocolError, NetworkError, _BROKE, None),
    (ConnectionError, NetworkError, _BROKE, None),
)


def translated(
    error: BaseException, host: str | None = None, *, has_begun: bool = False
) -> CliError:
    """Return the CliError for an exception.

    `host` is the server's host and port; `has_begun` says that part of the response had arrived.
    """
    chain = list(_chain(error))
    if any(isinstance(e, ssl.SSLError) and "WRONG_VERSION_NUMBER" in str(e) for e in chain):
        return UnreachableError(_PLAIN, hint=f"--base-url begins with http://{host or ''}")
    for foreign, ours, problem, hint in _TABLE:
        if (found := next((e for e in chain if isinstance(e, foreign)), None)) is not None:
            if isinstance(found, socket.gaierror) and found.errno == socket.EAI_NONAME:
                ours = UnreachableError  # noqa: PLW2901 - the name is unknown, not the resolver down
            said = _FELL_SILENT if has_begun and problem is _NO_ANSWER else problem
            to = f" to {host}" if host else ""
            return ours(said.format(error=_said(chain[-1]), to=to), hint=hint)
    return NetworkError(f"the request failed: {_said(chain[-1])}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the exception and its causes: libraries keep these in args, `reason` or __cause__."""
    seen: set[int] = set()
    todo = [error]
    while todo:
        here = todo.pop(0)
        if here is None or id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        inner = [*here.args, getattr(here, "reason", None), here.__cause__, here.__context__]
        todo += [e for e in inner if isinstance(e, BaseException)]


# The prefixes that urllib3 and Python add to messages: `HTTPSConnectionPool(host='h', port=443): `.
_REPR = r"^\w+\(.*?\): |\[Errno -?\d+\] "


def _said(error: BaseException) -> str:
    """Return the exception's message without the object reprs that libraries put before it."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return re.sub(_REPR, "", str(error)) or type(error).__name__
