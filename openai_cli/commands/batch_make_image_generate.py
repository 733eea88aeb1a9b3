"""`batch make image generate`."""

from openai_cli.commands.line_maker import declaration

Options, run = declaration("image generate")

EXAMPLES = (
    "seq 3 | openai-cli batch make image generate --prompts - -o batch.jsonl",
    "seq 3 | openai-cli batch make image generate --prompts -",
)
