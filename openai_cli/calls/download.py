"""Answers that are files: their bytes are written out as they arrive."""

from typing import TYPE_CHECKING, Any

from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import (
    BadAnswerError,
    CliError,
    CredentialError,
    RefusedError,
    UsageError,
)
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.http.decoding import Incoming


def refuse_terminal(context: Context, output: str | None) -> None:
    """Raise UsageError if a file would be written to a terminal."""
    if context.stdout_is_terminal and output in (None, "-"):
        raise UsageError(
            "the answer is a file, which a terminal cannot show",
            hint="-o FILE writes it to a file; a pipe takes it too",
        )


def download(
    session: Session,
    request: Request,
    *,
    check: "Callable[[Incoming, bytes], None]" = lambda _http, _start: None,
) -> "Incoming":
    """Send the request, write the answer's bytes to the output, and return the answer.

    `check` is called with the answer and its first bytes before any are written. Raises UsageError,
    before anything is sent, if the output is a terminal, and BadAnswerError for an empty answer.
    """
    refuse_terminal(session.context, session.form.output)
    with session.form.open(session.context) as sink:

        def consume(http: "Incoming") -> "Incoming":
            from openai_cli.answer.files import file_pieces

            for piece in file_pieces(http):
                if not sink.size:
                    check(http, piece)
                sink.write(piece)
                sink.flush()
            if not sink.size:
                raise BadAnswerError("the answer is empty", request_id=http.request_id)
            return http

        return session.call(
            request,
            consume,
            payload=request.payload(),
            may_retry=lambda: sink.size == 0,
        )


def download_billed(
    session: Session,
    request: Request,
    *,
    usage: "dict[str, Any] | None" = None,
    check: "Callable[[Incoming, bytes], None]" = lambda _http, _start: None,
) -> None:
    """Download what costs something: hold it to the budget, and add it to the receipts.

    Bytes do not tell their usage; without a `usage` from elsewhere, only the ledger has the call.
    """
    from openai_cli.answer.base import Answer

    session.budget.check(request)
    answer = Answer(asked_model=request.body.get("model"))
    session.make_ready()
    answer.began = session.context.now()
    try:
        http = download(session, request, check=check)
    except BaseException as error:
        session.receipts.add(answer, error)
        raise
    answer.request_id, answer.age = http.request_id, http.age
    if usage is None:
        session.receipts.enter(answer)
        return
    answer.usage = usage
    session.receipts.add(answer)
    session.receipts.check()


def fetched(session: Session, url: str) -> bytes:
    """Download the file at a URL that an answer names, without sending the key.

    A redirect is a failure. Raises BadAnswerError for an invalid URL, for plain http outside the
    server's own private network, and for a private address when the server itself is public.
    """
    from openai_cli.answer.parts import collected
    from openai_cli.http.decoding import LARGEST
    from openai_cli.http.private import is_private

    is_https = url.lower().startswith("https://")
    if not url.isprintable() or "\\" in url or not (is_https or _is_inner(session, url)):
        raise BadAnswerError("the URL of the image is not https")
    if is_private(url) and not is_private(session.server.base_url):
        raise BadAnswerError(f"the URL of the image is in a private network: {url}")
    try:
        return session.stranger(url).call("GET", "", lambda http: collected(http.pieces(), LARGEST))
    except CliError as error:
        failed = RefusedError(error.problem) if isinstance(error, CredentialError) else error
        failed.status, failed.hint = error.status, f"the image is at {url}"
        raise failed from None


def _is_inner(session: Session, url: str) -> bool:
    """Whether the URL is plain http, and both it and the server are in a private network."""
    from openai_cli.http.private import is_private

    is_http = url.lower().startswith("http://")
    return is_http and is_private(url) and is_private(session.server.base_url)
