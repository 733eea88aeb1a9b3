"""A text that comes in pieces, in little memory and linear time."""

from openai_cli.errors import BadAnswerError

# In characters: what is kept of an answer is bounded, whatever a server sends.
LARGEST = 64 * 1024 * 1024
_MOST_PIECES = 4096


class Text:
    """It is true when anything came, and its `str` is what came and was not forgotten."""

    def __init__(self, beginning: str = "") -> None:
        self._blocks: list[str] = []
        self._pieces: list[str] = []
        self._size = 0
        self._is_begun = False
        if beginning:
            self.append(beginning)

    def append(self, piece: str) -> None:
        """Add a piece; BadAnswerError above 64 million characters."""
        self._pieces.append(piece)
        self._size += len(piece)
        self._is_begun = True
        if self._size > LARGEST:
            raise BadAnswerError(f"the answer has a text above {LARGEST // 1024**2} MB")
        if len(self._pieces) > _MOST_PIECES:  # a piece takes 60 bytes beside its characters
            self._blocks.append("".join(self._pieces))
            self._pieces.clear()

    def forget(self) -> None:
        """Drop what came, for it is printed and nobody asks for it any more."""
        self._blocks.clear()
        self._pieces.clear()
        self._size = 0

    def __str__(self) -> str:
        return "".join((*self._blocks, *self._pieces))

    def __bool__(self) -> bool:
        return self._is_begun
