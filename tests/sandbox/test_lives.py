"""What becomes of things: their states, look by look, and what belongs to them."""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from tests.sandbox.client import KEY

MODEL = "gpt-6-luna"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def client() -> Iterator[openai.OpenAI]:
    with (
        Sandbox(0, SandboxConfig(key=KEY)) as serving,
        openai.OpenAI(
            base_url=serving.base_url,
            api_key=serving.key,
            admin_api_key=serving.admin_key,
            max_retries=0,
        ) as client,
    ):
        yield client


def file_id(client: openai.OpenAI, text: str, purpose: Any = "assistants") -> str:
    return client.files.create(file=("notes.txt", text.encode()), purpose=purpose).id


def refused(call: Any, *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(openai.APIStatusError) as refusal:
        call(*arguments, **named)
    body: Any = refusal.value.body
    return refusal.value.status_code, body["message"]


# Fine-tuning


def job_id(client: openai.OpenAI) -> str:
    file = file_id(client, "{}", "fine-tune")
    return client.fine_tuning.jobs.create(model="gpt-5.4-mini", training_file=file).id


def test_a_job_goes_through_its_states(client: openai.OpenAI) -> None:
    file = file_id(client, "{}", "fine-tune")
    job = client.fine_tuning.jobs.create(model="gpt-5.4-mini", training_file=file, suffix="mine")
    assert (job.id[:6], job.status, job.fine_tuned_model) == ("ftjob-", "validating_files", None)
    looks = [client.fine_tuning.jobs.retrieve(job.id) for _ in range(4)]
    assert [one.status for one in looks] == ["queued", "running", "succeeded", "succeeded"]
    assert looks[-1].fine_tuned_model == f"ft:gpt-5.4-mini:sandbox:mine:{job.id[-8:]}"
    assert looks[-1].trained_tokens
    assert client.models.retrieve(looks[-1].fine_tuned_model).object == "model"


def test_a_job_has_events_and_checkpoints(client: openai.OpenAI) -> None:
    job = job_id(client)
    assert len(client.fine_tuning.jobs.list_events(job).data) == 2
    assert client.fine_tuning.jobs.checkpoints.list(job).data == []
    for _ in range(3):
        model = client.fine_tuning.jobs.retrieve(job).fine_tuned_model
    messages = [event.message for event in client.fine_tuning.jobs.list_events(job, limit=4)]
    assert messages[0] == "The job has successfully completed"
    assert messages[-1] == f"Created fine-tuning job: {job}"
    steps = client.fine_tuning.jobs.checkpoints.list(job).data
    assert [step.step_number for step in steps] == [3, 2, 1]
    assert steps[0].fine_tuned_model_checkpoint == model


def test_a_job_is_cancelled_while_it_goes_on(client: openai.OpenAI) -> None:
    job = job_id(client)
    assert client.fine_tuning.jobs.cancel(job).status == "cancelled"
    assert client.fine_tuning.jobs.retrieve(job).status == "cancelled"
    assert refused(client.fine_tuning.jobs.cancel, job)[0] == 400


def test_a_job_is_paused_and_resumed(client: openai.OpenAI) -> None:
    job = job_id(client)
    client.fine_tuning.jobs.pause(job)
    assert {client.fine_tuning.jobs.retrieve(job).status for _ in range(5)} == {"validating_files"}
    assert client.fine_tuning.jobs.resume(job).status == "queued"
    assert client.fine_tuning.jobs.retrieve(job).status == "running"
    assert refused(client.fine_tuning.jobs.resume, job)[0] == 400


def test_a_job_needs_a_file_that_is_there(client: openai.OpenAI) -> None:
    create = client.fine_tuning.jobs.create
    assert refused(create, model="gpt-5.4-mini", training_file="file-none") == (
        400,
        "File 'file-none' does not exist.",
    )


# Vector stores


def test_the_files_of_a_store_are_taken_in(client: openai.OpenAI) -> None:
    file = file_id(client, "The quick brown fox.\n\nThe lazy dog.")
    store = client.vector_stores.create(name="notes", file_ids=[file])
    assert (store.id[:3], store.status, store.file_counts.in_progress) == ("vs_", "in_progress", 1)
    assert client.vector_stores.search(store.id, query="fox").data == []
    store = client.vector_stores.retrieve(store.id)
    assert (store.status, store.file_counts.completed, store.usage_bytes) == ("completed", 1, 35)


def test_a_search_finds_by_words(client: openai.OpenAI) -> None:
    store = client.vector_stores.create(name="notes")
    for text, lang in (("The quick brown FOX.\n\nThe lazy dog.", "en"), ("Der Fuchs", "de")):
        attributes: Any = {"lang": lang, "words": len(text.split())}
        added = client.vector_stores.files.create(
            store.id, file_id=file_id(client, text), attributes=attributes
        )
        client.vector_stores.files.retrieve(added.id, vector_store_id=store.id)
    found = client.vector_stores.search(store.id, query="quick fox jumps").data
    assert [hit.content[0].text for hit in found] == ["The quick brown FOX."]
    assert round(found[0].score, 3) == 0.667
    found = client.vector_stores.search(store.id, query="der the", max_num_results=2).data
    assert len(found) == 2
    german: Any = {"type": "eq", "key": "lang", "value": "de"}
    long: Any = {"type": "gte", "key": "words", "value": 6}
    wanted: list[tuple[Any, list[str]]] = [
        (german, ["Der Fuchs"]),
        ({"type": "and", "filters": [german, long]}, []),
        ({"type": "or", "filters": [german, long]}, ["The quick brown FOX.", "The lazy dog."]),
    ]
    for filters, texts in wanted:
        hits = client.vector_stores.search(store.id, query="the der", filters=filters).data
        assert sorted(hit.content[0].text for hit in hits if hit.content[0].text in texts) == (
            sorted(texts)
        )
        assert texts or not hits
    least: Any = {"score_threshold": 0.9}
    assert client.vector_stores.search(store.id, query="a fox", ranking_options=least).data == []


def test_a_batch_of_files_is_done_when_they_are(client: openai.OpenAI) -> None:
    store = client.vector_stores.create().id
    files = [file_id(client, text) for text in ("one", "two")]
    batches = client.vector_stores.file_batches
    batch = batches.create(store, file_ids=files)
    assert (batch.status, batch.file_counts.in_progress) == ("in_progress", 2)
    batch = batches.retrieve(batch.id, vector_store_id=store)
    assert (batch.status, batch.file_counts.completed) == ("completed", 2)
    listed = batches.list_files(batch.id, vector_store_id=store)
    assert sorted(one.id for one in listed) == sorted(files)
    listed = batches.list_files(batch.id, vector_store_id=store, filter="failed")
    assert listed.data == []


def test_a_batch_of_files_is_cancelled(client: openai.OpenAI) -> None:
    store = client.vector_stores.create().id
    batch = client.vector_stores.file_batches.create(store, file_ids=[file_id(client, "one")])
    batch = client.vector_stores.file_batches.cancel(batch.id, vector_store_id=store)
    assert (batch.status, batch.file_counts.cancelled) == ("cancelled", 1)


def test_what_belongs_to_a_thing_goes_with_it(client: openai.OpenAI) -> None:
    file = file_id(client, "one")
    store = client.vector_stores.create(file_ids=[file]).id
    client.vector_stores.delete(store)
    status, message = refused(client.vector_stores.files.list, store)
    assert (status, message) == (404, f"No vector store found with id '{store}'.")
    assert client.files.retrieve(file).id == file


# Evals, videos


def test_a_run_of_an_eval_has_an_item_for_each_row(client: openai.OpenAI) -> None:
    criterion: Any = {
        "type": "string_check",
        "name": "same",
        "input": "{{item.a}}",
        "reference": "{{item.b}}",
        "operation": "eq",
    }
    config: Any = {"type": "custom", "item_schema": {"type": "object"}}
    made = client.evals.create(data_source_config=config, testing_criteria=[criterion])
    rows = [{"item": {"a": str(number), "b": "1"}} for number in range(3)]
    source: Any = {"type": "jsonl", "source": {"type": "file_content", "content": rows}}
    run = client.evals.runs.create(made.id, name="r", data_source=source)
    assert (run.id[:8], run.status) == ("evalrun_", "queued")
    looks = [client.evals.runs.retrieve(run.id, eval_id=made.id) for _ in range(2)]
    assert [one.status for one in looks] == ["in_progress", "completed"]
    counts = looks[-1].result_counts
    assert (counts.total, counts.passed, counts.failed) == (3, 3, 0)
    items = client.evals.runs.output_items.list(run.id, eval_id=made.id, limit=2)
    assert sorted(str(item.datasource_item["a"]) for item in items) == ["0", "1", "2"]


def test_the_rows_of_a_file_are_objects(client: openai.OpenAI) -> None:
    config: Any = {"type": "custom", "item_schema": {"type": "object"}}
    made = client.evals.create(data_source_config=config, testing_criteria=[])
    for text, status in (('{"item": {"a": 1}}', 200), ("[1]", 400), ("not JSON", 400)):
        source: Any = {"type": "jsonl", "source": {"type": "file_id", "id": file_id(client, text)}}
        if status == 200:
            assert client.evals.runs.create(made.id, data_source=source).status == "queued"
        else:
            assert refused(client.evals.runs.create, made.id, data_source=source)[0] == status


def test_a_video_comes_to_its_end(client: openai.OpenAI) -> None:
    video = client.videos.create(prompt="a cat", seconds="8")
    assert (video.status, video.progress, video.seconds) == ("queued", 0, "8")
    assert refused(client.videos.download_content, video.id)[0] == 400
    looks = [client.videos.retrieve(video.id) for _ in range(2)]
    assert [(one.status, one.progress) for one in looks] == [
        ("in_progress", 50),
        ("completed", 100),
    ]
    assert client.videos.download_content(video.id).read()[4:8] == b"ftyp"
    assert client.videos.download_content(video.id, variant="thumbnail").read()[8:12] == b"WEBP"
    remix = client.videos.remix(video.id, prompt="a dog")
    assert (remix.remixed_from_video_id, remix.prompt) == (video.id, "a dog")


# Bytes


def test_an_upload_in_parts_becomes_a_file(client: openai.OpenAI) -> None:
    parts = [b'{"a": 1}\n', b'{"b": 2}\n']
    whole = b"".join(parts)
    upload = client.uploads.create(
        bytes=len(whole), filename="a.jsonl", mime_type="text/jsonl", purpose="batch"
    )
    assert (upload.id[:7], upload.status) == ("upload_", "pending")
    names = [client.uploads.parts.create(upload.id, data=part).id for part in parts]
    complete = client.uploads.complete
    assert refused(complete, upload.id, part_ids=names[:1])[0] == 400
    assert refused(complete, upload.id, part_ids=names, md5="0" * 32)[0] == 400
    digest = hashlib.md5(whole, usedforsecurity=False).hexdigest()
    done = complete(upload.id, part_ids=names, md5=digest)
    assert done.status == "completed"
    assert done.file is not None
    assert client.files.content(done.file.id).read() == whole
    assert refused(client.uploads.parts.create, upload.id, data=b"c")[0] == 400
    assert refused(client.uploads.cancel, upload.id)[0] == 400


def test_a_container_has_files(client: openai.OpenAI) -> None:
    container = client.containers.create(name="box", file_ids=[file_id(client, "one")]).id
    two = client.containers.files.create(container, file=("two.txt", b"two"))
    assert (two.path, two.bytes, two.source) == ("/mnt/data/two.txt", 3, "user")
    content = client.containers.files.content
    assert content.retrieve(two.id, container_id=container).read() == b"two"
    assert len(client.containers.files.list(container).data) == 2
    client.containers.files.delete(two.id, container_id=container)
    assert len(client.containers.files.list(container).data) == 1
    assert refused(client.containers.files.create, container)[0] == 400


def test_a_skill_has_versions(client: openai.OpenAI) -> None:
    about = b"---\nname: notes\ndescription: Take notes\n---\n"
    skill = client.skills.create(files=[("SKILL.md", about)])
    assert (skill.name, skill.description, skill.default_version) == ("notes", "Take notes", "1")
    second = client.skills.versions.create(skill.id, files=[("SKILL.md", b"name: more\n")])
    assert (second.version, second.name) == ("2", "more")
    skill = client.skills.retrieve(skill.id)
    assert (skill.default_version, skill.latest_version) == ("1", "2")
    with zipfile.ZipFile(io.BytesIO(client.skills.content.retrieve(skill.id).read())) as archive:
        assert archive.read("SKILL.md") == about
    assert client.skills.update(skill.id, default_version="2").default_version == "2"
    assert refused(client.skills.update, skill.id, default_version="3")[0] == 404
    assert refused(client.skills.versions.delete, "2", skill_id=skill.id)[0] == 400
    broken = b"PK\x05\x06" + bytes(8) + b"\xff" * 4 + bytes(6)  # the end of a zip, and no more
    assert refused(client.skills.create, files=[("a.zip", broken)])[0] == 400
    client.skills.versions.delete("1", skill_id=skill.id)
    assert [one.version for one in client.skills.versions.list(skill.id)] == ["2"]


# Conversations, responses, chats


def test_a_response_adds_to_its_conversation(client: openai.OpenAI) -> None:
    items: Any = [{"type": "message", "role": "user", "content": "first"}]
    talk = client.conversations.create(items=items, metadata={"a": "b"})
    made = client.responses.create(model=MODEL, input="Say hello", conversation=talk.id)
    assert made.conversation is not None
    assert made.conversation.id == talk.id
    listed: list[Any] = list(client.conversations.items.list(talk.id, order="asc"))
    assert [(item.role, item.content[0].text) for item in listed] == [
        ("user", "first"),
        ("user", "Say hello"),
        ("assistant", "hello"),
    ]
    gone = client.conversations.items.delete(listed[0].id, conversation_id=talk.id)
    assert (gone.id, gone.metadata) == (talk.id, {"a": "b"})
    assert len(client.conversations.items.list(talk.id).data) == 2
    nowhere = {"model": MODEL, "input": "hi", "conversation": "conv_none"}
    assert refused(client.responses.create, **nowhere) == (
        404,
        "Conversation with id 'conv_none' not found.",
    )


def test_the_input_of_a_response_is_listed(client: openai.OpenAI) -> None:
    asked: Any = [{"role": "developer", "content": "Be brief"}, {"role": "user", "content": "Hi"}]
    made = client.responses.create(model=MODEL, input=asked)
    items: list[Any] = list(client.responses.input_items.list(made.id, order="asc", limit=1))
    assert [(item.role, item.content[0].text) for item in items] == [
        ("developer", "Be brief"),
        ("user", "Hi"),
    ]


def test_a_stored_chat_is_kept(client: openai.OpenAI) -> None:
    asked: Any = [{"role": "user", "content": "Say hello"}]
    chat = client.chat.completions
    made = [
        chat.create(model=MODEL, messages=asked, store=True, metadata={"n": str(number)})
        for number in range(2)
    ]
    chat.create(model=MODEL, messages=asked)
    assert len({one.id for one in made}) == 2
    assert [one.id for one in chat.list()] == [one.id for one in made]
    assert [one.id for one in chat.list(metadata={"n": "1"})] == [made[1].id]
    assert chat.list(model="gpt-6-sol").data == []
    assert chat.retrieve(made[0].id).choices[0].message.content == "hello"
    assert chat.messages.list(made[0].id).data[0].content == "Say hello"
    assert chat.update(made[0].id, metadata={"n": "9"}).metadata == {"n": "9"}
    assert chat.delete(made[0].id).deleted
    assert refused(chat.retrieve, made[0].id)[0] == 404


def test_a_streamed_chat_is_stored(client: openai.OpenAI) -> None:
    asked: Any = [{"role": "user", "content": "Say hello"}]
    stream = client.chat.completions.create(model=MODEL, messages=asked, store=True, stream=True)
    (name,) = {event.id for event in stream}
    kept = client.chat.completions.retrieve(name)
    assert (kept.object, kept.choices[0].message.content) == ("chat.completion", "hello")


# Runs


def test_a_run_says_something(client: openai.OpenAI) -> None:
    assistant = client.beta.assistants.create(model=MODEL, instructions="Be brief")
    talk: Any = {"messages": [{"role": "user", "content": "Say hello"}]}
    run = client.beta.threads.create_and_run(assistant_id=assistant.id, thread=talk)
    assert (run.status, run.instructions) == ("queued", "Be brief")
    look = client.beta.threads.runs.retrieve
    looks = [look(run.id, thread_id=run.thread_id) for _ in range(3)]
    assert [one.status for one in looks] == ["in_progress", "completed", "completed"]
    assert looks[-1].usage is not None
    messages: list[Any] = list(client.beta.threads.messages.list(run.thread_id, order="asc"))
    assert [(one.role, one.content[0].text.value) for one in messages] == [
        ("user", "Say hello"),
        ("assistant", "hello"),
    ]
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id)
    details: Any = step.step_details
    assert details.message_creation.message_id == messages[1].id


