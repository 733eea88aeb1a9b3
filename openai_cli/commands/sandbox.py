"""`sandbox`: the local stand-in for the API, served until it is ended."""

from typing import Annotated

from openai_cli.context import Context
from openai_cli.flags.ours import CONNECTION, Talk, number, options_group, ours
from openai_cli.flags.values import Number
from openai_cli.output import open_sink


@options_group
class Options(Talk):
    """It listens on this machine alone, and prints its base URL when it is ready.

    It is not a model: for `Say X` it says X, else a sentence that names the request's last text.
    """

    port: Annotated[
        str | None, ours(CONNECTION, "--port", "Where to listen (any free port)", metavar="N")
    ] = None


def run(context: Context, options: Options) -> None:
    """Serve until interrupted."""
    from openai_cli.sandbox import API_KEY, Sandbox

    port = number("--port", options.port, Number(0, 65535, integer=True))
    sandbox = Sandbox(0 if port is None else int(port))
    with open_sink(context, None) as sink:
        sink.write(f"{sandbox.base_url}\n".encode())
    context.messages.notice(
        f"use it with OPENAI_BASE_URL={sandbox.base_url} OPENAI_API_KEY={API_KEY}; Ctrl-C ends it"
    )
    sandbox.serve_forever()
