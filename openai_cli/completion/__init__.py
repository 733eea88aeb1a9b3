"""Completion of command lines in bash, zsh and fish.

`candidates` says what may stand at the cursor, `values` what a flag's value may be, `shells` speaks
with the scripts of the shells, and `install` writes those where the shells find them. Here stands
what the program needs at every start.
"""

# The environment variable by which the script of a shell, which it names, asks what may stand at
# the cursor.
VARIABLE = "_OPENAI_CLI_COMPLETE"

SHELLS = ("bash", "zsh", "fish")
INSTALL, SHOW = "--install-completion", "--show-completion"


class SetUp(Exception):  # noqa: N818 - what to do, not an error
    """INSTALL or SHOW was given; the shell '' is the one that runs this process."""

    def __init__(self, flag: str, shell: str) -> None:
        super().__init__(flag, shell)
        self.flag = flag
        self.shell = shell


def set_up(flag: str, shell: str | None) -> None:
    """What Typer's callback of INSTALL and SHOW does; None is not given."""
    if shell is not None:
        raise SetUp(flag, shell)


def with_shell(arguments: list[str]) -> list[str]:
    """The arguments with a value for INSTALL and SHOW, for Typer knows no value to be left out."""
    return [*arguments, ""] if arguments in ([INSTALL], [SHOW]) else arguments
