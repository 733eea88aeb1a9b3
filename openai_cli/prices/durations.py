"""The length of audio files, for speech that is billed by time."""

from decimal import ROUND_CEILING, Decimal
from io import BytesIO
from typing import BinaryIO

from openai_cli.errors import UsageError


def billed_seconds(seconds: Decimal) -> int:
    """Round a length up to the whole seconds that are billed.

    The published example of POST /audio/transcriptions has 8.47 seconds and a usage of 9.
    """
    return int(seconds.to_integral_value(ROUND_CEILING))


def seconds_of(file: BinaryIO, shown: str) -> Decimal:
    """Return the length of an MP3, M4A, MP4, Ogg, Opus, FLAC or WAV file, from its headers.

    The length of an MP3 with variable bit rate and no such header is estimated from its first half
    minute. Raises UsageError, naming the file as `shown`, if the length cannot be determined.
    """
    from tinytag import TinyTag, TinyTagException

    sound = file if file.seekable() else BytesIO(file.read())
    try:
        seconds = TinyTag.get(file_obj=sound, tags=False).duration
    except TinyTagException:
        seconds = None
    if not seconds:
        raise UsageError(
            f"the length of {shown} cannot be determined",
            hint="MP3, M4A, MP4, Ogg, FLAC and WAV have one; for others give --audio-seconds N",
        )
    return Decimal(str(seconds))
