"""`batch make image edit`."""

from openai_cli.commands.line_maker import declaration

Options, run = declaration("image edit")
