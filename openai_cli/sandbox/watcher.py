"""Ends the command of a sandbox that was killed, run as a program of its own beside them.

A command that lived on would go on asking at a port that is free, where another user of the machine
may listen by then. The sandbox cannot end it when it is killed itself (SIGKILL), so this does, in a
session of its own. It has the sandbox's listening socket too: the port is free once it has done.

Its stdin is a pipe that the sandbox alone has the other end of: a line with the number of the
command's process, and the end once the sandbox is gone. Where the command ends first, the sandbox
kills its watcher. (PR_SET_PDEATHSIG is of Linux alone, and spares what the command has started.)
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

# In seconds: how long what is told to end may take.
GRACE = 2.0


def watch() -> None:
    """Wait for the end of the sandbox, and end the command and all that it has started."""
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
    """All that these processes have started, and those in turn, as far as their parents live."""
    parents = dict(_parents())
    found: list[int] = []
    wanted = set(processes)
    while young := [each for each, parent in parents.items() if parent in wanted]:
        found += young
        wanted = set(young)
    return found


def _parents() -> Iterator[tuple[int, int]]:
    """Every process of the machine with its parent."""
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
                # proc(5): a name in brackets, which may have any character in it, and behind it
                # the state and the parent.
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
