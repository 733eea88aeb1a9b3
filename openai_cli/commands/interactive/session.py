"""`chat -i`: turn after turn, until the end of input, /exit or, in a script, an error."""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from openai_cli.calls.session import Session
from openai_cli.commands.interactive.attached import Attachment, listed
from openai_cli.commands.interactive.dialogue import Dialogue, text_of
from openai_cli.commands.interactive.lines import PlainTerminal, Script
from openai_cli.commands.interactive.slash import (
    COMMANDS,
    SlashCall,
    as_typed,
    help_text,
    parsed,
    typed_here,
)
from openai_cli.commands.turns import NewMessages, TurnSender
from openai_cli.errors import CliError, ReaderGone, UsageError
from openai_cli.flags.parameter import ApiParameter
from openai_cli.request.inputs import Inputs


class Reader(Protocol):
    """A source of what the user says."""

    def ask(self) -> str | None:
        """The next text, '' if there is none this time, None at the end."""

    def edit(self, text: str) -> str:
        """Edit the text in the user's own editor; UsageError if that fails."""


def hold(
    sender: TurnSender,
    inputs: Inputs,
    first: NewMessages,
    flags: dict[str, Any],
    parameters: Mapping[str, ApiParameter],
) -> None:
    """Hold a conversation, in its file or in memory.

    `first` is sent before anything is read, if it has messages. `flags` are the request properties
    that override the conversation's body, and `parameters` those that /set accepts. Raises
    UsageError for options that make no sense here; in a script, raises what the first failing turn
    raises.
    """
    session = sender.session
    _check(session)
    dialogue = Dialogue(inputs, sender, flags, list(first.standing), parameters)
    dialogue.waiting = [Attachment(*each) for each in first.waiting]
    with dialogue.store.opened():
        pass  # a bad file is an error before anything is typed
    session.receipts.kept = []
    _ = session.client  # and so is a missing key
    with ExitStack() as stack:
        said = [*dialogue.said_before(), *map(text_of, first.messages)]
        said = [as_typed(text) for text in said if text]
        reader = _reader(stack, dialogue, said)
        loop = _Loop(dialogue, reader, is_script=not session.context.stdin_is_terminal)
        loop.run(list(first.messages))


def _check(session: Session) -> None:
    """Raise UsageError for options that apply to a single request only."""
    if session.preview is not None:
        raise UsageError(f"{session.preview.flag} and -i: give one of them")
    if session.form.output is not None:
        raise UsageError("--output and -i: give one of them", hint="> FILE takes the replies")


def _reader(stack: ExitStack, dialogue: Dialogue, said: list[str]) -> Reader:
    """What reads the user's texts; `stack` restores a terminal that it changes."""
    context = dialogue.session.context
    if not context.stdin_is_terminal or context.stdin is None:
        return Script(dialogue.inputs)
    from openai_cli.commands.interactive.own_editor import edited

    stderr = context.messages.stream
    if stderr is None or not stderr.isatty() or context.variable("TERM") in (None, "dumb"):
        return PlainTerminal(context.stdin, context.messages, edit=partial(edited, context))
    from openai_cli.commands.interactive import offers, prompt

    parameters = [name for name in dialogue.parameters if name not in ("model", "messages")]
    tab = {
        "": offers.names(COMMANDS),
        "/set": offers.names(parameters),
        "/model": offers.models(dialogue.session.table, context.today()),
        "/attach": offers.quoted_path,
        "/save": offers.path,
    }
    stack.enter_context(prompt.typed_ahead(context.stdin.fileno()))
    screen = prompt.output(stderr, context.variable("TERM"))
    return prompt.Editor(
        context.messages,
        context.stdin,
        screen,
        history=said,
        offered=tab,
        edit=partial(edited, context),
    )


