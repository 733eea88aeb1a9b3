"""What `transcribe` and `translate` share: files of speech, one request for each."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from openai_cli.calls.delivery import deliver_all
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.ours import OPTIONS, argument, options_group, ours
from openai_cli.flags.server import SendingOptions
from openai_cli.media import one_of
from openai_cli.records import Annotated, replace
from openai_cli.request.body import Request, assembled, given_of
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.http.payload import FormFile

# https://platform.openai.com/docs/guides/speech-to-text
LARGEST = 25 * 1024 * 1024
KINDS = ("flac", "mp3", "mp4", "mpeg", "mpga", "m4a", "ogg", "wav", "webm")
TAKEN = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"


@options_group
class SpeechOptions(SendingOptions):
    """The options of a command that takes files of speech."""

    files: Annotated[list[str] | None, argument("[FILE]...", "Audio files; - reads stdin")] = None
    filename: Annotated[
        str | None,
        ours(OPTIONS, "--filename", "The file name to send, which tells the API the format",
             metavar="NAME"),
    ] = None  # fmt: skip


def transcribe_files(context: Context, options: SpeechOptions) -> None:
    """Send each file in its own request, and print the transcripts in the order of the files."""
    inputs = Inputs(context, options.stdin)
    with Session(context, options, inputs) as session:
        given = given_of(options, inputs)
        base = assembled(context, given)
        files = _files(session, options, inputs, given.parts.file.get("file"))
        _check_query(session, base)
        if session.preview is None:
            session.budget.check_unbounded(
                base,
                "the cost of speech depends on its length",
                "before it, `openai-cli cost --audio FILE --max-cost USD` exits with 8 above it",
            )
        deliver_all(session, _plans(session, [replace(base, files=(file,)) for file in files]))


def _files(
    session: Session, options: SpeechOptions, inputs: Inputs, named: str | None
) -> "list[FormFile]":
    from openai_cli.request.uploads import Rule, form_file, sources

    given = sources(inputs, options.files, named, example="transcribe talk.mp3")
    if options.filename is not None and len(given) > 1:
        raise UsageError("--filename names one file: give one")
    # Other servers have formats and limits of their own.
    is_theirs = options.sandbox or session.server.is_openai
    kind = one_of(*KINDS)
    rule = Rule(kind, f"it takes {TAKEN}", LARGEST) if is_theirs else Rule(kind)
    return [
        form_file("file", source, inputs, rule=rule, filename=options.filename) for source in given
    ]


def _check_query(session: Session, request: Request) -> None:
    from openai_cli.answer.transcript import TEXTS

    if session.form.query is not None and request.body.get("response_format") in TEXTS:
        raise UsageError(
            f"--query needs JSON, and response_format {request.body['response_format']} is none"
        )


def _plans(session: Session, requests: list[Request]) -> Iterator[Plan]:
    from openai_cli.answer.transcript import TEXTS, TextTranscript, Transcript
    from openai_cli.output.writers import Affixes

    between = "" if session.form.null else session.form.separator
    for position, request in enumerate(requests):
        format_ = request.body.get("response_format")
        is_text = format_ in TEXTS and request.body.get("stream") is not True
        yield Plan(
            replace(request, may_stream=request.may_stream and _can_stream(request)),
            answer=partial(
                TextTranscript if is_text else Transcript, speakers=format_ == "diarized_json"
            ),
            is_free=True,
            forgets=True,
            affixes=(Affixes(between),) if position else (),
        )


def _can_stream(request: Request) -> bool:
    """Whether streaming works: whisper-1 does not stream, and only JSON formats can be streamed."""
    formats = (None, "json", "diarized_json")
    return (
        request.body.get("model") != "whisper-1" and request.body.get("response_format") in formats
    )
