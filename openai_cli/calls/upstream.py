"""The server that `sandbox --upstream` forwards requests to, with the user's own key."""

from collections.abc import Mapping
from contextlib import ExitStack
from threading import Lock
from typing import TYPE_CHECKING, Self

from openai_cli.config.destination import Destination, demand_key, destination
from openai_cli.context import Context
from openai_cli.flags.endpoint import OFFLINE
from openai_cli.flags.server import Connection, Patience
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.http.client import Client
    from openai_cli.http.forwarded import Forwarded


class UpstreamServer:
    """A server whose key is found as for any command; exiting the context closes connections.

    Admin operations use the admin key, which is looked up at the first of them. Raises UsageError
    for an invalid URL or one that would carry the key over plain http, and CredentialError if the
    key is missing. Threads may share it.
    """

    def __init__(
        self, context: Context, base_url: str, api_key_file: str | None, *, debug_on: bool = False
    ) -> None:
        self._context = context
        self._options = Connection(base_url=base_url, api_key_file=api_key_file)
        self._inputs = Inputs(context)
        self._debug_on = debug_on
        self._lock = Lock()
        self._clients: dict[bool, Client] = {}
        self._stack = ExitStack()
        self.server = self._found(is_admin=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def forward(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes, *, is_admin: bool
    ) -> "Forwarded":
        """Forward a request once, to `path` below the base URL; return the answer of any status.

        Raises NetworkError if none arrives, and CredentialError if a needed key is missing.
        """
        return self._client(is_admin=is_admin).forward(method, path, headers, content)

    def _found(self, *, is_admin: bool) -> Destination:
        endpoint = OFFLINE._replace(is_admin=is_admin)
        found = destination(self._context, self._options, self._inputs, endpoint)
        demand_key(found)
        return found

    def _client(self, *, is_admin: bool) -> "Client":
        from openai_cli.http.client import Client, ServerSettings

        with self._lock:
            if (client := self._clients.get(is_admin)) is not None:
                return client
            server = self._found(is_admin=True) if is_admin else self.server
            settings = ServerSettings(
                base_url=server.base_url,
                key=server.key,
                headers={},
                connect_timeout=Patience().connect,
                read_timeout=Patience().read,
                max_retries=0,
            )
            client = Client(settings, self._context, debug_on=self._debug_on)
            self._stack.callback(client.close)
            self._clients[is_admin] = client
            return client
