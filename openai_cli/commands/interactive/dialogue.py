"""A conversation of several turns, and what can be done with it between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openai_cli.calls.session import Session
from openai_cli.commands.fitting import prompt_limit, prompt_tokens
from openai_cli.commands.interactive.attached import (
    Attachment,
    attachments,
    listed,
    with_attachments,
)
from openai_cli.commands.interactive.slash import unknown
from openai_cli.commands.interactive.spending import next_turn, spent
from openai_cli.commands.interactive.store import (
    BeforeReply,
    InFile,
    InMemory,
    Store,
    before_last_turn,
    before_reply,
)
from openai_cli.commands.turns import (
    NewMessages,
    TurnSender,
    all_messages,
    new_file,
    telling,
    with_standing,
)
from openai_cli.config.values import expanded
from openai_cli.conversation.shortening import STANDING, Message
from openai_cli.errors import UsageError
from openai_cli.flags.conversation import Terms
from openai_cli.flags.names import underscored
from openai_cli.flags.parameter import ApiParameter
from openai_cli.flags.values import Flag, Kind, Object, Texts
from openai_cli.jsontext import encode_json, json_or_text, quoted
from openai_cli.records import replace
from openai_cli.request.body import Request
from openai_cli.request.inputs import Inputs

# In characters: how much of a text is shown to identify its turn.
_SHOWN = 60

_ELSEWHERE = {"model": "/model NAME sets it", "messages": "/system TEXT sets the first of them"}


@dataclass
class Dialogue:
    """A conversation in progress.

    `flags` are the request properties that override the conversation's own; `standing` are the
    messages of --system and --developer. `parameters` are the API's parameters that `set` accepts,
    by name. `waiting` goes with the next message, and `draft` is what was written in the user's own
    editor; both are cleared once they are in the conversation. Methods that return a string return
    what to show.
    """

    inputs: Inputs
    sender: TurnSender
    flags: dict[str, Any]
    standing: list[Message]
    parameters: Mapping[str, ApiParameter]
    waiting: list[Attachment] = field(default_factory=list)
    draft: str = ""
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        path = self.terms.path
        self.store = InMemory() if path is None else InFile(self.session, path)

    def ask(self, text: str) -> None:
        """Send a text as the user's message, with the attachments."""
        self.say([with_attachments(text, self.waiting)])

    def attach(self, argument: str) -> str:
        """Attach files to the next message; return the list of attachments."""
        self.waiting = [*self.waiting, *attachments(argument, self.inputs)]
        return listed(self.waiting)

    def detach(self) -> str:
        """Remove all attachments."""
        self.waiting = []
        return listed(self.waiting)

    def say(self, messages: list[Message]) -> None:
        """Add a turn: the messages and the reply. After a failure, everything is as before."""
        with self.store.opened() as stored, telling(self.session.context, self.terms.path, stored):
            before = stored.body
            try:
                self.sender.turn(stored, NewMessages(self.standing, messages))
            finally:
                if stored.body is not before:
                    self.waiting, self.draft = [], ""

    def retry(self) -> None:
        """Replace the last reply by another one; after a failure, everything is as before."""
        with self.store.opened() as stored:
            kept, replies = before_reply(stored.body.get("messages", []))
            # A partial reply must not replace a complete one.
            sender = replace(self.sender, terms=replace(self.terms, keeps_partial=False))
            with telling(self.session.context, self.terms.path, stored):
                sender.turn(BeforeReply(stored, kept, replies), NewMessages(self.standing, []))

    def undo(self) -> str:
        """Remove the last turn: the question and everything that followed it."""
        with self.store.opened() as stored:
            kept, left = before_last_turn(stored.body.get("messages", []))
            stored.save({**stored.body, "messages": kept}, left)
        return f"removed {_messages(left)}: {_shown(left[0])}"

    def clear(self) -> str:
        """Remove all turns, but keep the messages that apply to the whole conversation."""
        with self.store.opened() as stored:
            messages = stored.body.get("messages", [])
            kept = [message for message in messages if message.get("role") in STANDING]
            left = [message for message in messages if message.get("role") not in STANDING]
            if left:
                stored.save({**stored.body, "messages": kept}, left)
        return f"removed {_messages(left)}"

    def save(self, path: str) -> str:
        """Keep the conversation in a new file from now on."""
        path = expanded(path)
        if not path:
            raise UsageError("/save needs a FILE", hint="for example: /save talk.json")
        if not (body := self.store.read()):
            raise UsageError("there is no turn to keep yet")
        with new_file(self.session, path, "name another file") as stored:
            stored.save(dict(body), [])
        self.store = InFile(self.session, path)
        self.sender = replace(self.sender, terms=replace(self.terms, path=path))
        return f"kept in {path} from now on"

    def system(self, text: str) -> str:
        """Show the system message; with a text, set it and keep it with the conversation."""
        if text:
            self._set_system({"role": "system", "content": text})
        found = [
            message for message in self._request.body["messages"] if message["role"] == "system"
        ]
        return "\n".join(text_of(message) for message in found) or "there is no system message"

    def _set_system(self, message: Message) -> None:
        with self.store.opened() as stored:
            if stored.body:
                messages = with_standing(stored.body.get("messages", []), [message])
                stored.save({**stored.body, "messages": messages}, [])
        self.standing = with_standing(self.standing, [message])

    def model(self, name: str) -> str:
        """Show the model; with a name, set it and keep it with the conversation."""
        if name:
            with self.store.opened() as stored:
                if stored.body:
                    stored.save({**stored.body, "model": name}, [])
            self.flags["model"] = name
        return str(self._request.body["model"])

    def set(self, argument: str) -> str:
        """Set a parameter for the rest of the session, unset it, or list what is set."""
        name, *values = argument.split(maxsplit=1)[:2] or [""]
        name = underscored(name)
        if not name:
            return self._set_now()
        if name in _ELSEWHERE:
            raise UsageError(f"/set does not take {name}", hint=_ELSEWHERE[name])
        if name not in self.parameters:
            hint = f"--param {name}=VALUE sends any, in all turns"
            raise unknown("parameter", name, self.parameters, hint)
        if values:
            self.flags[name] = self._parsed(self.parameters[name], values[0])
            return f"{name} {_json(self.flags[name])}"
        if self.flags.pop(name, None) is None:
            return f"{name} was not set"
        return f"{name} is no longer set"

    def _set_now(self) -> str:
        lines = [f"{name} {_json(value)}" for name, value in self.flags.items() if name != "model"]
        return "\n".join(lines) or "no parameter is set"

    def _parsed(self, parameter: ApiParameter, text: str) -> Any:
        def read(path: str) -> bytes:
            if path == "-":
                raise UsageError(f"{parameter.api_name}: stdin is used by the conversation")
            return self.inputs.source(parameter.api_name, path)

        return parameter.parse(_typed(parameter, text), read)

    def tokens(self) -> str:
        """The tokens of the conversation if it were sent now, and what is left of the limit."""
        request = self._request
        tokens = prompt_tokens(request)
        limit = prompt_limit(self.session, self.terms.limit, request)
        doubt = f" (an estimate: {'; '.join(tokens.doubts)})" if tokens.doubts else ""
        left = "the limit is not known" if limit is None else f"{limit - tokens} of {limit} left"
        return f"{tokens} tokens, {left}{doubt}"

    def cost(self) -> str:
        """The cost of the session's calls, and the least that the next one will cost."""
        return (
            f"{spent(self.session.receipts.kept or ())}\n{next_turn(self.session, self._request)}"
        )

    def said_before(self) -> list[str]:
        """The texts of the user's messages, oldest first, without attachments."""
        messages = self.store.read().get("messages", [])
        return [
            "".join(texts_of(message)[:1]) for message in messages if message.get("role") == "user"
        ]

    @property
    def _request(self) -> Request:
        """The request for the conversation as it is now, with the attachments."""
        body = self.store.read()
        new = [with_attachments("", self.waiting)] if self.waiting else []
        messages = all_messages(body.get("messages", []), NewMessages(self.standing, new))
        return self.sender.compose(body).with_text("messages", messages)

    @property
    def session(self) -> Session:
        """The session of all calls."""
        return self.sender.session

    @property
    def terms(self) -> Terms:
        """The terms of the conversation as they are now."""
        return self.sender.terms


