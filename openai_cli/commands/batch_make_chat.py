"""`batch make chat`."""

from openai_cli.commands.making import declaration

Options, run = declaration("chat")
