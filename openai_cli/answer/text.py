"""A text that is built from pieces in linear time and little memory."""

from openai_cli.errors import BadAnswerError

# The longest text that is kept, in characters, whatever a server sends.
LARGEST = 64 * 1024 * 1024
_MOST_PIECES = 4096


class Text:
    """A growing text: true once a piece was added; `str` gives all that was not forgotten."""

    def __init__(self, beginning: str = "") -> None:
        self._blocks: list[str] = []
        self._pieces: list[str] = []
        self._size = 0
        self._is_begun = False
        if beginning:
            self.append(beginning)

    def append(self, piece: str) -> None:
        """Add a piece; BadAnswerError if the text exceeds 64 Mi characters."""
        self._pieces.append(piece)
        self._size += len(piece)
        self._is_begun = True
        if self._size > LARGEST:
            raise BadAnswerError(f"the answer has a text larger than {LARGEST // 1024**2} MB")
        if len(self._pieces) > _MOST_PIECES:  # each piece has an overhead of 60 bytes
            self._blocks.append("".join(self._pieces))
            self._pieces.clear()

    def forget(self) -> None:
        """Drop the text, once it is printed and not needed any more."""
        self._blocks.clear()
        self._pieces.clear()
        self._size = 0

    def __str__(self) -> str:
        return "".join((*self._blocks, *self._pieces))

    def __bool__(self) -> bool:
        return self._is_begun
