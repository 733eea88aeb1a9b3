"""End the command of a sandbox that was killed; run as a separate program.

If the command lived on, it would keep sending requests to a free port, where another user of the
machine might listen by then. A sandbox that is killed (SIGKILL) cannot end it, so this program
does, in a session of its own. It shares the sandbox's listening socket, so that the port is freed
only after that.

Its stdin is a pipe held by the sandbox alone: it carries a line with the command's process id, and
ends with the sandbox. If the command ends first, the sandbox kills its watcher. (PR_SET_PDEATHSIG
exists on Linux only, and spares the command's own children.)
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

# Seconds that a process may take to end after SIGTERM.
GRACE = 2.0


def watch() -> None:
    """Wait for the end of the sandbox, then end the command and all that it has started."""
    number = sys.stdin.read()
    if not number:
        return
    family = [int(number), *descendants(int(number))]
    for process in family:
        _kill(process, signal.SIGTERM)
    end = time.monotonic() + GRACE
    while any(map(_is_alive, family)) and time.monotonic() < end:
        time.sleep(0.05)
    for process in (*family, *descendants(*family)):
        _kill(process, signal.SIGKILL)


def descendants(*processes: int) -> list[int]:
    """All descendants of these processes whose parents are still alive."""
    parents = dict(_parents())
    found: list[int] = []
    wanted = set(processes)
    while young := [each for each, parent in parents.items() if parent in wanted]:
        found += young
        wanted = set(young)
    return found


def _parents() -> Iterator[tuple[int, int]]:
    """Yield every process of the machine with its parent."""
    if os.path.isdir("/proc/self"):  # noqa: PTH112 - pathlib takes as long to load as all the rest
        yield from _parents_of_linux()
        return
    listed = subprocess.run(["/bin/ps", "-axo", "pid=,ppid="], capture_output=True, check=False)
    for line in listed.stdout.splitlines():
        process, parent = line.split()
        yield int(process), int(parent)


def _parents_of_linux() -> Iterator[tuple[int, int]]:
    for name in filter(str.isdecimal, os.listdir("/proc")):  # noqa: PTH208 - as above
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - as above
                # proc(5): the name is in brackets and may contain any character; the state and the
                # parent follow.
                yield int(name), int(file.read().rpartition(b")")[2].split()[1])
        except OSError:
            continue  # it has ended meanwhile


def _kill(process: int, number: int) -> None:
    try:
        os.kill(process, number)
    except (ProcessLookupError, PermissionError):
        return


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    watch()
