"""`batch run`: the requests of a file, answered and accounted for; the same command goes on."""

from openai_cli.commands.file_run import run
from openai_cli.commands.run_options import EXAMPLES, Options

__all__ = ["EXAMPLES", "Options", "run"]
