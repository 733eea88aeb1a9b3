"""`batch make embed`."""

from openai_cli.commands.line_maker import declaration

Options, run = declaration("embed")
