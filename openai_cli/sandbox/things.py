"""Create, show, list, change and delete things, as the table of operations describes.

A thing is a set of facts; each answer is those facts in the shape of the answer's schema.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from openai_cli.sandbox.checks import resolved
from openai_cli.sandbox.exchange import (
    CREATED,
    ApiRequest,
    HttpResponse,
    Json,
    described,
    json_response,
)
from openai_cli.sandbox.kinds import HOMES, KINDS, Kind
from openai_cli.sandbox.pages import page_of
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.route import function_of
from openai_cli.sandbox.shapes import answer_in
from openai_cli.sandbox.table import answer_of, has

JSON = "application/json"
# The state after which there is no other.
ENDED = 1_000


@dataclass
class Thing:
    """The facts of a thing, its state in its kind's sequence, and its bytes if it has any.

    `state` is ENDED if nothing will change any more. `others` are the things that this one consists
    of.
    """

    name: str
    facts: Json
    state: int = 0
    content: bytes = b""
    others: "list[Thing]" = field(default_factory=list)

    def step(self, kind: Kind) -> None:
        """Advance the thing by one state, unless it has ended."""
        if not self.has_ended:
            self.state += 1
        if self.state < len(kind.states):
            self.facts["status"] = kind.states[self.state]

    @property
    def has_ended(self) -> bool:
        """Whether it no longer changes by itself."""
        return self.state == ENDED

    def end(self, status: str) -> None:
        """Put the thing into a final state."""
        self.state = ENDED
        self.facts["status"] = status


@dataclass(frozen=True)
class Shelfmark:
    """A collection of things of one kind; `shape` is its path with `{}` for ids.

    `path` has the ids filled in.
    """

    shape: str
    path: str

    @property
    def kind(self) -> Kind:
        """The kind of its things."""
        return KINDS.get(self.shape, Kind())

    def of(self, name: str) -> str:
        """The path of the thing with this name."""
        return f"{self.path}/{quote(name, safe='')}"


def serve(request: ApiRequest) -> HttpResponse:
    """Serve an operation of the table that has no handler of its own."""
    return _ACTS[act_of(request)](request)


def act_of(request: ApiRequest) -> str:
    """What an operation does to a thing, judged by its method and path."""
    operation = request.operation
    method, shape = operation.method, operation.shape
    if shape.endswith("}"):
        return {"GET": "show", "DELETE": "delete"}.get(method, "change")
    if method == "GET":
        return "list" if lists(operation.answer) else "show the one"
    if method == "DELETE":
        return "delete the one"
    if has("GET", shape) and not lists(answer_of("GET", shape)):
        return "change the one"
    if has("GET", shape) or has("GET", shape + "/{}") or not shape.rpartition("/")[0].endswith("}"):
        return "create"
    return "act"


def lists(answer: str) -> bool:
    """Whether an answer is a page of things."""
    properties = resolved({"$ref": answer}).get("properties", {}) if answer else {}
    return "data" in properties and resolved(properties["data"]).get("type") == "array"


# Where things are.


def mark_of(request: ApiRequest, shape: str) -> Shelfmark:
    """A collection at or above the request's path, with the ids filled in from the request."""
    names = (quote(name, safe="") for name in request.parameters.values())
    path = "/".join(next(names) if part == "{}" else part for part in shape.split("/"))
    return Shelfmark(shape, path)


def here(request: ApiRequest) -> Shelfmark:
    """The collection that the request is about: that of its path, or of the thing it names."""
    shape = request.operation.shape
    if shape.endswith("}"):
        shape = shape.removesuffix("/{}")
    elif act_of(request) == "act" or shape.endswith("}/content"):
        shape = shape.rpartition("/")[0].removesuffix("/{}")
    mark = mark_of(request, shape)
    check_parents(request, shape)
    return mark


def check_parents(request: ApiRequest, shape: str) -> None:
    """Refuse a request for something that belongs to a missing thing."""
    for name, collection in zip(request.parameters.values(), _collections(shape), strict=False):
        if is_kept(collection):
            found(request, mark_of(request, collection), name)


