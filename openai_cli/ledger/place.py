"""Where the ledger is."""

from pathlib import Path

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.statefolder import state_folder

VARIABLE = "OPENAI_CLI_LEDGER"
_NAME = "ledger.sqlite3"


def location(context: Context) -> Path:
    """The file of the ledger, whether it is kept or not; UsageError without a home for one."""
    if (named := context.variable(VARIABLE)) is not None:
        return Path(named)
    if isinstance(context.settings.ledger, str):
        return Path(context.settings.ledger)
    try:
        return state_folder() / _NAME
    except RuntimeError:
        raise UsageError(
            "there is no home folder to have a ledger in", hint=f"{VARIABLE} names a file"
        ) from None
