"""`files upload`: POST /files."""

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from openai_cli.calls.send import Plan, Sending, is_preview, send_all, show_all
from openai_cli.calls.session import reachable
from openai_cli.config.destination import destination
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags import files
from openai_cli.flags.adapter import body_of
from openai_cli.flags.ours import INPUT, argument, options_group, ours
from openai_cli.request.body import FILES, Request, assembled
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.output.sink import Sink
    from openai_cli.output.writers import BodyWriter

# https://platform.openai.com/docs/api-reference/files/create
LARGEST = 512 * 1024 * 1024


@options_group
class Options(Sending):
    """Each FILE is stored, and its id printed; without one, a piped stdin is stored."""

    paths: Annotated[list[str] | None, argument("[FILE]...", "Files; - is stdin")] = None
    filename: Annotated[
        str | None, ours(INPUT, "--filename", "The name to store one under", metavar="NAME")
    ] = None
    file: files.File = None
    purpose: files.UploadPurpose = None
    expires_after: files.ExpiresAfter = None


def run(context: Context, options: Options) -> None:
    """Store the files, one after the other."""
    inputs = Inputs(context, options.stdin)
    flags = body_of(options, inputs.source)
    named = flags.pop("file", None)
    base = assembled(context, options, inputs, FILES, flags)
    if "purpose" not in base.body:
        raise UsageError(
            "no purpose is given",
            parameter="purpose",
            hint=f"--purpose NAME: {', '.join(files.PURPOSES)}",
        )
    requests = _requests(options, inputs, base, named)
    server = destination(context, options, inputs)
    if is_preview(options):
        show_all(context, options, requests, server)
        return
    with ExitStack() as stack:
        server = reachable(stack, options, server)
        send_all(context, options, server, (_plan(options, request) for request in requests))


def _requests(options: Options, inputs: Inputs, base: Request, named: str | None) -> list[Request]:
    from openai_cli.request.uploads import Rule, form_file, sources

    given = sources(inputs, options.paths, named, example="files upload data.jsonl")
    if options.filename is not None and len(given) > 1:
        raise UsageError("--filename names one file: give one")
    rule = Rule(largest=LARGEST)
    return [
        replace(
            base,
            files=(form_file("file", source, inputs, rule=rule, filename=options.filename),),
        )
        for source in given
    ]


def _plan(options: Options, request: Request) -> Plan:
    from openai_cli.answer.parts import Answer

    def writer(sink: "Sink") -> "BodyWriter":
        from openai_cli.output.writers import BodyWriter

        return BodyWriter(sink, _id, options.null)

    return Plan(request, answer=Answer, writer=writer, streams=False, tells_usage=False)


def _id(body: dict[str, Any]) -> str:
    from openai_cli.answer.shape import as_string

    return as_string(body.get("id"), "id")
