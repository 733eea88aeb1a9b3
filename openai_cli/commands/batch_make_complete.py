"""`batch make complete`."""

from openai_cli.commands.line_maker import declaration

Options, run = declaration("complete")
