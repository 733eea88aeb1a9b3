"""Every operation of the table, asked for by the `openai` package's client and read strictly."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openai.types.evals import RunCancelResponse

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.access import is_admin
from openai_cli.sandbox.api import Api, HttpRequest, error_response
from openai_cli.sandbox.checks import resolved, schemas
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.exchange import Operation
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.route import Route
from openai_cli.sandbox.routes import ROUTES
from openai_cli.sandbox.table import groups, routes_of
from openai_cli.sandbox.things import lists
from tests.sandbox.client import KEY, Answer, error
from tests.sandbox.sdk import Client, held
from tests.sandbox.world import BY_SHAPE, KEYS, World

TABLE = [route for group in sorted(groups()) for route in routes_of(group)]


def operation_of(route: Route) -> Operation:
    assert route.operation is not None
    return route.operation


OPERATIONS = [operation_of(route) for route in TABLE]
PLAIN = [one for one in OPERATIONS if "?" not in one.path]
BETA = [one for one in OPERATIONS if "?" in one.path]


def named(one: Any) -> str:
    return f"{one.method} {one.path}"


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with Sandbox(0, SandboxConfig(key=KEY)) as serving:
        yield serving


@pytest.fixture(scope="module")
def client(served: Sandbox) -> Iterator[Client]:
    with Client(
        base_url=served.base_url,
        api_key=served.key,
        admin_api_key=served.admin_key,
        max_retries=0,
    ) as client:
        yield client


@pytest.fixture
def world(served: Sandbox, client: Client) -> World:
    """Things to ask for, in a sandbox that has kept nothing."""
    served._server.api = Api(key=KEY)
    return World(client)


def ask(
    served: Sandbox, method: str, path: str, body: object = None, key: str | None = None
) -> Answer:
    """The answer to a request that goes through no socket; a Refusal's for the wrong key."""
    usual = served.admin_key if is_admin(f"/v1{path}") else served.key
    content = b"" if body is None else json.dumps(body).encode()
    bearer = f"Bearer {key or usual}"
    asked = HttpRequest(method, f"/v1{path}", content, "application/json", bearer, "localhost")
    try:
        served._server.api.admit(asked)
        answer = served._server.api.respond(asked)
    except Refusal as refusal:
        answer = error_response(refusal)
    return Answer(answer.status, {}, answer.content)


def served_paths() -> set[tuple[str, str]]:
    found = {(one.method, re.sub(r"\{\w+\}", "{}", one.path)) for one in [*ROUTES, *TABLE]}
    found.remove(("GET", "/images/{}/{}"))  # where the URLs of images lead, here alone
    return found


def test_288_operations_are_the_description_s_and_100_are_newer() -> None:
    assert len(served_paths()) == 388


def test_what_the_package_asks_for_is_served() -> None:
    assert BY_SHAPE.keys() <= served_paths()


# The description's own schema of it knows no other role than assistant, its example a user's.
OTHERWISE = {("GET", "/chat/completions/{completion_id}/messages")}
# An edition that the package calls otherwise.
RENAMED = {("POST", "/evals/{eval_id}/runs/{run_id}")}


@pytest.mark.parametrize(
    "one",
    [one for one in PLAIN if (one.method, one.path) not in OTHERWISE | RENAMED],
    ids=named,
)
def test_an_answer_is_what_its_type_says(world: World, one: Operation) -> None:
    world.ask(one.method, one.shape)


@pytest.mark.parametrize("one", BETA, ids=named)
def test_an_answer_of_the_beta_is_what_its_type_says(world: World, one: Operation) -> None:
    made = world.made("POST", "/responses?beta=true")
    world.ask(one.method, f"{one.shape}?beta=true", [made.id] if "{}" in one.shape else [])


def test_the_beta_is_checked_as_itself(served: Sandbox) -> None:
    body = {"model": "gpt-6-luna", "input": "hi", "multi_agent": {"enabled": True}}
    assert ask(served, "POST", "/responses?beta=true", body).status == 200
    assert ask(served, "POST", "/responses", body).status == 400


def test_a_run_of_an_eval_is_cancelled(world: World, served: Sandbox) -> None:
    path = "/evals/{}/runs/{}"
    answer = ask(served, "POST", path.format(*world.ids(path)))
    assert held(RunCancelResponse, answer.content.decode()).status == "canceled"


LISTS = [one for one in PLAIN if one.method == "GET" and lists(one.answer)]
MADE = [
    one
    for one in LISTS
    if ("POST", one.shape) in BY_SHAPE
    and ("GET", f"{one.shape}/{{}}") in BY_SHAPE
    and one.shape not in KEYS  # a request names those: the same request is for the same thing
]


@pytest.mark.parametrize("one", MADE, ids=named)
def test_what_is_made_is_shown_and_listed(world: World, served: Sandbox, one: Operation) -> None:
    ids = world.ids(one.shape)
    names = [world.a_thing(one.shape, ids) for _ in range(3)]
    path = one.shape.format(*ids)
    for name in names:
        assert ask(served, "GET", f"{path}/{name}").status == 200
    listed = ask(served, "GET", path).json["data"]
    assert sorted(id_of(item) for item in listed) == sorted(names)


