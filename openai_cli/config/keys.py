"""Which key goes with a request, and where it comes from."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from openai_cli.context import Context
from openai_cli.errors import CredentialError
from openai_cli.jsontext import utf8
from openai_cli.masking import shown_url
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
    """Where a key may come from.

    `has_one` says at little cost whether one is there, `lacking` what to say where none is. `read`
    gives what is there; it raises CredentialError, and UsageError for a file that cannot be read.
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
    """All sources in their order: two that are given at each call, and two that are asked.

    Where it `is_admin`, these are the sources of the admin key: what the configuration file has is
    the other one.

    Nothing is read, run or loaded before a method of the source is called.
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
    """The key of the first of these sources that has one."""
    found = (checked(context, one.name, one.read()) for one in asked if one.has_one())
    return next(found, None)


def checked(context: Context, source: str, text: str) -> str:
    """The key in a text, without the white space around it; messages mask it from now on.

    Raises CredentialError for what can be no key.
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
    """The key's last four characters, to know it by; none of a key so short that they tell much."""
    return f"…{key[-4:]}" if len(key) >= 12 else "…"


def decoded(source: str, data: bytes) -> str:
    """The text of these bytes; CredentialError when they are none."""
    try:
        return utf8(data)
    except ValueError:
        raise CredentialError(f"{source}: the key is no text") from None


def _in_file(inputs: Inputs, path: str) -> str:
    from openai_cli.config.keyfile import FLAG, read_given

    data = read_given(inputs, path)
    text = decoded(FLAG, data)
    if not text.strip():
        raise CredentialError(f"{FLAG}: '{path}' has no key in it")
    return text


def _command_is_for(settings: Settings, base_url: str) -> bool:
    """Whether there is a command, and the file has it for this base URL.

    What the environment or a flag names instead gets no key that the file's server is meant to.
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
