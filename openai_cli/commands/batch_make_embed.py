"""`batch make embed`."""

from openai_cli.commands.line_maker import declaration

Options, run = declaration("embed")

EXAMPLES = (
    "seq 3 | openai-cli batch make embed --prompts - -o batch.jsonl",
    "seq 3 | openai-cli batch make embed --prompts -",
)
