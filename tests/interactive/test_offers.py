"""What Tab offers."""

from datetime import date
from pathlib import Path

import pytest

from openai_cli.commands.interactive import offers
from openai_cli.models.table import Table

ON = date(2026, 11, 23)


def model(mode: str | None = "chat", retired: str | None = None) -> dict[str, object]:
    return {"mode": mode, "retired": retired, "prices": []}


TABLE = Table(
    {
        "date": "2026-11-23",
        "models": {
            "chat-latest": model(),
            "ft:gpt-4o": model(),
            "gpt-3.5-turbo": model(retired="2026-11-23"),
            "gpt-4o": model(retired="2027-01-14"),
            "gpt-5.10": model(),
            "gpt-5.9": model(),
            "gpt-5.9-2026-01-01": model(),
            "gpt-6": model(None),
            "gpt-6-pro": model("responses"),
            "o3": model(retired="2026-12-11"),
            "whisper-1": model("audio_transcription"),
        },
    },
    b"",
)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (
            "",
            ["gpt-6", "gpt-5.10", "gpt-5.9", "gpt-5.9-2026-01-01", "chat-latest", "gpt-4o", "o3"],
        ),
        ("gpt-5.9", ["gpt-5.9", "gpt-5.9-2026-01-01"]),
        ("gpt-3", ["gpt-3.5-turbo"]),
        ("llama", []),
    ],
)
def test_living_models_come_first_and_of_them_the_newest(typed: str, found: list[str]) -> None:
    assert offers.models(TABLE, ON)(typed) == found


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (".hidden", "a b.txt", "a'c.md", "d/e.png"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    Path("~", "of home").expanduser().touch()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("a", ["a b.txt", "a'c.md"]),
        ("a ", ["a b.txt"]),
        (".h", [".hidden"]),
        ("d", ["d/"]),
        ("d/", ["d/e.png"]),
        ("./d/e", ["./d/e.png"]),
        ("~/o", ["~/of home"]),
        ("nowhere/", []),
        ("a\0/", []),
    ],
)
@pytest.mark.usefixtures("files")
def test_files(typed: str, found: list[str]) -> None:
    assert offers.path(typed) == found


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("a", ["a\\ b.txt", "a\\'c.md"]),
        ("a\\ ", ["a\\ b.txt"]),
        ("d/e.png a", ["d/e.png a\\ b.txt", "d/e.png a\\'c.md"]),
        ("a\\ b.txt d/", ["a\\ b.txt d/e.png"]),
        ("d/e.png ~/", ["d/e.png ~/of\\ home"]),
    ],
)
@pytest.mark.usefixtures("files")
def test_files_of_several_are_quoted(typed: str, found: list[str]) -> None:
    assert offers.quoted_path(typed) == found
