"""`uploads create --file`: upload a whole file in parts."""

from openai_cli.calls.parts import LARGEST_PART, Source, send_parts
from openai_cli.calls.plan import Plan
from openai_cli.calls.send import send
from openai_cli.calls.session import Session
from openai_cli.commands.operation import printing
from openai_cli.commands.operation.options import OperationOptions
from openai_cli.errors import UsageError
from openai_cli.flags.ours import number
from openai_cli.flags.values import Number
from openai_cli.request.body import Request


def deliver_upload(
    session: Session, options: OperationOptions, request: Request, source: Source
) -> None:
    """Create the upload, send all its parts, complete it, and print the result."""
    from openai_cli.answer.page import AnyWhole

    if request.body["bytes"] != source.size:
        raise UsageError(
            f"'{source.path}' has {source.size} bytes, not {request.body['bytes']}",
            parameter="bytes",
            hint="leave --bytes out",
        )
    typed = number("--part-size", options.part_size, Number(1, LARGEST_PART, integer=True))  # type: ignore[attr-defined]
    size = LARGEST_PART if typed is None else int(typed)
    for last in send_parts(session, source, request, size):
        send(session, Plan(last, answer=AnyWhole, writer=printing.ThingWriter, is_free=True))
