"""The file format of a kept answer: a checksum line, a line of facts, and the body.

The first line has the digest of everything after it, which detects truncated and changed entries.
"""

import json
from hashlib import sha256
from typing import Self

from openai_cli.records import NamedTuple

# The version of the entry format and of its keys: versions do not find each other's entries.
FORMAT = 1
_BEGIN = b"openai-cli answer %d " % FORMAT


class Entry(NamedTuple):
    """A kept answer.

    `asked` is when its request was sent and `expires` when it is no longer served, in seconds since
    the epoch. `body` is the response body, with any content encoding undone, and `content_type` the
    server's header. It contains nothing of the request.
    """

    asked: float
    expires: float
    content_type: str
    body: bytes

    def encoded(self, key: str) -> bytes:
        """Return the entry's file contents for this key."""
        facts = {"key": key, **self._asdict()}
        del facts["body"]
        rest = json.dumps(facts).encode() + b"\n" + self.body
        return _BEGIN + sha256(rest).hexdigest().encode() + b"\n" + rest

    @classmethod
    def decoded(cls, data: bytes, key: str) -> Self | None:
        """Parse a file; return None unless it is the complete and unchanged entry of this key."""
        first, _, rest = data.partition(b"\n")
        if first != _BEGIN + sha256(rest).hexdigest().encode():
            return None
        head, _, body = rest.partition(b"\n")
        facts = json.loads(head)
        return cls(**facts, body=body) if facts.pop("key") == key else None


def asked_in(head: bytes) -> float | None:
    """Return when an entry's request was sent, from its first two lines; None if invalid."""
    try:
        asked = json.loads(head.partition(b"\n")[2])["asked"]
    except (ValueError, LookupError, TypeError):
        return None
    return asked if isinstance(asked, float | int) else None
