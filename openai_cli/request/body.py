"""Assemble one request from flags, --param, --body, the environment and the configuration."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.adapter import Parts, parts_of
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import CommonOptions
from openai_cli.flags.parameter import ApiParameter
from openai_cli.flags.server import BodyOptions
from openai_cli.flags.values import (
    PromptText,
    Structure,
    TextOrItems,
    TextOrObject,
    Texts,
    TextsOrIds,
)
from openai_cli.jsontext import encode_json, json_or_text
from openai_cli.records import NamedTuple, record, replace
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.http.payload import FormFile, Payload


@record
class Request:
    """One request: a `path` below the base URL and the `body` that the user has specified.

    `unchecked` names the properties from --param; `model_is_default` says that the user named no
    model. With `files`, the request is a multipart form whose other fields are in `body`. With
    `has_body` false, an empty body is not sent. `may_stream` and `may_ask_for_usage` are the
    endpoint's `streams` and `asks_for_usage`.
    """

    path: str
    body: Mapping[str, Any]
    method: str = "POST"
    unchecked: frozenset[str] = frozenset()
    model_is_default: bool = False
    files: "tuple[FormFile, ...] | None" = None
    has_body: bool = True
    may_stream: bool = False
    may_ask_for_usage: bool = False

    def with_body(self, **properties: Any) -> "Request":
        """Return a copy of the request with these properties set."""
        return replace(self, body={**self.body, **properties})

    def with_text(self, name: str, value: Any) -> "Request":
        """Return a copy with the text right after the model, where a reader looks for it."""
        first = {"model": self.body["model"], name: value}
        return replace(self, body={**first, **self.body, **first})

    def encoded(self) -> bytes:
        """Encode the body as one line of JSON in UTF-8; a form's files are shown as `@PATH`."""
        return encode_json(self.wire_body)

    @property
    def wire_body(self) -> Mapping[str, Any]:
        """The body as it is sent, with a form's files shown as `@PATH`."""
        found = dict(self.body)
        for file in self.files or ():
            name, path = file.field.removesuffix("[]"), f"@{file.shown}"
            found[name] = path if name == file.field else [*found.get(name, []), path]
        return found

    @property
    def upload_size(self) -> int | None:
        """The total size of a form's files, in bytes; None if the request is not a form."""
        return None if self.files is None else sum(file.size for file in self.files)

    @property
    def asks_for_stream(self) -> bool:
        """Whether the request asks for a stream of events."""
        in_body = self.body.get("stream") is True or self.body.get("stream_format") == "sse"
        return in_body or "stream=true" in self.path.partition("?")[2].split("&")

    @property
    def choices(self) -> int:
        """The number of choices that the request asks for."""
        n = self.body.get("n")
        return n if isinstance(n, int) else 1

    @property
    def is_bodyless(self) -> bool:
        """Whether the request has no body at all."""
        return not self.has_body and not self.body and self.files is None

    def payload(self, watch: Callable[[int], None] = lambda _size: None) -> "Payload | None":
        """Return the payload to send; `watch` gets the number of bytes sent as a form is sent."""
        from openai_cli.http.payload import Form, Json, form_fields

        if self.is_bodyless:
            return None
        if self.files is None:
            return Json(self.encoded())
        from uuid import uuid4

        return Form(tuple(form_fields(self.body)), self.files, uuid4().hex, watch)

    def check(
        self, holds: Callable[[Mapping[str, Any]], bool], names: tuple[str, ...], problem: str
    ) -> None:
        """Check a rule across parameters; raise UsageError with `problem` if it does not hold.

        A rule that involves a parameter from --param is not checked.
        """
        if not self.unchecked.intersection(names) and not holds(self.body):
            raise UsageError(problem, parameter=names[0])


def unchecked_params(params: list[str] | None) -> dict[str, Any]:
    """Parse the properties of --param NAME=JSON; a value that is not JSON is a string."""
    found = {}
    for param in params or ():
        name, equals, text = param.partition("=")
        if not equals or not name:
            raise UsageError(f"--param must be NAME=JSON, not '{param}'")
        try:
            found[name] = json_or_text(text)
        except ValueError as error:
            raise UsageError(f"--param {name} {error}") from None
    return found


def is_bare_schema(given: Any, key: str | None = None) -> bool:
    """Return whether the value, or its `key`, is a JSON Schema where the API wants a format."""
    found = given.get(key) if key is not None and isinstance(given, dict) else given
    if not isinstance(found, dict) or {"schema", "json_schema"} & found.keys():
        return False
    return found.get("type") == "object" or bool({"properties", "$schema"} & found.keys())


