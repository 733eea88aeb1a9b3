"""The parameters of /files."""

from openai_cli.flags.api import Repeated, Scalar, api
from openai_cli.flags.values import Number, Object, Text
from openai_cli.records import Annotated

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")

After = Annotated[Scalar, api("after", Text("ID"), "List the files after this one", place="query")]
ExpiresAfter = Annotated[
    Repeated,
    api(
        "expires_after",
        Object(ranges={"seconds": Number(3600, 2_592_000, integer=True)}),
        "anchor=created_at and seconds=N, 3600 to 2592000",
    ),
]
File = Annotated[Scalar, api("file", Text("PATH"), "The file; - reads stdin", place="file")]
Limit = Annotated[
    Scalar,
    api("limit", Number(1, 10_000, integer=True), "Files per page, 1 to 10000", place="query"),
]
Order = Annotated[
    Scalar,
    api(
        "order",
        Text("NAME", names=("asc", "desc")),
        "asc or desc, by creation time",
        place="query",
    ),
]
Purpose = Annotated[
    Scalar,
    api(
        "purpose",
        Text("NAME", names=PURPOSES),
        f"List only files for this purpose: {', '.join(PURPOSES)}",
        place="query",
    ),
]
UploadPurpose = Annotated[
    Scalar,
    api("purpose", Text("NAME", names=PURPOSES), ", ".join(PURPOSES)),
]
