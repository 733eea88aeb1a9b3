"""The file of the ledger, without a command around it."""

from pathlib import Path

import pytest

from openai_cli.ledger.rows import Row
from openai_cli.ledger.store import Store
from openai_cli.settings import BudgetLimit

LINE = '{"time": "2026-11-23T00:00:00Z", "model": "gpt-4o", "input_tokens": 1, "usd": 0.5}'


def test_a_call_that_is_added_again_is_charged_once(tmp_path: Path) -> None:
    store, row = Store(tmp_path / "ledger"), Row.of(LINE)
    with store.transaction():
        for number in (1, 1, 2):
            store.add(row, 5, number=number)
    assert store.count(LINE) == 2
    assert store.spent(BudgetLimit("day", 1), "2026-11-23") == 10


def test_a_link_in_the_place_of_the_locks_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "ledger.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        Store(tmp_path / "ledger")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["ledger", "ledger.lock", "ledger-wal"])
def test_its_files_are_for_nobody_else(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / "ledger")
    with store.transaction():
        store.charge("2026-11-23", None, None, 1)
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    store.close()
