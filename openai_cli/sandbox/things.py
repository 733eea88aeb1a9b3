"""Things that are made, shown, listed, changed and deleted, as the table of operations has them.

A thing is what is known of it; each answer is that, in the shape of the answer's own schema.
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
# The number of the state that none comes after.
ENDED = 1_000


@dataclass
class Thing:
    """What is known of a thing, in which of its kind's states it is, and its bytes if it has any.

    `state` is ENDED where nothing will change any more. `others` are things that this
    one is made of.
    """

    name: str
    facts: Json
    state: int = 0
    content: bytes = b""
    others: "list[Thing]" = field(default_factory=list)

    def step(self, kind: Kind) -> None:
        """Take the thing one state on, unless it is at its end."""
        if not self.has_ended:
            self.state += 1
        if self.state < len(kind.states):
            self.facts["status"] = kind.states[self.state]

    @property
    def has_ended(self) -> bool:
        """Whether nothing about it changes any more by itself."""
        return self.state == ENDED

    def end(self, status: str) -> None:
        """Have the thing in a state that it stays in."""
        self.state = ENDED
        self.facts["status"] = status


@dataclass(frozen=True)
class Shelfmark:
    """Where things of one kind are kept: `shape` is the collection's path with `{}` for ids.

    `path` has the ids in their places.
    """

    shape: str
    path: str

    @property
    def kind(self) -> Kind:
        """What its things are."""
        return KINDS.get(self.shape, Kind())

    def of(self, name: str) -> str:
        """Where the thing of this name is."""
        return f"{self.path}/{quote(name, safe='')}"


def serve(request: ApiRequest) -> HttpResponse:
    """Any operation of the table that has no handler of its own."""
    return _ACTS[act_of(request)](request)


def act_of(request: ApiRequest) -> str:
    """What an operation does with a thing, by its method and its path."""
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


# Where things are


def mark_of(request: ApiRequest, shape: str) -> Shelfmark:
    """A collection above or at the request's path, with the ids that the request names."""
    names = (quote(name, safe="") for name in request.parameters.values())
    path = "/".join(next(names) if part == "{}" else part for part in shape.split("/"))
    return Shelfmark(shape, path)


def here(request: ApiRequest) -> Shelfmark:
    """The collection that the request is about: that of its path, or of the thing that it names."""
    shape = request.operation.shape
    if shape.endswith("}"):
        shape = shape.removesuffix("/{}")
    elif act_of(request) == "act" or shape.endswith("}/content"):
        shape = shape.rpartition("/")[0].removesuffix("/{}")
    mark = mark_of(request, shape)
    check_parents(request, shape)
    return mark


def check_parents(request: ApiRequest, shape: str) -> None:
    """Refuse a request for what belongs to a thing that is not there."""
    for name, collection in zip(request.parameters.values(), _collections(shape), strict=False):
        if is_kept(collection):
            found(request, mark_of(request, collection), name)


def _collections(shape: str) -> list[str]:
    """The collections whose things a path names, in its order."""
    parts = shape.split("/")
    found_at = ["/".join(parts[:end]) for end, part in enumerate(parts) if part == "{}"]
    return [HOMES.get(collection, collection) for collection in found_at]


def is_kept(shape: str) -> bool:
    """Whether what belongs to a collection is made or listed by an operation of the table."""
    return has("GET", shape + "/{}") or has("POST", shape + "/{}")


def found(request: ApiRequest, mark: Shelfmark, name: str) -> Thing:
    """A thing; a Refusal where it is not there."""
    _put_samples(request, mark)
    thing: Thing | None = request.store.things.find(mark.of(name))
    if thing is None:
        raise Refusal(mark.kind.missing(name), status=404)
    return thing


def all_in(request: ApiRequest, mark: Shelfmark) -> list[Thing]:
    """The things of a collection, the oldest first."""
    _put_samples(request, mark)
    start = f"{mark.path}/"
    under = request.store.things.under(start)
    return [thing for path, thing in under if "/" not in path.removeprefix(start)]


def keep(
    request: ApiRequest, mark: Shelfmark, facts: Json, name: str = "", content: bytes = b""
) -> Thing:
    """Put a thing into a collection, under a new id unless it has a name."""
    kind = mark.kind
    name = name or new_id(request, kind.prefix)
    begun = {"status": kind.states[0]} if kind.states else {}
    known = {"created_at": CREATED, **kind.facts, **begun, **above(request), **facts}
    thing = Thing(name, {**known, "id": name, kind.key: name}, content=content)
    request.store.things.put(mark.of(name), thing, request.size)
    return thing


def new_id(request: ApiRequest, prefix: str) -> str:
    """An id that nothing else has."""
    return prefix + request.store.things.fresh(request.digest)[:24]


