"""`batch make chat`."""

from openai_cli.commands.line_maker import declaration

Options, run = declaration("chat")

EXAMPLES = (
    "seq 3 | openai-cli batch make chat --prompts - -o batch.jsonl",
    "printf 'id,text\\n1,red\\n2,green\\n' > rows.csv",
    "openai-cli batch make chat --csv rows.csv --template 'Say {text}' --id id",
)
