"""`key delete`: delete a stored API key."""

from openai_cli.config.destination import base_url
from openai_cli.config.keystore import KeyPlace, KeyStore
from openai_cli.context import Context
from openai_cli.errors import CredentialError
from openai_cli.flags.ours import OPTIONS, AdminKey, CommonOptions, options_group, ours
from openai_cli.records import Annotated

EXAMPLES = (
    "echo sk-made-up | openai-cli key set --base-url https://models.example/v1",
    "openai-cli key delete --base-url https://models.example/v1",
)


@options_group
class Options(CommonOptions):
    """The key is deleted from where key set stored it: the keyring or the file."""

    base_url: Annotated[
        str | None,
        ours(
            OPTIONS, "--base-url", "The server the key is for [env: OPENAI_BASE_URL]", metavar="URL"
        ),
    ] = None
    admin: AdminKey = False


def run(context: Context, options: Options) -> None:
    """Delete the key, and say where it was."""
    place = KeyPlace.of(base_url(context, options), context.settings.profile, options.admin)
    store = KeyStore(context)
    was = store.delete(place)
    if not was:
        others = "; ".join(str(other) for other in store.places())
        raise CredentialError(
            f"no key is stored for {place}", hint=f"there are keys for {others}" if others else None
        )
    context.messages.notice(f"the key for {place} is deleted from {' and '.join(was)}")
