"""`speak`: POST /audio/speech."""

from typing import TYPE_CHECKING, Any

from openai_cli.calls.delivery import deliver
from openai_cli.calls.download import download_billed, refuse_terminal
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, UsageError
from openai_cli.flags import api, audio
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import argument, options_group
from openai_cli.flags.server import SendingOptions
from openai_cli.records import Annotated
from openai_cli.request.body import Request, assembled, given_of
from openai_cli.request.inputs import Inputs, nothing_given

if TYPE_CHECKING:
    from openai_cli.http.decoding import Incoming
    from openai_cli.output.sink import Sink
    from openai_cli.output.writers import BytesWriter

LONGEST = 4096
# Content types of sound other than audio/…: none, generic binary, and Ogg.
_SOUND = ("", "application/octet-stream", "binary/octet-stream", "application/ogg")
# ASCII without control characters.
_TEXT = bytes(range(0x20, 0x7F)) + b"\t\r\n"
FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")

EXAMPLES = (
    'openai-cli speak "Good morning" --voice coral -o morning.mp3',
    'echo "Good night" | openai-cli speak --voice alloy -o night.mp3',
    'openai-cli speak "Hi" --voice sage --response-format wav -o hello.wav',
)


@options_group
class Options(SendingOptions):
    """TEXT is the text to say. Without TEXT, piped stdin is said.

    The sound goes to --output or into a pipe. It is mp3 unless --response-format says otherwise.
    """

    endpoint = Endpoint("/audio/speech", "gpt-4o-mini-tts")

    text: Annotated[str | None, argument("[TEXT]", "The text; - reads stdin")] = None
    input: audio.SpeechInput = None
    model: api.Model = None
    voice: audio.Voice = None
    instructions: audio.Instructions = None
    response_format: audio.SpeechFormat = None
    speed: audio.Speed = None
    stream_format: audio.StreamFormat = None


def run(context: Context, options: Options) -> None:
    """Build the request from the options, and send it."""
    inputs = Inputs(context, options.stdin)
    with Session(context, options, inputs) as session:
        request = _request(context, options, inputs)
        if session.preview is not None:
            session.show((request,))
            return
        _notice_extension(session, request)
        if request.body.get("stream_format") != "sse":
            _download(session, request)
            return
        if session.form.is_text:
            refuse_terminal(context, session.form.output)
        deliver(session, _events(request))


def _download(session: Session, request: Request) -> None:
    """Send the request, and write the sound to the output."""
    if not session.form.is_text:
        raise UsageError(
            "the answer is audio, not JSON", hint="--stream-format sse has events of JSON"
        )
    download_billed(session, request, usage=_usage(session, request), check=_check_sound)


def _usage(session: Session, request: Request) -> dict[str, Any] | None:
    """The usage to bill, if usage is asked for: the text tells it, the sound does not.

    None, and a notice, for a model that is not billed by the character.
    """
    if not session.receipts.are_wanted:
        return None
    from openai_cli.prices.billed import Billed
    from openai_cli.prices.costs import price_answer

    model, text = request.body["model"], request.body["input"]
    if isinstance(model, str) and isinstance(text, str):
        usage = {"characters": len(text)}
        billed = Billed(model, "standard", usage)
        on = session.context.today()
        if price_answer([billed], table=session.table, on=on).usd:
            return usage
    if session.receipts.are_asked:
        session.context.messages.notice("audio carries no usage; --stream-format sse does")
    return None


def _check_sound(http: "Incoming", start: bytes) -> None:
    """Raise BadAnswerError for text that is not labelled as sound, such as a proxy's error page."""
    kind = http.content_type.partition(";")[0].strip().lower()
    if kind.startswith("audio/") or kind in _SOUND:
        return
    if not start[:256].translate(None, delete=_TEXT):
        raise BadAnswerError(f"the answer is not audio ({kind})", request_id=http.request_id)


def _request(context: Context, options: Options, inputs: Inputs) -> Request:
    given = given_of(options, inputs)
    if options.text is not None and "input" in given.parts.body:
        raise UsageError("the input is given twice: as the argument and by --input")
    request = assembled(context, given)
    flagged = options.body is not None or "input" in request.body
    if (text := inputs.lone_text(options.text, flagged=flagged)) is not None:
        request = request.with_text("input", text)
    if not request.body.get("input"):
        raise nothing_given(options, "text to say", "speak Hello --voice alloy -o hello.mp3")
    if "voice" not in request.body:
        names = ", ".join(api.SOUND["voice"])
        raise UsageError("no voice is given", parameter="voice", hint=f"--voice NAME: {names}")
    text = request.body["input"]
    if isinstance(text, str):
        request.check(
            lambda body: len(body["input"]) <= LONGEST,
            ("input",),
            f"input must have at most {LONGEST} characters, not {len(text)}",
        )
    return request


def _events(request: Request) -> Plan:
    from openai_cli.answer.speech import Speech, sound

    def writer(sink: "Sink") -> "BytesWriter":
        from openai_cli.output.writers import BytesWriter

        return BytesWriter(sink, sound)

    return Plan(request, answer=Speech, writer=writer)


def _notice_extension(session: Session, request: Request) -> None:
    """Print a notice if the file's extension does not match the format of the sound."""
    output = session.form.output or ""
    named = output.rpartition(".")[2].lower()
    given = request.body.get("response_format", "mp3")
    if named in FORMATS and named != given:
        session.context.messages.notice(
            f"'{output}' will hold {given}: --response-format {named} asks for {named}"
        )