def test_a_run_waits_for_the_outputs_of_a_function(client: openai.OpenAI) -> None:
    tool: Any = {"type": "function", "function": {"name": "look_up", "parameters": {}}}
    assistant = client.beta.assistants.create(model=MODEL, tools=[tool])
    thread = client.beta.threads.create().id
    runs = client.beta.threads.runs
    run = runs.create(thread, assistant_id=assistant.id, tool_choice="required")
    submit = {"thread_id": thread, "tool_outputs": [{"tool_call_id": "call_1", "output": "1"}]}
    assert refused(runs.submit_tool_outputs, run.id, **submit)[0] == 400
    states = [runs.retrieve(run.id, thread_id=thread).status for _ in range(3)]
    assert states == ["in_progress", "requires_action", "requires_action"]
    action = runs.retrieve(run.id, thread_id=thread).required_action
    assert action is not None
    (call,) = action.submit_tool_outputs.tool_calls
    assert call.function.name == "look_up"
    assert refused(runs.submit_tool_outputs, run.id, **submit)[0] == 400
    outputs: Any = [{"tool_call_id": call.id, "output": "1"}]
    run = runs.submit_tool_outputs(run.id, thread_id=thread, tool_outputs=outputs)
    assert run.status == "queued"
    states = [runs.retrieve(run.id, thread_id=thread).status for _ in range(2)]
    assert states == ["in_progress", "completed"]
    assert refused(runs.cancel, run.id, thread_id=thread)[0] == 400


