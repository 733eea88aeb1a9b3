"""What is typed in a conversation: a text for the model, or a command that starts with a slash."""

import re
from collections.abc import Container, Iterable

from openai_cli.errors import UsageError
from openai_cli.flags.names import underscored
from openai_cli.records import NamedTuple


class SlashCommand(NamedTuple):
    """A command as help shows it; without `usage` it takes no argument."""

    usage: str
    summary: str


COMMANDS = {
    "/help": SlashCommand("", "show this"),
    "/system": SlashCommand("[TEXT]", "show or set the system message"),
    "/model": SlashCommand("[NAME]", "show or set the model"),
    "/set": SlashCommand("[PARAMETER [VALUE]]", "set or unset an API parameter, or list them"),
    "/undo": SlashCommand("", "remove the last turn"),
    "/retry": SlashCommand("", "send the last turn again"),
    "/clear": SlashCommand("", "start over, with the same system message"),
    "/attach": SlashCommand("[FILE...]", "send files with the next message, or list them"),
    "/detach": SlashCommand("", "discard the attached files"),
    "/edit": SlashCommand("", "write a message in $VISUAL or $EDITOR, and send it"),
    "/save": SlashCommand("FILE", "keep the conversation in FILE, from now on"),
    "/tokens": SlashCommand("", "show the conversation's tokens, and how many are left"),
    "/cost": SlashCommand("", "show the cost of this session, and of the next turn"),
    "/exit": SlashCommand("", "end the conversation; also /quit and Ctrl-D"),
    "/quit": SlashCommand("", ""),
}

# A flag of this command; a flag after openai-cli belongs to another command line.
_FLAG = re.compile(r"(?<!\S)--([a-z][a-z-]*)")

_KEYS = """\
//TEXT sends /TEXT. Enter sends; Alt-Enter or Ctrl-J starts a new line.
Up, down and Ctrl-R find earlier input; Tab completes.
Ctrl-X Ctrl-E opens the line in $VISUAL or $EDITOR.
Ctrl-C stops a reply, or clears the line."""


class SlashCall(NamedTuple):
    """A command that was typed, and its argument."""

    name: str
    argument: str


def parsed(typed: str) -> SlashCall | str:
    """The command that was typed, or the text to send.

    In several lines, a command must be alone on the first, and the rest is its argument: pasted
    text may begin with the path of a file. Raises UsageError for an unknown command.
    """
    if not typed.startswith("/"):
        return typed
    if typed.startswith("//"):
        return typed[1:]
    first, newline, rest = typed.partition("\n")
    if newline:
        name = first.rstrip()
        return _call(name, rest) if name in COMMANDS else typed
    name, *arguments = typed.split(maxsplit=1)
    if name not in COMMANDS:
        raise unknown("command", name, COMMANDS, f"/help lists them; /{name} is sent as text")
    return _call(name, "".join(arguments))


def as_typed(text: str) -> str:
    """What to type to send the text, even if it begins with a slash."""
    return f"/{text}" if text.startswith("/") else text


def _call(name: str, argument: str) -> SlashCall:
    argument = argument.strip()
    if argument and not COMMANDS[name].usage:
        raise UsageError(f"{name} takes no argument, but got '{argument}'")
    return SlashCall(name, argument)


def typed_here(hint: str, parameters: Container[str]) -> str:
    """Replace the flags of `chat` in a hint by what can be typed in a conversation.

    `parameters` are those that /set accepts. If a flag has no such command, the hint says where the
    flag goes.
    """
    is_elsewhere = False

    def command(match: re.Match[str]) -> str:
        nonlocal is_elsewhere
        name = underscored(match[1])
        if f"/{name}" in COMMANDS:
            return f"/{name}"
        if name in parameters:
            return f"/set {name}"
        is_elsewhere = True
        return match[0]

    told = _FLAG.sub(command, hint)
    return f"{told} (a flag of openai-cli chat -i)" if is_elsewhere else told


def unknown(what: str, name: str, names: Iterable[str], hint: str) -> UsageError:
    """The error for an unknown name, with the nearest names and the hint."""
    from openai_cli.suggestions.near import did_you_mean, near

    meant = did_you_mean(near(name, names))
    return UsageError(f"no such {what}: {name}", hint=f"{meant} {hint}" if meant else hint)


# The column where summaries start, and the width that this needs.
_SUMMARIES, _WIDE = 26, 80


def help_text(*, kept_in: str | None, columns: int | None) -> str:
    """The commands and keys; `kept_in` is the conversation's file, if it has one.

    On a narrow terminal each summary is below its command.
    """
    gap = "\n  " if columns is not None and columns < _WIDE else ""
    lines = [
        f"{name} {command.usage}".rstrip().ljust(0 if gap else _SUMMARIES) + gap + command.summary
        for name, command in COMMANDS.items()
        if command.summary
    ]
    kept = "/save FILE keeps the conversation, which is lost at the end otherwise."
    lines += [_KEYS, f"The conversation is kept in {kept_in}." if kept_in else kept]
    return "\n".join(lines)
