"""The folder of what outlives a process and is no configuration: the ledger, uploads under way."""

import os
import sys
from pathlib import Path

_FOLDER = "openai-cli"


def state_folder() -> Path:
    """The folder in the user's state folder, there or not; RuntimeError without a home for one."""
    home, state = (os.environ.get(name, "") for name in ("HOME", "XDG_STATE_HOME"))
    is_usual = home.startswith("/") and (not state or state.startswith("/"))
    if sys.platform == "linux" and is_usual:  # as platformdirs has it, whose import takes 5 ms
        return Path(state or f"{home}/.local/state", _FOLDER)
    import platformdirs

    return platformdirs.user_state_path(_FOLDER)
