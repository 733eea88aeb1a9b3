"""Format a text for `tokens --show` with its tokens visible, for a terminal or a program."""

import json
from collections.abc import Iterable, Iterator, Sequence

from openai_cli.terminal import visible

# Black on six colours in turn, from the 256-colour palette, which is the same in every terminal.
# Users change the 16 basic colours, and black on blue is usually unreadable.
_BACKGROUNDS = [f"\x1b[38;5;16;48;5;{code}m" for code in (210, 114, 221, 111, 176, 80)]
_RESET = "\x1b[0m"
_LINE_END = "↵"


def json_text(token: bytes) -> str:
    """Format a token as JSON; a byte 0xNN that is not UTF-8 becomes `\\udcNN` (PEP 383)."""
    text = token.decode(errors="surrogateescape")
    return json.dumps(text, ensure_ascii=any("\udc80" <= letter <= "\udcff" for letter in text))


def listed(tokens: Iterable[bytes], ids: Iterable[int] | None) -> str:
    """Format each token as a line of JSON; with `ids`, preceded by its id and a tab."""
    if ids is None:
        return "".join(f"{json_text(token)}\n" for token in tokens)
    return "".join(
        f"{number}\t{json_text(token)}\n" for number, token in zip(ids, tokens, strict=True)
    )


def colored(tokens: Iterable[bytes]) -> str:
    """Format the text with adjacent tokens in different colours."""
    parts = []
    for number, token in enumerate(tokens):
        lines = _shown(token).split("\n")
        painted = f"{_LINE_END}{_RESET}\n{_BACKGROUNDS[number % 6]}".join(lines)
        parts.append(f"{_BACKGROUNDS[number % 6]}{painted}{_RESET}")
    return "".join(parts) + "\n"


def colored_with_ids(tokens: Sequence[bytes], ids: Sequence[int], *, columns: int) -> str:
    """Format the tokens as cells with their ids below, in rows that fit into `columns`."""
    rows = _rows(tokens, ids, columns)
    return "".join(f"{texts.rstrip()}\n{numbers.rstrip()}\n" for texts, numbers in rows)


def _rows(tokens: Sequence[bytes], ids: Sequence[int], columns: int) -> Iterator[tuple[str, str]]:
    from rich.cells import cell_len

    texts, numbers, used = "", "", 0
    for position, (token, number) in enumerate(zip(tokens, ids, strict=True)):
        text, beneath = _shown(token).replace("\n", _LINE_END), str(number)
        width = max(cell_len(text), len(beneath))
        if used and used + width > columns:
            yield texts, numbers
            texts, numbers, used = "", "", 0
        padding = " " * (width - cell_len(text))
        texts += f"{_BACKGROUNDS[position % 6]}{text}{_RESET}{padding} "
        numbers += f"{beneath:<{width}} "
        used += width + 1
        if token.endswith(b"\n"):
            yield texts, numbers
            texts, numbers, used = "", "", 0
    if used:
        yield texts, numbers


def _shown(token: bytes) -> str:
    return visible(token.decode(errors="backslashreplace")).replace("\t", "→")