def above(request: ApiRequest) -> Json:
    """What is known of a thing from the path to it: ids, and what they are the ids of."""
    known: Json = dict(request.parameters)
    collections = _collections(request.operation.shape)
    for collection, (param, name) in zip(collections, request.parameters.items(), strict=True):
        thing = request.store.things.find(mark_of(request, collection).of(name))
        if thing is not None:
            known.setdefault(param.removesuffix("_id"), thing.facts)
    return known


def look(request: ApiRequest, mark: Shelfmark, thing: Thing) -> Thing:
    """Take a thing one state on, with all that this changes."""
    thing.step(mark.kind)
    return seen(request, mark, thing)


def seen(request: ApiRequest, mark: Shelfmark, thing: Thing) -> Thing:
    """A thing with what has become of it: its kind's own function tells."""
    if mark.kind.seen:
        function_of(mark.kind.seen)(request, mark, thing)
    return thing


def _put_samples(request: ApiRequest, mark: Shelfmark) -> None:
    """Put one thing into a collection that nobody can put anything into."""
    if mark.kind.has_sample and mark.path not in request.store.sampled:
        request.store.sampled.add(mark.path)
        keep(request, mark, {}, f"{mark.kind.prefix}sandbox")


def remove(request: ApiRequest, mark: Shelfmark, name: str) -> None:
    """Forget a thing, and all that belongs to it."""
    for path, _ in request.store.things.under(mark.of(name) + "/"):
        request.store.things.remove(path)
    request.store.things.remove(mark.of(name))


# What is done with them


def given_of(request: ApiRequest, kind: Kind) -> Json:
    """What a request says of a thing, in the names that answers have."""
    body = described(dict(request.body))
    return {kind.spelled.get(name, name): value for name, value in body.items()}


def last_of(request: ApiRequest) -> str:
    """The last id in the path."""
    return list(request.parameters.values())[-1]


def told(request: ApiRequest, facts: Mapping[str, Any]) -> HttpResponse:
    """Facts in the shape of the operation's answer; else a sample of bytes, or nothing."""
    operation = request.operation
    if not operation.answer:
        sample = b"sandbox\n" if operation.media else b""
        return HttpResponse(operation.status, sample, content_type=operation.media or JSON)
    return json_response(answer_in(operation.answer, facts), operation.status)


def create(request: ApiRequest) -> HttpResponse:
    """Make a thing of what the request says, and tell of it."""
    mark = here(request)
    body = given_of(request, mark.kind)
    name = str(body.get(mark.kind.key) or "")
    thing = keep(request, mark, {**_named_by(request, mark.kind, name), **body}, name)
    return told(request, seen(request, mark, thing).facts)


def _named_by(request: ApiRequest, kind: Kind, name: str) -> Json:
    """What is known of the thing that a request names, as the role of a user; by its noun too."""
    if not kind.source:
        return {}
    thing = request.store.things.find(mark_of(request, kind.source).of(name))
    known: Json = thing.facts if thing is not None else {}
    noun = kind.key.removesuffix("_id")
    return {**known, noun: {**known, "id": name}}


def show(request: ApiRequest) -> HttpResponse:
    """Tell of the thing in the path."""
    mark = here(request)
    return told(request, look(request, mark, found(request, mark, last_of(request))).facts)


def list_page(request: ApiRequest) -> HttpResponse:
    """Tell of a page of the things in the path."""
    mark = here(request)
    return paged(request, mark, all_in(request, mark))


def paged(request: ApiRequest, mark: Shelfmark, things: list[Thing]) -> HttpResponse:
    """Tell of a page of things, which come with the oldest first."""
    facts = [look(request, mark, thing).facts for thing in things]
    return told(request, page_of(request, facts, mark.kind))


def change(request: ApiRequest) -> HttpResponse:
    """Have the thing in the path as the request says."""
    mark = here(request)
    thing = found(request, mark, last_of(request))
    thing.facts |= given_of(request, mark.kind)
    return told(request, seen(request, mark, thing).facts)


def delete(request: ApiRequest) -> HttpResponse:
    """Forget the thing in the path."""
    mark, name = here(request), last_of(request)
    thing = found(request, mark, name)
    remove(request, mark, name)
    if not request.operation.answer:
        noun = mark.kind.noun.replace(" ", ".")
        return json_response({"id": name, "object": f"{noun}.deleted", "deleted": True})
    return told(request, {**thing.facts, "deleted": True, "success": True})


def act(request: ApiRequest) -> HttpResponse:
    """What is done to a thing beside changing it: `cancel` and what else its path ends in."""
    mark = here(request)
    thing = found(request, mark, last_of(request))
    if request.operation.path.endswith("/cancel"):
        thing.end("cancelled")
    return told(request, {**seen(request, mark, thing).facts, **given_of(request, mark.kind)})


def _the_one(request: ApiRequest) -> tuple[Shelfmark, str, Json]:
    """A thing that there is one of: its place, its name, and what is known of it."""
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
