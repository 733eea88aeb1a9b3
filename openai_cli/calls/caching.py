"""--cache: reuse a recent answer to the same request instead of sending it again.

Every cacheable call of a command goes through here. A failure of the cache is reported in a notice
and never stops the command: the request is then sent.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from openai_cli.cache.entry import Entry
from openai_cli.cache.key import Sender, key_of
from openai_cli.cache.rules import ANY, Refusal, refusal
from openai_cli.cache.store import Store, UnusableError, largest_of
from openai_cli.cache.wholeness import Check, Overheard, Replayed, shortfall
from openai_cli.config.destination import Destination
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.durations import duration, in_words
from openai_cli.flags.ours import CommonOptions
from openai_cli.flags.server import Caching, Connection
from openai_cli.http.deadline import Deadline
from openai_cli.http.payload import Form, FormFile, Json
from openai_cli.records import NamedTuple, field, mutable_record, replace

if TYPE_CHECKING:
    from openai_cli.http.client import HttpResponse
    from openai_cli.http.decoding import Incoming
    from openai_cli.http.payload import Payload

T = TypeVar("T")

_OFF = "0"
# In bytes: the files of a form are held in memory until the answer has arrived.
_LARGEST_FILES = 64 * 1024 * 1024


class Call(NamedTuple):
    """A request as it is sent; `path` is relative to the base URL."""

    method: str
    path: str
    payload: "Payload | None"


# Sends a request and passes its response to a consumer, as `Client.call` does.
Ask = Callable[[Call, "Callable[[HttpResponse], T]"], T]


@mutable_record
class Cache:
    """The cache on disk, as one command uses it.

    Entries are used up to an age of `longest` seconds. With `takes_any`, requests are cached even
    if their answers vary from call to call. `largest` is the size limit of the whole cache in
    bytes. `server` returns the destination of the requests, and `deadline` bounds the wait for
    another process. `served` is called before an answer from the disk is used. `check` returns the
    reason why a text must not be stored.
    """

    context: Context
    server: Callable[[], Destination]
    deadline: Deadline
    served: Callable[[], None]
    check: Check
    longest: int
    largest: int
    takes_any: bool = False
    is_of_sandbox: bool = False
    is_debugged: bool = False
    _store: Store | None = None
    _sender: bytes = b""
    _told: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls,
        context: Context,
        options: Caching,
        server: Callable[[], Destination],
        deadline: Deadline,
        *,
        served: Callable[[], None],
        check: Check,
    ) -> "Cache | None":
        """Return the cache of --cache, None if off; raise UsageError for an invalid duration."""
        is_typed = context.settings.origin("--cache-any") is None
        if options.cache is None and options.cache_any and is_typed:
            raise UsageError("--cache-any needs --cache")
        if options.cache is None or options.cache == _OFF:
            return None
        return cls(
            context,
            server,
            deadline,
            served,
            check,
            duration("--cache", options.cache),
            largest_of(context),
            takes_any=options.cache_any,
            is_of_sandbox=isinstance(options, Connection) and options.sandbox,
            is_debugged=isinstance(options, CommonOptions) and options.debug,
        )

    def call(self, call: Call, consume: "Callable[[Incoming], T]", ask: Ask[T]) -> T:
        """Pass the answer to `consume`: from the cache, or else from `ask`.

        Of several processes with the same request, one sends it and the others wait for its answer.
        """
        payload = self._held(call)
        if isinstance(payload, Refusal):
            self._tell_refused(payload)
            return ask(call, consume)
        if (store := self._opened()) is None:
            return ask(call, consume)
        call = call._replace(payload=payload)
        key = key_of(self._sender, call.method, call.path, payload)
        with ExitStack() as stack:
            found = store.get(key, self.longest)
            if found is None:
                if not self._is_locked(store, key, stack):
                    return ask(call, consume)
                found = store.get(key, self.longest)
            if found is None:
                return self._asked(store, key, call, consume, ask)
        return self._served(found, consume)

    def _held(self, call: Call) -> Json | Form | Refusal:
        """Return the payload with its files read, so that the key is of the bytes that are sent.

        A `Refusal` is returned for a request that is not cached.
        """
        payload = call.payload
        if self.is_of_sandbox:
            return Refusal("the sandbox of --sandbox ends with the command")
        found = refusal(call.method, call.path, _properties(payload))
        if found is not None and not (found.may_pass and self.takes_any):
            return found
        if not isinstance(payload, Form):
            return payload if isinstance(payload, Json) else Refusal("it has no body")
        if sum(file.size for file in payload.files) > _LARGEST_FILES:
            return Refusal(f"its files are larger than {_LARGEST_FILES // 1024**2} MB")
        return replace(payload, files=tuple(_read(file) for file in payload.files))

    def _tell_refused(self, refused: Refusal) -> None:
        """Say why the request is not cached: a notice if --cache was typed, else with --debug."""
        way = f"; {ANY}" if refused.may_pass else ""
        text = f"the answer is not kept: {refused.reason}{way}"
        if self.context.settings.origin("--cache") is not None:
            self._debug(text)
        else:
            self._tell(text)

    def _opened(self) -> Store | None:
        if self._store is None:
            try:
                store = Store.opened(self.context.now, self.largest)
                self._sender = _sender(self.server()).digest(store.salt(self._sleep))
                self._store = store
            except UnusableError as error:
                self._tell_unusable(str(error))
        return self._store

    def _tell_unusable(self, why: str) -> None:
        self._tell(f"the cache cannot be used: {why}")

    def _tell(self, text: str) -> None:
        """Print a notice about the cache, each text once."""
        if text not in self._told:
            self._told.add(text)
            self.context.messages.notice(f"--cache: {text}")

    def _is_locked(self, store: Store, key: str, stack: ExitStack) -> bool:
        """Lock the key until the stack is closed; return False if it cannot be locked."""
        notice = self.context.messages.notice
        try:
            stack.enter_context(
                store.locked(
                    key,
                    waits=lambda: notice(
                        "another process is sending the same request; waiting for its answer"
                    ),
                    sleep=self._sleep,
                    bounded=self.deadline.seconds is not None,
                )
            )
        except UsageError as error:
            self._tell_unusable(error.problem)
            return False
        return True

    def _served(self, found: Entry, consume: "Callable[[Incoming], T]") -> T:
        answer = Replayed.of(found, self.context.now())
        self.context.messages.notice(f"from the cache: {in_words(answer.age)} old")
        self.served()
        return consume(answer)

    def _asked(
        self,
        store: Store,
        key: str,
        call: Call,
        consume: "Callable[[Incoming], T]",
        ask: Ask[T],
    ) -> T:
        """Send the request, and store the answer if it is complete."""
        heard: list[Overheard] = []

        def listen(http: "HttpResponse") -> T:
            heard.append(Overheard(http, store.largest_entry))
            return consume(heard[-1])

        now = self.context.now()
        found = ask(call, listen)
        answer = heard[-1]
        path, asked = call.path.partition("?")[0], _properties(call.payload)
        lacks = shortfall(path, asked, answer, self.check)
        if lacks is not None:
            self._debug(f"the answer is not kept: {lacks}")
            return found
        entry = Entry(now, now + self.longest, answer.content_type, answer.body or b"")
        try:
            store.put(key, entry)
        except OSError as error:
            self._tell(f"the answer is not kept: {error.strerror}")
        return found

    def _sleep(self, seconds: float) -> None:
        self.deadline.sleep(self.context.sleep, seconds)

    def _debug(self, text: str) -> None:
        if self.is_debugged:
            self.context.messages.debug(f"--cache: {text}")


def _sender(server: Destination) -> Sender:
    """Return the server and the credentials; raise UnusableError for an unreadable certificate."""
    paths = [path for path in (server.client_cert, server.client_key) if path is not None]
    try:
        certificate = b"".join(Path(path).read_bytes() for path in paths)
    except OSError as error:
        raise UnusableError(f"the client certificate cannot be read: {error.strerror}") from None
    headers = {**server.headers, **server.own_headers}
    return Sender(server.base_url, headers, server.key, certificate)


def _properties(payload: "Payload | None") -> Mapping[str, Any]:
    """Return the properties of the body; of a form, its fields and its files' names."""
    if isinstance(payload, Json):
        found = json.loads(payload.data or b"{}")
        return found if isinstance(found, dict) else {}
    if isinstance(payload, Form):
        return {**dict(payload.fields), **{file.field: file.filename for file in payload.files}}
    return {}


def _read(file: FormFile) -> FormFile:
    with ExitStack() as stack:
        data = file.opened(stack)
        return replace(file, path=None, data=data if isinstance(data, bytes) else data.read())
