"""The query of a request, against what the description says of it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from openai_cli.sandbox.checks import check_value, resolved
from openai_cli.sandbox.exchange import Operation
from openai_cli.sandbox.forms import typed
from openai_cli.sandbox.refusals import Refusal

# What may stand in any query: which edition of an endpoint it is.
_ANYWHERE = {"beta"}


def checked_query(text: str, operation: Operation) -> dict[str, Any]:
    """The parameters by the types that they have; a Refusal of the first that is wrong.

    `name[]`, and a name given several times, is an array; `name[key]` an object's property. What is
    not given has its default, where there is one.
    """
    found: dict[str, Any] = {}
    for field, value in parse_qsl(text, keep_blank_values=True):
        name, bracket, key = field.partition("[")
        schema = resolved(operation.query.get(name, {}))
        if name not in operation.query:
            if name in _ANYWHERE:
                continue
            raise Refusal(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
        if bracket and key != "]":
            found.setdefault(name, {})[key.removesuffix("]")] = value
        elif schema.get("type") == "array":
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    for name, schema in operation.query.items():
        if name in found:
            found[name] = typed(found[name], schema)
            check_value(found[name], schema, name)
        elif schema.get("needed"):
            raise Refusal(
                f"Missing required parameter: '{name}'.",
                param=name,
                code="missing_required_parameter",
            )
        elif "default" in schema:
            found[name] = schema["default"]
    return found


def page_size(query: Mapping[str, Any], operation: Operation) -> int:
    """How many things a page has: `limit`, from 1 to what the description or the API allows."""
    schema = operation.query.get("limit", {})
    bounded = {"type": "integer", "minimum": 1, "maximum": schema.get("maximum", 100)}
    limit = query.get("limit", 20)
    check_value(limit, bounded, "limit")
    return int(limit)
