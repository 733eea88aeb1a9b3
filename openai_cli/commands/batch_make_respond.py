"""`batch make respond`."""

from openai_cli.commands.line_maker import declaration

Options, run = declaration("respond")

EXAMPLES = (
    "seq 3 | openai-cli batch make respond --prompts - -o batch.jsonl",
    "seq 3 | openai-cli batch make respond --prompts -",
)
