"""Find how many processors this process may use; in a container, these are often not all."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_GROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def processors() -> int:
    """Return the number of processors, at least 1, limited by CPU affinity and cgroup quotas."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        count = os.cpu_count() or 1
    return max(1, min([count, *_quotas(_OWN, _GROUPS)]))


def _quotas(own: Path, groups: Path) -> Iterator[int]:
    """Yield the quotas of the process's cgroup and its ancestors, in processors, rounded up.

    They are in `cpu.max` of version 2, `cpu.cfs_quota_us` and `cpu.cfs_period_us` of version 1:
    https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu-interface-files.
    """
    try:
        lines = own.read_text().splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = groups / controllers if controllers else groups
        place = PurePosixPath(path)
        for group in (place, *place.parents):
            quota = _quota(root / group.relative_to("/"))
            if quota is not None:
                yield quota


def _quota(group: Path) -> int | None:
    """Return a cgroup's quota; None if it has none or is not visible from here."""
    try:
        quota, period = map(int, (group / "cpu.max").read_text().split())
    except (OSError, ValueError):  # "max" is no limit
        try:
            quota = int((group / "cpu.cfs_quota_us").read_text())
            period = int((group / "cpu.cfs_period_us").read_text())
        except (OSError, ValueError):
            return None
    return -(-quota // period) if quota > 0 and period > 0 else None
