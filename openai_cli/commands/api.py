"""`api`: any endpoint of the API, raw."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote, urlencode, urlsplit

from openai_cli.calls.send import preview_of
from openai_cli.calls.session import Reaching, client, reachable
from openai_cli.config.destination import Destination, destination
from openai_cli.context import Context
from openai_cli.errors import OutputError, UsageError
from openai_cli.flags.ours import (
    INPUT,
    OUTPUT,
    TEXT,
    Forms,
    Stdin,
    argument,
    options_group,
    ours,
    switch,
)
from openai_cli.jsontext import json_or_text, utf8
from openai_cli.output.sink import Sink, keep, open_sink
from openai_cli.request.body import Request, given_body
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.http.client import Client, HttpResponse
    from openai_cli.http.payload import FormFile
    from openai_cli.output.writers import Writer

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

# Methods whose fields go into the query, as gh has it.
_QUERIED = ("GET", "HEAD", "DELETE", "OPTIONS")
_KEY = re.compile(r"([^\[\]=]+)((?:\[[^\[\]]*\])*)")


@options_group
class Options(Reaching, Forms, Stdin):
    """PATH is below the base URL, as /files or files?limit=2; METHOD is GET, POST or another.

    Fields make the JSON body; with GET, DELETE and HEAD they go into the query. A key may be
    a[b] for a property of an object, and a[] for an item of an array. What comes back is printed as
    it is.
    """

    method: Annotated[str, argument("METHOD", "GET, POST, PUT, PATCH, DELETE, HEAD", names=METHODS)]
    path: Annotated[str, argument("PATH", "The path of the endpoint", names=())]
    field: Annotated[
        list[str] | None,
        ours(TEXT, "--field", "A field that is JSON, @FILE or else text; repeated",
             metavar="KEY=VALUE", short="-F"),
    ] = None  # fmt: skip
    raw_field: Annotated[
        list[str] | None,
        ours(TEXT, "--raw-field", "A field that is text; repeated", metavar="KEY=TEXT", short="-f"),
    ] = None
    body: Annotated[
        str | None, ours(TEXT, "--body", "A whole JSON body, under the fields", metavar="JSON")
    ] = None
    form: Annotated[
        bool, switch(INPUT, "form", "Send a multipart form: -F KEY=@FILE is a file of it")
    ] = False
    paginate: Annotated[
        bool, switch(OUTPUT, "paginate", "Get all pages, by after and has_more")
    ] = False
    stream: Annotated[
        bool, switch(OUTPUT, "stream", "Ask for a stream; each event is a line of JSON")
    ] = False
    dry_run: Annotated[bool, switch(OUTPUT, "dry-run", "Print the request body; send nothing")] = (
        False
    )
    curl: Annotated[bool, switch(OUTPUT, "curl", "Print a curl command; send nothing")] = False


def run(context: Context, options: Options) -> None:
    """Send the request, and print what comes back."""
    inputs = Inputs(context, options.stdin)
    server = destination(context, options, inputs)
    request = _request(options, inputs, server)
    if options.dry_run or options.curl:
        _show(context, options, request, server)
        return
    with ExitStack() as stack:
        server = reachable(stack, options, server)
        sink = stack.enter_context(open_sink(context, options.output))
        exchange = _Exchange(context, options, client(context, options, server), sink)
        exchange.run(request)


def _request(options: Options, inputs: Inputs, server: Destination) -> Request:
    method = options.method.upper()
    if method not in METHODS:
        is_path = options.method.startswith("/") or options.method.startswith("http")
        raise UsageError(
            f"METHOD is one of {', '.join(METHODS)}, not '{options.method}'",
            hint=f"openai-cli api GET {options.method}" if is_path else None,
        )
    path = _path(options.path, server)
    if options.paginate and (method != "GET" or options.stream):
        raise UsageError("--paginate is for GET, and not for a stream")
    if options.form:
        return _form(options, inputs, method, path)
    fields = _fields(options, inputs)
    if method in _QUERIED and options.body is None:
        if fields:
            pairs = list(_pairs(fields))
            path += ("&" if "?" in path else "?") + urlencode(pairs)
        return Request(path, {}, method=method)
    body = {**given_body(options.body, inputs), **fields}
    if options.stream:
        body["stream"] = True
    return Request(path, body, method=method)


def _path(given: str, server: Destination) -> str:
    """The path below the base URL; UsageError for an address elsewhere: the key stays here."""
    path = given
    if "://" in path:
        if not path.startswith(f"{server.base_url}/"):
            raise UsageError(
                f"'{given}' is not below the base URL {server.base_url}",
                hint="--base-url names another server",
            )
        path = path.removeprefix(server.base_url)
    path = path if path.startswith("/") else f"/{path}"
    root = urlsplit(server.base_url).path.rstrip("/")
    if root and path.startswith(f"{root}/"):
        path = path.removeprefix(root)
    if "#" in path:
        raise UsageError("PATH has a '#', which would end it: %23 stands for one")
    if {".", ".."} & {*unquote(path.partition("?")[0]).split("/")}:
        raise UsageError("PATH may not have '.' or '..' between its slashes")
    return path


def _fields(options: Options, inputs: Inputs) -> dict[str, Any]:
    """The fields as an object: those of -f, then those of -F."""
    found: dict[str, Any] = {}
    for text in options.raw_field or ():
        key, value = _split("-f", text)
        _put(found, key, value)
    for text in options.field or ():
        key, value = _split("-F", text)
        _put(found, key, _value(key, value, inputs))
    return found


def _split(flag: str, text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not _KEY.fullmatch(key):
        raise UsageError(f"{flag} must be KEY=VALUE, not '{text}'", hint="for example: -F limit=2")
    return key, value


def _value(key: str, text: str, inputs: Inputs) -> Any:
    try:
        if text.startswith("@"):
            return utf8(inputs.source(f"-F {key}", text[1:]))
        return json_or_text(text)
    except ValueError as error:
        raise UsageError(f"-F {key} {error}") from None


def _put(found: dict[str, Any], key: str, value: Any) -> None:
    """Set a field: `a[b]` is a property of an object, `a[]` an item of an array."""
    match = _KEY.fullmatch(key)
    name, rest = (match[1], match[2]) if match else (key, "")
    at: Any = found
    step: str | None = name
    for inner in re.findall(r"\[([^\[\]]*)\]", rest):
        # As in gh: a key that the last object of an array has not yet goes into that one.
        if step is None and inner and at and isinstance(at[-1], dict) and inner not in at[-1]:
            at = at[-1]
        else:
            at = _entered(at, step, {} if inner else [], key)
        step = inner or None
    if step is None and isinstance(at, list):
        at.append(value)
    elif step is not None and isinstance(at, dict):
        at[step] = value
    else:
        raise UsageError(f"the field '{key}' is both an array and an object")


def _entered(at: Any, step: str | None, empty: Any, key: str) -> Any:
    """The array or object at a step, which is made where there is none."""
    if step is None:
        at.append(empty)
        return empty
    inner = at.setdefault(step, empty) if isinstance(at, dict) else None
    if type(inner) is not type(empty):
        raise UsageError(f"the field '{key}' is both an array and an object, or a value")
    return inner


def _pairs(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields of a query, in the form of a form's."""
    from openai_cli.http.payload import form_fields

    return form_fields(fields)


