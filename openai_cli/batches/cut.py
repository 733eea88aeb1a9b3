"""Choose the lines of the next part, limited by number, bytes, tokens, model and money."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openai_cli.batches.readers import inputs_of
from openai_cli.batches.reserve import Reserve
from openai_cli.batches.rules import MOST_BYTES, MOST_INPUTS, MOST_LINES
from openai_cli.batches.schema import Waiting
from openai_cli.records import NamedTuple

if TYPE_CHECKING:
    from openai_cli.batches.job import Job

# Bytes per token, for lines whose tokens are unknown.
_OF_TOKEN = 4


def tokens_of(line: Waiting) -> int:
    """The prompt tokens of a line in the queue, estimated if unknown."""
    return -(-line.size // _OF_TOKEN) if line.tokens is None else line.tokens


class Cut(NamedTuple):
    """The lines of a part, and their sums; `short` is a bound that --max-cost had no room for."""

    lines: list[Waiting]
    size: int = 0
    tokens: int = 0
    short: int | None = None


@dataclass
class Limits:
    """The limits of one part; `tokens` is None for no limit."""

    tokens: int | None = None
    lines: int = MOST_LINES
    size: int = MOST_BYTES
    inputs: int = MOST_INPUTS


def next_cut(
    job: "Job", waiting: Iterable[Waiting], limits: Limits, reserve: Reserve, *, is_alone: bool
) -> Cut:
    """Choose the lines of the next part and reserve their bounds; no lines if there is no room.

    A batch has a single model, that of its first line. If the part `is_alone`, its first line may
    have more tokens than there is room for.
    """
    cut = Cut([])
    inputs = 0
    model: object = None
    for one in waiting:
        line, _ = job.checked(one)
        if cut.lines and line.body.get("model") != model:
            continue
        size, tokens = cut.size + len(line.as_input()), cut.tokens + tokens_of(one)
        inputs += inputs_of(line.body) if job.path == "/embeddings" else 0
        is_full = len(cut.lines) == limits.lines or size > limits.size or inputs > limits.inputs
        has_room = limits.tokens is None or tokens <= limits.tokens
        if (cut.lines and is_full) or not (has_room or (is_alone and not cut.lines)):
            break
        if not reserve.take(one.bound or 0):
            return cut._replace(short=one.bound or 0)
        cut.lines.append(one)
        cut = cut._replace(size=size, tokens=tokens)
        model = line.body.get("model")
    return cut
