"""Count what is billed per call, such as searches and code containers, in answers and requests.

The types of items and tools are those of ResponseOutputItem and Tool of the openai package. In a
web search, the action `search` is billed, but opening a page is not:
https://developers.openai.com/api/docs/guides/tools-web-search
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from openai_cli.models.table import FEES
from openai_cli.records import NamedTuple

Json = Any

# Items of an answer that cost nothing beyond the tokens in its usage.
_WITHOUT_FEE = frozenset(
    {
        "message", "reasoning", "compaction", "program", "program_output", "additional_tools",
        "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
        "computer_call", "computer_call_output", "local_shell_call", "local_shell_call_output",
        "shell_call_output", "apply_patch_call", "apply_patch_call_output", "mcp_call",
        "mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "tool_search_call",
        "tool_search_output",
    }
)  # fmt: skip
# Tools whose calls cost nothing beyond the tokens in the answer's usage.
_FREE_TOOLS = frozenset(
    {"function", "custom", "computer", "computer_use", "computer_use_preview", "local_shell",
     "apply_patch", "mcp", "namespace", "tool_search", "programmatic_tool_calling"}
)  # fmt: skip
_PAGES = ("open_page", "find_in_page")
_PREVIEW = "web_search_preview"
# The container sizes whose fee is known.
_SMALL = (None, "1g")


class Calls(NamedTuple):
    """Numbers of calls by kind of fee, from FEES; `unknown` describes what has no known fee."""

    counts: Mapping[str, int] = {}
    unknown: tuple[str, ...] = ()


def calls_of(body: Mapping[str, Json]) -> Calls | None:
    """Return the calls in an answer of POST /responses; None for any other endpoint."""
    if not isinstance(body.get("output"), list):
        return None
    items, tools = _objects(body["output"]), list(_objects(body.get("tools")))
    counts: Counter[str] = Counter()
    unknown: list[str] = []
    containers: set[str] = set()
    for item in items:
        kind = str(item.get("type"))
        container = _container_of(item)
        if container is not None:
            containers.add(container)
        elif kind == "web_search_call":
            counts[_search_kind(tools)] += _is_search(item)
        elif kind == "file_search_call":
            counts["file_search"] += 1
        elif kind != "image_generation_call" and not _is_free(item):
            unknown.append(f"{kind} has no known fee")
    searches = _member(body.get("tool_usage"), "web_search").get("num_requests")
    if type(searches) is int:
        counts[_search_kind(tools)] = searches
    counts["code_interpreter"] = len(containers)
    if containers and (size := _container_size(tools)) not in _SMALL:
        unknown.append(f"a container of {size} has no known fee")
    return Calls({kind: count for kind, count in counts.items() if count}, tuple(unknown))


def _is_free(item: Mapping[str, Json]) -> bool:
    return item.get("type") in _WITHOUT_FEE or item.get("type") == "shell_call"


def _is_search(item: Mapping[str, Json]) -> bool:
    return _member(item, "action").get("type") not in _PAGES


def _container_of(item: Mapping[str, Json]) -> str | None:
    """Return the id of the OpenAI-hosted container that a call runs in, or None."""
    if item.get("type") == "code_interpreter_call":
        return str(item.get("container_id"))
    if item.get("type") == "shell_call":
        found = _member(item, "environment").get("container_id")
        return None if found is None else str(found)
    return None


def _search_kind(tools: Iterable[Mapping[str, Json]]) -> str:
    """Return the kind of a search's fee; the older tool's, which may be dearer, if not known."""
    found = [tool for tool in tools if str(tool.get("type")).startswith("web_search")]
    is_new = bool(found) and not any(_is_preview(tool) for tool in found)
    sizes = {tool.get("search_context_size") for tool in found} & {"low", "high"}
    size = next((f"_{size}" for size in ("high", "low") if size in sizes), "")
    return ("web_search" if is_new else _PREVIEW) + size


def _is_preview(tool: Mapping[str, Json]) -> bool:
    return str(tool.get("type")).startswith(_PREVIEW)


def _container_size(tools: Iterable[Mapping[str, Json]]) -> str | None:
    for tool in tools:
        for name in ("container", "environment"):
            if (size := _member(tool, name).get("memory_limit")) is not None:
                return str(size)
    return None


def images_of(body: Mapping[str, Json]) -> tuple[str, dict[str, Json]] | str | None:
    """Return the model and the usage of the images that a response generated.

    Returns None if there are none, and the reason as text if they are not known.
    """
    if not any(
        item.get("type") == "image_generation_call" for item in _objects(body.get("output"))
    ):
        return None
    usage = _member(body.get("tool_usage"), "image_gen")
    models = {
        str(tool["model"])
        for tool in _objects(body.get("tools"))
        if tool.get("type") == "image_generation" and tool.get("model") is not None
    }
    if not usage.get("output_tokens") or len(models) != 1:
        return "the tokens of its images are not reported"
    cached = _member(usage, "cached_tokens_details")
    details = {
        **_member(usage, "input_tokens_details"),
        "cached_tokens": usage.get("cached_tokens"),
        "cached_tokens_details": {"image_tokens": cached.get("cached_image_tokens")},
    }
    return models.pop(), {**usage, "input_tokens_details": details}


class AskedCalls(NamedTuple):
    """The calls that a request may make: the kinds of fees, and the maximum number (None: none).

    `unknown` describes tools without a known fee.
    """

    kinds: tuple[str, ...] = ()
    most: int | None = None
    unknown: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the cost of the calls has no bound."""
        return bool(self.unknown) or (bool(self.kinds) and self.most is None)


NO_CALLS = AskedCalls()


def asked_calls(body: Mapping[str, Json], *, searches: bool) -> AskedCalls:
    """Return the calls that a body allows; `searches`: its model searches the web every time."""
    if "messages" in body:
        options = body.get("web_search_options")
        if not searches and not isinstance(options, Mapping):
            return NO_CALLS
        size = options.get("search_context_size") if isinstance(options, Mapping) else None
        choices = body.get("n")
        kind = f"web_search_{size}" if size in ("low", "high") else "web_search"
        return AskedCalls((kind,), choices if type(choices) is int else 1)
    most = body.get("max_tool_calls")
    found = list(_tool_fees(list(_objects(body.get("tools")))))
    kinds = tuple(dict.fromkeys(kind for kind in found if kind in FEES))
    unknown = tuple(dict.fromkeys(kind for kind in found if kind not in FEES))
    return AskedCalls(kinds, most if type(most) is int else None, unknown)


def _tool_fees(tools: list[Mapping[str, Json]]) -> Iterator[str]:
    """Yield the kind of each tool's fee, or a description of a tool without a known fee."""
    for tool in tools:
        kind = str(tool.get("type"))
        if kind.startswith("web_search"):
            yield _search_kind([tool])
        elif kind == "file_search":
            yield kind
        elif kind == "code_interpreter" or (kind == "shell" and _is_hosted(tool)):
            size = _container_size([tool])
            yield "code_interpreter" if size in _SMALL else f"a container of {size}"
        elif kind not in _FREE_TOOLS and kind != "shell":
            yield f"the tool {kind}"


def _is_hosted(tool: Mapping[str, Json]) -> bool:
    return str(_member(tool, "environment").get("type")).startswith("container")


def _objects(value: Json) -> Iterator[Mapping[str, Json]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, Mapping):
            yield item


def _member(value: Json, name: str) -> Mapping[str, Json]:
    """Return a member of an object if that is an object, else an empty one."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}