def _collections(shape: str) -> list[str]:
    """The collections whose things a path names, in order."""
    parts = shape.split("/")
    found_at = ["/".join(parts[:end]) for end, part in enumerate(parts) if part == "{}"]
    return [HOMES.get(collection, collection) for collection in found_at]


def is_kept(shape: str) -> bool:
    """Whether the table has an operation that creates or shows things of a collection."""
    return has("GET", shape + "/{}") or has("POST", shape + "/{}")


def found(request: ApiRequest, mark: Shelfmark, name: str) -> Thing:
    """A thing; a Refusal if there is none."""
    _put_samples(request, mark)
    thing: Thing | None = request.store.things.find(mark.of(name))
    if thing is None:
        raise Refusal(mark.kind.missing(name), status=404)
    return thing


def all_in(request: ApiRequest, mark: Shelfmark) -> list[Thing]:
    """The things in a collection, oldest first."""
    _put_samples(request, mark)
    start = f"{mark.path}/"
    under = request.store.things.under(start)
    return [thing for path, thing in under if "/" not in path.removeprefix(start)]


def keep(
    request: ApiRequest, mark: Shelfmark, facts: Json, name: str = "", content: bytes = b""
) -> Thing:
    """Add a thing to a collection, under a new id unless it has a name."""
    kind = mark.kind
    name = name or new_id(request, kind.prefix)
    begun = {"status": kind.states[0]} if kind.states else {}
    known = {"created_at": CREATED, **kind.facts, **begun, **above(request), **facts}
    thing = Thing(name, {**known, "id": name, kind.key: name}, content=content)
    request.store.things.put(mark.of(name), thing, request.size)
    return thing


def new_id(request: ApiRequest, prefix: str) -> str:
    """A new, unique id."""
    return prefix + request.store.things.fresh(request.digest)[:24]


def above(request: ApiRequest) -> Json:
    """What the request's path tells of a thing: ids, and the facts of the things they name."""
    known: Json = dict(request.parameters)
    collections = _collections(request.operation.shape)
    for collection, (param, name) in zip(collections, request.parameters.items(), strict=True):
        thing = request.store.things.find(mark_of(request, collection).of(name))
        if thing is not None:
            known.setdefault(param.removesuffix("_id"), thing.facts)
    return known


def look(request: ApiRequest, mark: Shelfmark, thing: Thing) -> Thing:
    """Advance a thing by one state, with everything that this changes."""
    thing.step(mark.kind)
    return seen(request, mark, thing)


def seen(request: ApiRequest, mark: Shelfmark, thing: Thing) -> Thing:
    """Update a thing by the function of its kind."""
    if mark.kind.seen:
        function_of(mark.kind.seen)(request, mark, thing)
    return thing


def _put_samples(request: ApiRequest, mark: Shelfmark) -> None:
    """Add one thing to a collection to which no request can add."""
    if mark.kind.has_sample and mark.path not in request.store.sampled:
        request.store.sampled.add(mark.path)
        keep(request, mark, {}, f"{mark.kind.prefix}sandbox")


def remove(request: ApiRequest, mark: Shelfmark, name: str) -> None:
    """Remove a thing, and everything that belongs to it."""
    for path, _ in request.store.things.under(mark.of(name) + "/"):
        request.store.things.remove(path)
    request.store.things.remove(mark.of(name))


# What is done with things.


def given_of(request: ApiRequest, kind: Kind) -> Json:
    """A thing's facts in the request, by the names that answers use."""
    body = described(dict(request.body))
    return {kind.spelled.get(name, name): value for name, value in body.items()}


def last_of(request: ApiRequest) -> str:
    """The last id in the path."""
    return list(request.parameters.values())[-1]


def told(request: ApiRequest, facts: Mapping[str, Any]) -> HttpResponse:
    """Answer with facts in the operation's shape; without one, with sample bytes or nothing."""
    operation = request.operation
    if not operation.answer:
        sample = b"sandbox\n" if operation.media else b""
        return HttpResponse(operation.status, sample, content_type=operation.media or JSON)
    return json_response(answer_in(operation.answer, facts), operation.status)


