"""Sounds for tests."""

import io
import wave


def wav(seconds: float) -> bytes:
    """A silent WAV with one byte per sample."""
    sound = io.BytesIO()
    with wave.open(sound, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        file.writeframes(bytes(round(8000 * seconds)))
    return sound.getvalue()
