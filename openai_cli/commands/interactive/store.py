"""Where a conversation is kept between turns: in a file, or in memory."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from openai_cli.calls.session import Session
from openai_cli.commands.turns import KeptConversation, opened_file
from openai_cli.conversation import file
from openai_cli.conversation.shortening import STANDING, Message, turn_starts
from openai_cli.errors import UsageError


class Store(Protocol):
    """A conversation that lasts for a session."""

    def read(self) -> Mapping[str, Any]:
        """The body as it is now; UsageError if it cannot be read."""

    def opened(self) -> AbstractContextManager[KeptConversation]:
        """Open the conversation exclusively for one turn; raises as `read` does."""


class InFile:
    """A conversation in a file, to which other processes may add turns between ours."""

    def __init__(self, session: Session, path: str) -> None:
        self._session = session
        self._path = path

    def read(self) -> Mapping[str, Any]:
        return file.read(self._path)

    def opened(self) -> AbstractContextManager[KeptConversation]:
        return opened_file(self._session, self._path)


class InMemory:
    """A conversation that is private to the session and ends with it."""

    def __init__(self) -> None:
        self.body: Mapping[str, Any] = {}

    def read(self) -> Mapping[str, Any]:
        return self.body

    @contextmanager
    def opened(self) -> Iterator[KeptConversation]:
        yield self

    def save(self, body: Mapping[str, Any], _left: list[Message]) -> None:
        """Keep the body; removed messages are gone."""
        self.body = dict(body)


class BeforeReply:
    """A conversation without its last reply, which is removed once another is saved."""

    def __init__(
        self, stored: KeptConversation, kept: list[Message], replies: list[Message]
    ) -> None:
        self.body: Mapping[str, Any] = {**stored.body, "messages": kept}
        self._stored = stored
        self._replies = replies

    def save(self, body: Mapping[str, Any], left: list[Message]) -> None:
        self._stored.save(body, [*left, *self._replies])


def before_last_turn(messages: Sequence[Message]) -> tuple[list[Message], list[Message]]:
    """Split off the last turn, keeping the messages that apply to the whole conversation.

    Raises UsageError if there is no turn.
    """
    if not (starts := turn_starts(messages)):
        raise UsageError("there is no turn to undo")
    return _parted(messages, starts[-1])


def before_reply(messages: Sequence[Message]) -> tuple[list[Message], list[Message]]:
    """Split off the last reply, keeping the messages that apply to the whole conversation.

    The reply is what the model said after the last message of anybody else; UsageError if there is
    no such message.
    """
    asked = [
        place
        for place, message in enumerate(messages)
        if message.get("role") not in (*STANDING, "assistant")
    ]
    if not asked:
        raise UsageError("there is no turn to retry")
    return _parted(messages, asked[-1] + 1)


def _parted(messages: Sequence[Message], end: int) -> tuple[list[Message], list[Message]]:
    kept = [
        message
        for place, message in enumerate(messages)
        if place < end or message.get("role") in STANDING
    ]
    return kept, [message for message in messages[end:] if message.get("role") not in STANDING]