def create(request: ApiRequest) -> HttpResponse:
    """Create a thing from the request's facts, and return it."""
    mark = here(request)
    body = given_of(request, mark.kind)
    name = str(body.get(mark.kind.key) or "")
    thing = keep(request, mark, {**_named_by(request, mark.kind, name), **body}, name)
    return told(request, seen(request, mark, thing).facts)


def _named_by(request: ApiRequest, kind: Kind, name: str) -> Json:
    """The facts of a thing that a request names, such as a user's role; also under its noun."""
    if not kind.source:
        return {}
    thing = request.store.things.find(mark_of(request, kind.source).of(name))
    known: Json = thing.facts if thing is not None else {}
    noun = kind.key.removesuffix("_id")
    return {**known, noun: {**known, "id": name}}


def show(request: ApiRequest) -> HttpResponse:
    """Return the thing in the path."""
    mark = here(request)
    return told(request, look(request, mark, found(request, mark, last_of(request))).facts)


def list_page(request: ApiRequest) -> HttpResponse:
    """Return a page of the things in the path."""
    mark = here(request)
    return paged(request, mark, all_in(request, mark))


def paged(request: ApiRequest, mark: Shelfmark, things: list[Thing]) -> HttpResponse:
    """Return a page of things, which are given oldest first."""
    facts = [look(request, mark, thing).facts for thing in things]
    return told(request, page_of(request, facts, mark.kind))


def change(request: ApiRequest) -> HttpResponse:
    """Change the thing in the path as the request says."""
    mark = here(request)
    thing = found(request, mark, last_of(request))
    thing.facts |= given_of(request, mark.kind)
    return told(request, seen(request, mark, thing).facts)


def delete(request: ApiRequest) -> HttpResponse:
    """Delete the thing in the path."""
    mark, name = here(request), last_of(request)
    thing = found(request, mark, name)
    remove(request, mark, name)
    if not request.operation.answer:
        noun = mark.kind.noun.replace(" ", ".")
        return json_response({"id": name, "object": f"{noun}.deleted", "deleted": True})
    return told(request, {**thing.facts, "deleted": True, "success": True})


def act(request: ApiRequest) -> HttpResponse:
    """Perform an action on a thing other than a change: `cancel`, or whatever its path ends in."""
    mark = here(request)
    thing = found(request, mark, last_of(request))
    if request.operation.path.endswith("/cancel"):
        thing.end("cancelled")
    return told(request, {**seen(request, mark, thing).facts, **given_of(request, mark.kind)})


def _the_one(request: ApiRequest) -> tuple[Shelfmark, str, Json]:
    """A thing of which there is only one: its place, its name, and its facts."""
    shape = request.operation.shape
    check_parents(request, shape)
    collection, _, name = shape.rpartition("/")
    mark = mark_of(request, collection)
    thing = request.store.things.find(mark.of(name))
    return mark, name, thing.facts if thing else above(request)


def _show_the_one(request: ApiRequest) -> HttpResponse:
    return told(request, _the_one(request)[2])


def _change_the_one(request: ApiRequest) -> HttpResponse:
    mark, name, facts = _the_one(request)
    kind = KINDS.get(request.operation.shape, Kind())
    thing = Thing(name, {**facts, **given_of(request, kind)})
    request.store.things.put(mark.of(name), thing, request.size)
    return told(request, thing.facts)


def _delete_the_one(request: ApiRequest) -> HttpResponse:
    mark, name, facts = _the_one(request)
    request.store.things.put(mark.of(name), Thing(name, above(request)), 0)
    return told(request, {**facts, "deleted": True})


_ACTS: Mapping[str, Callable[[ApiRequest], HttpResponse]] = {
    "act": act,
    "change": change,
    "change the one": _change_the_one,
    "create": create,
    "delete": delete,
    "delete the one": _delete_the_one,
    "list": list_page,
    "show": show,
    "show the one": _show_the_one,
}