def test_a_run_is_streamed(client: openai.OpenAI) -> None:
    assistant = client.beta.assistants.create(model=MODEL)
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Say hello"}]).id
    create: Any = client.beta.threads.runs.create
    events = [event.event for event in create(thread, assistant_id=assistant.id, stream=True)]
    assert events == [
        "thread.run.created",
        "thread.run.queued",
        "thread.run.in_progress",
        "thread.message.created",
        "thread.message.completed",
        "thread.run.completed",
    ]


# The organization


def test_usage_comes_in_buckets(client: openai.OpenAI) -> None:
    start = 1_767_225_600
    usage = client.admin.organization.usage
    page = usage.completions(
        start_time=start, end_time=start + 10 * 86_400, limit=4, group_by=["model"]
    )
    pages = [page]
    while page.next_page:
        page = usage.completions(
            start_time=start, end_time=start + 10 * 86_400, limit=4, page=page.next_page
        )
        pages.append(page)
    starts = [bucket.start_time for page in pages for bucket in page.data]
    assert starts == [start + day * 86_400 for day in range(10)]
    result: Any = pages[0].data[0].results[0]
    assert (result.model, result.input_tokens, result.project_id) == (MODEL, 1000, None)
    costs = client.admin.organization.usage.costs(start_time=start)
    cost: Any = costs.data[0].results[0]
    assert (len(costs.data), cost.amount.value, cost.amount.currency) == (7, 0.06, "usd")


