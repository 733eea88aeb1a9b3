"""A command's session: its server, resolved once, and a client that reuses connections.

The options are parsed when the session is made, so a wrong flag fails before anything is sent, and
also where nothing is sent at all.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from openai_cli.calls.budget import Budget
from openai_cli.calls.preview import Preview
from openai_cli.calls.receipts import Receipts
from openai_cli.config.destination import (
    Destination,
    demand_key,
    destination,
)
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.output import Completeness, Prices, Structured
from openai_cli.flags.server import Caching, Fallback, ServerOptions
from openai_cli.http.deadline import Deadline
from openai_cli.output.form import Form
from openai_cli.request.body import Request
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.calls.caching import Cache, Call
    from openai_cli.http.client import Client, HttpResponse
    from openai_cli.http.decoding import Incoming
    from openai_cli.http.payload import Payload
    from openai_cli.http.transport import ClientCertificate
    from openai_cli.models.table import Table
    from openai_cli.request.schema import AskedSchema

T = TypeVar("T")


class Session:
    """What all calls of a command share; a context manager that closes everything on exit.

    `server` is where requests go, `deadline` limits their total time, `form` is how answers are
    printed, and `preview` how an unsent request is shown. `budget` limits what calls may cost, and
    `receipts` records what they did. `cache` serves --cache, `fallbacks` are the models of
    --fallback-model, `must_be_complete` is --require-complete, and `schema` is what answers must
    match. The client keeps up to `connections` open, one for each thread that shares it.

    `endpoint` defaults to that of the options. Raises UsageError for invalid options. Threads may
    share `client` once it exists.
    """

    def __init__(
        self,
        context: Context,
        options: ServerOptions,
        inputs: Inputs | None = None,
        endpoint: Endpoint | None = None,
    ) -> None:
        self.context = context
        self._debug_on, self._asks_sandbox = options.debug, options.sandbox
        self._is_ready = False
        self._endpoint = endpoint or options.endpoint
        self._prices = options.prices if isinstance(options, Prices) else None
        self._patience = options.patience
        self.deadline = Deadline(self._patience.whole)
        if options.sandbox and options.base_url is not None:
            raise UsageError("--sandbox is a server of its own: leave --base-url out")
        inputs = inputs or Inputs(context)
        self.schema = _schema_of(options, inputs)
        self.form = Form.of(options, self.schema.columns if self.schema else ())
        self.preview = Preview.of(options)
        prices = (lambda: self.table), self._base_url
        self.budget = Budget.of(context, options, *prices)
        self.receipts = Receipts.of(context, options, *prices)
        self.budget.book, self.budget.line = self.receipts.book, self.receipts.unsent
        self.fallbacks = _fallbacks_of(options)
        inputs.tell_several("--fallback-model", self.fallbacks)
        self.must_be_complete = isinstance(options, Completeness) and options.require_complete
        self.server = destination(context, options, inputs, self._endpoint)
        self.cache = _cache_of(self, options)
        self.budget.waits = self.cache is not None
        self.connections = 64
        self._stack = ExitStack()
        self._stack.callback(self.receipts.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def sleep(self, seconds: float) -> None:
        """Sleep; UnreachableError if the deadline comes first."""
        self.deadline.sleep(self.context.sleep, seconds)

    def show(self, requests: Iterable[Request]) -> None:
        """Print the requests in the form of the preview."""
        if self.preview is not None:
            with self.form.open(self.context) as sink:
                for request in requests:
                    shown = self.preview.shown(request, self.server, terminal=sink.is_terminal)
                    sink.write_json(shown)

    def _base_url(self) -> str:
        return self.server.base_url

    @cached_property
    def table(self) -> "Table":
        """The table of models and prices, with the user's own entries on top."""
        from openai_cli.models.table import load_table

        return load_table(self._prices)

    def make_ready(self) -> None:
        """Prepare for the first call: start the sandbox if asked for, and require the key.

        Raises what `demand_key` raises, and UsageError for a --usage-file that cannot be written.
        """
        if self._is_ready:
            return
        if self._asks_sandbox:
            self.server = self._sandbox()
        demand_key(self.server)
        self.receipts.open()
        self._is_ready = True

    @cached_property
    def client(self) -> "Client":
        """The client for the server; raises what `make_ready` raises."""
        self.make_ready()
        return self._client_of(self.server)

    def call(
        self,
        request: Request,
        consume: "Callable[[Incoming], T]",
        *,
        payload: "Payload | None",
        may_retry: "Callable[[], bool]" = lambda: True,
    ) -> T:
        """Send a request as `Client.call` does, or take its answer from the cache."""

        def ask(call: "Call", consume: "Callable[[HttpResponse], T]") -> T:
            self.budget.reserve_due()
            return self.client.call(
                call.method, call.path, consume, payload=call.payload, may_retry=may_retry
            )

        if self.cache is None:
            return self.client.call(
                request.method, request.path, consume, payload=payload, may_retry=may_retry
            )
        from openai_cli.calls.caching import Call

        self.make_ready()
        return self.cache.call(Call(request.method, request.path, payload), consume, ask)

    def _sandbox(self) -> Destination:
        """Start a sandbox that runs until the command ends; its own key replaces the user's."""
        from openai_cli.sandbox import Sandbox

        sandbox = self._stack.enter_context(Sandbox())
        own = {
            name: value
            for name, value in self.server.own_headers.items()
            if name.lower() != "authorization"
        }
        headers = dict(self._endpoint.headers)
        key = sandbox.admin_key if self._endpoint.is_admin else sandbox.key
        return Destination(sandbox.base_url, headers=headers, own_headers=own, key=key)

    def stranger(self, url: str) -> "Client":
        """Return a client for another server, which gets neither the key nor the user's headers."""
        return self._client_of(Destination(url, headers={}, own_headers={}, key=None))

    def _client_of(self, server: Destination) -> "Client":
        from openai_cli.http.client import Client, ServerSettings

        settings = ServerSettings(
            base_url=server.base_url,
            key=server.key,
            headers={**server.headers, **server.own_headers},
            connect_timeout=self._patience.connect,
            read_timeout=self._patience.read,
            max_retries=self._patience.retries,
            certificate=_certificate(server),
            deadline=self.deadline,
            connections=self.connections,
            is_admin=self._endpoint.is_admin,
        )
        client = Client(settings, self.context, debug_on=self._debug_on)
        self._stack.callback(client.close)
        return client


