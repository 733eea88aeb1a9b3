"""The parameters of POST /moderations."""

from typing import Annotated

from openai_cli.flags.api import Repeated, api
from openai_cli.flags.values import TextOrItems

Input = Annotated[
    Repeated,
    api("input", TextOrItems(several=True), "The input: text, texts or content parts"),
]
