"""`batch run`: answer the requests of a file; the same command again resumes the run."""

from openai_cli.commands.file_run import run
from openai_cli.commands.run_options import EXAMPLES, Options

__all__ = ["EXAMPLES", "Options", "run"]
