"""What becomes of jobs, files, runs and videos: their states, look by look."""

from typing import Any

import openai
import pytest

from tests.sandbox.official import file_id, refused

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


# Fine-tuning


def job_id(official: openai.OpenAI) -> str:
    file = file_id(official, "{}", "fine-tune")
    return official.fine_tuning.jobs.create(model="gpt-5.4-mini", training_file=file).id


def test_a_job_goes_through_its_states(official: openai.OpenAI) -> None:
    file = file_id(official, "{}", "fine-tune")
    job = official.fine_tuning.jobs.create(model="gpt-5.4-mini", training_file=file, suffix="mine")
    assert (job.id[:6], job.status, job.fine_tuned_model) == ("ftjob-", "validating_files", None)
    looks = [official.fine_tuning.jobs.retrieve(job.id) for _ in range(4)]
    assert [one.status for one in looks] == ["queued", "running", "succeeded", "succeeded"]
    assert looks[-1].fine_tuned_model == f"ft:gpt-5.4-mini:sandbox:mine:{job.id[-8:]}"
    assert looks[-1].trained_tokens
    assert official.models.retrieve(looks[-1].fine_tuned_model).object == "model"


def test_a_job_has_events_and_checkpoints(official: openai.OpenAI) -> None:
    job = job_id(official)
    assert len(official.fine_tuning.jobs.list_events(job).data) == 2
    assert official.fine_tuning.jobs.checkpoints.list(job).data == []
    for _ in range(3):
        model = official.fine_tuning.jobs.retrieve(job).fine_tuned_model
    messages = [event.message for event in official.fine_tuning.jobs.list_events(job, limit=4)]
    assert messages[0] == "The job has successfully completed"
    assert messages[-1] == f"Created fine-tuning job: {job}"
    steps = official.fine_tuning.jobs.checkpoints.list(job).data
    assert [step.step_number for step in steps] == [3, 2, 1]
    assert steps[0].fine_tuned_model_checkpoint == model


def test_a_job_is_cancelled_while_it_goes_on(official: openai.OpenAI) -> None:
    job = job_id(official)
    assert official.fine_tuning.jobs.cancel(job).status == "cancelled"
    assert official.fine_tuning.jobs.retrieve(job).status == "cancelled"
    assert refused(official.fine_tuning.jobs.cancel, job)[0] == 400


def test_a_job_is_paused_and_resumed(official: openai.OpenAI) -> None:
    job = job_id(official)
    official.fine_tuning.jobs.pause(job)
    assert {official.fine_tuning.jobs.retrieve(job).status for _ in range(5)} == {
        "validating_files"
    }
    assert official.fine_tuning.jobs.resume(job).status == "queued"
    assert official.fine_tuning.jobs.retrieve(job).status == "running"
    assert refused(official.fine_tuning.jobs.resume, job)[0] == 400


def test_a_job_needs_a_file_that_is_there(official: openai.OpenAI) -> None:
    create = official.fine_tuning.jobs.create
    assert refused(create, model="gpt-5.4-mini", training_file="file-none") == (
        400,
        "File 'file-none' does not exist.",
    )


# Vector stores


def test_the_files_of_a_store_are_taken_in(official: openai.OpenAI) -> None:
    file = file_id(official, "The quick brown fox.\n\nThe lazy dog.")
    store = official.vector_stores.create(name="notes", file_ids=[file])
    assert (store.id[:3], store.status, store.file_counts.in_progress) == ("vs_", "in_progress", 1)
    assert official.vector_stores.search(store.id, query="fox").data == []
    store = official.vector_stores.retrieve(store.id)
    assert (store.status, store.file_counts.completed, store.usage_bytes) == ("completed", 1, 35)


def test_a_search_finds_by_words(official: openai.OpenAI) -> None:
    store = official.vector_stores.create(name="notes")
    for text, lang in (("The quick brown FOX.\n\nThe lazy dog.", "en"), ("Der Fuchs", "de")):
        attributes: Any = {"lang": lang, "words": len(text.split())}
        added = official.vector_stores.files.create(
            store.id, file_id=file_id(official, text), attributes=attributes
        )
        official.vector_stores.files.retrieve(added.id, vector_store_id=store.id)
    found = official.vector_stores.search(store.id, query="quick fox jumps").data
    assert [hit.content[0].text for hit in found] == ["The quick brown FOX."]
    assert round(found[0].score, 3) == 0.667
    found = official.vector_stores.search(store.id, query="der the", max_num_results=2).data
    assert len(found) == 2
    german: Any = {"type": "eq", "key": "lang", "value": "de"}
    long: Any = {"type": "gte", "key": "words", "value": 6}
    wanted: list[tuple[Any, list[str]]] = [
        (german, ["Der Fuchs"]),
        ({"type": "and", "filters": [german, long]}, []),
        ({"type": "or", "filters": [german, long]}, ["The quick brown FOX.", "The lazy dog."]),
    ]
    for filters, texts in wanted:
        hits = official.vector_stores.search(store.id, query="the der", filters=filters).data
        assert sorted(hit.content[0].text for hit in hits if hit.content[0].text in texts) == (
            sorted(texts)
        )
        assert texts or not hits
    least: Any = {"score_threshold": 0.9}
    assert official.vector_stores.search(store.id, query="a fox", ranking_options=least).data == []


