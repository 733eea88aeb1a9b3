"""The process that counts with gigatoken. `team` runs this file as a program and talks to it.

A message is its length in eight little-endian bytes, followed by its bytes. Stdin receives two
kinds:

- UTF-8 texts, with the separator before each text and after the last one. The reply on stdout is
  their counts, as four little-endian bytes each.
- A pickled `tasks.Task`, whose files this process reads itself. The reply is the pickled result of
  `tasks.count_task`, or the exception that it raised.

gigatoken 0.10 never forgets a word that it has seen: 200 MB of source code took 90 MiB, and 480 MB
of random letters 2.3 GiB. So when the process has grown, it restarts by exec, which releases all
memory and keeps its pipes open. Within a task, which may be a packed file of any size, it loads the
vocabulary again, which releases most.
"""

import os
import pickle
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

# How much the process may grow after loading the vocabulary, in bytes. With 96 MiB, gigatoken's
# table of words doubled once more before that was seen, which took 300 MiB in all for a moment.
ROOM = 64 * 2**20

_HEAD = 8
_STDIN, _STDOUT = 0, 1


def main(vocabulary: str, pretokenizer: str, separator: str, mark: str) -> None:
    """Reply to messages until stdin ends.

    `vocabulary` is the descriptor of a rank file, which is complete when the first message arrives.
    `mark` is the id of the separator, higher than all ranks.
    """
    # Loaded while the process that starts this one writes the ranks. numpy's algebra, which is not
    # used, would begin a thread for each processor.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import numpy as np
    from gigatoken.gigatoken_rs import BPETokenizer

    from openai_cli.tokens.agreement import counts_by
    from openai_cli.tokens.tasks import count_task

    separator_id = int(mark)
    if (message := receive(_STDIN)) is None:
        return

    def load() -> BPETokenizer:
        os.lseek(int(vocabulary), 0, os.SEEK_SET)
        special_tokens = {separator: separator_id}
        return BPETokenizer.from_tiktoken(f"/dev/fd/{vocabulary}", pretokenizer, special_tokens)

    tokenizer = load()
    most = limit = _resident() + ROOM

    def ask(texts: bytes) -> bytes:
        nonlocal tokenizer, limit
        if _resident() > limit:
            del tokenizer
            _give_back()
            tokenizer = load()
            limit = max(most, _resident() + ROOM // 2)
        places = np.flatnonzero(tokenizer.encode(texts) == separator_id)
        return (np.diff(places) - 1).astype("<u4").tobytes()

    def of_task(message: bytes) -> bytes:
        task = pickle.loads(message)  # noqa: S301 - from the process that runs this one

        def count(texts: Sequence[str]) -> list[int]:
            return counts_by(lambda one: counts_of(ask(one)), texts, task.wanted.encoding)

        try:
            return pickle.dumps(count_task(task, count))
        except Exception as error:  # noqa: BLE001 - raised there, where somebody sees it
            return pickle.dumps(error)

    while message is not None:
        is_task = message.startswith(pickle.PROTO)
        send(_STDOUT, of_task(message) if is_task else ask(message))
        if _resident() > most:
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - this program itself
        message = receive(_STDIN)


def counts_of(answer: bytes) -> list[int]:
    """Return the counts in a reply to texts."""
    return memoryview(answer).cast("I").tolist()


def send(pipe: int, message: bytes) -> None:
    """Write a message; raise OSError if nobody reads."""
    for part in (len(message).to_bytes(_HEAD, "little"), message):
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(pipe, rest) :]


def receive(pipe: int) -> bytes | None:
    """Wait for a message and return it, or None at the end."""
    head = _exactly(pipe, _HEAD)
    return None if head is None else _exactly(pipe, int.from_bytes(head, "little"))


def _exactly(pipe: int, size: int) -> bytes | None:
    """Read exactly so many bytes, because an exec would lose more; None if there are fewer."""
    parts = []
    while size:
        part = os.read(pipe, size)
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _give_back() -> None:
    """Give freed memory back to the system: glibc keeps what lies between pieces in use."""
    import ctypes

    with suppress(AttributeError):  # macOS, musl
        ctypes.CDLL(None).malloc_trim(0)


def _resident() -> int:
    """Return the resident memory of this process, in bytes."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except FileNotFoundError:  # macOS
        from subprocess import check_output

        command = ["/bin/ps", "-o", "rss=", "-p", str(os.getpid())]
        return 1024 * int(check_output(command))  # noqa: S603 - a fixed command
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[2]))  # the package's folder, if not installed
    main(*sys.argv[1:])
