"""Determine the API key for a request, and where it comes from."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

from openai_cli.context import Context
from openai_cli.errors import CredentialError
from openai_cli.jsontext import utf8
from openai_cli.masking import shown_url
from openai_cli.records import NamedTuple
from openai_cli.request.inputs import Inputs
from openai_cli.settings import Settings

if TYPE_CHECKING:
    from openai_cli.config.keystore import KeyStore

OPENAI = "https://api.openai.com/v1"

KEY_WAYS = "set OPENAI_API_KEY, give --api-key-file FILE, or store one with openai-cli key set"
WAYS = f"{KEY_WAYS}; --sandbox tries a command with no key"
ADMIN_WAYS = (
    "set OPENAI_ADMIN_KEY, give --api-key-file FILE, or store one with openai-cli key set --admin"
)


class Source(NamedTuple):
    """A place that a key may come from.

    `has_one` says cheaply whether there is a key, and `lacking` explains why there is none. `read`
    returns it; it raises CredentialError, and UsageError for a file that cannot be read.
    """

    name: str
    lacking: str
    has_one: Callable[[], bool]
    read: Callable[[], str]


def sources(
    context: Context,
    inputs: Inputs,
    base_url: str,
    api_key_file: str | None = None,
    *,
    is_admin: bool = False,
) -> tuple[Source, Source, Source, Source]:
    """Return all sources by precedence: two that the call gives directly, then two that are asked.

    With `is_admin`, these are the sources of the admin key, which never comes from the
    configuration file. Nothing is read, run or loaded until a source's functions are called.
    """
    settings = context.settings
    if is_admin and settings.origin("--api-key-file") is not None:
        api_key_file = None
    return (
        Source(
            "--api-key-file",
            "not given",
            lambda: api_key_file is not None,
            lambda: _in_file(inputs, api_key_file or ""),
        ),
        _variable(context, "OPENAI_ADMIN_KEY" if is_admin else "OPENAI_API_KEY"),
        Source(
            "api_key_command",
            "gives no admin key" if is_admin else _command_lacks(settings, base_url),
            lambda: not is_admin and _command_is_for(settings, base_url),
            lambda: _of_command(context),
        ),
        _stored(context, base_url, is_admin=is_admin),
    )


def _variable(context: Context, name: str) -> Source:
    variable = (context.variable(name) or "").strip()
    return Source(name, "not set", lambda: bool(variable), lambda: variable)


def _stored(context: Context, base_url: str, *, is_admin: bool) -> Source:
    store = cache(lambda: _store(context))
    place = (base_url, context.settings.profile, is_admin)
    return Source(
        "key set --admin" if is_admin else "key set",
        "has none for this base URL",
        lambda: store().has(*place),
        lambda: store().find(*place),
    )


def first_key(context: Context, asked: Iterable[Source]) -> str | None:
    """Return the key of the first source that has one, or None."""
    found = (checked(context, one.name, one.read()) for one in asked if one.has_one())
    return next(found, None)


def checked(context: Context, source: str, text: str) -> str:
    """Return the key in a text without surrounding white space; messages mask it from now on.

    Raises CredentialError if it cannot be a key.
    """
    key = text.strip()
    if not key:
        raise CredentialError(f"{source}: there is no key in it")
    context.messages.hide(key)
    if len(key.splitlines()) > 1:
        raise CredentialError(f"{source}: the key must be one line")
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise CredentialError(f"{source}: the key has a character that no key can have")
    return key


def masked(key: str) -> str:
    """Return the last four characters of a key, to identify it; none if the key is short."""
    return f"…{key[-4:]}" if len(key) >= 12 else "…"


def decoded(source: str, data: bytes) -> str:
    """Decode a key; raise CredentialError if it is not UTF-8."""
    try:
        return utf8(data)
    except ValueError:
        raise CredentialError(f"{source}: the key is not text") from None


def _in_file(inputs: Inputs, path: str) -> str:
    from openai_cli.config.keyfile import FLAG, read_given

    data = read_given(inputs, path)
    text = decoded(FLAG, data)
    if not text.strip():
        raise CredentialError(f"{FLAG}: '{path}' has no key in it")
    return text


def _command_is_for(settings: Settings, base_url: str) -> bool:
    """Return whether the file has a command for the key of this base URL.

    A server that a flag or the environment names instead does not get the key of the file's server.
    """
    if not settings.api_key_command:
        return False
    from openai_cli.config.keystore import are_one_server

    return are_one_server(base_url, settings.api_key_url or OPENAI)


def _command_lacks(settings: Settings, base_url: str) -> str:
    if not settings.api_key_command or _command_is_for(settings, base_url):
        return "not set"
    return f"is for {shown_url(settings.api_key_url or OPENAI)}"


def _of_command(context: Context) -> str:
    from openai_cli.config import keycommand

    return decoded("api_key_command", keycommand.first_line(context))


def _store(context: Context) -> "KeyStore":
    from openai_cli.config.keystore import KeyStore  # 5 ms, and most calls need no store

    return KeyStore(context)
