"""Request matching: by the whole body, or by what a JMESPath expression finds in it."""

import re
from functools import cache
from typing import Any

from openai_cli.sandbox.asked import Asked, canonical, sorted_target
from openai_cli.sandbox.conditions import search_of
from openai_cli.sandbox.record import masked_body
from openai_cli.sandbox.redaction import Redaction


@cache
def likeness_of(match: str | None, redact: tuple[str, ...]) -> "Likeness":
    """Return the rule of these expressions, cached, so that lines with the same ones share it.

    Raises what `Likeness` raises.
    """
    return Likeness(match, redact)


class Likeness:
    """The matching rule of a recording: its `match` in JMESPath, and what was redacted from it.

    Where the expression finds nothing, as in many unrelated requests, the whole body is compared.
    Raises ValueError for an invalid expression, TypeError for one that is not a string.
    """

    def __init__(
        self, match: str | None, redact: tuple[str, ...] = (), secrets: tuple[str, ...] = ()
    ) -> None:
        self.match = match
        self.redact = redact
        try:
            self._search = None if match is None else search_of(match)
        except ValueError as error:
            raise ValueError(f"'match' is not a JMESPath expression: {error}") from None
        try:
            self.redaction = Redaction(redact, secrets)
        except re.error as error:
            raise ValueError(f"'redact' has no regular expression: {error}") from None

    def target(self, target: str) -> str:
        """Return the path and query of a request as they are recorded."""
        return sorted_target(target, self.redaction.text)

    def body(self, body: Any) -> Any:
        """Return the body of a request as it is recorded."""
        return self.redaction.value(masked_body(body))

    def seen(self, body: Any) -> Any:
        """Return the part of a recorded body that is compared."""
        found = None if self._search is None else self._search(body)
        return body if found is None else found

    def key(self, method: str, target: str, body: Any) -> str:
        """Return the matching key of a recorded request; alike requests have the same key."""
        seen = self.seen(body)
        return f"{method} {target} {'' if seen is body else '~'}{canonical(seen)}"

    def key_of(self, asked: Asked) -> str:
        """Return the key of a request as it was received."""
        return self.key(asked.method, self.target(asked.target), self.body(asked.body))
