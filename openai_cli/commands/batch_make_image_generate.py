"""`batch make image generate`."""

from openai_cli.commands.making import declaration

Options, run = declaration("image generate")