@pytest.mark.parametrize("one", MADE, ids=named)
def test_the_pages_of_a_list_are_the_whole(world: World, served: Sandbox, one: Operation) -> None:
    ids = world.ids(one.shape)
    names = {world.a_thing(one.shape, ids) for _ in range(3)}
    path = one.shape.format(*ids)
    seen: list[str] = []
    page = ask(served, "GET", f"{path}?limit=2").json
    while True:
        seen += [id_of(item) for item in page["data"]]
        if not page["has_more"]:
            break
        after = page.get("next") or page.get("last_id") or seen[-1]
        assert after == seen[-1]
        page = ask(served, "GET", f"{path}?limit=2&after={after}").json
    assert len(seen) == 3
    assert set(seen) == names


def id_of(item: Any) -> str:
    return str(item["id"])


ITEMS = [one for one in PLAIN if one.shape.endswith("}")]


@pytest.mark.parametrize("one", ITEMS, ids=named)
def test_what_is_not_there_is_not_found(world: World, served: Sandbox, one: Operation) -> None:
    ids = [*world.ids(one.shape)[:-1], "nothing-of-that-name"]
    body = smallest(one) if one.method == "POST" else None
    answer = ask(served, one.method, one.shape.format(*ids), body)
    told = answer.json["error"]
    assert (answer.status, told["type"]) == (404, "invalid_request_error")
    assert "nothing-of-that-name" in told["message"]


@pytest.mark.parametrize("path", ["/projects/{}/roles", "/projects/{}/groups/{}/roles"])
def test_a_project_is_the_organization_s(world: World, served: Sandbox, path: str) -> None:
    ids = world.ids(path)
    assert ask(served, "GET", path.format(*ids)).status == 200
    answer = ask(served, "GET", path.format(*["proj_none"] * len(ids)))
    assert (answer.status, answer.json["error"]["message"]) == (
        404,
        "No project found with id 'proj_none'.",
    )


def test_an_id_is_no_path(world: World, served: Sandbox) -> None:
    ids = world.ids("/vector_stores/{}/files/{}")
    inside = "/vector_stores/{}/files/{}".format(*ids)
    assert ask(served, "GET", inside).status == 200
    assert ask(served, "GET", "/vector_stores/{}%2Ffiles%2F{}".format(*ids)).status == 404


DELETED = [one for one in ITEMS if one.method == "DELETE"]


@pytest.mark.parametrize("one", DELETED, ids=named)
def test_what_was_deleted_is_gone(world: World, served: Sandbox, one: Operation) -> None:
    path = one.shape.format(*world.ids(one.shape))
    assert ask(served, "DELETE", path).status == 200
    assert ask(served, "DELETE", path).status == 404


def smallest(one: Operation) -> Any:
    """The smallest body that the description allows."""
    from openai_cli.sandbox.shapes import sample

    (route,) = (route for route in TABLE if route.operation is one)
    return sample({"$ref": route.schema}) if route.schema else None


def needed(route: Route) -> list[str]:
    schema = resolved(schemas()[route.schema]) if route.schema else {}
    return list(schema.get("required", ()))


GROUPS = sorted(groups())


@pytest.mark.parametrize("group", GROUPS)
def test_what_must_be_given_must_be_given(served: Sandbox, group: str) -> None:
    for route in filter(needed, routes_of(group)):
        one = operation_of(route)
        answer = ask(served, one.method, filled_path(one), {})
        name = needed(route)[0]
        assert (answer.status, answer.json) == (
            400,
            error(f"Missing required parameter: '{name}'.", name, "missing_required_parameter"),
        )


def filled_path(one: Operation) -> str:
    base, mark, query = one.path.partition("?")
    return one.shape.format(*["x"] * base.count("{")) + mark + query


@pytest.mark.parametrize("group", GROUPS)
def test_what_is_no_parameter_is_refused(served: Sandbox, group: str) -> None:
    for route in routes_of(group):
        one = operation_of(route)
        if route.schema:
            body = dict.fromkeys(needed(route)) | {"nothing_of_that_name": 1}
            answer = ask(served, one.method, filled_path(one), body)
            assert answer.status == 400
            assert answer.json["error"]["param"] == "nothing_of_that_name"


@pytest.mark.parametrize("one", [one for one in LISTS if "limit" in one.query], ids=named)
def test_a_page_has_bounds(world: World, served: Sandbox, one: Operation) -> None:
    path = one.shape.format(*world.ids(one.shape))
    start = "start_time=1767225600&" if "start_time" in one.query else ""
    for limit, code in (("0", "below_min"), ("1000000", "above_max")):
        answer = ask(served, "GET", f"{path}?{start}limit={limit}")
        assert (answer.status, answer.json["error"]["code"]) == (400, f"integer_{code}_value")


@pytest.mark.parametrize("group", GROUPS)
def test_a_query_has_no_other_parameters(served: Sandbox, group: str) -> None:
    for one in map(operation_of, routes_of(group)):
        path = filled_path(one)
        path += f"{'&' if '?' in path else '?'}nothing_of_that_name=1"
        if one.method == "GET":
            answer = ask(served, "GET", path)
            assert (answer.status, answer.json["error"]["code"]) == (400, "unknown_parameter")


ADMIN = [one for one in PLAIN if one.path.startswith(("/organization", "/projects"))]


def test_the_admin_operations_are_these() -> None:
    assert len(ADMIN) == 143


def test_an_admin_key_is_for_the_admin_operations(served: Sandbox) -> None:
    for one in PLAIN:
        other = served.key if one in ADMIN else served.admin_key
        answer = ask(served, one.method, filled_path(one), key=other)
        assert answer.status == 403, named(one)
        assert answer.json["error"]["message"].startswith(
            "You have insufficient permissions for this operation. Missing scopes: "
        )
