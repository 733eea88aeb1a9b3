"""The options of every command that may reach a server; what reaches one is in `calls`."""

from openai_cli.flags.ours import CommonOptions, Connection, options_group


@options_group
class ServerOptions(CommonOptions, Connection):
    """The options of every command that reaches a server."""
