"""The folders of what outlives a process and is no configuration.

In the state folder are the ledger and uploads under way, in the cache folder answers.
"""

import os
import sys
from pathlib import Path

_FOLDER = "openai-cli"


def state_folder() -> Path:
    """The folder in the user's state folder, there or not; RuntimeError without a home for one."""
    if usual := _usual("XDG_STATE_HOME", ".local/state"):
        return usual
    import platformdirs

    return platformdirs.user_state_path(_FOLDER)


def cache_folder() -> Path:
    """The folder in the user's cache folder, there or not; RuntimeError without a home for one."""
    if usual := _usual("XDG_CACHE_HOME", ".cache"):
        return usual
    import platformdirs

    return platformdirs.user_cache_path(_FOLDER)


def _usual(variable: str, below_home: str) -> Path | None:
    """The folder as platformdirs has it on Linux, whose import takes 5 ms; else None."""
    home, named = (os.environ.get(name, "") for name in ("HOME", variable))
    is_usual = home.startswith("/") and (not named or named.startswith("/"))
    if sys.platform != "linux" or not is_usual:
        return None
    return Path(named or f"{home}/{below_home}", _FOLDER)
