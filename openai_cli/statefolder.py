"""The folders for persistent data other than configuration.

The state folder has the ledger and unfinished uploads, the cache folder has answers.
"""

import os
import sys
from pathlib import Path

_FOLDER = "openai-cli"


def state_folder() -> Path:
    """Return our path in the user's state folder, existing or not; RuntimeError without a home."""
    if usual := _usual("XDG_STATE_HOME", ".local/state"):
        return usual
    import platformdirs

    return platformdirs.user_state_path(_FOLDER)


def cache_folder() -> Path:
    """Return our path in the user's cache folder, existing or not; RuntimeError without a home."""
    if usual := _usual("XDG_CACHE_HOME", ".cache"):
        return usual
    import platformdirs

    return platformdirs.user_cache_path(_FOLDER)


def _usual(variable: str, below_home: str) -> Path | None:
    """Return platformdirs' path on Linux without its import of 5 ms; None if not applicable."""
    home, named = (os.environ.get(name, "") for name in ("HOME", variable))
    is_usual = home.startswith("/") and (not named or named.startswith("/"))
    if sys.platform != "linux" or not is_usual:
        return None
    return Path(named or f"{home}/{below_home}", _FOLDER)
