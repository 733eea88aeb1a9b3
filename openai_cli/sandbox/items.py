"""The items of responses and conversations, as stored from a request."""

from collections.abc import Iterable, Mapping
from typing import Any

from openai_cli.sandbox.exchange import Json

# The id prefixes of items, by type.
_PREFIXES = {
    "apply_patch_call": "apc_",
    "code_interpreter_call": "ci_",
    "computer_call": "cu_",
    "custom_tool_call": "ctc_",
    "custom_tool_call_output": "ctco_",
    "file_search_call": "fs_",
    "function_call": "fc_",
    "function_call_output": "fco_",
    "image_generation_call": "ig_",
    "local_shell_call": "lsh_",
    "mcp_approval_request": "mcpr_",
    "mcp_call": "mcp_",
    "mcp_list_tools": "mcpl_",
    "message": "msg_",
    "reasoning": "rs_",
    "shell_call": "sh_",
    "web_search_call": "ws_",
}


def kept_items(given: object, digest: str) -> list[Json]:
    """The items in a request's `input` or `items`, each with an id and a status."""
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    items: Iterable[Mapping[str, Any]] = given if isinstance(given, list) else ()
    return [
        _kept(item, f"{digest[:24]}{number:02}")
        for number, item in enumerate(items)
        if item.get("type") != "item_reference"
    ]


def _kept(item: Mapping[str, Any], digest: str) -> Json:
    kind = item.get("type") or "message"
    made = {"type": kind, "status": "completed", **item}
    made["id"] = item.get("id") or _PREFIXES.get(kind, "item_") + digest
    if kind == "message" and isinstance(item["content"], str):
        made["content"] = [_text(item["content"], item["role"])]
    return made


def _text(text: str, role: str) -> Json:
    if role == "assistant":
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {"type": "input_text", "text": text}
