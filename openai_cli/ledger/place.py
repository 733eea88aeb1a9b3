"""Where the ledger is."""

import os
import sys
from pathlib import Path

from openai_cli.context import Context
from openai_cli.errors import UsageError

VARIABLE = "OPENAI_CLI_LEDGER"
_FOLDER, _NAME = "openai-cli", "ledger.sqlite3"


def location(context: Context) -> Path:
    """The file of the ledger, whether it is kept or not; UsageError without a home for one."""
    if (named := context.variable(VARIABLE)) is not None:
        return Path(named)
    if isinstance(context.settings.ledger, str):
        return Path(context.settings.ledger)
    if (usual := _on_linux()) is not None:
        return usual
    import platformdirs

    try:
        return platformdirs.user_state_path(_FOLDER) / _NAME
    except RuntimeError:
        raise UsageError(
            "there is no home folder to have a ledger in", hint=f"{VARIABLE} names a file"
        ) from None


def _on_linux() -> Path | None:
    """What platformdirs has on Linux where the variables are as usual; its import takes 5 ms."""
    home, state = (os.environ.get(name, "") for name in ("HOME", "XDG_STATE_HOME"))
    is_usual = home.startswith("/") and (not state or state.startswith("/"))
    if sys.platform != "linux" or not is_usual:
        return None
    return Path(state or f"{home}/.local/state", _FOLDER, _NAME)
