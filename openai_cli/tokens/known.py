"""Remember the counts of texts, such as those of a conversation that grows turn by turn."""

from collections.abc import Sequence


class KnownTexts:
    """Counts each text only once, however often its count is needed."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, int]] = {}

    def count_each(self, texts: Sequence[str], *, encoding: str) -> list[int]:
        """Return the number of tokens of each text; raises the errors of `stream.count_each`."""
        from openai_cli.tokens.stream import count_each

        known = self._known.setdefault(encoding, {})
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, count_each(new, encoding=encoding), strict=True))
        return [known[text] for text in texts]