def _certificate(server: Destination) -> "ClientCertificate | None":
    """The client certificate, or None; UsageError if its files do not hold one."""
    if server.client_cert is None:
        return None
    from openai_cli.http.transport import ClientCertificate

    certificate = ClientCertificate(server.client_cert, server.client_key)
    certificate.check()
    return certificate


def _schema_of(options: ServerOptions, inputs: Inputs) -> "AskedSchema | None":
    """The schema of --schema; its module is imported only if the flag is given."""
    if not isinstance(options, Structured) or (options.schema is None and not options.schema_rows):
        return None
    from openai_cli.request.schema import AskedSchema

    return AskedSchema.of(options, inputs)


def _cache_of(session: Session, options: ServerOptions) -> "Cache | None":
    """The cache of --cache; its module is imported only if the flag is given."""
    if not isinstance(options, Caching) or (options.cache is None and not options.cache_any):
        return None
    from openai_cli.calls.caching import Cache

    return Cache.of(
        session.context,
        options,
        lambda: session.server,
        session.deadline,
        served=session.budget.pass_over,
        check=(lambda _text: None) if session.schema is None else session.schema.shortfall,
    )


def _fallbacks_of(options: ServerOptions) -> tuple[str, ...]:
    """The models of --fallback-model, in order; UsageError for an empty name."""
    if not isinstance(options, Fallback):
        return ()
    names = tuple(options.fallback_model or ())
    if "" in names:
        raise UsageError("--fallback-model must be the name of a model, not ''")
    return names
