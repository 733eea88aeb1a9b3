"""How long sounds are: what speech is billed by where it is billed by time."""

from decimal import ROUND_CEILING, Decimal
from io import BytesIO
from typing import BinaryIO

from openai_cli.errors import UsageError


def billed_seconds(seconds: Decimal) -> int:
    """The seconds that a sound is billed for: a part of one counts as one.

    So the published example of POST /audio/transcriptions has it: 8.47 seconds, and a usage of 9.
    """
    return int(seconds.to_integral_value(ROUND_CEILING))


def seconds_of(file: BinaryIO, shown: str) -> Decimal:
    """The length of an MP3, M4A, MP4, Ogg, Opus, FLAC or WAV, as its headers say; `shown` names it.

    An MP3 of variable bit rate without such a header is estimated from its first half minute.
    UsageError where the length cannot be told.
    """
    from tinytag import TinyTag, TinyTagException

    sound = file if file.seekable() else BytesIO(file.read())
    try:
        seconds = TinyTag.get(file_obj=sound, tags=False).duration
    except TinyTagException:
        seconds = None
    if not seconds:
        raise UsageError(
            f"how long {shown} is cannot be told",
            hint="of MP3, M4A, MP4, Ogg, FLAC and WAV it can; else --audio-seconds N says it",
        )
    return Decimal(str(seconds))
