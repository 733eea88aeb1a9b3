"""Determine the server that requests go to, from the flags and the environment."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

from openai_cli.config.keys import ADMIN_WAYS, OPENAI, WAYS, first_key, sources
from openai_cli.context import Context
from openai_cli.errors import CredentialError, UsageError
from openai_cli.flags.endpoint import OFFLINE, Endpoint
from openai_cli.flags.server import Connection
from openai_cli.http.address import is_loopback, parsed
from openai_cli.jsontext import quoted
from openai_cli.masking import query_secrets, shown_url
from openai_cli.records import mutable_record
from openai_cli.request.inputs import Inputs

_OPENAI_HOST = "api.openai.com"

# RFC 9110, sections 5.6.2 and 5.5: a field name, and a value that http.client can send.
_FIELD_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_FIELD_VALUE = r"[\t\x20-\x7e\x80-\xff]*"

# Headers whose values are not secret.
_HARMLESS = frozenset(
    {
        "accept", "accept-language", "anthropic-beta", "anthropic-version", "cache-control",
        "content-type", "http-referer", "idempotency-key", "openai-beta", "openai-organization",
        "openai-project", "referer", "user-agent", "x-client-request-id", "x-request-id",
        "x-title",
    }
)  # fmt: skip


class Addressed(Protocol):
    """Options that may name a server."""

    @property
    def base_url(self) -> str | None: ...


@mutable_record
class Destination:
    """The server that the user named, with its headers and its key.

    `key` comes from a flag or the environment. If there is none, `ask` may return one from a
    command, a file or a keyring; only `demand_key` calls it, so that a request which is not sent
    asks for no key. `allows_http` permits sending the key over plain http. With `is_admin`, the key
    is the admin key.
    """

    base_url: str
    headers: dict[str, str]
    own_headers: dict[str, str]
    key: str | None
    client_cert: str | None = None
    client_key: str | None = None
    ask: Callable[[], str | None] = lambda: None
    allows_http: bool = False
    is_admin: bool = False

    @property
    def is_openai(self) -> bool:
        """Whether the base URL is OpenAI's own."""
        return is_openai(self.base_url)

    @property
    def has_own_authorization(self) -> bool:
        """Whether the user has set an Authorization header, which replaces the key."""
        return any(name.lower() == "authorization" for name in self.own_headers)


def destination(
    context: Context, options: Connection, inputs: Inputs, endpoint: Endpoint = OFFLINE
) -> Destination:
    """Return the server that flags and environment name, with their key for the endpoint.

    Raises UsageError for an invalid base URL or header, CredentialError for an invalid key.
    """
    url = base_url(context, options)
    if options.client_key is not None and options.client_cert is None:
        raise UsageError("--client-key is the key of --client-cert: give that too")
    *given, command, store = sources(
        context, inputs, url, options.api_key_file, is_admin=endpoint.is_admin
    )
    organization = options.organization or context.variable("OPENAI_ORG_ID")
    project = options.project or context.variable("OPENAI_PROJECT_ID")
    headers = {"OpenAI-Organization": organization, "OpenAI-Project": project, **endpoint.headers}
    own = dict(_header(text) for text in options.header or ())
    for secret in (*query_secrets(url), *_header_secrets(own)):
        context.messages.hide(secret)
    return Destination(
        base_url=url,
        headers=dict(_header(f"{name}: {value}") for name, value in headers.items() if value),
        own_headers=own,
        key=first_key(context, given),
        client_cert=options.client_cert,
        client_key=options.client_key,
        ask=partial(first_key, context, (command, store)),
        allows_http=options.allow_http,
        is_admin=endpoint.is_admin,
    )


def base_url(context: Context, options: Addressed) -> str:
    """Return the base URL without a trailing slash; raise UsageError if it is not valid."""
    return _checked_url(options.base_url or context.variable("OPENAI_BASE_URL") or OPENAI)


def is_openai(url: str) -> bool:
    """Return whether the URL's host is OpenAI's own."""
    return urlsplit(url).hostname == _OPENAI_HOST


def demand_key(found: Destination) -> None:
    """Look up the key for a request that is about to be sent, if there is one.

    Raises CredentialError if OpenAI requires a key and there is none, and UsageError if the key
    would be sent over plain http.
    """
    if found.key is None and not found.has_own_authorization:
        found.key = found.ask()
        if found.key is None and found.is_openai:
            raise _no_key(found)
    if found.key is None:
        return
    is_plain = urlsplit(found.base_url).scheme == "http" and not is_loopback(found.base_url)
    if is_plain and not found.allows_http:
        raise UsageError(
            f"the key would go over plain http to {urlsplit(found.base_url).hostname}",
            hint="use https, or --allow-http if the network is safe",
        )


def _no_key(found: Destination) -> CredentialError:
    if found.is_admin:
        return CredentialError("there is no admin key", hint=ADMIN_WAYS)
    return CredentialError("there is no API key", hint=WAYS)


def _checked_url(url: str) -> str:
    url = url.strip()
    if "@" in url.partition("?")[0] or "#" in url:
        raise UsageError(
            "the base URL must not have a user or a fragment",
            hint="--header 'Authorization: …' sends other credentials",
        )
    try:
        parts = parsed(url)
    except ValueError:
        raise UsageError(
            f"the base URL must be http://… or https://…, not {quoted(shown_url(url))}"
        ) from None
    return parts._replace(path=parts.path.rstrip("/")).geturl()


def _header(text: str) -> tuple[str, str]:
    """Split a header into name and value; the error for an invalid one does not show its value."""
    name, colon, value = (part.strip(" \t") for part in text.partition(":"))
    is_named = bool(colon) and re.fullmatch(_FIELD_NAME, name) is not None
    if not is_named or re.fullmatch(_FIELD_VALUE, value) is None:
        raise UsageError(
            "--header must be 'Name: value' on one line, in ASCII or Latin-1",
            hint=f"it was for {quoted(name)}" if is_named else "for example: 'X-Team: ci'",
        )
    return name, value


def _header_secrets(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of headers not known to be harmless, whole and without their scheme."""
    for name, value in headers.items():
        if name.lower() not in _HARMLESS:
            yield value
            yield value.partition(" ")[2].strip()
