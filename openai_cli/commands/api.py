"""`api`: any endpoint of the API, raw."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode, urlsplit

from openai_cli.calls.plan import Plan
from openai_cli.calls.send import send
from openai_cli.calls.session import Session
from openai_cli.calls.stored import pages
from openai_cli.config.destination import base_url
from openai_cli.context import Context
from openai_cli.errors import OutputError, UsageError
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import OPTIONS, Stdin, argument, options_group, ours, switch
from openai_cli.flags.output import Completeness, Forms, Previews, Prices, Spending
from openai_cli.flags.server import Caching, ServerOptions
from openai_cli.jsontext import json_or_text, utf8
from openai_cli.operations.table import is_admin_path
from openai_cli.output.sink import Sink, keep, lined, open_sink
from openai_cli.records import Annotated, mutable_record, replace
from openai_cli.request.body import Request, given_body
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.http.decoding import Incoming
    from openai_cli.http.payload import FormFile

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

# Methods whose fields go into the query, as in gh.
_QUERIED = ("GET", "HEAD", "DELETE", "OPTIONS")
_KEY = re.compile(r"([^\[\]=]+)((?:\[[^\[\]]*\])*)")

EXAMPLES = (
    "openai-cli api GET /models",
    "openai-cli api GET models --query 'data[].id' --lines",
    "openai-cli api POST /embeddings -f model=text-embedding-3-small -f input=Hi",
)


@options_group
class Options(ServerOptions, Caching, Previews, Completeness, Spending, Prices, Forms, Stdin):
    """PATH is relative to the base URL, such as /files or files?limit=2. METHOD is GET, POST or
    another.

    The fields make up the JSON body; with GET, DELETE and HEAD they go into the query. A key can be
    a[b] for a property of an object, or a[] for an item of an array. The response is printed as it
    is. --usage and --require-complete work for the endpoints whose own commands have them.

    --list prints the method, path and command of every operation, or of those that have a WORD in
    their path or command. --describe prints the parameters of one.
    """

    method: Annotated[
        str | None, argument("METHOD", "GET, POST, PUT, PATCH, DELETE, HEAD", names=METHODS)
    ] = None
    path: Annotated[str | None, argument("PATH", "The path of the endpoint", names=())] = None
    list_: Annotated[
        bool, switch(OPTIONS, "list", "List operations; --list WORD lists those that match")
    ] = False
    describe: Annotated[
        bool, switch(OPTIONS, "describe", "Print the parameters of METHOD and PATH")
    ] = False
    field: Annotated[
        list[str] | None,
        ours(OPTIONS, "--field", "A field: JSON, @FILE or text; repeatable",
             metavar="KEY=VALUE", short="-F"),
    ] = None  # fmt: skip
    raw_field: Annotated[
        list[str] | None,
        ours(OPTIONS, "--raw-field", "A text field; repeatable", metavar="KEY=TEXT", short="-f"),
    ] = None
    body: Annotated[
        str | None, ours(OPTIONS, "--body", "A whole JSON body; fields override it", metavar="JSON")
    ] = None
    form: Annotated[
        bool, switch(OPTIONS, "form", "Send a multipart form; -F KEY=@FILE adds a file")
    ] = False
    paginate: Annotated[
        bool, switch(OPTIONS, "paginate", "Get all pages, using after and has_more")
    ] = False
    stream: Annotated[
        bool, switch(OPTIONS, "stream", "Ask for a stream; print each event as a JSON line")
    ] = False


def run(context: Context, options: Options) -> None:
    """Send the request and print the response, or print operations for --list and --describe."""
    if options.list_ or options.describe:
        _tell(context, options)
        return
    if options.method is None or options.path is None:
        raise UsageError(
            "METHOD and PATH are needed",
            hint="for example: openai-cli api GET /models; openai-cli api --list has them all",
        )
    inputs = Inputs(context, options.stdin)
    path = _path(options.path, base_url(context, options))
    endpoint = Endpoint(path, is_admin=is_admin_path(path))
    with Session(context, options, inputs, endpoint) as session:
        request = _request(options, options.method, inputs, path)
        if session.preview is not None:
            session.show((request,))
            if request.is_bodyless and options.dry_run:
                context.messages.notice(f"{request.method} {request.path} has no body")
            return
        plan = _plan(session, request)
        if plan is not None:
            send(session, plan)
            return
        if session.receipts.are_asked:
            context.messages.notice(f"{request.method} {request.path} reports no usage")
        if request.method == "POST":
            session.budget.check(request)
        with session.form.open(context) as sink:
            _Exchange(session, options, sink).run(request)


def _plan(session: Session, request: Request) -> Plan | None:
    """The plan, if usage or completeness is asked for and the endpoint reports them, else None."""
    from openai_cli.answer.endpoints import reader_of

    if not session.receipts.are_wanted and not session.must_be_complete:
        return None
    reader = reader_of(request.method, request.path)
    if reader is None:
        return None
    from openai_cli.output.writers import JsonWriter

    asks = request.path in ("/chat/completions", "/completions")
    return Plan(
        replace(request, may_ask_for_usage=asks), answer=reader, writer=JsonWriter, forgets=True
    )


def _tell(context: Context, options: Options) -> None:
    """Print operations from the table; nothing is sent."""
    from openai_cli.commands.operation import catalogue

    if options.query is not None or (options.list_ and options.describe):
        flag = "--query" if options.query is not None else "--describe"
        raise UsageError(f"{'--list' if options.list_ else '--describe'} takes no {flag}")
    with open_sink(context, options.output) as sink:
        if options.list_:
            words = [word for word in (options.method, options.path) if word is not None]
            catalogue.print_list(sink, words, as_json=options.json)
        else:
            operation = catalogue.find(options.method or "", options.path or "")
            catalogue.print_parameters(sink, operation, as_json=options.json)
            context.messages.notice(catalogue.command_line(operation))


def _request(options: Options, given: str, inputs: Inputs, path: str) -> Request:
    method = given.upper()
    if method not in METHODS:
        is_path = given.startswith(("/", "http"))
        raise UsageError(
            f"METHOD is one of {', '.join(METHODS)}, not '{given}'",
            hint=f"openai-cli api GET {given}" if is_path else None,
        )
    if options.paginate and (method != "GET" or options.stream):
        raise UsageError("--paginate is for GET, and not for a stream")
    if options.form:
        return _form(options, inputs, method, path)
    fields = _fields(options, inputs)
    if method in _QUERIED and options.body is None:
        if fields:
            pairs = list(_pairs(fields))
            path += ("&" if "?" in path else "?") + urlencode(pairs)
        return Request(path, {}, method=method, has_body=False)
    body = {**given_body(options.body, inputs), **fields}
    if options.stream:
        body["stream"] = True
    return Request(path, body, method=method, has_body=method == "POST")


def _path(given: str, server_url: str) -> str:
    """The path below the base URL; UsageError for a URL elsewhere, which must not get the key."""
    path = given
    if "://" in path:
        base = server_url.partition("?")[0]
        if not path.startswith(f"{base}/"):
            raise UsageError(
                f"'{given}' is not below the base URL {base}",
                hint="--base-url names another server",
            )
        path = path.removeprefix(base)
    path = path if path.startswith("/") else f"/{path}"
    root = urlsplit(server_url).path.rstrip("/")
    if root and path.startswith(f"{root}/"):
        path = path.removeprefix(root)
    if "#" in path:
        raise UsageError("PATH has a '#', which starts a fragment: write %23 for it")
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
        # As in gh: a key that the last object of an array lacks is added to that object.
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
    """Return the array or object at a step, creating it if there is none."""
    if step is None:
        at.append(empty)
        return empty
    inner = at.setdefault(step, empty) if isinstance(at, dict) else None
    if type(inner) is not type(empty):
        raise UsageError(f"the field '{key}' is both an array and an object, or a value")
    return inner


def _pairs(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields as query parameters, encoded like those of a form."""
    from openai_cli.http.payload import form_fields

    return form_fields(fields)


