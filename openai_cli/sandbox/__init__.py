"""A local stand-in for the API, for trials without a key and for tests.

It checks requests against OpenAI's published description and answers in the API's own shapes. Its
answers are a fixed function of the request, and say that they do not come from a model.
"""

from threading import Thread
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from openai_cli.sandbox.config import SandboxConfig

# Seconds within which a shutdown is noticed. Polling this often has no measurable cost.
POLL = 0.02


class Sandbox:
    """A server on loopback: it listens at once, and answers within `with` or `serve_forever`.

    `port` 0 picks any free port; UsageError if the port is taken. `config` has the key to require,
    and any fixed answers, faults and recorder.
    """

    def __init__(self, port: int = 0, config: "SandboxConfig | None" = None) -> None:
        from openai_cli.sandbox.access import new_key
        from openai_cli.sandbox.config import SandboxConfig
        from openai_cli.sandbox.server import SandboxServer  # http.server takes 60 ms

        self._server = SandboxServer(port, config or SandboxConfig())
        self.key = self._server.config.key or new_key()  # one of the valid ones
        self._thread = Thread(target=self._server.serve_forever, args=(POLL,), daemon=True)

    @property
    def admin_key(self) -> str:
        """The key for the admin operations."""
        from openai_cli.sandbox.access import admin_key

        return admin_key(self.key)

    @property
    def base_url(self) -> str:
        """The URL of the server, for `--base-url`."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def fileno(self) -> int:
        """The file descriptor of the listening socket."""
        return self._server.fileno()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve_forever(self) -> None:
        """Answer until an exception such as KeyboardInterrupt ends it."""
        try:
            self._server.serve_forever()
        finally:
            self._server.server_close()
