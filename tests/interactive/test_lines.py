"""A line a turn at a terminal that edits it by itself."""

import io

from openai_cli.commands.interactive.lines import HOW_TO_END, PlainTerminal
from openai_cli.messages import Messages


class Interrupting(io.StringIO):
    """A stderr at which Ctrl-C is pressed as soon as the prompt stands there."""

    def flush(self) -> None:
        if self.getvalue() == "> ":
            raise KeyboardInterrupt


def test_ctrl_c_just_behind_the_prompt_is_not_lost() -> None:
    stderr = Interrupting()
    terminal = PlainTerminal(io.BytesIO(b"next\n"), Messages(stderr, environ={}), edit=str)
    assert terminal.ask() == ""
    assert stderr.getvalue() == f"> \nopenai-cli: notice: {HOW_TO_END}\n"
    assert terminal.ask() == "next"