def given_body(raw: str | None, inputs: Inputs) -> dict[str, Any]:
    """Parse the request body of --body; raise UsageError if it is not a JSON object."""
    if raw is None:
        return {}
    try:
        found: dict[str, Any] = Structure(dict).parse(
            raw, lambda path: inputs.source("--body", path)
        )
    except ValueError as error:
        from openai_cli.suggestions.values import file_hint

        raise UsageError(f"--body {error}", hint=file_hint("--body", raw)) from None
    return found


# Two names for one limit: the API takes only one of them in a request.
_LIMITS = frozenset({"max_tokens", "max_completion_tokens"})


def _over(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the given properties over the defaults of the configuration file."""
    body = dict(given)
    for name, value in defaults.items():
        if name not in body and not (name in _LIMITS and _LIMITS & body.keys()):
            body[name] = value
    return body


class Given(NamedTuple):
    """The user's input for a request to the `endpoint`, parsed.

    `parts` come from flags and arguments, `params`, which are not checked, from --param, and `body`
    from --body.
    """

    endpoint: Endpoint
    parts: Parts
    params: dict[str, Any]
    body: dict[str, Any]


def given_of(options: BodyOptions, inputs: Inputs) -> Given:
    """Parse the options of a request; raise UsageError for a value that the API does not take."""
    parts = told_parts(options, inputs)
    for param in options.param or ():
        inputs.tell_param_name(param)
    return Given(
        options.endpoint, parts, unchecked_params(options.param), given_body(options.body, inputs)
    )


def told_parts(options: CommonOptions, inputs: Inputs) -> Parts:
    """Parse the parts of a request; print a notice for each text that names an existing file."""
    return parts_of(options, inputs.source, partial(_tell_names, inputs))


def assembled(context: Context, given: Given, base: Mapping[str, Any] | None = None) -> Request:
    """Assemble the request from the user's input.

    Flags take precedence over --param, then come --body, the environment, the configuration file
    and our table of default models. `base` replaces --body. Except for `model`, properties that
    are not given are not sent.
    """
    endpoint, parts, params = given.endpoint, given.parts, given.params
    body = given.body if base is None else base
    if endpoint.takes_general_model and (model := context.variable("OPENAI_MODEL")) is not None:
        body = {"model": model, **body}
    body = _over(context.settings.properties, {**body, **params, **parts.body})
    is_default = bool(endpoint.default_model) and "model" not in body
    if endpoint.default_model:
        # The model comes first, where a reader looks for it.
        body = {"model": body.get("model", endpoint.default_model), **body}
    return Request(
        with_query(endpoint.filled(parts.path), parts.query),
        body,
        method=endpoint.method,
        unchecked=frozenset(params.keys() - parts.body.keys()),
        model_is_default=is_default,
        may_stream=endpoint.streams,
        may_ask_for_usage=endpoint.asks_for_usage,
    )


def _tell_names(inputs: Inputs, parameter: ApiParameter, typed: Any) -> None:
    """Print a notice if a value was probably meant as something else.

    That is a text that is the name of a file, or a name with a comma for a repeatable flag.
    """
    kind, texts = parameter.kind, [typed] if isinstance(typed, str) else typed
    if isinstance(kind, PromptText | TextsOrIds | TextOrItems):
        for text in texts:
            inputs.tell_flag_name(parameter.flag, text)
    elif isinstance(kind, TextOrObject):
        for text in set(texts) - {*kind.names}:
            inputs.tell_flag_name(parameter.flag, text)
    elif isinstance(kind, Texts) and kind.metavar in ("NAME", "CODE"):
        inputs.tell_several(parameter.flag, texts)


def bodyless(endpoint: Endpoint, parts: Parts) -> Request:
    """Return the request to an endpoint that takes only a path and a query."""
    path = with_query(endpoint.filled(parts.path), parts.query)
    return Request(path, {}, method=endpoint.method, has_body=False)


def with_query(path: str, query: Mapping[str, Any]) -> str:
    """Append parameters to a path's query."""
    if not query:
        return path
    from urllib.parse import urlencode

    from openai_cli.http.payload import form_fields

    return f"{path}{'&' if '?' in path else '?'}{urlencode(list(form_fields(query)))}"
