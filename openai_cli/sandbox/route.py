"""An endpoint: its method and path, the schema of its request, and its handler."""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any
from urllib.parse import unquote

from openai_cli.sandbox.exchange import ApiRequest, HttpResponse, Operation

ROOT = "/v1"


def function_of(name: str) -> Any:
    """Import `module.function` of this package when it is first needed."""
    module, _, function = name.partition(".")
    return getattr(import_module(f"openai_cli.sandbox.{module}"), function)


class Route:
    """An endpoint. `path` is below the root; `{name}` in it matches anything without a slash.

    `handler` is `module.function` of this package, imported at the first request. `schema` is that
    of a JSON body, `form` that of a multipart form, and `text` the type of any other body; an
    endpoint has some of them, or no body. With `takes_ticket`, URLs that were handed out need no
    key. `operation` describes an endpoint that has no handler of its own.
    """

    def __init__(
        self,
        method: str,
        path: str,
        handler: str,
        *,
        schema: str | None = None,
        form: str | None = None,
        text: str | None = None,
        operation: Operation | None = None,
        rules: Callable[[Mapping[str, Any]], None] = lambda _body: None,
        takes_ticket: bool = False,
    ) -> None:
        self.method = method
        self.path = path
        self.takes_ticket = takes_ticket
        self.schema = schema
        self.form = form
        self.text = text
        self.operation = operation
        self.rules = rules
        self._handler = handler
        literal = re.escape(path).replace(r"\{", "{").replace(r"\}", "}")
        self._pattern = re.compile(ROOT + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/?]+)", literal))

    def parameters(self, path: str) -> dict[str, str] | None:
        """The values of the path parameters; None if the path is another."""
        found = self._pattern.fullmatch(path)
        return found and {name: unquote(text) for name, text in found.groupdict().items()}

    @cached_property
    def answer(self) -> Callable[[ApiRequest], HttpResponse]:
        """The function that answers requests."""
        answer: Callable[[ApiRequest], HttpResponse] = function_of(self._handler)
        return answer
