"""The stdin of commands that count: read as a text if it is short, else counted as it arrives."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, groupby
from typing import TYPE_CHECKING

from openai_cli.errors import UsageError
from openai_cli.reading import joined
from openai_cli.request.inputs import Inputs, stdin_text

if TYPE_CHECKING:
    from openai_cli.tokens.corpus import Counted

_OTHER_ENCODING = "--files - --input-encoding NAME reads it"


def text_or_blocks(inputs: Inputs, arguments: Sequence[str] | None) -> str | Iterator[bytes] | None:
    """The text to count, as from `Inputs.raw_text`, or the blocks of a long stdin."""
    blocks = inputs.raw_stdin(arguments)
    if blocks is None:
        return inputs.raw_text(arguments)
    with _reading_stdin():
        first, second = next(blocks, b""), next(blocks, b"")
    return chain([first, second], blocks) if second else stdin_text(first)


def whole_text(blocks: Iterable[bytes]) -> str:
    """Stdin as a text; UsageError if it is too long to hold."""
    with _reading_stdin():
        return stdin_text(joined(blocks, "stdin"))


def count_stdin(blocks: Iterable[bytes], encoding: str, input_encoding: str = "utf-8") -> int:
    """Count the tokens of stdin as it arrives."""
    from openai_cli.tokens.spans import NoTextError
    from openai_cli.tokens.stream import count_blocks

    with _reading_stdin():
        try:
            return count_blocks(blocks, encoding=encoding, input_encoding=input_encoding)
        except UsageError as error:
            hint = _OTHER_ENCODING if isinstance(error, NoTextError) else error.hint
            raise UsageError(f"stdin {error.problem}", hint=hint) from None


def with_stdin(
    paths: Iterable[str], of_disk: "Callable[[Iterable[str]], Counted]", of_stdin: Callable[[], int]
) -> "Counted":
    """The counts of the paths in order, where `-` is stdin."""
    from openai_cli.tokens.corpus import FileCount

    for is_stdin, group in groupby(paths, "-".__eq__):
        if not is_stdin:
            yield from of_disk(group)
            continue
        for path in group:
            try:
                yield FileCount(path, of_stdin())
            except UsageError as error:
                yield error


@contextmanager
def _reading_stdin() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot read stdin: {error.strerror}") from None
