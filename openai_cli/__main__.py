"""The entry point of the installed command, and of `python -m openai_cli`."""

import gc
import signal
from typing import NoReturn


def main() -> NoReturn:
    """Load the program and run the command line."""
    gc.disable()  # until the command runs: what is loaded is no garbage, and looking took 4 %
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        # While the program is loaded, Ctrl-C ends it as it ends any process: with no trace.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from openai_cli import app

    signal.signal(signal.SIGINT, handler)
    app.main()


if __name__ == "__main__":
    main()
