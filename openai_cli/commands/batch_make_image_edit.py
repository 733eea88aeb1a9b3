"""`batch make image edit`."""

from openai_cli.commands.making import declaration

Options, run = declaration("image edit")
