"""The words of an operation's command: those of the resource, with hyphens, and the verb."""

import re

from operations_of_description import DescribedOperation
from operations_of_sdk import SdkOperation

# Resources whose place in the package differs from the API; the words are those of the API's path.
_OTHERS = {"organization usage costs": "organization costs"}
# `chat` is a command of its own, to which stored completions do not belong.
_RESOURCES = {"chat completions": "chat-completions"}
_VERBS = {"retrieve": "show"}
_KNOWN_VERBS = ("create", "list", "get", "retrieve", "update", "modify", "delete", "cancel")


def command_of(of_sdk: SdkOperation | None, of_description: DescribedOperation | None) -> str:
    """The words from the package's resource and method, else from the path."""
    if of_sdk is not None:
        return _of_sdk(of_sdk)
    return _of_path(of_description) if of_description is not None else ""


def _of_sdk(operation: SdkOperation) -> str:
    *above, last = [name for name in operation.resource if name != "admin"]
    verb = operation.verb
    # `rate_limits.list_rate_limits` repeats its name.
    for own in (f"_{last}", f"_{last.removesuffix('s')}"):
        verb = verb.removesuffix(own) or verb
    words = [*above, last]
    if last != "content" or verb != "retrieve":  # `containers files content ID` needs no verb
        words.append(_VERBS.get(verb, verb))
    return _command(words)


def _of_path(operation: DescribedOperation) -> str:
    segments = operation.path.strip("/").split("?")[0].split("/")
    words = [segment for segment in segments if not segment.startswith("{")]
    found = re.match(r"[a-z]+", operation.operation_id)
    verb = found[0] if found and found[0] in _KNOWN_VERBS else _by_method(operation, segments)
    verb = {"get": "show", "retrieve": "show", "modify": "update"}.get(verb, verb)
    return _command(words if words[-1:] == [verb] else [*words, verb])


def _by_method(operation: DescribedOperation, segments: list[str]) -> str:
    is_one = segments[-1].startswith("{")
    verbs = {"GET": "show" if is_one else "list", "DELETE": "delete"}
    return verbs.get(operation.method, "update" if is_one else "create")


def _command(words: list[str]) -> str:
    found = " ".join(words)
    for old, new in _RESOURCES.items():
        found = found.replace(old, new)
    found = found.replace("_", "-")
    return _OTHERS.get(found, found)
