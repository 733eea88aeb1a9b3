"""`batch make moderate`."""

from openai_cli.commands.making import declaration

Options, run = declaration("moderate")
