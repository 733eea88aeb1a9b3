"""When, where and for what a call was made, and how it ended."""

from typing import Self

from openai_cli.errors import CliError, ExitCode, Terminated
from openai_cli.records import record

# The server gave up waiting, for what it may have begun to make.
_TIMED_OUT = 408


@record
class Occasion:
    """When, where and for what a call was made; None is what is not known or was not given.

    `time` is when it was sent, in UTC as ISO 8601 has it, `duration` how many seconds it took until
    its answer was out. `asked_model` is the model of the request.
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
    """How a call failed: the exit code, and the id of its request where the error has one.

    Where it `is_refused`, and has no tokens, it cost nothing.
    """

    exit_code: int
    request_id: str | None = None
    is_refused: bool = False

    @classmethod
    def of(cls, error: BaseException, *, is_taken: bool = False) -> Self:
        """What an error says. `is_taken`: the API took the request, and refused what came after."""
        if isinstance(error, CliError):
            status = error.status
            is_refused = status is not None and 300 <= status < 500 and status != _TIMED_OUT
            code = int(error.exit_code)
            return cls(code, error.request_id, is_refused and not is_taken)
        if isinstance(error, Terminated):
            return cls(int(error.exit_code))
        is_stopped = isinstance(error, KeyboardInterrupt)
        return cls(int(ExitCode.INTERRUPTED if is_stopped else ExitCode.FAULT))
