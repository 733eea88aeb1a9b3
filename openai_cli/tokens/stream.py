"""Count long texts, such as stdin or a prompt, with only a few pieces of them in memory."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from openai_cli.tokens.encoding import count_all

# The longest text, in characters, that is not counted in pieces.
_LONG = 2**20


def count_blocks(blocks: Iterable[bytes], *, encoding: str, input_encoding: str = "utf-8") -> int:
    """Return the number of tokens of the text that the blocks form.

    Raises UsageError, whose problem lacks its subject, the text, if it cannot be decoded, and for a
    run that cannot be cut (see `cutting`).
    """
    from openai_cli.tokens.spans import Wanted, whole_text
    from openai_cli.tokens.walking import Found

    wanted = Wanted(encoding, input_encoding=input_encoding)
    stdin = Found("-", is_named=True, size=None)
    return _count(whole_text(chain(blocks, [b""]), stdin, wanted), encoding)


def count_each(texts: Sequence[str], *, encoding: str) -> list[int]:
    """Count like `count_all`, but copy only pieces of a long text."""
    short = iter(count_all([text for text in texts if len(text) <= _LONG], encoding=encoding))
    return [next(short) if len(text) <= _LONG else _count_long(text, encoding) for text in texts]


def _count_long(text: str, encoding: str) -> int:
    from openai_cli.tokens.cutting import parted_or_counts, telling

    with telling("the text"):
        return _count(parted_or_counts(text, encoding), encoding)


def _count(found: Iterable[str | int], encoding: str) -> int:
    """Count texts, and add the counts of those that are known."""
    from openai_cli.tokens.library import Counter

    known = 0

    def texts() -> Iterator[str]:
        nonlocal known
        for one in found:
            if isinstance(one, str):
                yield one
            else:
                known += one

    with Counter(encoding=encoding) as counter:
        return sum(counter.count_texts(texts())) + known
