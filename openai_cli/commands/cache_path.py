"""`cache path`: where the answers of --cache are kept."""

import os
from typing import ClassVar

from openai_cli.commands.caches import folder
from openai_cli.context import Context
from openai_cli.flags.ours import CommonOptions, options_group
from openai_cli.output.sink import open_sink

EXAMPLES = (
    "openai-cli cache path",
    'du -sh "$(openai-cli cache path)" || echo "nothing is kept"',
)


@options_group
class Options(CommonOptions):
    """The path is printed whether or not the folder exists. XDG_CACHE_HOME names another place."""

    is_configured: ClassVar[bool] = False


def run(context: Context, _options: Options) -> None:
    """Print the path."""
    with open_sink(context, None) as sink:
        sink.write(os.fsencode(folder()) + b"\n")
