"""Decode base64 data in responses, in the variants that servers send."""

from base64 import b64decode
from binascii import Error
from urllib.parse import unquote_to_bytes

from openai_cli.answer.shape import misshapen

_URL_SAFE = str.maketrans("-_", "+/")


def decoded(text: str, what: str) -> bytes:
    """Decode a base64 text; raise BadAnswerError, naming `what`, if it is not valid or empty.

    White space, missing padding and the URL-safe alphabet (RFC 4648, section 5) are accepted, and
    so is a `data:` URL (RFC 2397), even one that is not in base64.
    """
    if text[:5].lower() == "data:":
        head, comma, text = text.partition(",")
        if not comma:
            raise misshapen(f"{what} is a data: URL without data")
        if not head.lower().endswith(";base64"):
            return unquote_to_bytes(text)
        text = unquote_to_bytes(text).decode("latin-1") if "%" in text else text
    digits = "".join(text.split()).translate(_URL_SAFE).rstrip("=")
    try:
        data = b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (Error, ValueError):
        raise misshapen(f"{what} is not base64") from None
    if not data:
        raise misshapen(f"{what} is empty")
    return data
