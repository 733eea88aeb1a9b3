"""The flags of a run on the Batch API, kept in its state so that `batch wait` resumes with them."""

import json
from pathlib import Path
from typing import Any, TypeVar

from openai_cli.batches.files import Files
from openai_cli.batches.state import State
from openai_cli.errors import UsageError
from openai_cli.flags.ours import CommonOptions
from openai_cli.flags.server import ServerOptions
from openai_cli.reading import is_there
from openai_cli.records import fields_of

O = TypeVar("O", bound=CommonOptions)  # noqa: E741

# Flags that name a file; kept as absolute paths, so that they hold in any folder.
_PATHS = ("file", "csv", "output", "usage_file", "prices")


def kept_options(options: CommonOptions) -> str:
    """The flags of the run, without those of the server, as JSON."""
    own = {one.name for one in fields_of(ServerOptions)}
    found = {
        one.name: getattr(options, one.name)
        for one in fields_of(type(options))
        if one.name not in own
    }
    for name in _PATHS:
        if found[name] not in (None, "-"):
            found[name] = str(Path(found[name]).absolute())
    return json.dumps(found)


def options_of_run(kind: type[O], out: str, given: CommonOptions, **more: Any) -> O:
    """The kept flags of an output's run, with `more` and the server's flags as given now.

    Raises UsageError if there is no run on the Batch API, or if its requests came from a pipe.
    """
    files = Files.of(out)
    if not is_there(files.state):
        raise UsageError(f"there is no run of '{out}': '{files.state}' does not exist")
    with State(files.state, is_read_only=True) as state:
        kept = state["options"]
    if kept is None:
        raise UsageError(
            f"the run of '{out}' is not on the Batch API",
            hint="openai-cli batch run FILE -o OUT --via batch starts one",
        )
    found = json.loads(kept)
    if found["file"] == "-":
        raise UsageError(
            f"the run of '{out}' reads its requests from a pipe",
            hint="pipe them into the same batch run again, which resumes",
        )
    server = {one.name: getattr(given, one.name) for one in fields_of(ServerOptions)}
    known = {one.name for one in fields_of(kind)}
    return kind(**{name: value for name, value in found.items() if name in known} | server | more)
