"""Check the query of a request against the published description."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from openai_cli.sandbox.checks import check_value, resolved
from openai_cli.sandbox.exchange import Operation
from openai_cli.sandbox.forms import typed
from openai_cli.sandbox.refusals import Refusal

# Allowed in every query: it selects the edition of an endpoint.
_ANYWHERE = {"beta"}


def checked_query(text: str, operation: Operation) -> dict[str, Any]:
    """The query parameters by their types; a Refusal for the first that is wrong.

    `name[]`, or a repeated name, is an array; `name[key]` is a property of an object. A parameter
    that is missing gets its default, if it has one.
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
    """The size of a page: `limit`, from 1 to the maximum of the description or the API."""
    schema = operation.query.get("limit", {})
    bounded = {"type": "integer", "minimum": 1, "maximum": schema.get("maximum", 100)}
    limit = query.get("limit", 20)
    check_value(limit, bounded, "limit")
    return int(limit)
