"""`batch cancel`: cancel the batches of a run on the Batch API, and collect what was done."""

from openai_cli.batches.batch_api import BatchApi
from openai_cli.batches.files import Files
from openai_cli.batches.parts import Part, Parts, Step
from openai_cli.batches.state import State
from openai_cli.calls.session import Session
from openai_cli.commands.batch_kept import options_of_run
from openai_cli.commands.file_run import run as go_on
from openai_cli.commands.run_options import Options as RunOptions
from openai_cli.context import Context
from openai_cli.errors import LinesFailedError, RefusedError
from openai_cli.flags.ours import argument, options_group
from openai_cli.flags.server import ServerOptions
from openai_cli.records import Annotated

EXAMPLES = (
    "seq 3 | openai-cli batch make chat --prompts - -o batch.jsonl",
    "openai-cli batch run batch.jsonl -o answers.jsonl --via batch",
    "openai-cli batch cancel answers.jsonl",
)


@options_group
class Options(ServerOptions):
    """OUT is the output of the run.

    Lines that the Batch API did not process are in OUT.failed.jsonl; batch run --retry-failed sends
    them again. If another process waits for the run, that process collects the answers.
    """

    out: Annotated[str, argument("OUT", "The output of the run", names=None)]


def run(context: Context, options: Options) -> None:
    """Cancel the run's batches, and collect what they have done."""
    kept = options_of_run(
        RunOptions, options.out, options, retry_failed=False, require_complete=False
    )
    files = Files.of(options.out)
    if files.is_held():
        _cancel(context, options, files)
        return
    try:
        go_on(context, kept, cancels=True)
    except LinesFailedError as error:
        context.messages.notice(f"{error.problem}; {error.hint}")


def _cancel(context: Context, options: Options, files: Files) -> None:
    """Cancel the batches that another process is waiting for."""
    with State(files.state, is_read_only=True) as state:
        parts = Parts(state).at(Step.OPEN)
    with Session(context, options) as session:
        api = BatchApi(session)
        count = sum(_is_cancelled(api, part) for part in parts)
    context.messages.notice(
        f"{count} of {len(parts)} batches are cancelled; the process that waits for them collects "
        "the answers"
    )


def _is_cancelled(api: BatchApi, part: Part) -> bool:
    """Cancel a batch; return whether that was possible, as it may have ended."""
    try:
        api.cancel(str(part.batch_id))
    except RefusedError:
        return False
    return True
