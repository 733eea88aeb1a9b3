"""What belongs to what is kept: parts, files, versions, items, messages, roles."""

import hashlib
import io
import zipfile
from typing import Any

import openai
import pytest

from tests.sandbox.official import MODEL, file_id, refused

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


# Bytes


def test_an_upload_in_parts_becomes_a_file(official: openai.OpenAI) -> None:
    parts = [b'{"a": 1}\n', b'{"b": 2}\n']
    whole = b"".join(parts)
    upload = official.uploads.create(
        bytes=len(whole), filename="a.jsonl", mime_type="text/jsonl", purpose="batch"
    )
    assert (upload.id[:7], upload.status) == ("upload_", "pending")
    names = [official.uploads.parts.create(upload.id, data=part).id for part in parts]
    complete = official.uploads.complete
    assert refused(complete, upload.id, part_ids=names[:1])[0] == 400
    assert refused(complete, upload.id, part_ids=names, md5="0" * 32)[0] == 400
    digest = hashlib.md5(whole, usedforsecurity=False).hexdigest()
    done = complete(upload.id, part_ids=names, md5=digest)
    assert done.status == "completed"
    assert done.file is not None
    assert official.files.content(done.file.id).read() == whole
    assert refused(official.uploads.parts.create, upload.id, data=b"c")[0] == 400
    assert refused(official.uploads.cancel, upload.id)[0] == 400


def test_a_container_has_files(official: openai.OpenAI) -> None:
    container = official.containers.create(name="box", file_ids=[file_id(official, "one")]).id
    two = official.containers.files.create(container, file=("two.txt", b"two"))
    assert (two.path, two.bytes, two.source) == ("/mnt/data/two.txt", 3, "user")
    content = official.containers.files.content
    assert content.retrieve(two.id, container_id=container).read() == b"two"
    assert len(official.containers.files.list(container).data) == 2
    official.containers.files.delete(two.id, container_id=container)
    assert len(official.containers.files.list(container).data) == 1
    assert refused(official.containers.files.create, container)[0] == 400


def test_a_skill_has_versions(official: openai.OpenAI) -> None:
    about = b"---\nname: notes\ndescription: Take notes\n---\n"
    skill = official.skills.create(files=[("SKILL.md", about)])
    assert (skill.name, skill.description, skill.default_version) == ("notes", "Take notes", "1")
    second = official.skills.versions.create(skill.id, files=[("SKILL.md", b"name: more\n")])
    assert (second.version, second.name) == ("2", "more")
    skill = official.skills.retrieve(skill.id)
    assert (skill.default_version, skill.latest_version) == ("1", "2")
    with zipfile.ZipFile(io.BytesIO(official.skills.content.retrieve(skill.id).read())) as archive:
        assert archive.read("SKILL.md") == about
    assert official.skills.update(skill.id, default_version="2").default_version == "2"
    assert refused(official.skills.update, skill.id, default_version="3")[0] == 404
    assert refused(official.skills.versions.delete, "2", skill_id=skill.id)[0] == 400
    broken = b"PK\x05\x06" + bytes(8) + b"\xff" * 4 + bytes(6)  # the end of a zip, and no more
    assert refused(official.skills.create, files=[("a.zip", broken)])[0] == 400
    official.skills.versions.delete("1", skill_id=skill.id)
    assert [one.version for one in official.skills.versions.list(skill.id)] == ["2"]


# Conversations, responses, chats


def test_a_response_adds_to_its_conversation(official: openai.OpenAI) -> None:
    items: Any = [{"type": "message", "role": "user", "content": "first"}]
    talk = official.conversations.create(items=items, metadata={"a": "b"})
    made = official.responses.create(model=MODEL, input="Say hello", conversation=talk.id)
    assert made.conversation is not None
    assert made.conversation.id == talk.id
    listed: list[Any] = list(official.conversations.items.list(talk.id, order="asc"))
    assert [(item.role, item.content[0].text) for item in listed] == [
        ("user", "first"),
        ("user", "Say hello"),
        ("assistant", "hello"),
    ]
    gone = official.conversations.items.delete(listed[0].id, conversation_id=talk.id)
    assert (gone.id, gone.metadata) == (talk.id, {"a": "b"})
    assert len(official.conversations.items.list(talk.id).data) == 2
    nowhere = {"model": MODEL, "input": "hi", "conversation": "conv_none"}
    assert refused(official.responses.create, **nowhere) == (
        404,
        "Conversation with id 'conv_none' not found.",
    )


def test_the_input_of_a_response_is_listed(official: openai.OpenAI) -> None:
    asked: Any = [{"role": "developer", "content": "Be brief"}, {"role": "user", "content": "Hi"}]
    made = official.responses.create(model=MODEL, input=asked)
    items: list[Any] = list(official.responses.input_items.list(made.id, order="asc", limit=1))
    assert [(item.role, item.content[0].text) for item in items] == [
        ("developer", "Be brief"),
        ("user", "Hi"),
    ]


