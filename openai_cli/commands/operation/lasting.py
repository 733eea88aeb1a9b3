"""What lasts: the operations that make or show such a thing, and the statuses that end it."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from openai_cli.operations.table import Operation


class Statuses(NamedTuple):
    """A thing that is made over time: the `path` of one, and its statuses.

    `done` are those that it ends with when all went well, `failed` the other ends.
    """

    path: str
    pending: tuple[str, ...]
    done: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters of the path, the thing's own at last."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))


# By the words before the verb. The names are those of the types of OpenAI's Python package 3.57.0
# (`openai/types/…`), of the runs of evals those of the description's text: the type is any string.
_THINGS: Mapping[str, Statuses] = {
    "batches": Statuses(
        "/batches/{batch_id}",
        ("validating", "in_progress", "finalizing", "cancelling"),
        ("completed",),
        ("failed", "expired", "cancelled"),
    ),
    "evals runs": Statuses(
        "/evals/{eval_id}/runs/{run_id}",
        ("queued", "in_progress"),
        ("completed",),
        ("failed", "canceled"),
    ),
    "fine-tuning jobs": Statuses(
        "/fine_tuning/jobs/{fine_tuning_job_id}",
        ("validating_files", "queued", "running"),
        ("succeeded",),
        ("failed", "cancelled"),
    ),
    "vector-stores": Statuses(
        "/vector_stores/{vector_store_id}", ("in_progress",), ("completed",), ("expired",)
    ),
    "vector-stores files": Statuses(
        "/vector_stores/{vector_store_id}/files/{file_id}",
        ("in_progress",),
        ("completed",),
        ("failed", "cancelled"),
    ),
    "vector-stores file-batches": Statuses(
        "/vector_stores/{vector_store_id}/file_batches/{batch_id}",
        ("in_progress",),
        ("completed",),
        ("failed", "cancelled"),
    ),
    "videos": Statuses(
        "/videos/{video_id}", ("queued", "in_progress"), ("completed",), ("failed",)
    ),
}
_VERBS = ("create", "show")
# Verbs that make a new thing too.
_OTHERS = ("videos edit", "videos extend", "videos remix")


def thing_of(operation: Operation) -> str | None:
    """The words of the thing that the operation makes or shows; None where it does not last."""
    words, _, verb = operation.command.rpartition(" ")
    is_one = words in _THINGS and (verb in _VERBS or operation.command in _OTHERS)
    return words if is_one else None


def statuses_of(words: str) -> Statuses:
    """What is known of the thing of these words."""
    return _THINGS[words]
