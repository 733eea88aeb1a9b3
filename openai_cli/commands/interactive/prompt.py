"""The prompt at a terminal: prompt_toolkit, drawn on stderr."""

import os
import signal
import termios
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, TextIO

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.completion import (
    CompleteEvent,
    Completer,
    Completion,
    get_common_complete_suffix,
)
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import has_focus
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.input.vt100 import Vt100Input, cooked_mode
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.key_binding.bindings.completion import display_completions_like_readline
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle
from prompt_toolkit.utils import get_cwidth

from openai_cli.commands.interactive.lines import HOW_TO_END
from openai_cli.commands.interactive.offers import Offer
from openai_cli.commands.interactive.slash import as_typed
from openai_cli.errors import ENDING, Terminated, UsageError
from openai_cli.messages import Messages


class Editor:
    """Asks for one text after another, with line editing and history.

    `offered` is what Tab completes: under "" the commands, under a command its arguments. `edit`
    returns a text as edited in the user's own editor, or raises UsageError.
    """

    def __init__(
        self,
        messages: Messages,
        stdin: BinaryIO,
        output: Vt100_Output,
        *,
        history: Sequence[str],
        offered: Mapping[str, Offer],
        edit: Callable[[str], str],
    ) -> None:
        self._messages = messages
        self._terminal = stdin.fileno()
        self._edit = edit
        has_color = messages.may_color(terminal=True)
        self._session: PromptSession[str] = PromptSession(
            "> ",
            multiline=True,
            enable_suspend=True,
            complete_style=CompleteStyle.READLINE_LIKE,  # immediate, so Tab can be typed ahead
            completer=_Words(offered),
            history=InMemoryHistory(history),
            key_bindings=_bindings(messages),
            color_depth=None if has_color else ColorDepth.DEPTH_1_BIT,
            input=Vt100Input(open(stdin.fileno(), encoding="utf-8", closefd=False)),  # noqa: SIM115
            output=output,
        )

    def ask(self) -> str | None:
        """The text that was typed, '' after Ctrl-C, None at the end.

        Raises UsageError for invalid UTF-8, and Terminated after a terminating signal.
        """
        text = self._typed("")
        while isinstance(text, _ForEditor):
            text = self._typed(self._edited(text))
        return text

    def edit(self, text: str) -> str:
        """Edit a text in the user's own editor, and add it to the history."""
        with cooked_mode(self._terminal):
            found = self._edit(text)
        if found.strip():
            self._session.history.append_string(as_typed(found))
        return found

    def _edited(self, line: str) -> str:
        """Edit a line in the user's own editor; if that fails, return it unchanged."""
        try:
            with cooked_mode(self._terminal):
                return self._edit(line)
        except UsageError as error:
            self._messages.error(error)
            return line

    def _typed(self, begun_with: str) -> str | None:
        self._session.app.erase_when_done = False
        try:
            with self._until_terminated() as begun:
                text = self._session.prompt(pre_run=begun, default=begun_with)
        except KeyboardInterrupt:
            self._messages.notice(HOW_TO_END)
            return ""
        except (EOFError, OSError):
            if os.isatty(self._terminal):
                return None
            # The terminal was closed, which may be seen before the signal that tells of it.
            raise Terminated(signal.SIGHUP) from None
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UsageError("what was typed is not UTF-8", hint="nothing was sent") from None
        return text

    @contextmanager
    def _until_terminated(self) -> Iterator[Callable[[], None]]:
        """End the prompt on a signal, and raise Terminated once it has restored the terminal.

        Yields a function to be called when the prompt can be ended. An exception from a signal
        handler would be lost in the event loop's callbacks.
        """
        app = self._session.app
        arrived: list[int] = []

        def end() -> None:
            if not app.is_done:
                app.exit(result="")

        def heed(number: int, _frame: object) -> None:
            arrived.append(number)
            if app.loop is not None:
                app.loop.call_soon_threadsafe(end)

        def begun() -> None:
            if arrived:
                end()

        heeded = [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]
        before = {number: signal.signal(number, heed) for number in heeded}
        try:
            yield begun
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            if arrived:  # first of all: the terminal may be gone
                raise Terminated(arrived[0]) from None


