"""`config check`: what is wrong in the configuration file."""

from typing import ClassVar

from openai_cli.config.file import find, location
from openai_cli.context import Context
from openai_cli.flags.ours import CommonOptions, options_group

EXAMPLES = (
    "openai-cli config check",
    "echo 'model = \"gpt-6-luna\"' > team.toml",
    "OPENAI_CLI_CONFIG=team.toml openai-cli config check",
)


@options_group
class Options(CommonOptions):
    """Exit code 2 means that something is wrong: a key that no command has, or a value that a flag
    refuses.

    The commands themselves ignore keys that they do not know, so that one file can serve several
    versions.
    """

    is_configured: ClassVar[bool] = False


def run(context: Context, options: Options) -> None:
    """Print each fault, and raise the last."""
    path = find(context)
    if path is None:
        context.messages.notice(
            f"there is no configuration file; it would be '{location(context)}'"
        )
        return
    from openai_cli.commands.configurable import options_by_command
    from openai_cli.config.checking import Checker
    from openai_cli.config.document import key_faults, read_document
    from openai_cli.config.values import settings_of

    document = read_document(path)
    declared = options_by_command(document)
    commands = {name: settings_of(options) for name, options in declared.items()}
    profile = options.profile or context.variable("OPENAI_CLI_PROFILE")
    keys = list(key_faults(document))
    told = {fault.problem.partition(": ")[0] for fault in keys}
    others = Checker(context, document, commands).problems(profile)
    # A key reported as wrong needs no second message that no command has it.
    faults = [
        *keys,
        *(one for one in others if one.problem.partition(": no such key")[0] not in told),
    ]
    if not faults:
        context.messages.notice(f"'{path}' is valid")
        return
    *before, last = faults
    for fault in before:
        context.messages.error(fault)
    raise last
