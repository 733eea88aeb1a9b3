"""What `chat` does in a conversation: what was said goes with each request, and the turn is kept.

A conversation is a chat request body, in a file (see `conversation.file`) or in memory.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol

from openai_cli.calls.send import Plan, SendingOptions, exchange, send
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.conversation.reasoning import is_demanded
from openai_cli.conversation.shortening import Message, fewest_turns, split, turn_starts
from openai_cli.errors import BadAnswerError, CliError, LimitError, UsageError
from openai_cli.flags.ours import CONVERSATION, number, options_group, ours, switch
from openai_cli.flags.values import Number
from openai_cli.models import DEFAULT_CHAT
from openai_cli.request.body import Request

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer
    from openai_cli.conversation.file import ConversationFile
    from openai_cli.tokens.counted import TokenCount

_FULL = ("error", "drop", "summarize")


@options_group
class ConversationOptions(SendingOptions):
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
             metavar="HOW", names=_FULL),
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


@dataclass(frozen=True)
class TurnSender:
    """One side of a conversation: how its turns are sent."""

    session: Session
    options: ConversationOptions
    compose: Compose

    def turn(self, stored: KeptConversation, said: NewMessages) -> None:
        """Send what is said, print the reply, and keep both."""
        history = list(stored.body.get("messages", []))
        request = self.compose(stored.body)
        kept, left, note = self._fitting(request, history, said)
        request = request.with_text("messages", all_messages(kept, said))
        beginning = {} if stored.body else {"model": request.body["model"]}
        base = kept if stored.body else with_standing([], said.standing)

        def keep(answer: "Answer") -> None:
            choice = answer.in_order[0]
            keeps_thoughts = is_demanded(request.body, calls=bool(choice.calls))
            reply = choice.message | (choice.thoughts if keeps_thoughts else {})
            messages = [*base, *said.messages, reply]
            stored.save({**beginning, **stored.body, "messages": messages}, left)
            if note:
                self._notice(note)

        def keep_part(answer: "Answer") -> None:
            if not self.options.keep_partial or not answer.in_order:
                return
            if answer.in_order[0].content:
                answer.in_order[0].calls.clear()  # half a call is none
                keep(answer)

        plan = Plan(
            request,
            choices=choices_of(request),
            on_broken=keep_part,
            render=self.options.render,
        )
        answer = send(self.session, plan)
        if answer.is_done and not answer.in_order[0].has_ended:
            if not self.options.keep_partial:
                self._notice("the reply was cut off, so it is not kept: --keep-partial keeps it")
            keep_part(answer)
            return
        if len(answer.in_order) > 1:
            self._notice("of several choices, the first goes into the conversation")
        keep(answer)

    def _notice(self, text: str) -> None:
        self.session.context.messages.notice(text)

    def _fitting(
        self, request: Request, history: list[Message], said: NewMessages
    ) -> tuple[list[Message], list[Message], str]:
        """The history as it can be sent, the messages that left it for that, and what to say of it.

        LimitError where it is too long, as --when-full says.
        """
        how = self.options.when_full
        if how not in _FULL:
            raise UsageError(f"--when-full must be error, drop or summarize, not '{how}'")
        limit = prompt_limit(self.session, self.options, request)

        def count(messages: list[Message]) -> "TokenCount":
            return prompt_tokens(request.with_text("messages", all_messages(messages, said)))

        whole = request.with_text("messages", all_messages(history, said))
        if (
            limit is None
            or _is_surely_within(limit, whole)
            or (tokens := prompt_tokens(whole)) <= limit
        ):
            return history, [], ""
        # The turn that the call itself is part of stays.
        starts = [at for at in turn_starts([*history, *said.messages]) if at <= len(history)]
        most = max(len(starts) - 1, 0)
        if how == "error" or not most:
            raise _too_long(tokens, limit, may_shorten=bool(most))
        goal = limit if how == "drop" else limit // 2
        turns = fewest_turns(history, most, holds=lambda rest: count(rest) <= goal)
        if turns is None and how == "drop":
            raise _too_long(count(split(history, most)[1]), limit, may_shorten=False)
        turns = most if turns is None else turns
        left, kept = split(history, turns)
        if how == "summarize":
            kept = self._summed_up(request, left, kept, limit)
            if (tokens := count(kept)) > limit:
                raise _too_long(tokens, limit, may_shorten=False)
        return kept, left, self._note(turns)

    def _note(self, turns: int) -> str:
        what = "the oldest turn" if turns == 1 else f"the oldest {turns} turns"
        path = self.options.conversation
        to = f" for '{path}.history.jsonl'" if path else ""
        summary = "; a summary stands instead" if self.options.when_full == "summarize" else ""
        return f"{what} left the conversation{to}{summary}"

    def _summed_up(
        self, request: Request, left: list[Message], kept: list[Message], limit: int
    ) -> list[Message]:
        from openai_cli.conversation.summary import summary_request, summed_up

        model = self.options.summary_model or request.body["model"]
        words = min(max(limit // 8, 50), 1000)
        asked = {"model": model, "messages": summary_request(left, words=words)}
        answer = exchange(self.session, Plan(Request(request.path, asked))).answer
        self.session.receipts.add(answer)
        summary = answer.in_order[0].content
        if not summary:
            raise BadAnswerError("the model gave no summary of the older turns")
        return summed_up(kept, summary)


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
    limit = _given_limit(options)
    if limit is not None and (tokens := prompt_tokens(request)) > limit:
        raise _too_long(tokens, limit, may_shorten=False)


def _given_limit(options: ConversationOptions) -> int | None:
    given = number("--context-limit", options.context_limit, Number(1, integer=True))
    return None if given is None else int(given)


def prompt_limit(session: Session, options: ConversationOptions, request: Request) -> int | None:
    """The longest prompt, in tokens; None where nobody knows."""
    if (given := _given_limit(options)) is not None:
        return given
    model = session.table.find(str(request.body["model"]))
    if model is None or model.context_window is None:
        return None
    body = request.body
    longest = body.get("max_completion_tokens") or body.get("max_tokens")
    return model.context_window - (longest if isinstance(longest, int) else 0)


def _is_surely_within(limit: int, request: Request) -> bool:
    """Whether a request of texts alone has no more bytes than it may have tokens.

    A token has a byte at least; so most turns need no counting, which takes a fifth of a second.
    """
    contents = (message.get("content") for message in request.body["messages"])
    are_texts = all(content is None or isinstance(content, str) for content in contents)
    return are_texts and len(request.encoded()) <= limit


def prompt_tokens(request: Request) -> "TokenCount":
    """The tokens of the prompt; a model that nobody knows is counted as our default one."""
    from openai_cli.tokens.messages import count_request

    try:
        return count_request(request.body)
    except UsageError:
        return count_request({**request.body, "model": DEFAULT_CHAT})


def _too_long(tokens: int, limit: int, *, may_shorten: bool) -> LimitError:
    return LimitError(
        f"the prompt is too long: {tokens} tokens, and {limit} is the limit",
        hint="--when-full drop leaves out its oldest turns, --when-full summarize sums them up"
        if may_shorten
        else "what is said must be shorter, or --context-limit higher",
    )
