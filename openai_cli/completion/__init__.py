"""Completion of command lines in bash, zsh and fish.

`candidates` determines what may stand at the cursor, `values` what a flag's value may be, `shells`
talks to the shells' scripts, and `install` puts those where the shells find them. This module has
what the program needs at every start.
"""

# The environment variable by which a shell's script requests completions; its value is the shell.
VARIABLE = "_OPENAI_CLI_COMPLETE"

SHELLS = ("bash", "zsh", "fish")
INSTALL, SHOW = "--install-completion", "--show-completion"


class SetUp(Exception):  # noqa: N818 - what to do, not an error
    """Raised for INSTALL or SHOW; the shell '' is the one that runs this process."""

    def __init__(self, flag: str, shell: str) -> None:
        super().__init__(flag, shell)
        self.flag = flag
        self.shell = shell


def set_up(flag: str, shell: str | None) -> None:
    """Raise SetUp as Typer's callback of INSTALL and SHOW, unless the flag is not given (None)."""
    if shell is not None:
        raise SetUp(flag, shell)


def with_shell(arguments: list[str]) -> list[str]:
    """Add a value to a lone INSTALL or SHOW, because Typer does not support optional values."""
    return [*arguments, ""] if arguments in ([INSTALL], [SHOW]) else arguments
