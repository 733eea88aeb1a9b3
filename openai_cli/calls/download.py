"""Answers that are files: their bytes are passed on as they come."""

from typing import TYPE_CHECKING

from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, UsageError
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.http.client import HttpResponse


def refuse_terminal(context: Context, output: str | None) -> None:
    """Raise UsageError where a file would go onto a terminal."""
    if context.stdout_is_terminal and output in (None, "-"):
        raise UsageError(
            "the answer is a file, which a terminal cannot show",
            hint="-o FILE writes it to a file; a pipe takes it too",
        )


def download(
    session: Session,
    request: Request,
    *,
    check: "Callable[[HttpResponse, bytes], None]" = lambda _http, _start: None,
) -> str | None:
    """Send the request, and pass the answer's bytes on, once `check` has passed its beginning.

    Gives the request's id.

    UsageError, before anything is sent, where they would go onto a terminal; BadAnswerError where
    there are none.
    """
    refuse_terminal(session.context, session.form.output)
    with session.form.open(session.context) as sink:

        def consume(http: "HttpResponse") -> str | None:
            from openai_cli.answer.parts import file_pieces

            for piece in file_pieces(http):
                if not sink.size:
                    check(http, piece)
                sink.write(piece)
                sink.flush()
            if not sink.size:
                raise BadAnswerError("the answer is empty", request_id=http.request_id)
            return http.request_id

        return session.client.call(
            request.method,
            request.path,
            consume,
            payload=request.payload(),
            may_retry=lambda: sink.size == 0,
        )