@dataclass
class _Loop:
    """The loop: texts are sent, commands are run."""

    dialogue: Dialogue
    reader: Reader
    is_script: bool
    is_over: bool = False
    is_warned: bool = False

    def run(self, first: list[Any]) -> None:
        if not self.is_script:
            messages = self.dialogue.session.context.messages
            messages.notice(
                f"{self.dialogue.model('')}; /help shows commands and keys; Ctrl-D ends"
            )
            if self.dialogue.waiting:
                messages.block(listed(self.dialogue.waiting))
        if first:
            self._attempt(partial(self.dialogue.say, first))
        while not self.is_over:
            self._attempt(self._next)

    def _attempt(self, step: Callable[[], None]) -> None:
        """Run a step; at a terminal, report a failure or Ctrl-C, and continue."""
        self.dialogue.session.deadline.restart()
        try:
            step()
        except ReaderGone:
            raise
        except CliError as error:
            if self.is_script:
                raise
            dialogue = self.dialogue
            if error.hint:
                error.hint = typed_here(error.hint, dialogue.parameters)
            dialogue.session.context.messages.error(error, with_body=dialogue.session.form.is_json)
        except KeyboardInterrupt:
            if self.is_script:
                raise

    def _next(self) -> None:
        typed = self.reader.ask()
        was_warned, self.is_warned = self.is_warned, False
        if typed is None and self._would_lose and not was_warned:
            self.is_warned = True
            self.dialogue.session.context.messages.notice(
                "this conversation is not saved: /save FILE keeps it, Ctrl-D again ends it"
            )
        elif typed is None:
            self.is_over = True
        elif typed.strip():
            meant = parsed(typed)
            if isinstance(meant, SlashCall):
                self._do(meant)
            else:
                self.dialogue.ask(meant)

    def _edit(self) -> None:
        """Send what is written in the user's own editor; what could not be sent stays a draft."""
        dialogue = self.dialogue
        dialogue.draft = self.reader.edit(dialogue.draft)
        if dialogue.draft.strip():
            dialogue.ask(dialogue.draft)
        else:
            dialogue.session.context.messages.notice("nothing was written, so nothing is sent")

    @property
    def columns(self) -> int | None:
        """The width of the terminal that shows the output of commands; None without one."""
        stream = self.dialogue.session.context.messages.stream
        if stream is None or not stream.isatty():
            return None
        return os.get_terminal_size(stream.fileno()).columns or None

    @property
    def _would_lose(self) -> bool:
        """Whether a user at a terminal would lose the conversation."""
        dialogue = self.dialogue
        is_nowhere = dialogue.terms.path is None
        return not self.is_script and is_nowhere and bool(dialogue.said_before())

    def _do(self, call: SlashCall) -> None:
        dialogue = self.dialogue
        of_text: dict[str, Callable[[str], str]] = {
            "/system": dialogue.system,
            "/model": dialogue.model,
            "/set": dialogue.set,
            "/save": dialogue.save,
            "/attach": dialogue.attach,
        }
        alone: dict[str, Callable[[], str | None]] = {
            "/help": lambda: help_text(kept_in=dialogue.terms.path, columns=self.columns),
            "/undo": dialogue.undo,
            "/retry": dialogue.retry,
            "/clear": dialogue.clear,
            "/detach": dialogue.detach,
            "/edit": self._edit,
            "/tokens": dialogue.tokens,
            "/cost": dialogue.cost,
        }
        shown: str | None = None
        if call.name in of_text:
            shown = of_text[call.name](call.argument)
        elif call.name in alone:
            shown = alone[call.name]()
        else:
            self.is_over = True
        if shown is not None:
            dialogue.session.context.messages.block(folded(shown, self.columns))


def folded(text: str, columns: int | None) -> str:
    """Wrap lines that are wider than the terminal, between words; without a terminal, return the
    text unchanged.
    """
    if columns is None:
        return text
    from textwrap import wrap

    lines = (
        wrap(
            line,
            columns,
            break_on_hyphens=False,
            break_long_words=False,
            subsequent_indent=_indent(line),
        )
        or [""]
        for line in text.split("\n")
    )
    return "\n".join(part for parts in lines for part in parts)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
