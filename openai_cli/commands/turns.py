"""The turns of `chat` in a conversation: each sends the history, and is kept with its reply.

A conversation is a chat request body, in a file (see `conversation.file`) or in memory.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from openai_cli.calls.plan import Plan
from openai_cli.calls.send import send
from openai_cli.calls.session import Session
from openai_cli.commands.fitting import (
    Fit,
    Fitting,
    Learned,
    leaving,
    oldest,
)
from openai_cli.context import Context
from openai_cli.conversation.reasoning import is_demanded
from openai_cli.conversation.shortening import Message
from openai_cli.errors import CliError, RefusedError, UsageError
from openai_cli.flags.conversation import Terms
from openai_cli.records import NamedTuple, field, record
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer
    from openai_cli.conversation.file import ConversationFile


class KeptConversation(Protocol):
    """A conversation that is kept; `body` is a request body, empty if there is none yet."""

    @property
    def body(self) -> Mapping[str, Any]: ...

    def save(self, body: Mapping[str, Any], left: list[Message]) -> None:
        """Replace the body; `left` are the messages that were removed from it."""


class NewMessages(NamedTuple):
    """What one call says: messages for the whole conversation, and messages at its end.

    `waiting` are content parts, with the names of their files, for the first message that is read.
    """

    standing: Sequence[Message]
    messages: Sequence[Message]
    waiting: Sequence[tuple[str, dict[str, Any]]] = ()


# Builds the request from a conversation's body and the flags of the call.
Compose = Callable[[Mapping[str, Any]], Request]


@contextmanager
def new_file(session: Session, path: str, hint: str) -> "Iterator[ConversationFile]":
    """Open a new conversation file; UsageError, with the hint, if the file has a conversation."""
    with opened_file(session, path) as stored:
        if not stored.is_new:
            raise UsageError(f"'{path}' has a conversation already", hint=hint)
        yield stored


def opened_file(session: Session, path: str) -> "AbstractContextManager[ConversationFile]":
    """Open the conversation in a file; the deadline limits how long to wait for its lock."""
    from openai_cli.conversation import file

    return file.opened(
        path,
        session.context.messages,
        now=session.context.now,
        sleep=session.sleep,
        is_bounded=session.deadline.seconds is not None,
    )


@contextmanager
def telling(context: Context, path: str | None, stored: KeptConversation) -> Iterator[None]:
    """Add to a failure what it means for the conversation and its file."""
    before = stored.body
    name = "the conversation" if path is None else f"'{path}'"
    try:
        yield
    except (CliError, KeyboardInterrupt) as error:
        if stored.body is not before:
            state = f"the part of the reply that arrived is kept in {name}"
        else:
            state = f"{name} is unchanged" if before or path is None else f"{name} was not made"
        if isinstance(error, CliError):
            error.add_hint(state)
        else:
            context.messages.notice(state)
        raise


class Begun:
    """A conversation with properties but no message yet; it is kept once it has one."""

    def __init__(self, stored: KeptConversation, body: Mapping[str, Any]) -> None:
        self.body = body
        self._stored = stored

    def save(self, body: Mapping[str, Any], left: list[Message]) -> None:
        self._stored.save(body, left)


@record
class TurnSender:
    """How the turns of a conversation are sent, and the session that sends them."""

    session: Session
    terms: Terms
    compose: Compose
    learned: Learned = field(default_factory=Learned)

    def continue_file(self, said: NewMessages) -> None:
        """Add messages to the conversation in a file, print the reply, and keep both."""
        from openai_cli.conversation import file

        session, path = self.session, self.terms.path or ""
        if session.preview is not None:
            body = file.read(path)
            messages = all_messages(body.get("messages", []), said)
            session.show((self.compose(body).with_text("messages", messages),))
            return
        with opened_file(session, path) as stored, telling(session.context, path, stored):
            _ = session.client  # fails for a missing key before the tokens are counted
            self.turn(stored, said)

    def begin_file(self, given: Mapping[str, Any], request: Request) -> None:
        """Send a request, print the reply, and keep both in a new file.

        `given` is the body of --body, whose properties become the conversation's own. Raises
        UsageError, before anything is sent, for a file that exists, and for messages that are not a
        conversation.
        """
        from openai_cli.conversation.file import check_shape

        session, path = self.session, self.terms.new_path or ""
        messages = request.body["messages"]
        check_shape(path, {"messages": messages})
        hint = f"-c {path} continues it; or name another file"
        with new_file(session, path, hint) as stored, telling(session.context, path, stored):
            _ = session.client  # as in `continue_file`
            begun = Begun(stored, {"model": request.body["model"], **given})
            self._send(begun, NewMessages((), messages), request, Fit([], []))

    def turn(self, stored: KeptConversation, said: NewMessages) -> None:
        """Send the new messages, print the reply, and keep both.

        If the server refuses the prompt as too long, it is shortened as --when-full says.
        """
        history = list(stored.body.get("messages", []))
        request = self.compose(stored.body)
        fitting = Fitting(
            self.session,
            self.terms,
            history,
            lambda messages: request.with_text("messages", all_messages(messages, said)),
            leaving(history, list(said.messages)),
            self.learned,
        )
        fit = fitting.first()
        while True:
            try:
                return self._send(stored, said, fitting.whole(fit.kept), fit)
            except RefusedError as refused:
                fit = fitting.further(fit, refused)

    def _send(
        self, stored: KeptConversation, said: NewMessages, request: Request, fit: Fit
    ) -> None:
        beginning = {} if stored.body else {"model": request.body["model"]}
        base = fit.kept if stored.body else with_standing([], said.standing)

        def keep(answer: "Answer") -> None:
            choice = answer.in_order[0]
            keeps_thoughts = is_demanded(request.body, calls=bool(choice.tools))
            reply = choice.message | (choice.thoughts if keeps_thoughts else {})
            messages = [*base, *said.messages, reply]
            stored.save({**beginning, **stored.body, "messages": messages}, fit.left)
            if fit.turns:
                self._notice(self._note(fit))

        def keep_part(answer: "Answer") -> None:
            if not self.terms.keeps_partial or not answer.in_order:
                return
            if answer.in_order[0].content:
                answer.in_order[0].tools.clear()  # an incomplete call is useless
                keep(answer)

        plan = Plan(
            request, choices=request.choices, on_broken=keep_part, render=self.terms.renders
        )
        answer = send(self.session, plan)
        if self._is_cut_off(answer):
            keep_part(answer)
            return
        if len(answer.in_order) > 1:
            self._notice("of several choices, the first goes into the conversation")
        keep(answer)

    def _is_cut_off(self, answer: "Answer") -> bool:
        """Whether `[DONE]` came before the reply had ended; a notice says what that means."""
        is_cut_off = answer.is_done and not answer.in_order[0].has_ended
        if is_cut_off and not self.terms.keeps_partial:
            self._notice("the reply was cut off, so it is not kept: --keep-partial keeps it")
        return is_cut_off

    def _notice(self, text: str) -> None:
        self.session.context.messages.notice(text)

    def _note(self, fit: Fit) -> str:
        path = self.terms.path
        to = f" for '{path}.history.jsonl'" if path else ""
        summary = "; a summary was inserted" if self.terms.when_full == "summarize" else ""
        return f"{oldest(fit)} left the conversation{to}{summary}"


def all_messages(history: Sequence[Message], said: NewMessages) -> list[Message]:
    """All messages of a call, its standing messages replacing the conversation's own."""
    return [*with_standing(history, said.standing), *said.messages]


def with_standing(history: Sequence[Message], standing: Sequence[Message]) -> list[Message]:
    """The messages; each standing message replaces the first with its role, or goes in front."""
    messages = list(history)
    added = []
    for message in standing:
        places = [i for i, one in enumerate(messages) if one.get("role") == message["role"]]
        if places:
            messages[places[0]] = message
        else:
            added.append(message)
    return [*added, *messages]
