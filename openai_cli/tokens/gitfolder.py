"""Find the files other than .gitignore with patterns of files that git ignores.

Their places are documented at https://git-scm.com/docs/gitignore, those of a worktree in
gitrepository-layout(5).
"""

import os
from pathlib import Path


def exclude_files(root: Path) -> list[Path]:
    """Return the exclude files of the repository at `root`; they may not exist.

    Patterns of the first, `info/exclude`, take precedence over those of `core.excludesFile`.
    """
    return [_common_folder(root / ".git") / "info" / "exclude", *_of_user(root)]


def _common_folder(git: Path) -> Path:
    """Return a repository's data folder; in a worktree, .git is a file that contains its path."""
    try:
        if git.is_file():
            named = git.read_text(encoding="utf-8", errors="surrogateescape")
            git = git.parent / named.removeprefix("gitdir:").strip()
        common = (git / "commondir").read_text(encoding="utf-8", errors="surrogateescape")
        return git / common.strip()
    except (OSError, ValueError):
        return git


def _of_user(root: Path) -> list[Path]:
    """Return the user's own file: git's setting, else the default path if it is readable."""
    import subprocess

    try:
        found = subprocess.run(
            ["git", "config", "--null", "--type=path", "--get", "core.excludesFile"],  # noqa: S607
            cwd=root, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        pass  # without git there is no such setting
    else:
        if named := found.stdout.rstrip(b"\0"):
            return [root / os.fsdecode(named)]
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")  # noqa: PTH111
    default = Path(base, "git", "ignore")
    return [default] if os.access(default, os.R_OK) else []