def test_a_batch_of_files_is_done_when_they_are(official: openai.OpenAI) -> None:
    store = official.vector_stores.create().id
    files = [file_id(official, text) for text in ("one", "two")]
    batches = official.vector_stores.file_batches
    batch = batches.create(store, file_ids=files)
    assert (batch.status, batch.file_counts.in_progress) == ("in_progress", 2)
    batch = batches.retrieve(batch.id, vector_store_id=store)
    assert (batch.status, batch.file_counts.completed) == ("completed", 2)
    listed = batches.list_files(batch.id, vector_store_id=store)
    assert sorted(one.id for one in listed) == sorted(files)
    listed = batches.list_files(batch.id, vector_store_id=store, filter="failed")
    assert listed.data == []


def test_a_batch_of_files_is_cancelled(official: openai.OpenAI) -> None:
    store = official.vector_stores.create().id
    batch = official.vector_stores.file_batches.create(store, file_ids=[file_id(official, "one")])
    batch = official.vector_stores.file_batches.cancel(batch.id, vector_store_id=store)
    assert (batch.status, batch.file_counts.cancelled) == ("cancelled", 1)


def test_what_belongs_to_a_thing_goes_with_it(official: openai.OpenAI) -> None:
    file = file_id(official, "one")
    store = official.vector_stores.create(file_ids=[file]).id
    official.vector_stores.delete(store)
    status, message = refused(official.vector_stores.files.list, store)
    assert (status, message) == (404, f"No vector store found with id '{store}'.")
    assert official.files.retrieve(file).id == file


# Evals, videos


def test_a_run_of_an_eval_has_an_item_for_each_row(official: openai.OpenAI) -> None:
    criterion: Any = {
        "type": "string_check",
        "name": "same",
        "input": "{{item.a}}",
        "reference": "{{item.b}}",
        "operation": "eq",
    }
    config: Any = {"type": "custom", "item_schema": {"type": "object"}}
    made = official.evals.create(data_source_config=config, testing_criteria=[criterion])
    rows = [{"item": {"a": str(number), "b": "1"}} for number in range(3)]
    source: Any = {"type": "jsonl", "source": {"type": "file_content", "content": rows}}
    run = official.evals.runs.create(made.id, name="r", data_source=source)
    assert (run.id[:8], run.status) == ("evalrun_", "queued")
    looks = [official.evals.runs.retrieve(run.id, eval_id=made.id) for _ in range(2)]
    assert [one.status for one in looks] == ["in_progress", "completed"]
    counts = looks[-1].result_counts
    assert (counts.total, counts.passed, counts.failed) == (3, 3, 0)
    items = official.evals.runs.output_items.list(run.id, eval_id=made.id, limit=2)
    assert sorted(str(item.datasource_item["a"]) for item in items) == ["0", "1", "2"]


def test_the_rows_of_a_file_are_objects(official: openai.OpenAI) -> None:
    config: Any = {"type": "custom", "item_schema": {"type": "object"}}
    made = official.evals.create(data_source_config=config, testing_criteria=[])
    for text, status in (('{"item": {"a": 1}}', 200), ("[1]", 400), ("not JSON", 400)):
        source: Any = {
            "type": "jsonl",
            "source": {"type": "file_id", "id": file_id(official, text)},
        }
        if status == 200:
            assert official.evals.runs.create(made.id, data_source=source).status == "queued"
        else:
            assert refused(official.evals.runs.create, made.id, data_source=source)[0] == status


def test_a_video_comes_to_its_end(official: openai.OpenAI) -> None:
    video = official.videos.create(prompt="a cat", seconds="8")
    assert (video.status, video.progress, video.seconds) == ("queued", 0, "8")
    assert refused(official.videos.download_content, video.id)[0] == 400
    looks = [official.videos.retrieve(video.id) for _ in range(2)]
    assert [(one.status, one.progress) for one in looks] == [
        ("in_progress", 50),
        ("completed", 100),
    ]
    assert official.videos.download_content(video.id).read()[4:8] == b"ftyp"
    assert official.videos.download_content(video.id, variant="thumbnail").read()[8:12] == b"WEBP"
    remix = official.videos.remix(video.id, prompt="a dog")
    assert (remix.remixed_from_video_id, remix.prompt) == (video.id, "a dog")
