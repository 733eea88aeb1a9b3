"""Things that take time to make: the operations that make or show them, and their statuses."""

import re
from collections.abc import Mapping

from openai_cli.operations.table import Operation
from openai_cli.records import NamedTuple


class Statuses(NamedTuple):
    """A thing that takes time to make: its `path`, and its statuses.

    It ends with one of `done` on success, and one of `failed` otherwise.
    """

    path: str
    pending: tuple[str, ...]
    done: tuple[str, ...]
    failed: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters of the path, the thing's own id last."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))


# By the words before the verb. The statuses are those of the types in OpenAI's Python package
# 3.57.0 (`openai/types/…`); for runs of evals, whose type is any string, those in the description's
# text.
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
# Other operations that make a new thing.
_OTHERS = ("videos edit", "videos extend", "videos remix")


def thing_of(operation: Operation) -> str | None:
    """The words for the thing that the operation makes or shows; None if it takes no time."""
    words, _, verb = operation.command.rpartition(" ")
    is_one = words in _THINGS and (verb in _VERBS or operation.command in _OTHERS)
    return words if is_one else None


def statuses_of(words: str) -> Statuses:
    """The path and statuses of the thing with these words."""
    return _THINGS[words]
