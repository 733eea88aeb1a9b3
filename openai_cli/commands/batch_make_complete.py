"""`batch make complete`."""

from openai_cli.commands.line_maker import declaration

Options, run = declaration("complete")

EXAMPLES = (
    "seq 3 | openai-cli batch make complete --prompts - -o batch.jsonl",
    "seq 3 | openai-cli batch make complete --prompts -",
)
