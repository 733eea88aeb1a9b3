"""`config path`: where the configuration file is."""

import os
from typing import ClassVar

from openai_cli.config.file import location
from openai_cli.context import Context
from openai_cli.flags.ours import CommonOptions, options_group
from openai_cli.output.sink import open_sink

EXAMPLES = (
    "openai-cli config path",
    'mkdir -p "$(dirname "$(openai-cli config path)")"',
)


@options_group
class Options(CommonOptions):
    """The path is printed whether or not the file exists. OPENAI_CLI_CONFIG names another file."""

    is_configured: ClassVar[bool] = False


def run(context: Context, _options: Options) -> None:
    """Print the path."""
    with open_sink(context, None) as sink:
        sink.write(os.fsencode(location(context)) + b"\n")
