"""One page of a list: `limit`, `order`, `after`, `before`, and filters in the query."""

from collections.abc import Mapping, Sequence
from typing import Any

from openai_cli.sandbox.exchange import ApiRequest, Json
from openai_cli.sandbox.kinds import Kind
from openai_cli.sandbox.queries import page_size
from openai_cli.sandbox.refusals import Refusal

# Parameters that only choose the page.
_OF_PAGES = {"after", "before", "include", "limit", "order", "order_by", "page"}
# Filters whose name differs from the property that they compare.
_OTHERWISE = {"filter": "status"}


def page_of(request: ApiRequest, found: Sequence[Json], kind: Kind) -> Json:
    """A page of things, which are given oldest first."""
    query = request.query
    things = [thing for thing in found if _is_wanted(thing, query)]
    if query.get("order", "desc") == "desc":
        things.reverse()
    names = [str(thing[kind.key]) for thing in things]
    start, end = 0, len(things)
    if after := query.get("after"):
        start = _place(names, after, kind, "after") + 1
    if before := query.get("before"):
        end = _place(names, before, kind, "before")
    limit = page_size(query, request.operation)
    has_more = end - start > limit
    if query.get("before") and not query.get("after"):
        start = max(start, end - limit)
    page = things[start : min(end, start + limit)]
    names = [str(thing[kind.key]) for thing in page]
    last = names[-1] if names else None
    return {
        "object": "list",
        "data": page,
        "first_id": names[0] if names else None,
        "last_id": last,
        "has_more": has_more,
        "next": last if has_more else None,
    }


def whole_page(things: Sequence[Json]) -> Json:
    """A page with all the things, identified by their ids."""
    names = [thing["id"] for thing in things] or [None]
    return {"data": things, "has_more": False, "first_id": names[0], "last_id": names[-1]}


def _place(names: list[str], name: str, kind: Kind, param: str) -> int:
    if name not in names:
        raise Refusal(kind.missing(name), status=404, param=param)
    return names.index(name)


def _is_wanted(thing: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    """Whether a thing matches the query's filters; of an object, each property that is named."""
    for name, wanted in query.items():
        key = _OTHERWISE.get(name, name)
        if name in _OF_PAGES or key not in thing:
            continue
        has = thing[key]
        if isinstance(wanted, Mapping):
            if any((has or {}).get(inner) != value for inner, value in wanted.items()):
                return False
        elif has != wanted:
            return False
    return True
