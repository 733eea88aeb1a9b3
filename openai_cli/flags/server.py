"""Our own flags for how a server is reached; what reaches one is in `calls`."""

from typing import Annotated, ClassVar, NamedTuple

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


class Patience(NamedTuple):
    """How long a call may take and how often it is tried: times are in seconds.

    `whole` is all of a call, None without end; `retries` are tries behind the first.
    """

    connect: float = 10.0
    read: float = 600.0
    whole: float | None = None
    retries: int = 2


@options_group
class Connection:
    """How to reach the API."""

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
        """What --timeout, --max-time and --max-retries say; UsageError for a wrong number."""
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
    """The options of every command that prints what a model said."""


@options_group
class Caching:
    """Whether an answer may be one that was given before."""

    cache: Annotated[
        str | None,
        ours(
            CONNECTION,
            "--cache",
            "Take the answer that the same request had within TIME",
            metavar="TIME",
        ),
    ] = None
    cache_any: Annotated[
        bool,
        switch(CONNECTION, "cache-any", "Keep also what need not come out the same each time"),
    ] = False


@options_group
class BodyOptions(PrintingOptions, Input):
    """The options of every command that sends a request with a body."""


@options_group
class SendingOptions(BodyOptions, Caching):
    """The options of every command that has a model answer such a request."""


@options_group
class Fallback:
    """Who is asked where the model cannot answer."""

    fallback_model: Annotated[
        list[str] | None,
        ours(
            CONNECTION,
            "--fallback-model",
            "Ask this model next after a 429 or 5xx; repeatable",
            metavar="NAME",
        ),
    ] = None
