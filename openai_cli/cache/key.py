"""The key of a request: a digest of everything in it that can change the answer."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import pbkdf2_hmac, sha256

from openai_cli.cache.entry import FORMAT
from openai_cli.http.payload import Form, Json
from openai_cli.records import NamedTuple

# Slows down guessing a weak API key from the files on disk: 5 ms per guess.
_ROUNDS = 10_000


class Sender(NamedTuple):
    """Where requests go, and on whose behalf.

    `headers` are those from the user's flags, environment and command; `certificate` are the bytes
    of the client certificate.
    """

    base_url: str
    headers: Mapping[str, str]
    key: str | None
    certificate: bytes

    def digest(self, salt: bytes) -> bytes:
        """Return a digest of the sender for keys, which does not reveal its secrets."""
        named = sorted((name.lower(), value) for name, value in self.headers.items())
        parts = [
            b"no key" if self.key is None else b"key " + _bytes(self.key),
            self.certificate,
            *(_bytes(text) for header in named for text in header),
        ]
        return pbkdf2_hmac("sha256", _joined([_bytes(self.base_url), *parts]), salt, _ROUNDS)


def key_of(sender: bytes, method: str, path: str, payload: Json | Form) -> str:
    """Return the key of a request; `path` includes the query, `sender` is a digest of Sender."""
    parts = [b"%d" % FORMAT, sender, _bytes(method), _bytes(path), *_payload_parts(payload)]
    return sha256(_joined(parts)).hexdigest()


def _payload_parts(payload: Json | Form) -> Iterator[bytes]:
    """Yield all that is sent except the boundary of a form, which differs each time."""
    if isinstance(payload, Json):
        yield from (b"json", payload.data)
        return
    yield from (b"form", b"%d" % len(payload.fields))
    for field in payload.fields:
        yield from map(_bytes, field)
    for file in payload.files:
        yield from map(_bytes, (file.field, file.filename, file.content_type))
        yield sha256(file.data).digest()


def _joined(parts: Iterable[bytes]) -> bytes:
    """Join the parts, each with its length before it, so that the result is unambiguous."""
    return b"".join(b"%d:%s" % (len(part), part) for part in parts)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
