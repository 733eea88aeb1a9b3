"""Files that not everybody may use: those with keys in them, and the one that says what is run."""

import os
import stat
from pathlib import Path

from openai_cli.errors import CredentialError, UsageError
from openai_cli.reading import opened
from openai_cli.request.inputs import Inputs

FLAG = "--api-key-file"


def read_given(inputs: Inputs, path: str) -> bytes:
    """What the file of --api-key-file has, or stdin for `-`.

    Raises UsageError when it cannot be read, CredentialError when others may use it.
    """
    try:
        return inputs.source(FLAG, path) if path == "-" else read_private(path)
    except OSError as error:
        raise UsageError(f"{FLAG}: cannot read '{path}': {error.strerror}") from None
    except ValueError:  # a NUL in the name
        raise UsageError(f"{FLAG}: '{path}' is not a file name") from None


def read_private(path: str | Path) -> bytes:
    """What the file has.

    Raises CredentialError when others may use it, OSError when it cannot be read, ValueError for
    a name that no file can have.
    """
    with opened(path) as file:
        _refuse_shared(file.fileno(), path)
        return file.read()


def read_trusted(path: str | Path) -> bytes:
    """What the file has that says which program is run and where a key goes.

    Raises UsageError for a regular file of neither the user nor root, or that others may write;
    OSError when it cannot be read.
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
            f"others may write the configuration file '{path}', whose mode is "
            f"{found.st_mode & 0o7777:04o}, and could have a program run",
            hint=f"keep them out with chmod go-w {name}",
        )


def _refuse_shared(handle: int, path: str | Path) -> None:
    """Refuse a file of the user's own whose mode lets others in.

    Its owner can mend that, so a file of somebody else is none of this: the secrets of containers
    are root's, with mode 0444. Where root itself runs in the container, they stand on a file
    system that is read-only. What is no regular file, as a pipe, has no mode that matters.
    """
    found = os.fstat(handle)
    is_own = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
    if not is_own or not found.st_mode & 0o077 or os.fstatvfs(handle).f_flag & os.ST_RDONLY:
        return
    import shlex

    # By its own name: /dev/stdin would be another file in the process of chmod.
    name = shlex.quote(os.path.realpath(path))
    raise CredentialError(
        f"others may use the key in '{path}', whose mode is {found.st_mode & 0o7777:04o}",
        hint=f"keep them out with chmod 600 {name}",
    )
