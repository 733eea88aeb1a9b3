"""What `chat` does in a conversation: what was said goes with each request, and the turn is kept.

A conversation is a chat request body, in a file (see `conversation.file`) or in memory.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol

from openai_cli.calls.fallback import Fallback
from openai_cli.calls.plan import Plan
from openai_cli.calls.send import send
from openai_cli.calls.session import Session
from openai_cli.commands.fitting import (
    FULL,
    Fit,
    Fitting,
    Learned,
    leaving,
    oldest,
    prompt_tokens,
    too_long,
)
from openai_cli.context import Context
from openai_cli.conversation.reasoning import is_demanded
from openai_cli.conversation.shortening import Message
from openai_cli.errors import CliError, RefusedError
from openai_cli.flags.ours import CONVERSATION, number, options_group, ours, switch
from openai_cli.flags.server import SendingOptions
from openai_cli.flags.values import Number
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer
    from openai_cli.conversation.file import ConversationFile


@options_group
class ConversationOptions(SendingOptions, Fallback):
    """The options of a conversation."""

    conversation: Annotated[
        str | None,
        ours(CONVERSATION, "--continue", "Go on with the conversation in FILE, or begin it",
             metavar="FILE", short="-c"),
    ] = None  # fmt: skip
    interactive: Annotated[
        bool,
        switch(
            CONVERSATION, "interactive", "Converse at the terminal, or a line a turn", short="-i"
        ),
    ] = False
    render: Annotated[
        bool, switch(CONVERSATION, "render", "Show a reply's Markdown rendered, on a terminal")
    ] = False
    keep_partial: Annotated[
        bool, switch(CONVERSATION, "keep-partial", "Keep a reply that was cut off in mid-stream")
    ] = False
    context_limit: Annotated[
        str | None,
        ours(CONVERSATION, "--context-limit", "Longest prompt (what the model's window leaves)",
             metavar="TOKENS"),
    ] = None  # fmt: skip
    when_full: Annotated[
        str,
        ours(CONVERSATION, "--when-full", "Above the limit: error, drop or summarize old turns",
             metavar="HOW", names=FULL),
    ] = "error"  # fmt: skip
    summary_model: Annotated[
        str | None,
        ours(CONVERSATION, "--summary-model", "The model that sums up (the same)", metavar="NAME"),
    ] = None


class KeptConversation(Protocol):
    """A conversation that is kept: `body` is a request body, empty when there is none yet."""

    @property
    def body(self) -> Mapping[str, Any]: ...

    def save(self, body: Mapping[str, Any], left: list[Message]) -> None:
        """Put the body in the place of the one before; `left` are the messages that went."""


class NewMessages(NamedTuple):
    """What one call says: what stands for the whole conversation, and the messages at its end."""

    standing: Sequence[Message]
    messages: Sequence[Message]


# From the body of a conversation, the request that the flags of the call make of it.
Compose = Callable[[Mapping[str, Any]], Request]


def converse(
    session: Session, options: ConversationOptions, said: NewMessages, compose: Compose
) -> None:
    """Say something in the conversation of --continue, print the reply, and keep both."""
    from openai_cli.conversation import file

    context, path = session.context, options.conversation or ""
    if session.preview is not None:
        body = file.read(path)
        request = compose(body).with_text("messages", all_messages(body.get("messages", []), said))
        session.show((request,))
        return
    with opened_file(session, path) as stored, telling(context, path, stored):
        _ = session.client  # a key that is missing is told of before the conversation is counted
        TurnSender(session, options, compose).turn(stored, said)


def opened_file(session: Session, path: str) -> "AbstractContextManager[ConversationFile]":
    """The conversation in a file, whose lock is waited for no longer than the deadline lets."""
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
    """Say of a failure what it means for the file, or for a conversation without one."""
    before = stored.body
    name = "the conversation" if path is None else f"'{path}'"
    try:
        yield
    except (CliError, KeyboardInterrupt) as error:
        if stored.body is not before:
            state = f"what came of the reply is kept in {name}"
        else:
            state = f"{name} is as it was" if before or path is None else f"{name} was not made"
        if isinstance(error, CliError):
            error.add_hint(state)
        else:
            context.messages.notice(state)
        raise


@dataclass(frozen=True, eq=False, repr=False)
class TurnSender:
    """One side of a conversation: how its turns are sent."""

    session: Session
    options: ConversationOptions
    compose: Compose
    learned: Learned = field(default_factory=Learned)

    def turn(self, stored: KeptConversation, said: NewMessages) -> None:
        """Send what is said, print the reply, and keep both.

        A prompt that the server refuses as too long is made shorter, as --when-full says.
        """
        history = list(stored.body.get("messages", []))
        request = self.compose(stored.body)
        fitting = Fitting(
            self.session,
            self.options.when_full,
            given_limit(self.options),
            self.options.summary_model,
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
            if not self.options.keep_partial or not answer.in_order:
                return
            if answer.in_order[0].content:
                answer.in_order[0].tools.clear()  # half a call is none
                keep(answer)

        plan = Plan(
            request,
            choices=choices_of(request),
            on_broken=keep_part,
            render=self.options.render,
        )
        answer = send(self.session, plan)
        if self._is_cut_off(answer):
            keep_part(answer)
            return
        if len(answer.in_order) > 1:
            self._notice("of several choices, the first goes into the conversation")
        keep(answer)

    def _is_cut_off(self, answer: "Answer") -> bool:
        """Whether `[DONE]` came before the reply had ended; what that means is told."""
        is_cut_off = answer.is_done and not answer.in_order[0].has_ended
        if is_cut_off and not self.options.keep_partial:
            self._notice("the reply was cut off, so it is not kept: --keep-partial keeps it")
        return is_cut_off

    def _notice(self, text: str) -> None:
        self.session.context.messages.notice(text)

    def _note(self, fit: Fit) -> str:
        path = self.options.conversation
        to = f" for '{path}.history.jsonl'" if path else ""
        summary = "; a summary stands instead" if self.options.when_full == "summarize" else ""
        return f"{oldest(fit)} left the conversation{to}{summary}"


def choices_of(request: Request) -> int:
    """How many choices the request asks for."""
    n = request.body.get("n")
    return n if isinstance(n, int) else 1


def all_messages(history: Sequence[Message], said: NewMessages) -> list[Message]:
    """All messages of a call: its standing ones in the place of the conversation's."""
    return [*with_standing(history, said.standing), *said.messages]


def with_standing(history: Sequence[Message], standing: Sequence[Message]) -> list[Message]:
    """The messages, with each standing one in the place of the first of its role, or in front."""
    messages = list(history)
    added = []
    for message in standing:
        places = [i for i, one in enumerate(messages) if one.get("role") == message["role"]]
        if places:
            messages[places[0]] = message
        else:
            added.append(message)
    return [*added, *messages]


def check_length(options: ConversationOptions, request: Request) -> None:
    """Refuse, by LimitError, a request that is no part of a conversation above --context-limit."""
    limit = given_limit(options)
    if limit is not None and (tokens := prompt_tokens(request)) > limit:
        raise too_long(request, tokens, limit, may_shorten=False)


def given_limit(options: ConversationOptions) -> int | None:
    """The number of --context-limit."""
    given = number("--context-limit", options.context_limit, Number(1, integer=True))
    return None if given is None else int(given)
