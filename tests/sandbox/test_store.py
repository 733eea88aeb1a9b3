"""What is kept between requests: its order, its pages, and what is said of what is not there."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.sandbox import Sandbox, files
from openai_cli.sandbox import store as stores
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.exchange import ApiRequest, Upload
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.store import SandboxStore, Shelf
from tests.sandbox.client import Json, error, send


def shelf(*names: str) -> Shelf:
    """A shelf of things that are their names in capitals."""
    made = Shelf("No such thing: {}")
    for name in names:
        made.put(name, name.upper(), 1)
    return made


def test_things_stand_in_the_order_in_which_they_came() -> None:
    assert shelf("b", "a", "c").all == ["B", "A", "C"]


def test_a_thing_is_had_by_its_name() -> None:
    assert shelf("a", "b").get("b") == "B"


def test_a_thing_of_the_same_name_takes_the_place() -> None:
    things = shelf("a", "b")
    things.put("a", "another", 1)
    assert things.all == ["another", "B"]


def test_what_is_removed_is_gone_and_may_come_again_at_the_end() -> None:
    things = shelf("a", "b")
    things.remove("a")
    assert things.all == ["B"]
    things.put("a", "again", 1)
    assert things.all == ["B", "again"]


@pytest.mark.parametrize("look", [Shelf.get, Shelf.remove])
def test_what_is_not_there(look: Callable[[Shelf, str], object]) -> None:
    with pytest.raises(Refusal) as refused:
        look(shelf("a"), "b")
    assert refused.value.status == 404
    assert refused.value.body == error("No such thing: b", "id")


def test_a_list_of_the_things_is_no_part_of_the_shelf() -> None:
    things = shelf("a")
    things.all.clear()
    assert things.all == ["A"]


def test_each_store_has_its_own_shelves() -> None:
    one, other = SandboxStore(), SandboxStore()
    one.files.put("a", 1, 1)
    one.responses.put("a", 2, 1)
    assert (one.files.get("a"), one.responses.get("a")) == (1, 2)
    assert (other.files.all, other.responses.all, other.deleted_models.all) == ([], [], [])


def test_many_may_put_and_look_at_once() -> None:
    things = shelf()

    def put(number: int) -> int:
        things.put(str(number), number, 1)
        return len(things.all)

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(put, range(400)))
    assert sorted(things.all) == list(range(400))
    assert max(seen) == 400


def test_things_of_the_same_request_have_names_of_their_own() -> None:
    things = shelf()
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(things.fresh, ["0" * 32] * 400))
    assert "0" * 32 in names
    assert len({name[:24] for name in names}) == 400
    assert {len(name) for name in names} == {32}


@pytest.mark.parametrize(
    ("body", "ids"), [({}, 3), ({"background": True}, 3), ({"store": False}, 1)]
)
def test_what_is_stored_is_another_each_time(
    sandbox: Sandbox, body: dict[str, bool], ids: int
) -> None:
    asked = {"model": "gpt-6-luna", "input": f"Again: {body}", **body}
    found = {send(sandbox, "/v1/responses", asked).json["id"] for _ in range(3)}
    assert len(found) == ids


def test_a_file_that_is_uploaded_twice_is_two() -> None:
    kept = SandboxStore()
    for _ in range(2):
        body = {"file": Upload("a", "text/plain", b"x"), "purpose": "vision"}
        files.create_file(ApiRequest(body, "0" * 32, store=kept))
    assert len(page(kept)["data"]) == 2


STEP = st.tuples(st.sampled_from(["put", "remove"]), st.sampled_from("abcd"), st.integers())


@given(st.lists(STEP))
def test_a_shelf_is_a_dict_that_refuses(steps: list[tuple[str, str, int]]) -> None:
    things, model = Shelf("{}"), dict[str, int]()
    for step, name, value in steps:
        if step == "put":
            things.put(name, value, 1)
            model[name] = value
        elif name in model:
            things.remove(name)
            del model[name]
        else:
            with pytest.raises(Refusal):
                things.remove(name)
        assert things.all == list(model.values())


# Pages


@pytest.fixture(scope="module")
def store() -> SandboxStore:
    """Five files, `1` the oldest; those with odd numbers are of another purpose."""
    made = SandboxStore()
    for number in range(1, 6):
        purpose = "vision" if number % 2 else "user_data"
        upload = Upload(str(number), "text/plain", b"x")
        body = {"file": upload, "purpose": purpose}
        files.create_file(ApiRequest(body, f"{number:032}"[::-1], store=made))
    return made


def named(number: int) -> str:
    """The id of a file: 24 digits of what its request has."""
    return "file-" + f"{number}".ljust(24, "0")


def page(store: SandboxStore, **query: str) -> Json:
    reply = files.list_files(ApiRequest({}, "0" * 32, query=query, store=store))
    found: Json = json.loads(reply.content)
    return found


def numbers(found: Json) -> str:
    return "".join(told["filename"] for told in found["data"])


@pytest.mark.parametrize(
    ("query", "shown", "more"),
    [
        ({}, "54321", False),
        ({"order": "desc"}, "54321", False),
        ({"order": "asc"}, "12345", False),
        ({"limit": "2"}, "54", True),
        ({"limit": "4"}, "5432", True),
        ({"limit": "5"}, "54321", False),
        ({"limit": "10000"}, "54321", False),
        ({"after": named(3)}, "21", False),
        ({"after": named(3), "limit": "1"}, "2", True),
        ({"after": named(1)}, "", False),
        ({"after": named(3), "order": "asc"}, "45", False),
        ({"purpose": "vision"}, "531", False),
        ({"purpose": "vision", "limit": "2", "order": "asc"}, "13", True),
        ({"purpose": "vision", "after": named(5)}, "31", False),
        ({"purpose": "batch"}, "", False),
    ],
)
def test_a_page(store: SandboxStore, query: dict[str, str], shown: str, more: bool) -> None:
    found = page(store, **query)
    assert (found["object"], numbers(found), found["has_more"]) == ("list", shown, more)


def test_a_page_names_its_first_and_its_last(store: SandboxStore) -> None:
    found = page(store, limit="2", order="asc")
    assert (found["first_id"], found["last_id"]) == (named(1), named(2))


def test_an_empty_page_names_none(store: SandboxStore) -> None:
    found = page(store, purpose="batch")
    assert (found["data"], found["first_id"], found["last_id"]) == ([], None, None)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_the_pages_together_are_all(store: SandboxStore, order: str, limit: int) -> None:
    found = page(store, order=order, limit=str(limit))
    seen = numbers(found)
    while found["has_more"]:
        found = page(store, order=order, limit=str(limit), after=found["last_id"])
        seen += numbers(found)
    assert seen == ("12345" if order == "asc" else "54321")


def test_a_page_after_what_is_not_there(store: SandboxStore) -> None:
    with pytest.raises(Refusal, match="No such File object: file-none") as refused:
        page(store, after="file-none")
    assert refused.value.status == 404


@pytest.mark.parametrize("limit", ["0", "-1", "10001", "1.5", "", "two"])
def test_a_page_has_a_limit(store: SandboxStore, limit: str) -> None:
    with pytest.raises(Refusal) as refused:
        page(store, limit=limit)
    assert refused.value.body["error"]["param"] == "limit"


def test_what_one_sandbox_keeps_no_other_has() -> None:
    with Sandbox() as one, Sandbox() as other:
        body = {"model": "gpt-6-luna", "input": "hello"}
        path = "/v1/responses/" + send(one, "/v1/responses", body).json["id"]
        assert send(one, path, method="GET").status == 200
        assert send(other, path, method="GET").status == 404


def test_what_is_kept_is_the_same_for_every_key() -> None:
    body = {"model": "gpt-6-luna", "input": "for every key"}
    with Sandbox(0, SandboxConfig(key=None)) as sandbox:
        made = send(sandbox, "/v1/responses", body, headers={"Authorization": "Bearer one"})
        path = f"/v1/responses/{made.json['id']}"
        headers = {"Authorization": "Bearer another"}
        assert send(sandbox, path, method="GET", headers=headers).json == made.json


def test_a_full_shelf_refuses_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "MOST_BYTES", 10)
    monkeypatch.setattr(stores, "MOST_THINGS", 3)
    files = SandboxStore().files
    files.put("a", "A", 6)
    files.put("a", "B", 9)
    for size in (2, 11):
        with pytest.raises(Refusal, match="There is no room left") as refused:
            files.put("b", "B", size)
        assert refused.value.body["error"]["code"] == "storage_limit_exceeded"
    assert files.all == ["B"]
    files.remove("a")
    for name in "bcd":
        files.put(name, name, 0)
    with pytest.raises(Refusal, match="at most 3 of these"):
        files.put("e", "e", 0)


def test_old_responses_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "MOST_BYTES", 10)
    responses = SandboxStore().responses
    for name, size in (("a", 4), ("b", 4), ("c", 4), ("d", 1)):
        responses.put(name, name, size)
    assert responses.all == ["b", "c", "d"]
    with pytest.raises(Refusal, match="There is no room left"):
        responses.put("e", "e", 11)


def test_names_are_remembered_as_far_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "MOST_NAMES", 2)
    things = Shelf("{}")
    first = things.fresh("a")
    for digest in "bc":
        things.fresh(digest)
    assert things.fresh("b") != "b"
    assert things.fresh("a") == first