def test_a_stored_chat_is_kept(official: openai.OpenAI) -> None:
    asked: Any = [{"role": "user", "content": "Say hello"}]
    chat = official.chat.completions
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


def test_a_streamed_chat_is_stored(official: openai.OpenAI) -> None:
    asked: Any = [{"role": "user", "content": "Say hello"}]
    stream = official.chat.completions.create(model=MODEL, messages=asked, store=True, stream=True)
    (name,) = {event.id for event in stream}
    kept = official.chat.completions.retrieve(name)
    assert (kept.object, kept.choices[0].message.content) == ("chat.completion", "hello")


# Runs


def test_a_run_says_something(official: openai.OpenAI) -> None:
    assistant = official.beta.assistants.create(model=MODEL, instructions="Be brief")
    talk: Any = {"messages": [{"role": "user", "content": "Say hello"}]}
    run = official.beta.threads.create_and_run(assistant_id=assistant.id, thread=talk)
    assert (run.status, run.instructions) == ("queued", "Be brief")
    look = official.beta.threads.runs.retrieve
    looks = [look(run.id, thread_id=run.thread_id) for _ in range(3)]
    assert [one.status for one in looks] == ["in_progress", "completed", "completed"]
    assert looks[-1].usage is not None
    messages: list[Any] = list(official.beta.threads.messages.list(run.thread_id, order="asc"))
    assert [(one.role, one.content[0].text.value) for one in messages] == [
        ("user", "Say hello"),
        ("assistant", "hello"),
    ]
    (step,) = official.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id)
    details: Any = step.step_details
    assert details.message_creation.message_id == messages[1].id


def test_a_run_waits_for_the_outputs_of_a_function(official: openai.OpenAI) -> None:
    tool: Any = {"type": "function", "function": {"name": "look_up", "parameters": {}}}
    assistant = official.beta.assistants.create(model=MODEL, tools=[tool])
    thread = official.beta.threads.create().id
    runs = official.beta.threads.runs
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


def test_a_run_is_streamed(official: openai.OpenAI) -> None:
    assistant = official.beta.assistants.create(model=MODEL)
    thread = official.beta.threads.create(messages=[{"role": "user", "content": "Say hello"}]).id
    create: Any = official.beta.threads.runs.create
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


def test_usage_comes_in_buckets(official: openai.OpenAI) -> None:
    start = 1_767_225_600
    usage = official.admin.organization.usage
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
    costs = official.admin.organization.usage.costs(start_time=start)
    cost: Any = costs.data[0].results[0]
    assert (len(costs.data), cost.amount.value, cost.amount.currency) == (7, 0.06, "usd")


def test_a_bucket_is_of_a_time_of_the_calendar(official: openai.OpenAI) -> None:
    costs = official.admin.organization.usage.costs
    assert refused(costs, start_time=10**30)[0] == 400
    assert refused(costs, start_time=10, end_time=10) == (
        400,
        "'end_time' must be after 'start_time'.",
    )
    assert refused(costs, start_time=0, page="two") == (400, "Invalid page: 'two'.")


def test_an_archived_project_is_listed_on_demand(official: openai.OpenAI) -> None:
    projects = official.admin.organization.projects
    one, two = (projects.create(name=name) for name in ("one", "two"))
    assert projects.archive(one.id).status == "archived"
    assert [project.id for project in projects.list()] == [two.id]
    assert len(projects.list(include_archived=True).data) == 2


def test_certificates_are_active_or_not(official: openai.OpenAI) -> None:
    certificates = official.admin.organization.certificates
    name = certificates.create(certificate="-----BEGIN CERTIFICATE-----").id
    assert [one.active for one in certificates.activate(certificate_ids=[name])] == [True]
    assert certificates.retrieve(name).active
    assert [one.active for one in certificates.deactivate(certificate_ids=[name])] == [False]


def test_a_role_of_a_group_is_the_role(official: openai.OpenAI) -> None:
    organization = official.admin.organization
    group = organization.groups.create(name="crew").id
    role = organization.roles.create(role_name="reader", permissions=["api.read"])
    made = organization.groups.roles.create(group, role_id=role.id)
    assert (made.role.name, made.group.name) == ("reader", "crew")
    listed = organization.groups.roles.list(group).data
    assert [(one.id, one.name, one.permissions) for one in listed] == [
        (role.id, "reader", ["api.read"])
    ]


def test_what_nobody_makes_is_there(official: openai.OpenAI) -> None:
    organization = official.admin.organization
    (user,) = organization.users.list()
    assert (user.id, user.role) == ("user-sandbox", "owner")
    assert organization.users.update(user.id, role="reader").role == "reader"
    organization.users.delete(user.id)
    assert organization.users.list().data == []


def test_a_key_is_told_once(official: openai.OpenAI) -> None:
    keys = official.admin.organization.admin_api_keys
    made = keys.create(name="ci")
    assert made.value.startswith("sk-admin-made-up-")
    assert not hasattr(keys.retrieve(made.id), "value")
