"""/fine_tuning: jobs that go through their states, with events and checkpoints.

Nothing is trained: a job has three steps, whatever is in its file, and made-up metrics.
"""

from collections.abc import Iterator
from typing import Any

from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, Json
from openai_cli.sandbox.files import file_of
from openai_cli.sandbox.pages import whole_page
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.things import (
    Shelfmark,
    Thing,
    above,
    found,
    here,
    keep,
    last_of,
    seen,
    told,
)

STEPS = 3
# The state of a paused job, which continues when it is resumed; it keeps the status it had.
PAUSED = 100
JOBS = "/fine_tuning/jobs"


def create_job(request: ApiRequest) -> HttpResponse:
    """POST /fine_tuning/jobs."""
    body = request.body
    for name in ("training_file", "validation_file"):
        if body.get(name) is not None:
            file_of(request, body[name], name, 400)
    chosen = {"n_epochs": "auto", "batch_size": "auto", "learning_rate_multiplier": "auto"}
    facts = {
        "validation_file": None,
        "seed": 42,
        "method": {"type": "supervised"},
        **{name: value for name, value in body.items() if value is not None},
        "hyperparameters": chosen | body.get("hyperparameters", {}),
    }
    mark = here(request)
    return told(request, seen(request, mark, keep(request, mark, facts)).facts)


def cancel_job(request: ApiRequest) -> HttpResponse:
    """POST /fine_tuning/jobs/ID/cancel."""
    mark, job = _unended(request, "cancelled")
    job.end("cancelled")
    job.facts["finished_at"] = CREATED
    return told(request, seen(request, mark, job).facts)


def pause_job(request: ApiRequest) -> HttpResponse:
    """POST /fine_tuning/jobs/ID/pause."""
    mark, job = _unended(request, "paused")
    job.state = PAUSED
    return told(request, seen(request, mark, job).facts)


def resume_job(request: ApiRequest) -> HttpResponse:
    """POST /fine_tuning/jobs/ID/resume."""
    mark = here(request)
    job = found(request, mark, last_of(request))
    if job.state < PAUSED or job.facts["status"] == "cancelled":
        raise _wrong_state(job, "resumed")
    job.state = mark.kind.states.index("queued")
    job.facts["status"] = "queued"
    return told(request, seen(request, mark, job).facts)


def _unended(request: ApiRequest, done: str) -> tuple[Shelfmark, Thing]:
    mark = here(request)
    job = found(request, mark, last_of(request))
    if job.has_ended or job.facts["status"] == mark.kind.states[-1]:
        raise _wrong_state(job, done)
    return mark, job


def _wrong_state(job: Thing, done: str) -> Refusal:
    status = job.facts["status"]
    return Refusal(f"Job '{job.name}' has status '{status}' and cannot be {done}.", param="status")


def bring_up_to_date(request: ApiRequest, mark: Shelfmark, job: Thing) -> None:
    """Add the events of the states that a job has reached and, at its end, its results."""
    states = mark.kind.states
    status = job.facts["status"]
    told_of = [one.name for one in job.others]
    reached = [*states[: states.index(status) + 1]] if status in states else [*told_of, status]
    for status in reached[len(told_of) :]:
        job.others.append(Thing(status, {}))
        for event in _events_of(job, status):
            _keep_below(request, mark, job, "events", event)
        if status == "succeeded":
            _succeed(request, mark, job)


def _events_of(job: Thing, status: str) -> Iterator[Json]:
    if status == "validating_files":
        yield {"message": f"Created fine-tuning job: {job.name}"}
        yield {"message": f"Validating training file: {job.facts['training_file']}"}
    elif status == "queued":
        yield {"message": "Files validated, moving job to queued state"}
    elif status == "running":
        yield {"message": "Fine-tuning job started"}
    elif status == "succeeded":
        for step in range(1, STEPS + 1):
            loss = _metrics(step)["train_loss"]
            message = f"Step {step}/{STEPS}: training loss={loss:.2f}"
            yield {"message": message, "type": "metrics", "data": _metrics(step)}
        yield {"message": f"New fine-tuned model created: {model_of(job)}"}
        yield {"message": "The job has successfully completed"}
    else:
        yield {"message": f"The job was {status}"}


def _succeed(request: ApiRequest, mark: Shelfmark, job: Thing) -> None:
    job.facts |= {
        "fine_tuned_model": model_of(job),
        "finished_at": CREATED,
        "trained_tokens": 1000 * STEPS,
    }
    for step in range(1, STEPS + 1):
        name = model_of(job) if step == STEPS else f"{model_of(job)}:ckpt-step-{step}"
        checkpoint = {
            "fine_tuned_model_checkpoint": name,
            "step_number": step,
            "metrics": _metrics(step),
            "fine_tuning_job_id": job.name,
        }
        _keep_below(request, mark, job, "checkpoints", checkpoint)


def _keep_below(
    request: ApiRequest, mark: Shelfmark, job: Thing, collection: str, facts: Json
) -> None:
    below = Shelfmark(f"{JOBS}/{{}}/{collection}", f"{mark.of(job.name)}/{collection}")
    keep(request, below, {"level": "info", "type": "message", "data": {}, **facts})


def _metrics(step: int) -> dict[str, Any]:
    return {
        "step": step,
        "train_loss": 1 / 2**step,
        "train_mean_token_accuracy": 1 - 1 / 2**step,
    }


def model_of(job: Thing) -> str:
    """The name of a job's model."""
    suffix = job.facts.get("suffix") or ""
    return f"ft:{job.facts['model']}:sandbox:{suffix}:{job.name[-8:]}"


def create_permissions(request: ApiRequest) -> HttpResponse:
    """POST /fine_tuning/checkpoints/MODEL/permissions: one permission for each project."""
    mark = here(request)
    made = [
        keep(request, mark, {**above(request), "project_id": project}).facts
        for project in request.body["project_ids"]
    ]
    return told(request, whole_page(made))


def run_grader(request: ApiRequest) -> HttpResponse:
    """POST /fine_tuning/alpha/graders/run: everything gets the full reward."""
    grader = request.body["grader"]
    metadata = {"name": grader.get("name", ""), "type": grader["type"], "scores": {}}
    return told(request, {"reward": 1.0, "metadata": metadata})
