"""Requests made at random of what the description allows: none makes the sandbox fail."""

import json
import random
from collections import defaultdict
from typing import Any

import pytest

from openai_cli.sandbox.access import admin_key, is_admin
from openai_cli.sandbox.api import Api, HttpRequest
from openai_cli.sandbox.checks import Schema, resolved
from openai_cli.sandbox.exchange import HttpResponse
from openai_cli.sandbox.route import Route
from openai_cli.sandbox.table import groups, routes_of
from tests.sandbox.client import KEY

ROUTES = [route for group in sorted(groups()) for route in routes_of(group)]
TEXTS = ("", "text", "1", "x" * 300, "user-sandbox", "file-1", "\N{GRINNING FACE}")
DEEPEST = 5


class Requests:
    """Requests to one sandbox, about what earlier ones have made."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - the same each time
        self._api = Api(key=KEY)
        self._made: dict[str, list[str]] = defaultdict(lambda: ["user-sandbox"])

    def send(self, route: Route) -> HttpResponse:
        """The answer to a request of this kind; an exception where the sandbox fails."""
        path, shape = self._path(route)
        body = self._value({"$ref": route.schema}) if route.schema else None
        query = "&".join(self._query(route))
        answer = self._answer(route.method, f"/v1{path}?{query}", body)
        told = json.loads(answer.content) if answer.content[:1] == b"{" else {}
        if route.method == "POST" and answer.status < 300 and isinstance(told.get("id"), str):
            self._made[shape].append(told["id"])
        return answer

    def _answer(self, method: str, target: str, body: object) -> HttpResponse:
        key = admin_key(KEY) if is_admin(target) else KEY
        content = b"" if body is None else json.dumps(body).encode()
        kind = "application/json"
        return self._api.respond(
            HttpRequest(method, target, content, kind, f"Bearer {key}", "localhost")
        )

    def _path(self, route: Route) -> tuple[str, str]:
        path, shape = "", ""
        for part in route.path.partition("?")[0].split("/")[1:]:
            is_id = part.startswith("{")
            path += "/" + (self._random.choice(self._made[shape]) if is_id else part)
            shape += "/{}" if is_id else f"/{part}"
        return path, shape

    def _query(self, route: Route) -> list[str]:
        described = route.operation.query if route.operation else {}
        return [
            f"{name}={json.dumps(value) if not isinstance(value, str) else value}"
            for name, schema in described.items()
            if schema.get("needed") or self._random.random() < 0.3
            if not isinstance(value := self._value(schema), list | dict)
        ]

    def _value(self, schema: Schema, depth: int = 0) -> Any:
        schema = resolved(schema)
        choose = self._random.choice
        if "anyOf" in schema:
            return self._value(choose(schema["anyOf"]), depth + 1)
        if "enum" in schema:
            return choose(schema["enum"])
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            least = schema.get("minItems", 0)
            count = least if depth > DEEPEST else max(least, choose([0, 1, 2]))
            return [self._value(schema["items"], depth + 1) for _ in range(count)]
        if kind in ("integer", "number"):
            least = schema.get("minimum", 0)
            return choose([least, min(schema.get("maximum", 10**20), 10**15)])
        return (
            choose(TEXTS)[: schema.get("maxLength")] if kind == "string" else choose([True, None])
        )

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        needed = schema.get("required", ())
        return {
            name: self._value(inner, depth + 1)
            for name, inner in schema.get("properties", {}).items()
            if name in needed or (depth < DEEPEST and self._random.random() < 0.5)
        }


@pytest.mark.parametrize("seed", range(3))
def test_no_request_makes_the_sandbox_fail(seed: int) -> None:
    requests = Requests(seed)
    seen = {requests.send(route).status for route in ROUTES}
    assert seen <= {200, 201, 400, 404}
    assert {200, 400, 404} <= seen
