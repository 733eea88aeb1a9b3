"""Get the key from a password manager, by `api_key_command`, such as `pass show openai`."""

from openai_cli.context import Context
from openai_cli.errors import CredentialError

# In seconds: the command may ask for a passphrase.
LONGEST = 60.0
_NAME = "api_key_command"


def first_line(context: Context) -> bytes:
    """Run the command and return the first line that it prints; `pass show` prints notes after it.

    The command is run without a shell. It can prompt if stdin is a terminal; otherwise its stdin is
    empty. Its stderr is shown. No message shows its arguments, which may be secret. Raises
    CredentialError if it fails or prints no line.
    """
    import subprocess

    command = context.settings.api_key_command
    program = f"{_NAME}: '{command[0]}'"
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, from their configuration
            command,
            stdin=None if context.stdin_is_terminal else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=context.environ,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"{program} gave no key in {LONGEST:.0f} s") from None
    except FileNotFoundError:
        raise _failed(f"{program} was not found") from None
    except OSError as error:
        raise _failed(f"{program} cannot be run: {error.strerror}") from None
    except ValueError:  # a NUL in one of its words
        raise _failed(f"{program} cannot be run: a word of the command contains NUL") from None
    if done.returncode:
        raise _failed(f"{program} {_end(done.returncode)}")
    line = done.stdout.partition(b"\n")[0]
    if not line.strip():
        raise _failed(f"{program} printed no key on its first line")
    return line


def _end(code: int) -> str:
    return f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"


def _failed(problem: str) -> CredentialError:
    return CredentialError(
        problem, hint=f"run the command of {_NAME} by hand to see what it prints"
    )