def _form(options: Options, inputs: Inputs, method: str, path: str) -> Request:
    """The request that is a multipart form."""
    from openai_cli.request.uploads import Rule, form_file

    if options.body is not None or method in _QUERIED:
        raise UsageError("--form sends fields, with POST, PUT or PATCH: leave --body out")
    files: list[FormFile] = []
    found: dict[str, Any] = {}
    for text in options.raw_field or ():
        _put(found, *_split("-f", text))
    for text in options.field or ():
        key, value = _split("-F", text)
        if value.startswith("@"):
            files.append(form_file(key, value[1:], inputs, rule=Rule()))
        else:
            _put(found, key, value)
    return Request(path, found, method=method, files=tuple(files))


def _show(context: Context, options: Options, request: Request, server: Destination) -> None:
    if options.dry_run and options.curl:
        raise UsageError("--dry-run and --curl: give one of them")
    with open_sink(context, options.output) as sink:
        sink.write(preview_of(request, server, curl=options.curl, terminal=sink.is_terminal))
    if options.dry_run and request.is_bodyless:
        context.messages.notice(f"{request.method} {request.path} has no body")


@dataclass
class _Exchange:
    """The requests to one server, and the output of their answers."""

    context: Context
    options: Options
    client: "Client"
    sink: Sink

    def run(self, request: Request) -> None:
        """Send the request, and with --paginate those of the pages behind it."""
        from openai_cli.answer.page import after

        path, seen = request.path, set[str]()
        while True:
            body = self.client.call(
                request.method,
                path,
                self._consume,
                payload=request.payload(),
                may_retry=lambda size=self.sink.size: self.sink.size == size,  # type: ignore[misc]
            )
            last = after(body) if self.options.paginate else None
            if last is None or last in seen:
                return
            seen.add(last)
            path = _with_after(request.path, last)
            self.sink.end_line()

    def _consume(self, http: "HttpResponse") -> Any:
        """Print the answer; gives its JSON, where it was read."""
        from openai_cli.answer.parts import AnyAnswer, parts
        from openai_cli.output.writers import JsonWriter

        options = self.options
        is_events = http.content_type.startswith("text/event-stream")
        if not (options.stream or options.paginate or options.query or is_events):
            self._pass_on(http)
            return None
        writer: Writer = self._query_writer() or JsonWriter(self.sink)
        answer = AnyAnswer(request_id=http.request_id)
        body: dict[str, Any] = {}
        for part in parts(http, answer, arrived=self.sink.flush):
            body = part.body
            writer.take(part, answer.add(body))
        writer.finish(answer)
        return body

    def _query_writer(self) -> "Writer | None":
        if self.options.query is None:
            return None
        from openai_cli.output.writers import Query, QueryWriter

        return QueryWriter(self.sink, Query(self.options.query), self.context.messages)

    def _pass_on(self, http: "HttpResponse") -> None:
        """The bytes of the answer as they come; what is no text is not for a terminal."""
        if self.sink.is_terminal:
            self._show(b"".join(http.pieces()))
            return
        for piece in http.pieces():
            self.sink.write(piece)
            self.sink.flush()

    def _show(self, data: bytes) -> None:
        from openai_cli.output.sink import lined, printable

        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise OutputError(
                "the answer is no text, which a terminal cannot show",
                hint=f"it is kept in {keep(data)}",
            ) from None
        if text:
            self.sink.write(printable(lined(text), terminal=True))


def _with_after(path: str, last: str) -> str:
    """The path with `after` in its query."""
    from urllib.parse import parse_qsl

    base, _, query = path.partition("?")
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != "after"]
    return f"{base}?{urlencode([*pairs, ('after', last)])}"
