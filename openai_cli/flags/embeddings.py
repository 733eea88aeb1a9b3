"""The parameters of POST /embeddings."""

from openai_cli.flags.api import Repeated, Scalar, api
from openai_cli.flags.values import Number, Text, TextsOrIds
from openai_cli.records import Annotated

Dimensions = Annotated[
    Scalar, api("dimensions", Number(1, integer=True), "How many numbers each vector has")
]
EncodingFormat = Annotated[
    Scalar,
    api(
        "encoding_format",
        Text("NAME", names=("float", "base64")),
        "float or base64; only for the transfer",
    ),
]
Input = Annotated[
    Repeated,
    api("input", TextsOrIds(), "The input: text, texts or token ids; - reads stdin"),
]
