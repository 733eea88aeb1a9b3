"""Find the configuration file.

If there is none, this costs two system calls: the modules that read it are not imported.
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
# The folders below home where platformdirs puts the configuration on Linux and on macOS.
_USUAL = (".config", "Library/Application Support")


def configured(context: Context, bound: "Invocation[O]") -> tuple[O, Context]:
    """Return the options and the context of a command line with the configuration file applied.

    Raises UsageError if the file is wrong or the profile does not exist.
    """
    profile = bound.options.profile or context.variable("OPENAI_CLI_PROFILE")
    path = find(context)
    if path is not None:
        from openai_cli.config.defaults import applied

        return applied(context, bound, path, profile)
    if profile is not None:
        raise UsageError(
            f"there is no profile '{profile}', because there is no configuration file",
            hint=f"it would be '{location(context)}'",
        )
    return bound.options, context


def find(context: Context) -> Path | None:
    """Return the configuration file, or None if there is none and OPENAI_CLI_CONFIG is not set."""
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
    """Return where the configuration file is, or would be."""
    if (named := context.variable("OPENAI_CLI_CONFIG")) is not None:
        return Path(named)
    import platformdirs

    try:
        return platformdirs.user_config_path(_FOLDER) / _NAME
    except RuntimeError:
        raise UsageError(
            "there is no home folder for a configuration file",
            hint="OPENAI_CLI_CONFIG names a file",
        ) from None


def _on_linux() -> Path | None:
    """Return platformdirs' path on Linux with the usual variables, without its import of 5 ms."""
    home, xdg = os.environ.get("HOME", ""), os.environ.get("XDG_CONFIG_HOME", "")
    is_usual = home.startswith("/") and (not xdg or xdg.startswith("/"))
    if sys.platform != "linux" or not is_usual:
        return None
    return Path(xdg or f"{home}/.config", _FOLDER, _NAME)


def _may_exist() -> bool:
    """Return whether platformdirs, whose import takes 5 ms, could find an existing file.

    It uses the process's environment, and so does this. Without an absolute HOME, it has other ways
    to find the home folder, so the answer is true.
    """
    home = os.environ.get("HOME", "")
    if not home.startswith("/"):
        return True
    folders = (os.environ.get("XDG_CONFIG_HOME"), *(f"{home}/{folder}" for folder in _USUAL))
    return any(folder and os.access(f"{folder}/{_FOLDER}/{_NAME}", os.F_OK) for folder in folders)
