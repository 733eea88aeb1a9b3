"""`key set`: store an API key."""

from openai_cli.config.destination import base_url
from openai_cli.config.keys import checked, decoded, sources
from openai_cli.config.keystore import KeyPlace, KeyStore, Saved
from openai_cli.context import Context
from openai_cli.errors import CredentialError, UsageError
from openai_cli.flags.ours import OPTIONS, AdminKey, CommonOptions, argument, options_group, ours
from openai_cli.records import Annotated
from openai_cli.request.inputs import Inputs

_STORES = ("keyring", "file")

EXAMPLES = (
    "openai-cli key set",
    "openai-cli key set --base-url https://models.example/v1",
)


@options_group
class Options(CommonOptions):
    """At a terminal you are asked for the key, and it is not shown. Otherwise stdin has it on one
    line.

    The key is sent only to the base URL that it was stored for.
    """

    arguments: Annotated[
        list[str] | None,
        argument("[< FILE]", "A file with the key; arguments are visible to others"),
    ] = None
    base_url: Annotated[
        str | None,
        ours(
            OPTIONS, "--base-url", "The server the key is for [env: OPENAI_BASE_URL]", metavar="URL"
        ),
    ] = None
    admin: AdminKey = False
    store: Annotated[
        str | None,
        ours(OPTIONS, "--store", "keyring or file [default: a keyring if any]", metavar="WHERE",
             names=_STORES),
    ] = None  # fmt: skip


def run(context: Context, options: Options) -> None:
    """Read the key, store it, and say where."""
    _refuse_arguments(context, options.arguments or [])
    if options.store not in (None, *_STORES):
        raise UsageError(f"--store must be keyring or file, not '{options.store}'")
    place = KeyPlace.of(base_url(context, options), context.settings.profile, options.admin)
    store = KeyStore(context)
    store.places()  # a broken key file is an error before anybody types a key
    saved = store.save(place, _key(context, place), options.store)
    _tell(context, place, saved)


def _refuse_arguments(context: Context, arguments: list[str]) -> None:
    if not arguments:
        return
    for text in arguments:
        context.messages.hide(text)
    raise UsageError(
        "a key as an argument can be seen in the list of processes, and stays in the shell's "
        "history",
        hint="if it was real, revoke it; then openai-cli key set asks for the new one, and "
        "openai-cli key set < FILE reads it",
    )


def _key(context: Context, place: KeyPlace) -> str:
    """The key that was typed or piped; CredentialError for what cannot be one."""
    if context.stdin_is_terminal:
        return checked(context, "the prompt", _typed(context, place))
    data = Inputs(context, use_stdin=True).source("the key", "-")
    return checked(context, "stdin", decoded("stdin", data))


def _typed(context: Context, place: KeyPlace) -> str:
    """Read a line from the terminal without echo."""
    import warnings
    from getpass import GetPassWarning, getpass

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", GetPassWarning)  # raised if the key would be echoed
            return getpass(f"API key for {place} (not shown): ")
    except (EOFError, KeyboardInterrupt) as end:
        context.messages.block("")  # ends the line of the prompt
        if isinstance(end, KeyboardInterrupt):
            raise
        raise CredentialError("the prompt: no key was typed") from None
    except GetPassWarning:
        raise UsageError(
            "this terminal would show the key", hint="openai-cli key set < FILE reads it"
        ) from None


def _tell(context: Context, place: KeyPlace, saved: Saved) -> None:
    notice = context.messages.notice
    notice(f"the key for {place} is {'replaced' if saved.replaced else 'stored'} in {saved.where}")
    if saved.left:
        notice("the keyring still has the previous key; openai-cli key delete removes both")
    inputs = Inputs(context)
    _, *earlier, _ = sources(context, inputs, place.base_url, is_admin=place.is_admin)
    for source in earlier:
        if source.has_one():
            notice(f"{source.name} is set, and takes precedence over a stored key")
