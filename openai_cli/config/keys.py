"""Which key goes with a request, and where it comes from."""

from openai_cli.context import Context
from openai_cli.errors import CredentialError
from openai_cli.flags.ours import Connection
from openai_cli.flags.values import utf8
from openai_cli.inputs import Inputs


def find_key(context: Context, options: Connection, inputs: Inputs) -> str | None:
    """--api-key-file, else OPENAI_API_KEY; stripped of white space, and masked from now on."""
    if options.api_key_file is not None:
        source = "--api-key-file"
        try:
            key = utf8(inputs.source(source, options.api_key_file)).strip()
        except ValueError:
            raise CredentialError(f"{source}: the key is no text") from None
        if not key:
            raise CredentialError(f"{source}: '{options.api_key_file}' has no key in it")
    else:
        source, key = "OPENAI_API_KEY", (context.variable("OPENAI_API_KEY") or "").strip()
    if not key:
        return None
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise CredentialError(f"{source}: the key has a character that no key can have")
    context.messages.hide(key)
    return key
