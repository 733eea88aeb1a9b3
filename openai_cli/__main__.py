"""The entry point of the installed command, and of `python -m openai_cli`."""

import gc
import signal
from typing import NoReturn


def main() -> NoReturn:
    """Load the program and run the command line."""
    gc.disable()  # until the command runs: loading makes no garbage, and collecting took 4 %
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        # While the program loads, Ctrl-C ends it like any process, without a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from openai_cli import app

    signal.signal(signal.SIGINT, handler)
    app.main()


if __name__ == "__main__":
    main()
