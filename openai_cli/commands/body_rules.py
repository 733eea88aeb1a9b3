"""What the `batch` commands share: the rules for request bodies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO, StringIO
from typing import Any

from openai_cli.commands import declared
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.adapter import parameters_of
from openai_cli.flags.bodies import unknown_names, value_faults
from openai_cli.flags.parameter import ApiParameter
from openai_cli.jsontext import encode_json
from openai_cli.messages import Messages
from openai_cli.records import replace

# The command for each endpoint of the Batch API that has one.
COMMAND_OF = {
    "/chat/completions": "chat",
    "/responses": "respond",
    "/completions": "complete",
    "/embeddings": "embed",
    "/moderations": "moderate",
    "/images/generations": "image generate",
    "/images/edits": "image edit",
    "/videos": "videos create",
}

# The text of a request. It differs from line to line, and of it only the type is checked.
_TEXTS = ("messages", "input", "prompt")

# How many kinds of bodies are remembered as valid.
_MOST_KINDS = 1000


@dataclass
class Judge:
    """Checks bodies against the rules of their endpoints' commands.

    `unknown` counts the properties that no command has, by endpoint and name, each with the name
    that was probably meant.
    """

    context: Context
    unknown: dict[tuple[str, str], tuple[int, str | None]] = field(default_factory=dict)
    _known: set[bytes] = field(default_factory=set)
    _commands: "dict[str, _Command]" = field(default_factory=dict)

    def __call__(self, path: str, body: Mapping[str, Any]) -> None:
        """Raise UsageError for a body that the command would not send."""
        if (name := COMMAND_OF.get(path)) is None:
            return
        command = self._commands.get(path)
        if command is None:
            command = self._commands[path] = _Command(self.context, name)
        for parameter, problem in value_faults(body, command.parameters):
            raise UsageError(f"{parameter} {problem}")
        for parameter, near in unknown_names(body, command.parameters):
            count, _ = self.unknown.get((path, parameter), (0, None))
            self.unknown[path, parameter] = count + 1, near
        # Bodies that differ only in their text are checked once.
        kind = {**body, **{name: type(body[name]).__name__ for name in _TEXTS if name in body}}
        key = path.encode() + encode_json(kind)
        if key not in self._known:
            command.compose(body)
            if len(self._known) < _MOST_KINDS:
                self._known.add(key)

    def tell_unknown(self) -> None:
        """Print a notice for each property that no command has: the API would refuse it."""
        for (path, name), (count, near) in self.unknown.items():
            lines = f"{count} line{'s have' if count > 1 else ' has'}"
            meant = f"; did you mean {near}?" if near else ""
            self.context.messages.notice(
                f"{lines} {name}, which {path} is not known to take{meant}"
            )


@dataclass(frozen=True)
class _Command:
    """The command of an endpoint."""

    context: Context
    name: str

    @cached_property
    def parameters(self) -> Mapping[str, ApiParameter]:
        return {one.api_name: one for one in parameters_of(declared(self.name).options)}

    def compose(self, body: Mapping[str, Any]) -> None:
        """Let the command build and check a request from the body, discarding what it prints."""
        command = declared(self.name)
        silent = Messages(StringIO(), environ={})
        context = replace(
            self.context, stdout=BytesIO(), stdout_is_terminal=False, messages=silent,
            settings=replace(self.context.settings, properties={}),
        )  # fmt: skip
        options = command.options(body=encode_json(body).decode(), dry_run=True, stdin=False)
        command.run(context, options)
