"""Things that are made, shown, listed, changed and deleted, as the table of operations has them.

A thing is what is known of it; each answer is that, in the shape of the answer's own schema.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from openai_cli.sandbox.checks import resolved
from openai_cli.sandbox.exchange import (
    CREATED,
    ApiRequest,
    HttpResponse,
    Json,
    described,
    json_response,
)
from openai_cli.sandbox.kinds import KINDS, Kind
from openai_cli.sandbox.pages import page_of
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.shapes import answer_in
from openai_cli.sandbox.table import answer_of, has


@dataclass
class Thing:
    """What is known of a thing, and how often it was looked at."""

    name: str
    facts: Json
    looks: int = 0

    def look(self, kind: Kind) -> None:
        """Take the thing one state on."""
        self.looks += 1
        if self.looks < len(kind.states):
            self.facts["status"] = kind.states[self.looks]


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
        return f"{self.path}/{name}"


def serve(request: ApiRequest) -> HttpResponse:
    """Any operation of the table that has no handler of its own."""
    with request.store.lock:
        return _ACTS[act_of(request)](request)


def act_of(request: ApiRequest) -> str:
    """What an operation does with a thing, by its method and its path."""
    operation = request.operation
    method, shape = operation.method, operation.shape
    if shape.endswith("}"):
        return {"GET": "show", "DELETE": "delete"}.get(method, "change")
    if method == "GET":
        return "list" if _lists(operation.answer) else "show the one"
    if method == "DELETE":
        return "delete the one"
    if has("GET", shape) and not _lists(answer_of("GET", shape)):
        return "change the one"
    if has("GET", shape) or has("GET", shape + "/{}") or not shape.rpartition("/")[0].endswith("}"):
        return "create"
    return "act"


def _lists(answer: str) -> bool:
    properties = resolved({"$ref": answer}).get("properties", {}) if answer else {}
    return "data" in properties and resolved(properties["data"]).get("type") == "array"


# Where things are


def mark_of(request: ApiRequest, shape: str) -> Shelfmark:
    """A collection above or at the request's path, with the ids that the request names."""
    names = iter(request.parameters.values())
    path = "/".join(next(names) if part == "{}" else part for part in shape.split("/"))
    return Shelfmark(shape, path)


def here(request: ApiRequest) -> Shelfmark:
    """The collection that the request is about: that of its path, or of the thing that it names."""
    shape = request.operation.shape
    if shape.endswith("}"):
        shape = shape.removesuffix("/{}")
    elif act_of(request) == "act":
        shape = shape.rpartition("/")[0].removesuffix("/{}")
    mark = mark_of(request, shape)
    check_parents(request, shape)
    return mark


def check_parents(request: ApiRequest, shape: str) -> None:
    """Refuse a request for what belongs to a thing that is not there."""
    parts = shape.split("/")
    names = list(request.parameters.values())
    for end, part in enumerate(parts):
        if part == "{}":
            collection = "/".join(parts[:end])
            if is_kept(collection):
                name = names[parts[:end].count("{}")]
                found(request, mark_of(request, collection), name)


def is_kept(shape: str) -> bool:
    """Whether what belongs to a collection is made or listed by an operation of the table."""
    return has("GET", shape + "/{}") or has("POST", shape + "/{}")


def found(request: ApiRequest, mark: Shelfmark, name: str) -> Thing:
    """A thing; a Refusal where it is not there."""
    _put_samples(request, mark)
    try:
        thing: Thing = request.store.things.get(mark.of(name))
    except Refusal:
        raise Refusal(mark.kind.missing(name), status=404) from None
    return thing


def all_in(request: ApiRequest, mark: Shelfmark) -> list[Thing]:
    """The things of a collection, the oldest first."""
    _put_samples(request, mark)
    start = f"{mark.path}/"
    under = request.store.things.under(start)
    return [thing for path, thing in under if "/" not in path.removeprefix(start)]


def keep(request: ApiRequest, mark: Shelfmark, facts: Json, name: str = "") -> Thing:
    """Put a thing into a collection, under a new id unless it has a name."""
    kind = mark.kind
    name = name or kind.prefix + request.store.things.fresh(request.digest)[:24]
    begun = {"status": kind.states[0]} if kind.states else {}
    known = {"created_at": CREATED, **kind.facts, **begun, **above(request), **facts}
    thing = Thing(name, {**known, "id": name, kind.key: name})
    request.store.things.put(mark.of(name), thing, request.size)
    return thing


