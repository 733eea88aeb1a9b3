"""An answer as it is kept: a line that vouches for the rest, a line of facts, and its bytes.

The first line has the digest of all that follows. Half an entry, or one that was changed, does not
hold to it.
"""

import json
from hashlib import sha256
from typing import NamedTuple, Self

# Of the form of an entry and of its key: another one finds nothing of this one's.
FORMAT = 1
_BEGIN = b"openai-cli answer %d " % FORMAT


class Entry(NamedTuple):
    """An answer that was kept.

    `asked` is when its request was sent and `expires` when it is no longer served, in seconds
    since the epoch. `body` are its bytes as they came, decoded, and `content_type` what the server
    called them. Nothing of the request is in it.
    """

    asked: float
    expires: float
    content_type: str
    body: bytes

    def encoded(self, key: str) -> bytes:
        """The file of the entry that has this key."""
        facts = {"key": key, **self._asdict()}
        del facts["body"]
        rest = json.dumps(facts).encode() + b"\n" + self.body
        return _BEGIN + sha256(rest).hexdigest().encode() + b"\n" + rest

    @classmethod
    def decoded(cls, data: bytes, key: str) -> Self | None:
        """The entry of a file; None for what is not, to its last byte, the entry of this key."""
        first, _, rest = data.partition(b"\n")
        if first != _BEGIN + sha256(rest).hexdigest().encode():
            return None
        head, _, body = rest.partition(b"\n")
        facts = json.loads(head)
        return cls(**facts, body=body) if facts.pop("key") == key else None


def asked_in(head: bytes) -> float | None:
    """When the request was sent of an entry whose first two lines these are; None for no entry."""
    try:
        asked = json.loads(head.partition(b"\n")[2])["asked"]
    except (ValueError, LookupError, TypeError):
        return None
    return asked if isinstance(asked, float | int) else None
