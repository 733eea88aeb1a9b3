"""`batch make embed`."""

from openai_cli.commands.making import declaration

Options, run = declaration("embed")
