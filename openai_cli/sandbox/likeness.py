"""When two requests are alike: by their whole bodies, or by what an expression finds in them."""

import re
from functools import cache
from typing import Any

from openai_cli.sandbox.asked import Asked, canonical, sorted_target
from openai_cli.sandbox.conditions import search_of
from openai_cli.sandbox.record import masked_body
from openai_cli.sandbox.redaction import Redaction


@cache
def likeness_of(match: str | None, redact: tuple[str, ...]) -> "Likeness":
    """The rule of these expressions, one for all lines that have it; raises what it raises."""
    return Likeness(match, redact)


class Likeness:
    """The rule of a recording: its `match` in JMESPath, and what was kept out of it.

    Where the expression finds nothing, which many requests have in common, the whole body counts.
    ValueError for an expression that is none, TypeError for one that is no text.
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
        """The path and the query of a request as they are recorded."""
        return sorted_target(target, self.redaction.text)

    def body(self, body: Any) -> Any:
        """The body of a request as it is recorded."""
        return self.redaction.value(masked_body(body))

    def seen(self, body: Any) -> Any:
        """What of a recorded body is compared."""
        found = None if self._search is None else self._search(body)
        return body if found is None else found

    def key(self, method: str, target: str, body: Any) -> str:
        """The same for requests that are alike, as they are recorded."""
        seen = self.seen(body)
        return f"{method} {target} {'' if seen is body else '~'}{canonical(seen)}"

    def key_of(self, asked: Asked) -> str:
        """The key of a request as it came."""
        return self.key(asked.method, self.target(asked.target), self.body(asked.body))
