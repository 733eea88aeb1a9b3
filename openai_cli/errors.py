"""The exception classes, and the exit code of each.

CliError                        1   a fault of ours, when nothing below fits
├── UsageError                  2   wrong usage or input; nothing was sent
├── CredentialError             3   no key, or the API says 401 or 403
├── RefusedError                4   the API refused the request: any other 4xx, any 3xx
├── RateLimitError              5   rate limit or quota: 429
├── BadAnswerError              6   the API failed, or its answer is of the wrong kind
├── NetworkError                7   the network failed, or the answer ended before it was whole
│   └── UnreachableError            trying again cannot help: no such host, no trusted certificate
├── LimitError                  8   a limit or check that the user set was not met
├── IncompleteError             9   the answer is not complete and the user required that
├── OutputError                10   the answer came but could not be written
├── LinesFailedError           11   some lines of a batch failed for good; all others are written
└── ReaderGone                141   the reader of stdout went away; nothing is printed

Terminated is not one of them: like KeyboardInterrupt (130), it is not an Exception.
"""

import signal
from collections.abc import Mapping
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command; docs/exit-codes.md explains them to users."""

    DONE = 0
    FAULT = 1
    USAGE = 2
    CREDENTIAL = 3
    REFUSED = 4
    RATE_LIMIT = 5
    BAD_ANSWER = 6
    NETWORK = 7
    LIMIT = 8
    INCOMPLETE = 9
    OUTPUT = 10
    LINES_FAILED = 11
    HUNG_UP = 129
    INTERRUPTED = 130
    READER_GONE = 141
    TERMINATED = 143
    OUT_OF_TIME = 152


# The terminating signals and their exit codes: 128 plus the signal's number on Linux and macOS, as
# in a shell.
ENDING: Mapping[signal.Signals, ExitCode] = {
    signal.SIGHUP: ExitCode.HUNG_UP,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGXCPU: ExitCode.OUT_OF_TIME,
}


class CliError(Exception):
    """An error as data; only `app` turns it into a message and an exit code.

    `problem` says what went wrong, and `hint` what to do about it, if that is known. `parameter` is
    the API's name of the wrong parameter, `status` the HTTP status, `code` the server's name or
    number of an error without a status, and `request_id` the API's id of the request. `body` is the
    response body that was rejected, or the API's own error body, unchanged.
    """

    exit_code = ExitCode.FAULT

    def __init__(
        self,
        problem: str,
        *,
        hint: str | None = None,
        parameter: str | None = None,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        body: bytes | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
        self.parameter = parameter
        self.status = status
        self.code = code
        self.request_id = request_id
        self.body = body

    def add_hint(self, text: str) -> None:
        """Append to the hint."""
        self.hint = f"{self.hint}; {text}" if self.hint else text


class UsageError(CliError):
    """Wrong usage or input; nothing was sent."""

    exit_code = ExitCode.USAGE


class CredentialError(CliError):
    """There is no key, or the API did not accept it (401, 403)."""

    exit_code = ExitCode.CREDENTIAL


class RefusedError(CliError):
    """The API refused the request: any 4xx without a class of its own, any 3xx."""

    exit_code = ExitCode.REFUSED


class RateLimitError(CliError):
    """Rate limit or quota (429), after the retries."""

    exit_code = ExitCode.RATE_LIMIT


class BadAnswerError(CliError):
    """The API failed (5xx, 408), or its answer is not JSON, has the wrong shape or is too large."""

    exit_code = ExitCode.BAD_ANSWER


class NetworkError(CliError):
    """Name resolution, TLS or the connection failed, timed out, or the answer was truncated."""

    exit_code = ExitCode.NETWORK


class UnreachableError(NetworkError):
    """The network failed in a way that a retry cannot fix."""


class LimitError(CliError):
    """A limit or check that the user set was not met."""

    exit_code = ExitCode.LIMIT


class IncompleteError(CliError):
    """The answer is not complete, and `--require-complete` was given."""

    exit_code = ExitCode.INCOMPLETE


class OutputError(CliError):
    """The answer came but could not be written."""

    exit_code = ExitCode.OUTPUT


class LinesFailedError(CliError):
    """Some lines of a batch failed for good; all others are written."""

    exit_code = ExitCode.LINES_FAILED


class ReaderGone(CliError):  # noqa: N818 - not an error to the user, who is told nothing
    """The reader of stdout went away (EPIPE)."""

    exit_code = ExitCode.READER_GONE

    def __init__(self) -> None:
        super().__init__("the reader of stdout went away")


class Terminated(BaseException):
    """The process received one of the `ENDING` signals."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = ENDING[signal.Signals(number)]
