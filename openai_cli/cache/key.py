"""What tells two requests apart: all of a request that can change its answer, as one digest."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import pbkdf2_hmac, sha256
from typing import NamedTuple

from openai_cli.cache.entry import FORMAT
from openai_cli.http.payload import Form, Json

# So that a weak key is not soon guessed from what is on the disk: 5 ms a guess.
_ROUNDS = 10_000


class Sender(NamedTuple):
    """Where requests go, and as whom.

    `headers` are those that the user's flags, environment and command add; `certificate` has the
    bytes of the client certificate.
    """

    base_url: str
    headers: Mapping[str, str]
    key: str | None
    certificate: bytes

    def digest(self, salt: bytes) -> bytes:
        """What stands for the sender in a key; the secrets in it cannot be read from it."""
        named = sorted((name.lower(), value) for name, value in self.headers.items())
        parts = [
            b"no key" if self.key is None else b"key " + _bytes(self.key),
            self.certificate,
            *(_bytes(text) for header in named for text in header),
        ]
        return pbkdf2_hmac("sha256", _joined([_bytes(self.base_url), *parts]), salt, _ROUNDS)


def key_of(sender: bytes, method: str, path: str, payload: Json | Form) -> str:
    """The key of a request's answer; `path` has the query, and `sender` is a digest of Sender."""
    parts = [b"%d" % FORMAT, sender, _bytes(method), _bytes(path), *_payload_parts(payload)]
    return sha256(_joined(parts)).hexdigest()


def _payload_parts(payload: Json | Form) -> Iterator[bytes]:
    """All that is sent but the boundary of a form, which is made anew for each."""
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
    """The parts as one, each behind its length: no two lists of parts give the same."""
    return b"".join(b"%d:%s" % (len(part), part) for part in parts)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
