"""`key check`: GET /models with the key, which costs nothing."""

from typing import TYPE_CHECKING

from openai_cli.calls.session import Session
from openai_cli.config.destination import Destination
from openai_cli.config.keys import masked
from openai_cli.context import Context
from openai_cli.errors import CliError, CredentialError
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import AdminKey, options_group
from openai_cli.flags.server import ServerOptions
from openai_cli.masking import shown_url
from openai_cli.output.sink import open_sink, utf8_bytes

if TYPE_CHECKING:
    from openai_cli.http.client import HttpResponse

EXAMPLES = (
    "openai-cli key check",
    "openai-cli key check || openai-cli key show",
)

_MODELS = Endpoint("/models", method="GET")
_PROJECTS = Endpoint("/organization/projects", method="GET", is_admin=True)


@options_group
class Options(ServerOptions):
    """The server is asked for its list of models, which costs nothing.

    With --admin these are the projects. Exit code 3 means that the server refuses the key, 7 that
    the server cannot be reached.
    """

    admin: AdminKey = False


def run(context: Context, options: Options) -> None:
    """Send the key to the server, and print what the answer says about it."""
    endpoint, noun = (_PROJECTS, "project") if options.admin else (_MODELS, "model")
    with Session(context, options, endpoint=endpoint) as session:
        client = session.client
        server = session.server
        try:
            count = client.call(endpoint.method, endpoint.path, _count)
        except CliError as error:
            raise _located(error, server) from None
    sent = _sent(server)
    good = f"{sent} is good" if sent else "no key is needed"
    with open_sink(context, None) as sink:
        found = f"{count} {noun}{'' if count == 1 else 's'}"
        sink.write(utf8_bytes(f"{good}: {shown_url(server.base_url)} lists {found}\n"))


def _count(http: "HttpResponse") -> int:
    """Count the items in the answer."""
    from openai_cli.answer.page import Page, items
    from openai_cli.answer.parts import read

    return sum(len(items(part.body)) for part, _ in read(http, Page()))


def _sent(server: Destination) -> str | None:
    """What identified us to the server, in words; None if nothing was sent."""
    if server.has_own_authorization:
        return "the Authorization of --header"
    return server.key and f"the key {masked(server.key)}"


def _located(error: CliError, server: Destination) -> CliError:
    """Add to the error which server it is about, and what that server refuses."""
    if isinstance(error, CredentialError):
        refused = _sent(server) or "to answer without a key"
        error.problem = f"{server.base_url} refuses {refused}: {error.problem}"
        if error.status == 401 and server.key is not None:
            error.hint = "openai-cli key show tells where the key comes from"
    else:
        error.problem = f"{server.base_url}: {error.problem}"
    return error
