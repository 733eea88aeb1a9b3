"""Where a name leads, and that no other user of the machine put a symbolic link in its way."""

import errno
import os
import stat
from pathlib import Path

# Of the kernel, for one path.
_MOST_LINKS = 40


def followed(path: str | Path) -> Path:
    """The path that the name leads to, its links followed.

    Raises PermissionError for a link of another user in a folder that anybody may write, as Linux
    does where `protected_symlinks` is on (proc_sys_fs(5)), and macOS never: what one user writes
    would land where another wants it. Raises OSError and ValueError for what is no path.
    """
    text = os.fspath(path)
    todo = (text if text.startswith("/") else f"{Path.cwd()}/{text}").split("/")[::-1]
    here, links = "/", 0
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            here = os.path.dirname(here)  # noqa: PTH120 - text
            continue
        step = f"{here.rstrip('/')}/{part}"
        try:
            found = os.lstat(step)
        except (FileNotFoundError, NotADirectoryError):
            return Path(step, *todo[::-1])
        if not stat.S_ISLNK(found.st_mode):
            here = step
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if not _may_follow(found, Path(here).stat(), os.geteuid()):
            raise PermissionError(
                errno.EACCES, f"'{step}' is a link of another user, in a folder open to all"
            )
        target = os.readlink(step)  # noqa: PTH115 - text
        here = "/" if target.startswith("/") else here
        todo += target.split("/")[::-1]
    return Path(here)


def _may_follow(link: os.stat_result, folder: os.stat_result, user: int) -> bool:
    return not folder.st_mode & stat.S_IWOTH or link.st_uid in (user, folder.st_uid)
