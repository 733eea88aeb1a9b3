"""`files upload`: POST /files."""

from typing import TYPE_CHECKING, Any

from openai_cli.calls.delivery import deliver_all
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags import files
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import OPTIONS, argument, options_group, ours
from openai_cli.flags.server import BodyOptions
from openai_cli.records import Annotated, replace
from openai_cli.request.body import Request, assembled, given_of
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.output.sink import Sink
    from openai_cli.output.writers import BodyWriter

# https://platform.openai.com/docs/api-reference/files/create
LARGEST = 512 * 1024 * 1024

EXAMPLES = (
    'echo \'{"question": "1 + 1", "answer": "2"}\' > evals.jsonl',
    "openai-cli files upload evals.jsonl --purpose evals",
    'echo "a,b" | openai-cli files upload --purpose user_data --filename a.csv',
)


@options_group
class Options(BodyOptions):
    """Each FILE is uploaded, and its id is printed. Without FILE, piped stdin is uploaded."""

    endpoint = Endpoint("/files")

    paths: Annotated[list[str] | None, argument("[FILE]...", "The files; - reads stdin")] = None
    filename: Annotated[
        str | None, ours(OPTIONS, "--filename", "The name to store the file under", metavar="NAME")
    ] = None
    file: files.File = None
    purpose: files.UploadPurpose = None
    expires_after: files.ExpiresAfter = None


def run(context: Context, options: Options) -> None:
    """Upload the files one by one."""
    inputs = Inputs(context, options.stdin)
    with Session(context, options, inputs) as session:
        requests = _requests(context, options, inputs)
        deliver_all(session, (_plan(options, request) for request in requests))


def _requests(context: Context, options: Options, inputs: Inputs) -> list[Request]:
    from openai_cli.request.uploads import Rule, form_file, sources

    given = given_of(options, inputs)
    base = assembled(context, given)
    if "purpose" not in base.body:
        raise UsageError(
            "no purpose is given",
            parameter="purpose",
            hint=f"--purpose NAME: {', '.join(files.PURPOSES)}",
        )
    found = sources(
        inputs, options.paths, given.parts.file.get("file"), example="files upload data.jsonl"
    )
    if options.filename is not None and len(found) > 1:
        raise UsageError("--filename names one file: give one")
    rule = Rule(largest=LARGEST)
    return [
        replace(
            base,
            files=(form_file("file", source, inputs, rule=rule, filename=options.filename),),
        )
        for source in found
    ]


def _plan(options: Options, request: Request) -> Plan:
    from openai_cli.answer.base import Answer

    def writer(sink: "Sink") -> "BodyWriter":
        from openai_cli.output.writers import BodyWriter

        return BodyWriter(sink, lambda body: (_id(body),), options.null)

    return Plan(request, answer=Answer, writer=writer, is_free=True)


def _id(body: dict[str, Any]) -> str:
    from openai_cli.answer.shape import as_string

    return as_string(body.get("id"), "id")
