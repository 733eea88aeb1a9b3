"""`batch make respond`."""

from openai_cli.commands.making import declaration

Options, run = declaration("respond")
