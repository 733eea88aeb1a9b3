"""`batch make complete`."""

from openai_cli.commands.making import declaration

Options, run = declaration("complete")