@contextmanager
def typed_ahead(terminal: int) -> Iterator[None]:
    """Hold what is typed during a reply, without echo, for the next prompt.

    The terminal neither echoes keys nor collects them into lines; Ctrl-C and Ctrl-Z still work.
    """
    before = termios.tcgetattr(terminal)
    mode = termios.tcgetattr(terminal)
    mode[0] &= ~termios.ICRNL
    mode[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(terminal, termios.TCSANOW, mode)
    try:
        yield
    finally:
        with suppress(termios.error):  # the terminal may be gone
            termios.tcsetattr(terminal, termios.TCSANOW, before)


class _ForEditor(str):
    """A line to be edited in the user's own editor."""

    __slots__ = ()


class _Words(Completer):
    """Completes a line that is a command: its name, or its argument."""

    def __init__(self, offered: Mapping[str, Offer]) -> None:
        self._offered = offered

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - prompt_toolkit's signature
    ) -> Iterable[Completion]:
        line = document.text_before_cursor
        if not line.startswith("/") or "\n" in line:
            return
        command, blank, argument = line.partition(" ")
        offer = self._offered.get(command if blank else "")
        text = argument if blank else line
        for found in offer(text) if offer else ():
            yield Completion(
                found,
                start_position=-len(text),
                display=found[_shared(argument) :] if blank else found,
            )


def _bindings(messages: Messages) -> KeyBindings:
    """Keys that differ from those of other line editors."""
    keys = KeyBindings()
    at_prompt = has_focus(DEFAULT_BUFFER)  # not in a search, which has its own Enter and Ctrl-C

    @keys.add("enter", filter=at_prompt)
    def send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter", filter=at_prompt)
    @keys.add("c-j", filter=at_prompt)
    def begin_line(event: KeyPressEvent) -> None:
        event.current_buffer.newline(copy_margin=False)

    @keys.add("c-c", filter=at_prompt)
    @keys.add("<sigint>", filter=at_prompt)
    def clear(event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
        else:
            event.app.exit(exception=KeyboardInterrupt)

    @keys.add("c-x", "c-e", filter=at_prompt)
    def edit(event: KeyPressEvent) -> None:
        event.app.erase_when_done = True  # the prompt shows it again afterwards
        event.app.exit(result=_ForEditor(event.current_buffer.text))

    @keys.add("tab", filter=at_prompt)
    def complete(event: KeyPressEvent) -> None:
        # If the words do not fit, the library would ask whether to show them, and end with a
        # traceback if the answer is Ctrl-C.
        document = event.current_buffer.document
        found = list(event.current_buffer.completer.get_completions(document, CompleteEvent()))
        if len(found) == 1 or get_common_complete_suffix(document, found):
            display_completions_like_readline(event)
        elif found:
            shown = _in_columns([each.display_text for each in found], event.app.output.get_size())
            run_in_terminal(lambda: messages.block(shown))

    return keys


def _shared(text: str) -> int:
    """How much of a text to leave out of a list of its completions: folders and earlier names."""
    return max(text.rfind("/"), text.rfind(" ")) + 1


def _in_columns(words: Sequence[str], size: Size) -> str:
    """The words in columns, as many as fit on the terminal, and how many do not."""
    width = max(map(get_cwidth, words)) + 2
    columns = max(1, (size.columns + 1) // width)
    most = columns * max(1, size.rows - 2)
    shown = words if len(words) <= most else words[:most]
    height = -(-len(shown) // columns)
    rows = (shown[row::height] for row in range(height))
    lines = ["".join(word + " " * (width - get_cwidth(word)) for word in row) for row in rows]
    if len(shown) < len(words):
        lines.append(f"{len(words) - len(shown)} more match: type more of the word")
    return "\n".join(line.rstrip() for line in lines)


def output(stream: TextIO, term: str | None) -> Vt100_Output:
    """A terminal to draw on; it is not asked for its cursor position, which not all report."""

    def size() -> Size:
        found = os.get_terminal_size(stream.fileno())
        return Size(rows=found.lines or 24, columns=found.columns or 80)

    return Vt100_Output(stream, size, term=term, enable_cpr=False)
