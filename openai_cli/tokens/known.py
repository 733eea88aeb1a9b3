"""Texts that were counted before, as those of a conversation that grows by a turn at a time."""

from collections.abc import Sequence


class KnownTexts:
    """Counts texts, and each of them once, however often it is asked for."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, int]] = {}

    def count_all(self, texts: Sequence[str], *, encoding: str) -> list[int]:
        """How many tokens each of the texts has; raises what `encode` does."""
        from openai_cli.tokens.encoding import count_all

        known = self._known.setdefault(encoding, {})
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, count_all(new, encoding=encoding), strict=True))
        return [known[text] for text in texts]
