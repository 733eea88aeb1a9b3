"""What the tools that write files for the manual share."""

import sys
from collections.abc import Mapping
from pathlib import Path


def write_files(texts: Mapping[str, str]) -> None:
    """Write texts, by file name, into the folder named by the only argument.

    Other files there with the same suffixes are removed.
    """
    if len(sys.argv) != 2:
        sys.exit(f"usage: python tools/{Path(sys.argv[0]).name} DIR")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for suffix in {Path(name).suffix for name in texts}:
        for path in folder.glob(f"*{suffix}"):
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
