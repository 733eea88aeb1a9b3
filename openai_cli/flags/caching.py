"""Our own flags for answers that are kept for a while."""

from typing import Annotated

from openai_cli.flags.ours import CONNECTION, options_group, ours, switch


@options_group
class Caching:
    """Whether an answer may be one that was given before."""

    cache: Annotated[
        str | None,
        ours(
            CONNECTION,
            "--cache",
            "Take the answer that the same request had within TIME",
            metavar="TIME",
        ),
    ] = None
    cache_any: Annotated[
        bool,
        switch(CONNECTION, "cache-any", "Keep also what need not come out the same each time"),
    ] = False
