"""`batch make videos create`."""

from openai_cli.commands.line_maker import declaration

Options, run = declaration("videos create")

EXAMPLES = (
    "seq 3 | openai-cli batch make videos create --prompts - --model sora-2",
    "seq 3 > p; openai-cli batch make videos create --prompts p --model sora-2",
)
