"""What an operation's command sends, and what it prints of the answer."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from openai_cli.context import Context
from openai_cli.records import replace
from tests.conftest import MADE_UP_KEY, Run
from tests.flags.commandline import Ended, execute, refused
from tests.forms import Field, fields_of
from tests.servers import Server, events, reply, stream

STORE = {"id": "vs_1", "object": "vector_store", "name": "Docs", "status": "completed"}


def page(*data: dict[str, Any], **more: Any) -> bytes:
    return reply({"object": "list", "data": list(data), "has_more": False, **more})


def store(name: str) -> dict[str, Any]:
    return {"id": name, "name": f"The {name}", "status": "completed", "usage_bytes": 0,
            "created_at": 1793491200}  # fmt: skip


def at_terminal(server: Server, *words: str, typed: bytes = b"") -> Ended:
    """The end of a command line at a terminal, at which this is typed."""
    environ = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
    context = Context.test(terminal=True, environ=environ)
    return execute(replace(context, stdin=io.BytesIO(typed)), *words)


# The request


@pytest.mark.parametrize(
    ("typed", "line", "body"),
    [
        ("vector-stores show vs_1", "GET /v1/vector_stores/vs_1", None),
        ("vector-stores files show vs_1 file_1", "GET /v1/vector_stores/vs_1/files/file_1", None),
        ("vector-stores create", "POST /v1/vector_stores", {}),
        (
            "vector-stores create --name Docs --file-ids a --file-ids b --metadata team=ci"
            " --expires-after anchor=last_active_at --expires-after days=7",
            "POST /v1/vector_stores",
            {
                "name": "Docs",
                "file_ids": ["a", "b"],
                "metadata": {"team": "ci"},
                "expires_after": {"anchor": "last_active_at", "days": 7},
            },
        ),
        (
            "fine-tuning jobs create --model m --training-file f --method type=supervised"
            " --method supervised.hyperparameters.n_epochs=3 --seed 7",
            "POST /v1/fine_tuning/jobs",
            {
                "model": "m",
                "training_file": "f",
                "seed": 7,
                "method": {
                    "type": "supervised",
                    "supervised": {"hyperparameters": {"n_epochs": 3}},
                },
            },
        ),
        (
            "batches create --input-file-id f --endpoint /v1/responses --completion-window 24h",
            "POST /v1/batches",
            {"input_file_id": "f", "endpoint": "/v1/responses", "completion_window": "24h"},
        ),
        (
            "beta assistants create --model m --instructions @rules.txt",
            "POST /v1/assistants",
            {"model": "m", "instructions": "Be kind.\n"},
        ),
        ("batches cancel b_1", "POST /v1/batches/b_1/cancel", None),
        (
            "conversations items create c_1 --include a --include b --items [{}]",
            "POST /v1/conversations/c_1/items?include%5B%5D=a&include%5B%5D=b",
            {"items": [{}]},
        ),
        (
            "conversations items create c_1 --param include=[\"a\"] --items [{}]",
            "POST /v1/conversations/c_1/items?include%5B%5D=a",
            {"items": [{}]},
        ),
        ("vector-stores search vs_1 cats", "POST /v1/vector_stores/vs_1/search", {"query": "cats"}),
        (
            "vector-stores search vs_1 --param query=cats --max-num-results 3",
            "POST /v1/vector_stores/vs_1/search",
            {"query": "cats", "max_num_results": 3},
        ),
        (
            "responses compact --model m --input Hi",
            "POST /v1/responses/compact",
            {"model": "m", "input": "Hi"},
        ),
        (
            "chat-completions list --metadata team=ci --model m --order asc",
            "GET /v1/chat/completions?metadata%5Bteam%5D=ci&model=m&order=asc",
            None,
        ),
        ("skills versions list s_1 --param x=1", "GET /v1/skills/s_1/versions?x=1", None),
        (
            "beta responses cancel r_1",
            "POST /v1/responses/r_1/cancel?beta=true",
            None,
        ),
    ],
)  # fmt: skip
def test_what_is_sent(run: Run, folder: Path, typed: str, line: str, body: Any) -> None:
    (folder / "rules.txt").write_text("Be kind.\n")
    with Server([page()]) as server:
        done = run(*typed.split(), base_url=server.base_url)
    assert done.code == 0, done.err
    request = server.received[0]
    assert request.line == f"{line} HTTP/1.1"
    assert (json.loads(request.body) if request.body else None) == body


def test_an_admin_operation_of_several_numbers_and_names(run: Run) -> None:
    words = ("organization", "usage", "completions", "--start-time", "1", "--group-by", "model",
             "--group-by", "project_id", "--bucket-width", "1d", "--no-batch")  # fmt: skip
    with Server([page()]) as server:
        assert run(*words, base_url=server.base_url).code == 0
    assert server.received[0].line == (
        "GET /v1/organization/usage/completions?start_time=1&batch=false&bucket_width=1d"
        "&group_by%5B%5D=model&group_by%5B%5D=project_id HTTP/1.1"
    )


def test_the_header_that_an_operation_needs(run: Run) -> None:
    with Server([page(), page()]) as server:
        run("beta", "assistants", "list", base_url=server.base_url)
        run("batches", "list", base_url=server.base_url)
    first, second = server.received
    assert first.headers["openai-beta"] == "assistants=v2"
    assert "openai-beta" not in second.headers


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (
            "batches create --endpoint /v1/responses",
            "missing completion_window and input_file_id (parameter completion_window); give",
        ),
        ("uploads parts create u_1", "missing data (parameter data); give --data;"),
        ("organization costs", "missing start_time"),
        (
            "vector-stores search vs_1",
            "missing query (parameter query); give QUERY; --param and --body",
        ),
        ("vector-stores list --limit x", "limit must be an integer, not 'x'"),
        ("vector-stores search vs_1 x --max-num-results 51", "max_num_results must be an integer"),
        ("vector-stores create --expires-after days", "did you mean --expires-after days=VALUE?"),
        ("vector-stores create --expires-after days=999", "'days' that must be an integer from 1"),
        ("vector-stores create --metadata a=1 --metadata", "requires an argument"),
        ("vector-stores show", "missing argument 'VECTOR_STORE_ID'"),
        ("vector-stores show ..", "'..' is not an id"),
        ("vector-stores list --max-items 0", "--max-items must be an integer of at least 1"),
        ("conversations items create c --items 1", "items must be a JSON array of objects"),
        ("vector-stores lst", "no such command: vector-stores lst; did you mean list?"),
        ("vector-stores files lst", "no such command: vector-stores files lst"),
    ],
)
def test_what_is_refused_before_anything_is_sent(typed: str, said: str) -> None:
    assert said in refused(*typed.split())


def test_a_preview_needs_no_key_and_sends_nothing(run: Run) -> None:
    done = run("vector-stores", "create", "--name", "x", "--dry-run", key=None)
    assert (done.code, done.text) == (0, '{"name": "x"}\n')
    done = run("vector-stores", "show", "vs_1", "--dry-run", key=None)
    assert (done.code, done.out) == (0, b"")
    assert done.err == "openai-cli: notice: GET /vector_stores/vs_1 has no body\n"
    done = run("vector-stores", "delete", "vs_1", "--curl", base_url="http://127.0.0.1:9/v1")
    assert done.text == (
        "curl --silent --show-error --request DELETE http://127.0.0.1:9/v1/vector_stores/vs_1 \\\n"
        '  -H "Authorization: Bearer $OPENAI_API_KEY" \\\n'
        "  -H 'OpenAI-Beta: assistants=v2'\n"
    )


# Forms


def test_a_file_is_sent_in_a_form(run: Run, folder: Path) -> None:
    (folder / "part.bin").write_bytes(b"\x00\x01")
    with Server([reply({"id": "part_1"})]) as server:
        done = run("uploads", "parts", "create", "u_1", "--data", "part.bin",
                   base_url=server.base_url)  # fmt: skip
    assert (done.code, done.out) == (0, b'{"id": "part_1"}')
    assert fields_of(server.received[0]) == [
        Field("data", b"\x00\x01", "part.bin", "application/octet-stream")
    ]


def test_a_body_that_may_be_a_form_is_json_without_a_file(run: Run, folder: Path) -> None:
    (folder / "a.txt").write_text("hi")
    with Server([reply({"id": "x"})] * 2) as server:
        for flag in ("--file-id=file_1", "--file=a.txt"):
            run("containers", "files", "create", "c_1", flag, base_url=server.base_url)
    first, second = server.received
    assert first.json == {"file_id": "file_1"}
    assert fields_of(second) == [Field("file", b"hi", "a.txt", "text/plain")]


def test_several_files_are_an_array_under_their_relative_paths(run: Run, folder: Path) -> None:
    (folder / "s").mkdir()
    for name in ("SKILL.md", "run.py"):
        (folder / "s" / name).write_text(name)
    with Server([reply({"id": "skill_1"})]) as server:
        files = ("--files", "./s/SKILL.md", "--files", str(folder / "s" / "run.py"))
        done = run("skills", "create", *files, base_url=server.base_url)
    assert done.code == 0, done.err
    assert [(each.name, each.filename) for each in fields_of(server.received[0])] == [
        ("files[]", "s/SKILL.md"),
        ("files[]", "run.py"),
    ]


def test_a_reference_is_a_file_or_an_object(run: Run, folder: Path) -> None:
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n....")
    with Server([reply({"id": "video_1"})] * 2) as server:
        for value in ("a.png", '{"file_id": "file_1"}'):
            run("videos", "create", "--prompt", "x", "--input-reference", value,
                base_url=server.base_url)  # fmt: skip
    first, second = (fields_of(request) for request in server.received)
    assert [each.name for each in first] == ["prompt", "input_reference"]
    assert first[1].filename == "a.png"
    assert [(each.name, each.data) for each in second] == [
        ("prompt", b"x"),
        ("input_reference[file_id]", b"file_1"),
    ]


def test_an_object_may_be_json_in_a_form(run: Run) -> None:
    with Server([reply(b"v=0", content_type="application/sdp")]) as server:
        done = run("realtime", "calls", "create", "--sdp", "v=1", "--session", "type=realtime",
                   base_url=server.base_url)  # fmt: skip
    assert (done.code, done.out) == (0, b"v=0")
    assert fields_of(server.received[0]) == [
        Field("sdp", b"v=1"),
        Field("session", b'{"type": "realtime"}'),
    ]


# One thing


def test_a_thing_is_printed_as_it_came(run: Run) -> None:
    body = b'{"id":"vs_1",  "n":1.0}\n'
    with Server([reply(body)]) as server:
        done = run("vector-stores", "show", "vs_1", base_url=server.base_url)
    assert (done.code, done.out) == (0, body)


def test_a_thing_is_indented_at_a_terminal() -> None:
    with Server([reply(b'{"id":"vs_1","b":{"c":"\\u001b[1m"}}')]) as server:
        shown = at_terminal(server, "vector-stores", "show", "vs_1")
    assert shown.out.decode() == ('{\n  "id": "vs_1",\n  "b": {\n    "c": "\\u001b[1m"\n  }\n}\n')


def test_a_query_goes_over_a_thing(run: Run) -> None:
    with Server([reply(STORE)]) as server:
        done = run("vector-stores", "show", "vs_1", "--query", "name", base_url=server.base_url)
    assert done.text == "Docs\n"


def test_a_stream_is_an_event_a_line(run: Run) -> None:
    made = stream({"object": "thread.run", "id": "run_1"}, {"object": "thread.run.step", "id": "s"})
    with Server([made]) as server:
        done = run("beta", "threads", "runs", "create", "t", "--assistant-id", "a", "--stream",
                   base_url=server.base_url)  # fmt: skip
    assert done.code == 0, done.err
    assert [json.loads(line)["id"] for line in done.text.splitlines()] == ["run_1", "s"]
    assert server.received[0].json == {"assistant_id": "a", "stream": True}


def test_a_failure_in_a_stream_has_its_exit_code(run: Run) -> None:
    made = events({"error": {"message": "too fast", "code": "rate_limit_exceeded"}}, done=False)
    with Server([reply(made, content_type="text/event-stream")]) as server:
        done = run("beta", "threads", "runs", "create", "t", "--assistant-id", "a", "--stream",
                   base_url=server.base_url)  # fmt: skip
    assert done.code == 5
    assert "too fast" in done.err


def test_what_answers_nothing_prints_nothing(run: Run) -> None:
    with Server([reply(b"")]) as server:
        done = run("realtime", "calls", "hangup", "c_1", base_url=server.base_url)
    assert (done.code, done.out, done.err) == (0, b"", "")


# Bytes


def test_bytes_go_into_a_pipe_or_a_file(run: Run, folder: Path) -> None:
    data = b"\x00PK\xff"
    made = reply(data, content_type="application/zip")
    with Server([made, made]) as server:
        assert run("skills", "content", "s_1", base_url=server.base_url).out == data
        done = run("skills", "content", "s_1", "-o", "s.zip", base_url=server.base_url)
    assert (done.code, done.out) == (0, b"")
    assert (folder / "s.zip").read_bytes() == data


def test_bytes_never_go_onto_a_terminal() -> None:
    with Server([]) as server:
        shown = at_terminal(server, "containers", "files", "content", "c_1", "f_1")
    assert shown.code == 2
    assert "a terminal cannot show" in shown.err


# Lists


def test_a_list_has_a_line_for_each_thing(run: Run) -> None:
    with Server([page(store("vs_1"), {"id": "vs_2", "name": "a\tb", "other": 1})]) as server:
        done = run("vector-stores", "list", base_url=server.base_url)
    assert done.text == ("vs_1\tThe vs_1\tcompleted\t0\t2026-11-01T00:00:00Z\nvs_2\ta b\t\t\t\n")


def test_a_list_has_columns_under_heads_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    with Server([page(store("vs_1"))]) as server:
        shown = at_terminal(server, "vector-stores", "list").out.decode()
    assert shown == (
        "id    name      status     usage bytes …\nvs_1  The vs_1  completed  0           …\n"
    )


def test_things_that_nothing_tells_apart_are_lines_of_json(run: Run) -> None:
    bucket = {"object": "bucket", "start_time": 1793491200, "end_time": 1793577600,
              "results": [{"amount": {"value": 1.5}}]}  # fmt: skip
    with Server([page(bucket)]) as server:
        done = run("organization", "costs", "--start-time", "1", base_url=server.base_url)
    assert done.text == (
        '2026-11-01T00:00:00Z\t2026-11-02T00:00:00Z\t[{"amount": {"value": 1.5}}]\n'
    )


PAGES = {
    "vector-stores list": (
        [page(store("a"), has_more=True, last_id="a"), page(store("b"))],
        ["/vector_stores", "/vector_stores?after=a"],
    ),
    "organization groups list": (
        [page(store("a"), has_more=True, next="n1"), page(store("b"), next=None)],
        ["/organization/groups", "/organization/groups?after=n1"],
    ),
    "beta agents environments files list e": (
        [page({"path": "a"}, has_more=True, next="n1"), page({"path": "b"}, next=None)],
        ["/agents/environments/e/files", "/agents/environments/e/files?page=n1"],
    ),
    "organization costs --start-time 1": (
        [page({"start_time": 1}, has_more=True, next_page="p2"), page({"start_time": 2})],
        ["/organization/costs?start_time=1", "/organization/costs?start_time=1&page=p2"],
    ),
}


@pytest.mark.parametrize("typed", PAGES)
def test_all_pages_are_asked_for(run: Run, typed: str) -> None:
    replies, paths = PAGES[typed]
    with Server(replies) as server:
        done = run(*typed.split(), base_url=server.base_url)
    assert done.code == 0, done.err
    assert [each.line for each in server.received] == [f"GET /v1{path} HTTP/1.1" for path in paths]
    assert len(done.text.splitlines()) == 2


def test_the_limit_is_the_size_of_a_page(run: Run) -> None:
    replies = [page(store("a"), has_more=True, last_id="a"), page(store("b"))]
    with Server(replies) as server:
        done = run("vector-stores", "list", "--limit", "1", base_url=server.base_url)
    assert [line.partition("\t")[0] for line in done.text.splitlines()] == ["a", "b"]
    assert server.received[1].line == "GET /v1/vector_stores?limit=1&after=a HTTP/1.1"


@pytest.mark.parametrize(
    ("most", "pages", "lines", "is_told"),
    [("1", 1, 1, True), ("2", 1, 2, True), ("3", 2, 3, True), ("4", 2, 4, False)],
)
def test_so_many_things_at_most(run: Run, most: str, pages: int, lines: int, is_told: bool) -> None:
    replies = [page(store("a"), store("b"), has_more=True, last_id="b"),
               page(store("c"), store("d"))]  # fmt: skip
    with Server(replies[:pages]) as server:
        done = run("vector-stores", "list", "--max-items", most, base_url=server.base_url)
    assert len(done.text.splitlines()) == lines
    said = f"openai-cli: notice: stopped at --max-items {most}; there is more\n"
    assert done.err == (said if is_told else "")


def test_the_pages_as_json_are_whole(run: Run) -> None:
    replies = [reply(b'{"data":[{"id":"a"}],"has_more":true,"last_id":"a"}'),
               reply(b'{"data":[{"id":"b"}],"has_more":false}')]  # fmt: skip
    with Server(replies) as server:
        done = run("vector-stores", "list", "--json", base_url=server.base_url)
    assert done.text == (
        '{"data":[{"id":"a"}],"has_more":true,"last_id":"a"}\n'
        '{"data":[{"id":"b"}],"has_more":false}'
    )


def test_a_page_without_its_things_is_a_bad_answer(run: Run) -> None:
    with Server([reply({"object": "list"})]) as server:
        done = run("vector-stores", "list", base_url=server.base_url)
    assert done.code == 6
    assert "it has no data" in done.err


# What is deleted


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"id": "vs_1", "deleted": True}, "vs_1\n"),
        ({"id": "vs_one", "deleted": True}, "vs_one\n"),
        ({"deleted": True}, "vs_1\n"),
        ({"id": "the store before it"}, "vs_1\n"),
        (b"", "vs_1\n"),
    ],
)
def test_what_is_deleted_is_named(run: Run, answer: Any, shown: str) -> None:
    with Server([reply(answer)]) as server:
        done = run("vector-stores", "delete", "vs_1", "--yes", base_url=server.base_url)
    assert (done.code, done.text) == (0, shown)


def test_what_is_not_deleted_is_a_failure(run: Run) -> None:
    with Server([reply({"id": "vs_1", "deleted": False})]) as server:
        done = run("vector-stores", "delete", "vs_1", "--yes", base_url=server.base_url)
    assert done.code == 6


ADMIN = ("organization projects archive p_1", "organization admin-api-keys delete k_1",
         "organization users delete u_1")  # fmt: skip


@pytest.mark.parametrize("typed", ADMIN)
def test_what_an_admin_cannot_undo_wants_yes_where_nobody_can_answer(typed: str) -> None:
    said = refused(*typed.split(), stdin=b"y\n")
    assert "cannot be undone; add --yes to skip the confirmation" in said


@pytest.mark.parametrize("yes", [(), ("--yes",)])
def test_a_script_that_names_what_it_deletes_is_not_asked(run: Run, yes: tuple[str, ...]) -> None:
    with Server([reply({"id": "vs_1", "deleted": True})]) as server:
        done = run("vector-stores", "delete", "vs_1", *yes, base_url=server.base_url)
    assert (done.code, done.text) == (0, "vs_1\n")


@pytest.mark.parametrize("typed", [b"y\n", b"YES\n"])
def test_a_terminal_is_asked_before_what_cannot_be_undone(typed: bytes) -> None:
    with Server([reply({"id": "vs_1", "deleted": True})]) as server:
        shown = at_terminal(server, "vector-stores", "delete", "vs_1", typed=typed)
    assert (shown.code, shown.out) == (0, b"vs_1\n")
    assert shown.err == "openai-cli vector-stores delete vs_1 cannot be undone. Continue? [y/N] "


@pytest.mark.parametrize("typed", [b"n\n", b"\n", b"", b"yess\n"])
def test_who_does_not_agree_has_nothing_done(typed: bytes) -> None:
    with Server([]) as server:
        shown = at_terminal(server, "vector-stores", "delete", "vs_1", typed=typed)
    assert (shown.code, shown.out) == (2, b"")
    assert "openai-cli vector-stores delete vs_1: nothing was done" in shown.err


def test_what_can_be_done_anew_is_not_asked_about(run: Run) -> None:
    with Server([reply({"id": "f", "deleted": True})]) as server:
        done = run("vector-stores", "files", "delete", "vs_1", "f", base_url=server.base_url)
    assert (done.code, done.text) == (0, "f\n")


# The configuration file


def test_the_configuration_file_has_defaults_for_an_operation(run: Run, folder: Path) -> None:
    config = folder / "config.toml"
    config.write_text(
        "param = ['x=1']\n"
        "[vector-stores.create]\nname = 'Mine'\nexpires_after = {anchor='last_active_at', days=1}\n"
        "[vector-stores.files.list]\nlimit = 5\nmax_items = 1\n"
    )
    env = {"OPENAI_CLI_CONFIG": str(config)}
    with Server([reply(STORE), page(store("a"), store("b"))]) as server:
        run("vector-stores", "create", base_url=server.base_url, env=env)
        done = run("vector-stores", "files", "list", "v", base_url=server.base_url, env=env)
    assert server.received[0].json == {
        "name": "Mine",
        "expires_after": {"anchor": "last_active_at", "days": 1},
        "x": 1,
    }
    assert server.received[1].line == "GET /v1/vector_stores/v/files?limit=5 HTTP/1.1"
    assert len(done.text.splitlines()) == 1
