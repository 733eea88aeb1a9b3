"""How many processors a process may use."""

import os
from pathlib import Path

import pytest

from openai_cli.tokens import processors
from openai_cli.tokens.processors import _quotas


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content + "\n")


def quotas(own: str, groups: Path) -> list[int]:
    (groups / "own").write_text(own)
    return list(_quotas(groups / "own", groups))


def test_the_quota_of_any_group_around_it(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b", cpu__max="max 100000")
    write(tmp_path / "a", cpu__max="250000 100000")
    write(tmp_path, cpu__max="400000 100000")
    assert quotas("0::/a/b\n", tmp_path) == [3, 4]
    assert quotas("0::/elsewhere\n", tmp_path) == [4]


def test_the_quota_of_version_1(tmp_path: Path) -> None:
    of_two = {"cpu__cfs_quota_us": "50000", "cpu__cfs_period_us": "100000"}
    write(tmp_path / "cpu,cpuacct" / "a", **of_two)
    write(tmp_path / "cpu,cpuacct", cpu__cfs_quota_us="-1", cpu__cfs_period_us="100000")
    assert quotas("4:memory:/a\n3:cpu,cpuacct:/a\n2:cpuset:/\n", tmp_path) == [1]


def test_no_quota(tmp_path: Path) -> None:
    assert quotas("0::/\n", tmp_path) == []
    assert list(_quotas(tmp_path / "none", tmp_path)) == []


@pytest.mark.parametrize(("limits", "count"), [([], 3), ([2], 2), ([5, 9], 3), ([0], 1)])
def test_the_least_of_all(limits: list[int], count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0, 1, 2}, raising=False)
    monkeypatch.setattr(processors, "_quotas", lambda *_: iter(limits))
    assert processors.processors() == count
