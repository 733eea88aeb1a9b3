"""Preview a request: its body, a curl command, or a line for the Batch API."""

from typing import Self

from openai_cli.config.destination import Destination
from openai_cli.errors import UsageError
from openai_cli.flags.output import BatchLine, Previews
from openai_cli.jsontext import encode_json
from openai_cli.records import record
from openai_cli.request.body import Request


@record
class Preview:
    """The preview of --dry-run, --curl or --batch-line: the body, a command, or a batch line."""

    is_curl: bool = False
    custom_id: str | None = None

    @classmethod
    def of(cls, options: object) -> Self | None:
        """The preview that the options ask for, or None; UsageError if they ask for several."""
        if not isinstance(options, Previews):
            return None
        custom_id = options.batch_line if isinstance(options, BatchLine) else None
        given = [options.dry_run, options.curl, custom_id is not None]
        if sum(given) > 1:
            names = "--dry-run, --curl and --batch-line"
            raise UsageError(f"{names if custom_id else '--dry-run and --curl'}: give one of them")
        return cls(options.curl, custom_id) if any(given) else None

    @property
    def flag(self) -> str:
        """The flag that asks for this preview."""
        if self.custom_id is not None:
            return "--batch-line"
        return "--curl" if self.is_curl else "--dry-run"

    def shown(self, request: Request, server: Destination, *, terminal: bool) -> bytes:
        """Return the preview of the request; on a `terminal` a body is indented."""
        if self.custom_id is not None:
            return batch_line(request, self.custom_id)
        if not self.is_curl:
            return body(request, terminal=terminal)
        from openai_cli.calls.curl import curl

        return curl(request, server)


def body(request: Request, *, terminal: bool) -> bytes:
    """The request body as JSON: on one line, as it is sent, or indented for a terminal."""
    if request.is_bodyless:
        return b""
    if not terminal:
        return request.encoded() + b"\n"
    return encode_json(request.wire_body, indent=2) + b"\n"


def batch_line(request: Request, custom_id: str) -> bytes:
    """The request as a line of a Batch API input file (docs: Batch, 'Prepare your batch file').

    Raises UsageError for files, since such a line is JSON, and for methods but POST.
    """
    if request.files:
        raise UsageError("the Batch API takes no files in a request", parameter="batch_line")
    if request.method != "POST":
        raise UsageError(f"the Batch API takes no {request.method}", parameter="batch_line")
    line = {
        "custom_id": custom_id,
        "method": "POST",
        "url": f"/v1{request.path}",
        "body": request.body,
    }
    return encode_json(line) + b"\n"
