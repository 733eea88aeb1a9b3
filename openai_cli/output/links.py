"""Resolve symbolic links, but refuse those that another user may have planted."""

import errno
import os
import stat
from pathlib import Path

# The kernel's limit for one path.
_MOST_LINKS = 40


def followed(path: str | Path) -> Path:
    """Resolve the symbolic links in a path.

    Raises PermissionError for another user's link in a world-writable folder, because that user
    would choose where the data goes. Linux does the same if `protected_symlinks` is on
    (proc_sys_fs(5)), macOS never. Raises OSError and ValueError for an invalid path.
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
                errno.EACCES, f"'{step}' is another user's link, in a folder that all may write to"
            )
        target = os.readlink(step)  # noqa: PTH115 - text
        here = "/" if target.startswith("/") else here
        todo += target.split("/")[::-1]
    return Path(here)


def _may_follow(link: os.stat_result, folder: os.stat_result, user: int) -> bool:
    return not folder.st_mode & stat.S_IWOTH or link.st_uid in (user, folder.st_uid)
