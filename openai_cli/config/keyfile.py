"""Read files that must be protected: key files, and the configuration file, which runs commands."""

import os
import stat
from pathlib import Path

from openai_cli.errors import CredentialError, UsageError
from openai_cli.reading import opened
from openai_cli.request.inputs import Inputs

FLAG = "--api-key-file"


def read_given(inputs: Inputs, path: str) -> bytes:
    """Read the file of --api-key-file, or stdin for `-`.

    Raises UsageError if it cannot be read, CredentialError if others may access it.
    """
    try:
        return inputs.source(FLAG, path) if path == "-" else read_private(path)
    except OSError as error:
        raise UsageError(f"{FLAG}: cannot read '{path}': {error.strerror}") from None
    except ValueError:  # a NUL in the name
        raise UsageError(f"{FLAG}: '{path}' is not a file name") from None


def read_private(path: str | Path) -> bytes:
    """Read a file that contains keys.

    Raises CredentialError if others may access it, OSError if it cannot be read, and ValueError if
    the path is not a valid file name.
    """
    with opened(path) as file:
        _refuse_shared(file.fileno(), path)
        return file.read()


def read_trusted(path: str | Path) -> bytes:
    """Read the configuration file, which decides which program is run and where a key is sent.

    Raises UsageError for a regular file that belongs to neither the user nor root or that others
    may write to, and OSError if it cannot be read.
    """
    with opened(path) as file:
        found = os.fstat(file.fileno())
        if stat.S_ISREG(found.st_mode):
            _refuse_foreign(found, path)
        return file.read()


def _refuse_foreign(found: os.stat_result, path: str | Path) -> None:
    import shlex

    name = shlex.quote(os.path.realpath(path))
    if found.st_uid not in (os.geteuid(), 0):
        raise UsageError(
            f"the configuration file '{path}' belongs to another user, who could make it run a "
            "program",
            hint=f"once you have read it: sudo chown {os.geteuid()} {name} && chmod go-w {name}",
        )
    if found.st_mode & 0o022:
        raise UsageError(
            f"others may write to the configuration file '{path}', whose mode is "
            f"{found.st_mode & 0o7777:04o}, and could make it run a program",
            hint=f"keep them out with chmod go-w {name}",
        )


def _refuse_shared(handle: int, path: str | Path) -> None:
    """Raise CredentialError if the file is the user's own and its mode gives others access.

    Only the owner can change that, so other users' files are accepted: the secrets of a container
    are root's, with mode 0444. They are on a read-only file system if the container runs as root,
    so those are accepted too. The mode of a pipe or the like does not matter.
    """
    found = os.fstat(handle)
    is_own = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
    if not is_own or not found.st_mode & 0o077 or os.fstatvfs(handle).f_flag & os.ST_RDONLY:
        return
    import shlex

    # The real path, because /dev/stdin would be a different file in the chmod process.
    name = shlex.quote(os.path.realpath(path))
    raise CredentialError(
        f"others may access the key in '{path}', whose mode is {found.st_mode & 0o7777:04o}",
        hint=f"keep them out with chmod 600 {name}",
    )
