"""/vector_stores: files that are processed by the second look, and a search by words.

The search is over the text of the uploaded files, one piece per paragraph; the score of a piece is
the share of the query's words that occur in it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, Json
from openai_cli.sandbox.files import file_of
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.things import (
    Shelfmark,
    Thing,
    all_in,
    found,
    here,
    keep,
    last_of,
    look,
    mark_of,
    paged,
    seen,
    told,
)

STORES = "/vector_stores"
FILES = f"{STORES}/{{}}/files"
STATES = ("in_progress", "completed", "failed", "cancelled")
CHUNKS = {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400}


def create_store(request: ApiRequest) -> HttpResponse:
    """POST /vector_stores."""
    for name in request.body.get("file_ids", ()):
        file_of(request, name, "file_ids")
    mark = here(request)
    store = keep(request, mark, {"name": None, "metadata": {}, **request.body})
    for name in request.body.get("file_ids", ()):
        _attach(request, _files_of(mark.of(store.name)), {**request.body, "file_id": name})
    return told(request, seen(request, mark, store).facts)


def look_at_store(request: ApiRequest, mark: Shelfmark, store: Thing) -> None:
    """Update the counts of a store; looking at it counts as a look at each of its files."""
    files = _files_of(mark.of(store.name))
    held = all_in(request, files)
    if request.operation.method == "GET":
        for file in held:
            look(request, files, file)
    counts = _counts(held)
    store.facts |= {
        "file_counts": counts,
        "status": "in_progress" if counts["in_progress"] else "completed",
        "usage_bytes": sum(file.facts["usage_bytes"] for file in held),
        "last_active_at": CREATED,
    }
    if store.facts.get("expires_after"):
        store.facts["expires_at"] = CREATED + 86_400 * store.facts["expires_after"]["days"]


def _counts(files: list[Thing]) -> Json:
    states = [file.facts["status"] for file in files]
    return {state: states.count(state) for state in STATES} | {"total": len(files)}


def _files_of(store: str) -> Shelfmark:
    """The collection of files of the store at `store`."""
    return Shelfmark(FILES, f"{store}/files")


# Files.


def create_file(request: ApiRequest) -> HttpResponse:
    """POST /vector_stores/ID/files."""
    mark = here(request)
    file_of(request, request.body["file_id"], "file_id")
    return told(request, _attach(request, mark, request.body).facts)


def _attach(request: ApiRequest, mark: Shelfmark, given: Mapping[str, Any]) -> Thing:
    upload = file_of(request, given["file_id"], "file_id")
    strategy = given.get("chunking_strategy") or {"type": "auto"}
    if strategy["type"] == "auto":
        strategy = {"type": "static", "static": CHUNKS}
    facts = {
        "usage_bytes": len(upload.data),
        "attributes": given.get("attributes") or {},
        "chunking_strategy": strategy,
        "vector_store_id": mark.path.split("/")[2],
        "filename": upload.filename,
    }
    return keep(request, mark, facts, given["file_id"], upload.data)


def show_content(request: ApiRequest) -> HttpResponse:
    """GET /vector_stores/ID/files/ID/content: the text, in pieces."""
    mark = here(request)
    file = found(request, mark, last_of(request))
    data = [{"type": "text", "text": piece} for piece in _pieces(file)]
    return told(request, {"data": data, "has_more": False})


def _pieces(file: Thing) -> list[str]:
    text = file.content.decode("utf-8", "replace")
    return [piece.strip() for piece in re.split(r"\n\s*\n", text) if piece.strip()]


# Batches of files.


def create_batch(request: ApiRequest) -> HttpResponse:
    """POST /vector_stores/ID/file_batches."""
    mark, body = here(request), request.body
    if ("files" in body) == ("file_ids" in body):
        raise Refusal("Exactly one of 'file_ids' and 'files' must be provided.", param="file_ids")
    shared = {name: body[name] for name in ("attributes", "chunking_strategy") if name in body}
    given = body.get("files") or [{**shared, "file_id": name} for name in body["file_ids"]]
    for one in given:
        file_of(request, one["file_id"], "file_ids")
    batch = keep(request, mark, {})
    files = mark_of(request, FILES)
    batch.others = [_attach(request, files, one) for one in given]
    return told(request, seen(request, mark, batch).facts)


def look_at_batch(request: ApiRequest, _mark: Shelfmark, batch: Thing) -> None:
    """Update the counts of a batch; looking at it counts as a look at each of its files."""
    files = mark_of(request, FILES)
    if request.operation.method == "GET":
        for file in batch.others:
            look(request, files, file)
    counts = _counts(batch.others)
    done = "cancelled" if counts["cancelled"] else "completed"
    status = "in_progress" if counts["in_progress"] else done
    batch.facts |= {"file_counts": counts, "status": status}


def cancel_batch(request: ApiRequest) -> HttpResponse:
    """POST /vector_stores/ID/file_batches/ID/cancel."""
    mark = here(request)
    batch = found(request, mark, last_of(request))
    for file in batch.others:
        if file.facts["status"] == "in_progress":
            file.end("cancelled")
    return told(request, seen(request, mark, batch).facts)


def list_batch_files(request: ApiRequest) -> HttpResponse:
    """GET /vector_stores/ID/file_batches/ID/files."""
    batches = mark_of(request, f"{STORES}/{{}}/file_batches")
    found(request, mark_of(request, STORES), batches.path.split("/")[2])
    batch = found(request, batches, last_of(request))
    return paged(request, mark_of(request, FILES), batch.others)


# The search.


def search(request: ApiRequest) -> HttpResponse:
    """POST /vector_stores/ID/search."""
    body = request.body
    found(request, mark_of(request, STORES), last_of(request))
    queries = [body["query"]] if isinstance(body["query"], str) else body["query"]
    least = (body.get("ranking_options") or {}).get("score_threshold", 0)
    wanted = {word for query in queries for word in _words(query)}
    hits = [
        hit
        for file in all_in(request, mark_of(request, FILES))
        if file.facts["status"] == "completed" and _meets(file, body.get("filters"))
        for hit in _hits(file, wanted)
        if hit["score"] >= least
    ]
    hits.sort(key=lambda hit: -hit["score"])
    page = hits[: body.get("max_num_results", 10)]
    return told(request, {"search_query": queries, "data": page, "has_more": False})


def _hits(file: Thing, wanted: set[str]) -> Iterator[Json]:
    for piece in _pieces(file):
        share = len(wanted & set(_words(piece))) / max(1, len(wanted))
        if share:
            yield {
                "file_id": file.name,
                "filename": file.facts["filename"],
                "score": share,
                "attributes": file.facts["attributes"],
                "content": [{"type": "text", "text": piece}],
            }


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _meets(file: Thing, filters: Mapping[str, Any] | None) -> bool:
    """Whether a file's attributes match a filter."""
    if not filters:
        return True
    if filters["type"] in ("and", "or"):
        whole = all if filters["type"] == "and" else any
        return whole(_meets(file, one) for one in filters["filters"])
    has, wanted = file.facts["attributes"].get(filters["key"]), filters["value"]
    try:
        return has is not None and _COMPARISONS[filters["type"]](has, wanted)
    except TypeError:  # a number compared with a text
        return False


_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": eq,
    "ne": ne,
    "gt": gt,
    "gte": ge,
    "lt": lt,
    "lte": le,
    "in": lambda has, wanted: has in wanted,
    "nin": lambda has, wanted: has not in wanted,
}
