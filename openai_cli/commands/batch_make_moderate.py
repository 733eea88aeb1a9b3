"""`batch make moderate`."""

from openai_cli.commands.line_maker import declaration

Options, run = declaration("moderate")

EXAMPLES = (
    "seq 3 | openai-cli batch make moderate --prompts - -o batch.jsonl",
    "seq 3 | openai-cli batch make moderate --prompts -",
)
