"""The circumstances of a call, and how it ended."""

from typing import Self

from openai_cli.errors import CliError, ExitCode, Terminated
from openai_cli.records import record

# The server timed out, but may have begun to work on the answer.
_TIMED_OUT = 408


@record
class Occasion:
    """When, where and for what a call was made; None means not known or not given.

    `time` is when it was sent, as ISO 8601 in UTC, and `duration` the seconds until its answer was
    printed. `asked_model` is the model of the request.
    """

    time: str
    duration: float | None
    command: str
    host: str | None
    profile: str | None
    label: str | None
    asked_model: str | None


@record
class Outcome:
    """How a call failed: its exit code, and its request id if the error has one.

    A call that `is_refused` and has no tokens cost nothing.
    """

    exit_code: int
    request_id: str | None = None
    is_refused: bool = False

    @classmethod
    def of(cls, error: BaseException, *, is_taken: bool = False) -> Self:
        """Return the outcome for an error.

        `is_taken` says that the API had accepted the request and refused a later one.
        """
        if isinstance(error, CliError):
            status = error.status
            is_refused = status is not None and 300 <= status < 500 and status != _TIMED_OUT
            code = int(error.exit_code)
            return cls(code, error.request_id, is_refused and not is_taken)
        if isinstance(error, Terminated):
            return cls(int(error.exit_code))
        is_stopped = isinstance(error, KeyboardInterrupt)
        return cls(int(ExitCode.INTERRUPTED if is_stopped else ExitCode.FAULT))
