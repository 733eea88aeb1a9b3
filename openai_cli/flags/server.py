"""Our own flags for the connection to a server, which `calls` makes."""

from typing import ClassVar

from openai_cli.errors import UsageError
from openai_cli.flags.ours import (
    CONNECTION,
    CommonOptions,
    Input,
    number,
    options_group,
    ours,
    switch,
)
from openai_cli.flags.output import Output, Prices
from openai_cli.flags.values import Number
from openai_cli.records import Annotated, NamedTuple


class Patience(NamedTuple):
    """The time limits of a call, in seconds, and the number of retries.

    `whole` limits the call with its retries; None is no limit.
    """

    connect: float = 10.0
    read: float = 600.0
    whole: float | None = None
    retries: int = 2


@options_group
class Connection:
    """The flags for the connection to the API."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (("sandbox", "base_url"),)

    base_url: Annotated[
        str | None,
        ours(CONNECTION, "--base-url", "Use another server [env: OPENAI_BASE_URL]", metavar="URL"),
    ] = None
    api_key_file: Annotated[
        str | None,
        ours(
            CONNECTION,
            "--api-key-file",
            "Read the key from FILE, not from OPENAI_API_KEY",
            metavar="FILE",
        ),
    ] = None
    organization: Annotated[
        str | None,
        ours(CONNECTION, "--organization", "The organization [env: OPENAI_ORG_ID]", metavar="ID"),
    ] = None
    project: Annotated[
        str | None,
        ours(CONNECTION, "--project", "The project [env: OPENAI_PROJECT_ID]", metavar="ID"),
    ] = None
    header: Annotated[
        list[str] | None,
        ours(CONNECTION, "--header", "Send this header too; repeatable", metavar="'NAME: VALUE'"),
    ] = None
    timeout: Annotated[
        str | None,
        ours(
            CONNECTION,
            "--timeout",
            "Time limit to connect and to read [default: 10, 600]",
            metavar="SECONDS",
        ),
    ] = None
    max_time: Annotated[
        str | None,
        ours(
            CONNECTION,
            "--max-time",
            "Time limit for the whole call with its retries",
            metavar="SECONDS",
        ),
    ] = None
    max_retries: Annotated[
        str | None,
        ours(CONNECTION, "--max-retries", "How often to retry [default: 2]", metavar="N"),
    ] = None
    client_cert: Annotated[
        str | None,
        ours(CONNECTION, "--client-cert", "Client certificate, in PEM", metavar="FILE"),
    ] = None
    client_key: Annotated[
        str | None,
        ours(
            CONNECTION,
            "--client-key",
            "Key of that certificate, if not in the same file",
            metavar="FILE",
        ),
    ] = None
    allow_http: Annotated[
        bool, switch(CONNECTION, "allow-http", "Allow sending a key over plain http")
    ] = False
    sandbox: Annotated[
        bool,
        switch(CONNECTION, "sandbox", "Use a local stand-in for the API: no key, no cost"),
    ] = False

    @property
    def patience(self) -> Patience:
        """Parse --timeout, --max-time and --max-retries; UsageError for an invalid number."""
        timeout = _seconds("--timeout", self.timeout)
        whole = _seconds("--max-time", self.max_time)
        tries = number("--max-retries", self.max_retries, Number(0, 100, integer=True))
        given = {} if timeout is None else {"connect": timeout, "read": timeout}
        return Patience(**given, whole=whole, retries=2 if tries is None else int(tries))


def _seconds(flag: str, raw: str | None) -> float | None:
    seconds = number(flag, raw, Number(0))
    if seconds == 0:
        raise UsageError(f"{flag} must be above 0")
    return seconds


@options_group
class ServerOptions(CommonOptions, Connection):
    """The options of every command that reaches a server."""


@options_group
class PrintingOptions(ServerOptions, Prices, Output):
    """The options of every command that prints a model's answer."""


@options_group
class Caching:
    """The flags that allow reusing an earlier answer."""

    cache: Annotated[
        str | None,
        ours(
            CONNECTION,
            "--cache",
            "Reuse an answer to the same request, up to TIME old",
            metavar="TIME",
        ),
    ] = None
    cache_any: Annotated[
        bool,
        switch(CONNECTION, "cache-any", "Also cache answers that may differ from call to call"),
    ] = False


@options_group
class BodyOptions(PrintingOptions, Input):
    """The options of every command that sends a request with a body."""


@options_group
class SendingOptions(BodyOptions, Caching):
    """The options of every command that sends such a request to a model."""


@options_group
class Fallback:
    """The flag for models to ask if the first one fails."""

    fallback_model: Annotated[
        list[str] | None,
        ours(
            CONNECTION,
            "--fallback-model",
            "Ask this model next after a 429 or 5xx; repeatable",
            metavar="NAME",
        ),
    ] = None
