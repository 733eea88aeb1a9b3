"""How every command that reaches a server does it: which one, and with which client."""

from contextlib import ExitStack
from typing import TYPE_CHECKING

from openai_cli.config.destination import Destination, max_retries, require_key, timeouts
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.ours import CommonOptions, Connection, options_group

if TYPE_CHECKING:
    from openai_cli.http.client import Client


@options_group
class Reaching(CommonOptions, Connection):
    """The options of every command that reaches a server."""


def reachable(stack: ExitStack, options: Connection, server: Destination) -> Destination:
    """The server to send to: the sandbox, where it was asked for, until the stack is left.

    Raises what `require_key` raises.
    """
    if options.sandbox:
        from openai_cli.sandbox import API_KEY, Sandbox

        if options.base_url is not None:
            raise UsageError("--sandbox is a server of its own: leave --base-url out")
        sandbox = stack.enter_context(Sandbox())
        server = Destination(sandbox.base_url, headers={}, own_headers={}, key=API_KEY)
    require_key(server, options)
    return server


def client(context: Context, options: Reaching, server: Destination) -> "Client":
    """The client of this server, as the options of the connection say."""
    from openai_cli.http.client import Client, Server

    connect, read = timeouts(options)
    found = Server(
        base_url=server.base_url,
        key=server.key,
        headers={**server.headers, **server.own_headers},
        connect_timeout=connect,
        read_timeout=read,
        max_retries=max_retries(options),
    )
    return Client(found, context, debug_on=options.debug)