def text_of(message: Message) -> str:
    """The text of a message; if it has parts, the texts of those that have one."""
    return "\n".join(texts_of(message))


def texts_of(message: Message) -> list[str]:
    """The texts of a message: its content, or the texts of its parts."""
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    return [
        part["text"]
        for part in parts
        if isinstance(part, dict) and isinstance(part.get("text"), str)
    ]


def _messages(messages: list[Message]) -> str:
    return "1 message" if len(messages) == 1 else f"{len(messages)} messages"


def _shown(message: Message) -> str:
    """The beginning of a message, on one line; the role if it has no text."""
    text = " ".join(text_of(message).split())
    if not text:
        return f"a {message['role']} message"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _json(value: Any) -> str:
    return encode_json(value).decode()


def _typed(parameter: ApiParameter, text: str) -> Any:
    """The value as a command line would give it to the flag: a boolean, a list, or text."""
    kind: Kind = parameter.kind
    if isinstance(kind, Flag):
        if text not in ("true", "false"):
            raise UsageError(f"{parameter.api_name} must be true or false, not {quoted(text)}")
        return text == "true"
    if isinstance(kind, Texts):
        found = json_or_text(text) if text.startswith("[") else text
        are_texts = isinstance(found, list) and all(isinstance(item, str) for item in found)
        return found if are_texts else [text]
    return [text] if isinstance(kind, Object) else text