def _form(options: Options, inputs: Inputs, method: str, path: str) -> Request:
    """Build the request as a multipart form."""
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


@mutable_record
class _Exchange:
    """The requests of one invocation, and where their answers are printed."""

    session: Session
    options: Options
    sink: Sink

    def run(self, request: Request) -> None:
        """Send the request and, with --paginate, those for the pages after it."""
        if not self.options.paginate:
            self._send(request)
            return
        for _ in pages(request, self._send):
            self.sink.end_line()

    def _send(self, request: Request) -> Any:
        """Print the answer; return its JSON if it was parsed, else None."""
        begin = self.sink.size
        return self.session.call(
            request,
            self._consume,
            payload=request.payload(),
            may_retry=lambda: self.sink.size == begin,
        )

    def _consume(self, http: "Incoming") -> Any:
        from openai_cli.answer.page import AnyWhole
        from openai_cli.output.writers import JsonWriter, write_answer

        options, form = self.options, self.session.form
        is_events = http.content_type.startswith("text/event-stream")
        if not (options.stream or options.paginate or form.query or is_events):
            self._pass_on(http)
            return None
        answer = AnyWhole()
        writer = form.writer(self.sink, self.session.context.messages, JsonWriter)
        write_answer(http, answer, writer, arrived=self.sink.flush)
        for remark in answer.remarks:
            self.session.context.messages.notice(remark)
        return answer.body

    def _pass_on(self, http: "Incoming") -> None:
        """Write the answer's bytes as they arrive; to a terminal, whole and only if text."""
        from openai_cli.answer.files import file_pieces

        if self.sink.is_terminal:
            self._show(b"".join(file_pieces(http)))
            return
        for piece in file_pieces(http):
            self.sink.write(piece)
            self.sink.flush()

    def _show(self, data: bytes) -> None:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            raise OutputError(
                "the answer is not text, and a terminal cannot show it",
                hint=f"it is kept in {keep(data)}",
            ) from None
        if text:
            self.sink.write(lined(text).encode())
