"""The process that counts with gigatoken. `team` runs this file as a program and talks to it.

A message is its length in eight bytes, little-endian, and so many bytes. What comes by stdin is
one of two:

- texts in UTF-8, each with the separator before it and the last one behind it too. What goes out by
  stdout are their counts, four bytes each, little-endian.
- a pickled `tasks.Task`: this process reads the files by itself. What goes out is what
  `tasks.count_task` gives of it, or the exception that it raises, pickled.

gigatoken 0.10 remembers every word that it has seen and forgets none: 200 MB of source code took
90 MiB, 480 MB of random letters 2.3 GiB. So the process begins anew when it has grown, by exec,
which gives all its memory back and leaves its pipes open.
"""

import os
import pickle
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

# In bytes, what it may grow by after it has loaded the vocabulary.
ROOM = 96 * 2**20

_HEAD = 8
_STDIN, _STDOUT = 0, 1


def main(vocabulary: str, pretokenizer: str, separator: str, mark: str) -> None:
    """Answer until stdin ends.

    `vocabulary` is the descriptor of a rank file, which is complete when the first message arrives,
    and `mark` the id that the separator gets, higher than its ranks.
    """
    from gigatoken.gigatoken_rs import BPETokenizer

    separator_id = int(mark)
    if (message := receive(_STDIN)) is None:
        return
    os.lseek(int(vocabulary), 0, os.SEEK_SET)
    tokenizer = BPETokenizer.from_tiktoken(
        f"/dev/fd/{vocabulary}", pretokenizer, {separator: separator_id}
    )
    most = _resident() + ROOM

    def ask(texts: bytes) -> bytes:
        import numpy as np

        places = np.flatnonzero(tokenizer.encode(texts) == separator_id)
        return (np.diff(places) - 1).astype("<u4").tobytes()

    while message is not None:
        is_task = message.startswith(pickle.PROTO)
        send(_STDOUT, _answer_task(message, ask) if is_task else ask(message))
        if _resident() > most:
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this program itself
        message = receive(_STDIN)


def counts_of(answer: bytes) -> list[int]:
    """The counts in an answer to texts."""
    return memoryview(answer).cast("I").tolist()


def _answer_task(message: bytes, ask: Callable[[bytes], bytes]) -> bytes:
    from openai_cli.tokens.agreement import counts_by
    from openai_cli.tokens.tasks import count_task

    task = pickle.loads(message)  # noqa: S301 - from the process that runs this one

    def count(texts: Sequence[str]) -> list[int]:
        return counts_by(lambda one: counts_of(ask(one)), texts, task.wanted.encoding)

    try:
        return pickle.dumps(count_task(task, count))
    except Exception as error:  # noqa: BLE001 - raised there, where somebody sees it
        return pickle.dumps(error)


def send(pipe: int, message: bytes) -> None:
    """Write a message; OSError when nobody reads."""
    for part in (len(message).to_bytes(_HEAD, "little"), message):
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(pipe, rest) :]


def receive(pipe: int) -> bytes | None:
    """Read a message, waiting for it; None at the end."""
    head = _exactly(pipe, _HEAD)
    return None if head is None else _exactly(pipe, int.from_bytes(head, "little"))


def _exactly(pipe: int, size: int) -> bytes | None:
    """So many bytes and none beyond, which an exec would lose; None where there are fewer."""
    parts = []
    while size:
        part = os.read(pipe, size)
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _resident() -> int:
    """The memory that this process has, in bytes."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except FileNotFoundError:  # macOS
        from subprocess import check_output

        command = ["/bin/ps", "-o", "rss=", "-p", str(os.getpid())]
        return 1024 * int(check_output(command))  # noqa: S603 - as it stands here
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[2]))  # where the package is, if not installed
    main(*sys.argv[1:])
