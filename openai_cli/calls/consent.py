"""--yes, and the confirmation at a terminal before something that cannot be undone."""

from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.adapter import path_values
from openai_cli.flags.ours import INPUT, CommonOptions, options_group, switch
from openai_cli.records import Annotated


@options_group
class Consent:
    """Whether to ask for confirmation before something that cannot be undone."""

    yes: Annotated[bool, switch(INPUT, "yes", "Do not ask for confirmation")] = False


def demand_consent(context: Context, options: CommonOptions) -> None:
    """Ask for confirmation at a terminal, before anything is sent, unless --yes was given.

    Without a terminal, a script that names what it deletes needs no --yes, except for admin
    operations, which may disrupt the work of others. Raises UsageError if the user declines or
    cannot be asked.
    """
    if not isinstance(options, Consent) or options.yes:
        return
    named = " ".join(["openai-cli", context.command, *path_values(options)])
    hint = "add --yes to skip the confirmation"
    if not context.stdin_is_terminal or context.stdin is None:
        if not options.endpoint.is_admin:
            return
        raise UsageError(f"{named} cannot be undone", hint=hint)
    context.messages.prompt(f"{named} cannot be undone. Continue? [y/N] ")
    answer = context.stdin.readline().decode(errors="replace").strip().lower()
    if answer not in ("y", "yes"):
        raise UsageError(f"{named}: nothing was done", hint=hint)
