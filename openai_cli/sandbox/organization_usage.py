"""/organization/usage and /organization/costs: time buckets with made-up amounts."""

from typing import Any

from openai_cli.sandbox.checks import check_value
from openai_cli.sandbox.exchange import ApiRequest, HttpResponse, Json
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.things import told

# In seconds, and of how many buckets a page is and may be. https://platform.openai.com/docs/api-reference/usage
WIDTHS = {"1m": (60, 60, 1440), "1h": (3600, 24, 168), "1d": (86_400, 7, 31)}
COSTS = "/organization/costs"
MOST_COSTS = 180
PAGE = "page_"
# Seconds; later times are beyond the calendar.
_TIMES = {"minimum": 0, "maximum": 253_402_300_799}
# The values of the properties by which a request can group results.
_GROUPS = {
    "api_key_id": "key_sandbox",
    "batch": False,
    "context_level": "medium",
    "line_item": "gpt-6-luna, input",
    "model": "gpt-6-luna",
    "project_id": "proj_sandbox",
    "service_tier": "default",
    "size": "1024x1024",
    "source": "image.generation",
    "user_id": "user-sandbox",
    "vector_store_id": "vs_sandbox",
}
_AMOUNTS = {
    "amount": {"value": 0.06, "currency": "usd"},
    "characters": 200,
    "images": 2,
    "input_tokens": 1000,
    "num_model_requests": 5,
    "num_requests": 5,
    "num_sessions": 1,
    "output_tokens": 500,
    "seconds": 20,
    "usage_bytes": 1024,
}


def list_buckets(request: ApiRequest) -> HttpResponse:
    """GET /organization/usage/… and /organization/costs, a page of buckets."""
    query = request.query
    width, usual, most = WIDTHS[query.get("bucket_width", "1d")]
    most = MOST_COSTS if request.operation.path == COSTS else most
    limit = query.get("limit", usual)
    check_value(limit, {"type": "integer", "minimum": 1, "maximum": most}, "limit")
    for name in ("start_time", "end_time"):
        check_value(query.get(name, 0), {"type": "integer", **_TIMES}, name)
    start = query["start_time"] - query["start_time"] % width
    end = query.get("end_time", start + limit * width)
    if end <= query["start_time"]:
        raise Refusal("'end_time' must be after 'start_time'.", param="end_time")
    first = start + width * _skipped(query.get("page"))
    starts = range(first, end, width)
    follows = len(starts) > limit
    facts = {
        "data": [_bucket(request, at, min(at + width, end)) for at in starts[:limit]],
        "has_more": follows,
        "next_page": f"{PAGE}{(first - start) // width + limit}" if follows else None,
    }
    return told(request, facts)


def _skipped(page: str | None) -> int:
    """The number of buckets before a page."""
    number = (page or f"{PAGE}0").removeprefix(PAGE)
    if not number.isdecimal() or len(number) > 9:
        raise Refusal(f"Invalid page: '{page}'.", param="page")
    return int(number)


def _bucket(request: ApiRequest, start: int, end: int) -> Json:
    kind = request.operation.path.removeprefix("/organization/").replace("/", ".")
    grouped = {name: _GROUPS.get(name) for name in request.query.get("group_by") or ()}
    nothing: dict[str, Any] = dict.fromkeys(_GROUPS)
    result = {"object": f"organization.{kind}.result", **_AMOUNTS, **nothing, **grouped}
    return {"object": "bucket", "start_time": start, "end_time": end, "results": [result]}
