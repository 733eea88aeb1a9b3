"""Where the configuration file is, and what it costs to have none: two looks at the disk.

What reads the file is imported once there is one.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.ours import CommonOptions

if TYPE_CHECKING:
    from openai_cli.flags.adapter import Invocation

O = TypeVar("O", bound=CommonOptions)  # noqa: E741

_FOLDER, _NAME = "openai-cli", "config.toml"
# Below the home folder: where platformdirs has the configuration of Linux and of macOS.
_USUAL = (".config", "Library/Application Support")


def configured(context: Context, bound: "Invocation[O]") -> tuple[O, Context]:
    """The options and the context of a command line, with what the configuration file sets.

    Raises UsageError for a file that is wrong and for a profile that there is not.
    """
    profile = bound.options.profile or context.variable("OPENAI_CLI_PROFILE")
    path = find(context)
    if path is not None:
        from openai_cli.config.defaults import applied

        return applied(context, bound, path, profile)
    if profile is not None:
        raise UsageError(
            f"there is no profile '{profile}', for there is no configuration file",
            hint=f"it would be '{location(context)}'",
        )
    return bound.options, context


def find(context: Context) -> Path | None:
    """The configuration file; None when there is none, and OPENAI_CLI_CONFIG names none."""
    if context.variable("OPENAI_CLI_CONFIG") is not None:
        return location(context)
    if not _may_exist():
        return None
    try:
        path = _on_linux() or location(context)
    except UsageError:  # no home, no file
        return None
    return path if os.access(path, os.F_OK) else None


def location(context: Context) -> Path:
    """Where the configuration file is, or would be."""
    if (named := context.variable("OPENAI_CLI_CONFIG")) is not None:
        return Path(named)
    import platformdirs

    try:
        return platformdirs.user_config_path(_FOLDER) / _NAME
    except RuntimeError:
        raise UsageError(
            "there is no home folder to have a configuration file in",
            hint="OPENAI_CLI_CONFIG names a file",
        ) from None


def _on_linux() -> Path | None:
    """What platformdirs has on Linux where the variables are as usual; its import takes 5 ms."""
    home, xdg = os.environ.get("HOME", ""), os.environ.get("XDG_CONFIG_HOME", "")
    is_usual = home.startswith("/") and (not xdg or xdg.startswith("/"))
    if sys.platform != "linux" or not is_usual:
        return None
    return Path(xdg or f"{home}/.config", _FOLDER, _NAME)


def _may_exist() -> bool:
    """Whether platformdirs, which takes 5 ms to import, could name a file that is there.

    It goes by the process's environment, and so does this. Without an absolute HOME it has other
    ways to find the home folder.
    """
    home = os.environ.get("HOME", "")
    if not home.startswith("/"):
        return True
    folders = (os.environ.get("XDG_CONFIG_HOME"), *(f"{home}/{folder}" for folder in _USUAL))
    return any(folder and os.access(f"{folder}/{_FOLDER}/{_NAME}", os.F_OK) for folder in folders)
