"""Counting a text that comes in blocks, as from stdin, of which a few are in memory."""

from collections.abc import Iterable
from itertools import chain

from openai_cli.tokens.library import Counter
from openai_cli.tokens.spans import Wanted, whole_text
from openai_cli.tokens.walking import Found


def count_blocks(blocks: Iterable[bytes], *, encoding: str, input_encoding: str = "utf-8") -> int:
    """How many tokens the text has that the blocks are.

    UsageError, of whose problem the text is the subject, where it is not in its encoding, and for
    a run that cannot be cut (see `cutting`).
    """
    wanted = Wanted(encoding, input_encoding=input_encoding)
    texts = whole_text(chain(blocks, [b""]), Found("-", is_named=True, size=None), wanted)
    with Counter(encoding=encoding) as counter:
        return sum(counter.count_texts(texts))
