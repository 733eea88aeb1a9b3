"""`batch make image edit`."""

from openai_cli.commands.line_maker import declaration

Options, run = declaration("image edit")

EXAMPLES = (
    'images=\'[{"file_id": "file-1"}]\'',
    'seq 3 | openai-cli batch make image edit --prompts - --images "$images"',
    'echo blue | openai-cli batch make image edit --prompts - --images "$images"',
)
