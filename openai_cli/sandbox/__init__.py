"""A local stand-in for the API, for trying things with no key and for testing.

It checks requests against OpenAI's published description and answers in the API's shapes; what it
says is a fixed function of the request, and says that it is not a model.
"""

from threading import Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from openai_cli.sandbox.config import SandboxConfig

# In seconds: how long the end of a sandbox may wait. A selector that looks this often costs nothing
# that can be measured.
POLL = 0.02


class Sandbox:
    """A server on loopback; listening from the start, answering inside `with` or `serve_forever`.

    `port` 0 takes any that is free; UsageError where the port cannot be had. `config` has the key
    that it demands, and fixed answers, faults and a record, where there are any.
    """

    def __init__(self, port: int = 0, config: "SandboxConfig | None" = None) -> None:
        from openai_cli.sandbox.access import new_key
        from openai_cli.sandbox.config import SandboxConfig
        from openai_cli.sandbox.server import SandboxServer  # http.server takes 60 ms

        self._server = SandboxServer(port, config or SandboxConfig())
        self.key = self._server.config.key or new_key()  # of any, one
        self._thread = Thread(target=self._server.serve_forever, args=(POLL,), daemon=True)

    @property
    def admin_key(self) -> str:
        """The key for the admin operations."""
        from openai_cli.sandbox.access import admin_key

        return admin_key(self.key)

    @property
    def base_url(self) -> str:
        """Where it answers, as `--base-url` takes it."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def fileno(self) -> int:
        """The number of the socket that listens."""
        return self._server.fileno()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve_forever(self) -> None:
        """Answer until an exception, as KeyboardInterrupt, ends it."""
        try:
            self._server.serve_forever()
        finally:
            self._server.server_close()
