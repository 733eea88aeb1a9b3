"""How long sounds are, told from their headers."""

import io
from decimal import Decimal
from pathlib import Path

import pytest

from openai_cli.errors import UsageError
from openai_cli.prices.durations import billed_seconds, seconds_of

SAMPLES = Path(__file__).parents[2] / "openai_cli" / "sandbox" / "data" / "samples"


# As ffprobe 5.1 tells them.
@pytest.mark.parametrize(
    ("name", "seconds"),
    [("sound.mp3", 0.264), ("sound.flac", 0.2), ("sound.opus", 0.2065)],
)
def test_the_kinds_that_the_api_takes(name: str, seconds: float) -> None:
    with (SAMPLES / name).open("rb") as file:
        assert float(seconds_of(file, name)) == pytest.approx(seconds, abs=0.01)


class Pipe(io.BytesIO):
    """Bytes that come once, as from a pipe."""

    def seekable(self) -> bool:
        return False


def test_what_cannot_be_read_twice() -> None:
    sound = (SAMPLES / "sound.flac").read_bytes()
    assert seconds_of(Pipe(sound), "stdin") == seconds_of(io.BytesIO(sound), "a file")


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"RIFF", b"ID3", b"fLaC\x00", b"OggS" + bytes(99)]
)
def test_what_tells_no_length(content: bytes) -> None:
    with pytest.raises(UsageError, match="the length of x cannot be determined"):
        seconds_of(io.BytesIO(content), "x")


@pytest.mark.parametrize(
    ("seconds", "billed"), [("8.47", 9), ("9", 9), ("9.0000001", 10), ("0", 0), ("0.1", 1)]
)
def test_a_part_of_a_second_is_billed_as_one(seconds: str, billed: int) -> None:
    assert billed_seconds(Decimal(seconds)) == billed
