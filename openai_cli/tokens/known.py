"""Texts that were counted before, as those of a conversation that grows by a turn at a time."""

from collections.abc import Sequence


class KnownTexts:
    """Counts texts, and each of them once, however often it is asked for."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, int]] = {}

    def count_each(self, texts: Sequence[str], *, encoding: str) -> list[int]:
        """How many tokens each of the texts has; raises what `count_each` does."""
        from openai_cli.tokens.stream import count_each

        known = self._known.setdefault(encoding, {})
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, count_each(new, encoding=encoding), strict=True))
        return [known[text] for text in texts]