def test_a_bucket_is_of_a_time_of_the_calendar(client: openai.OpenAI) -> None:
    costs = client.admin.organization.usage.costs
    assert refused(costs, start_time=10**30)[0] == 400
    assert refused(costs, start_time=10, end_time=10) == (
        400,
        "'end_time' must be after 'start_time'.",
    )
    assert refused(costs, start_time=0, page="two") == (400, "Invalid page: 'two'.")


def test_an_archived_project_is_listed_on_demand(client: openai.OpenAI) -> None:
    projects = client.admin.organization.projects
    one, two = (projects.create(name=name) for name in ("one", "two"))
    assert projects.archive(one.id).status == "archived"
    assert [project.id for project in projects.list()] == [two.id]
    assert len(projects.list(include_archived=True).data) == 2


def test_certificates_are_active_or_not(client: openai.OpenAI) -> None:
    certificates = client.admin.organization.certificates
    name = certificates.create(certificate="-----BEGIN CERTIFICATE-----").id
    assert [one.active for one in certificates.activate(certificate_ids=[name])] == [True]
    assert certificates.retrieve(name).active
    assert [one.active for one in certificates.deactivate(certificate_ids=[name])] == [False]


def test_a_role_of_a_group_is_the_role(client: openai.OpenAI) -> None:
    organization = client.admin.organization
    group = organization.groups.create(name="crew").id
    role = organization.roles.create(role_name="reader", permissions=["api.read"])
    made = organization.groups.roles.create(group, role_id=role.id)
    assert (made.role.name, made.group.name) == ("reader", "crew")
    listed = organization.groups.roles.list(group).data
    assert [(one.id, one.name, one.permissions) for one in listed] == [
        (role.id, "reader", ["api.read"])
    ]


def test_what_nobody_makes_is_there(client: openai.OpenAI) -> None:
    organization = client.admin.organization
    (user,) = organization.users.list()
    assert (user.id, user.role) == ("user-sandbox", "owner")
    assert organization.users.update(user.id, role="reader").role == "reader"
    organization.users.delete(user.id)
    assert organization.users.list().data == []


def test_a_key_is_told_once(client: openai.OpenAI) -> None:
    keys = client.admin.organization.admin_api_keys
    made = keys.create(name="ci")
    assert made.value.startswith("sk-admin-made-up-")
    assert not hasattr(keys.retrieve(made.id), "value")
