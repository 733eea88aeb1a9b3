"""`batch make image generate`."""

from openai_cli.commands.line_maker import declaration

Options, run = declaration("image generate")