def above(request: ApiRequest) -> Json:
    """What is known of a thing from the path to it: ids, and what they are the ids of."""
    known: Json = dict(request.parameters)
    return known


def _put_samples(request: ApiRequest, mark: Shelfmark) -> None:
    """Put one thing into a collection that nobody can put anything into."""
    store = request.store
    if mark.path in store.sampled or has("POST", mark.shape) or not has("GET", mark.shape):
        return
    store.sampled.add(mark.path)
    keep(request, mark, {}, f"{mark.kind.prefix}sandbox")


def remove(request: ApiRequest, mark: Shelfmark, name: str) -> None:
    """Forget a thing, and all that belongs to it."""
    for path, _ in request.store.things.under(mark.of(name) + "/"):
        request.store.things.remove(path)
    request.store.things.remove(mark.of(name))


# What is done with them


def last_of(request: ApiRequest) -> str:
    """The last id in the path."""
    return list(request.parameters.values())[-1]


def told(request: ApiRequest, facts: Mapping[str, Any]) -> HttpResponse:
    """Facts in the shape of the operation's answer; no body where it has none."""
    operation = request.operation
    if not operation.answer:
        return HttpResponse(operation.status)
    return json_response(answer_in(operation.answer, facts), operation.status)


def _create(request: ApiRequest) -> HttpResponse:
    mark = here(request)
    body = described(dict(request.body))
    thing = keep(request, mark, body, str(body.get(mark.kind.key) or ""))
    return told(request, thing.facts)


def _show(request: ApiRequest) -> HttpResponse:
    mark = here(request)
    thing = found(request, mark, last_of(request))
    thing.look(mark.kind)
    return told(request, thing.facts)


def _list(request: ApiRequest) -> HttpResponse:
    mark = here(request)
    things = all_in(request, mark)
    for thing in things:
        thing.look(mark.kind)
    page = page_of(request, [thing.facts for thing in things], mark.kind)
    return told(request, page)


def _change(request: ApiRequest) -> HttpResponse:
    thing = found(request, here(request), last_of(request))
    thing.facts |= described(dict(request.body))
    return told(request, thing.facts)


def _delete(request: ApiRequest) -> HttpResponse:
    mark, name = here(request), last_of(request)
    thing = found(request, mark, name)
    remove(request, mark, name)
    gone: Json = {"deleted": True, "success": True}
    if not request.operation.answer:
        noun = mark.kind.noun.replace(" ", ".")
        return json_response({"id": name, "object": f"{noun}.deleted", "deleted": True})
    return told(request, {**thing.facts, **gone})


def _act(request: ApiRequest) -> HttpResponse:
    """What is done to a thing beside changing it: `cancel` and what else its path ends in."""
    thing = found(request, here(request), last_of(request))
    if request.operation.path.endswith("/cancel"):
        thing.looks = len(KINDS)
        thing.facts["status"] = "cancelled"
    return told(request, {**thing.facts, **described(dict(request.body))})


def _the_one(request: ApiRequest) -> tuple[Shelfmark, str, Json]:
    """A thing that there is one of: its place, its name, and what is known of it."""
    shape = request.operation.shape
    check_parents(request, shape)
    collection, _, name = shape.rpartition("/")
    mark = mark_of(request, collection)
    kept = dict(request.store.things.under(mark.of(name)))
    thing = kept.get(mark.of(name))
    return mark, name, thing.facts if thing else above(request)


def _show_the_one(request: ApiRequest) -> HttpResponse:
    return told(request, _the_one(request)[2])


def _change_the_one(request: ApiRequest) -> HttpResponse:
    mark, name, facts = _the_one(request)
    thing = Thing(name, {**facts, **described(dict(request.body))})
    request.store.things.put(mark.of(name), thing, request.size)
    return told(request, thing.facts)


def _delete_the_one(request: ApiRequest) -> HttpResponse:
    mark, name, facts = _the_one(request)
    request.store.things.put(mark.of(name), Thing(name, above(request)), 0)
    return told(request, {**facts, "deleted": True})


_ACTS: Mapping[str, Callable[[ApiRequest], HttpResponse]] = {
    "act": _act,
    "change": _change,
    "change the one": _change_the_one,
    "create": _create,
    "delete": _delete,
    "delete the one": _delete_the_one,
    "list": _list,
    "show": _show,
    "show the one": _show_the_one,
}
