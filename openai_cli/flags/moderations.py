"""The parameters of POST /moderations."""

from openai_cli.flags.api import Repeated, api
from openai_cli.flags.values import TextOrItems
from openai_cli.records import Annotated

Input = Annotated[
    Repeated,
    api("input", TextOrItems(several=True), "The input: text, texts or content parts"),
]
