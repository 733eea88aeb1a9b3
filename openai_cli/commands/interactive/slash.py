"""What is typed in a conversation: a text for the model, or a command, with a slash before it."""

import re
from collections.abc import Container, Iterable
from typing import NamedTuple

from openai_cli.errors import UsageError
from openai_cli.flags.names import underscored


class SlashCommand(NamedTuple):
    """A command as the help shows it; one without `usage` takes no argument."""

    usage: str
    summary: str


COMMANDS = {
    "/help": SlashCommand("", "show this"),
    "/system": SlashCommand("[TEXT]", "show or set the system message"),
    "/model": SlashCommand("[NAME]", "show or set the model"),
    "/set": SlashCommand("[PARAMETER [VALUE]]", "set or unset an API parameter, or list them"),
    "/undo": SlashCommand("", "take the last turn back"),
    "/retry": SlashCommand("", "ask the last turn anew"),
    "/clear": SlashCommand("", "begin anew, with the same system message"),
    "/attach": SlashCommand("[FILE...]", "send files with the next message, or list them"),
    "/detach": SlashCommand("", "send none of them"),
    "/edit": SlashCommand("", "write a message in $VISUAL or $EDITOR, and send it"),
    "/save": SlashCommand("FILE", "keep the conversation in FILE, from now on"),
    "/tokens": SlashCommand("", "count the conversation, and what is left of the limit"),
    "/cost": SlashCommand("", "what this session did cost; what the next turn will"),
    "/exit": SlashCommand("", "end the conversation, as /quit and Ctrl-D"),
    "/quit": SlashCommand("", ""),
}

# A flag of this command: one behind openai-cli is of a command line of its own.
_FLAG = re.compile(r"(?<!\S)--([a-z][a-z-]*)")

_KEYS = """\
//TEXT sends /TEXT. Enter sends; Alt-Enter or Ctrl-J begins a new line.
Up, down and Ctrl-R find what was typed before; Tab completes.
Ctrl-X Ctrl-E takes the line into $VISUAL or $EDITOR.
Ctrl-C stops a reply, or clears the line."""


class SlashCall(NamedTuple):
    """A command that was typed, and what stands behind it."""

    name: str
    argument: str


def parsed(typed: str) -> SlashCall | str:
    """The command that was typed, or the text to send.

    Of several lines the first alone may name a command, whose argument is the rest: a text that was
    pasted may begin with the path of a file. UsageError for a command that there is not.
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
    """What has to be typed for the text to be sent, whatever it begins with."""
    return f"/{text}" if text.startswith("/") else text


def _call(name: str, argument: str) -> SlashCall:
    argument = argument.strip()
    if argument and not COMMANDS[name].usage:
        raise UsageError(f"{name} takes no argument, and has '{argument}'")
    return SlashCall(name, argument)


def typed_here(hint: str, parameters: Container[str]) -> str:
    """A hint with what can be typed in a conversation, in the place of the flags of `chat`.

    `parameters` are those that /set takes. Of a flag that has no command it says where it goes.
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
    """The error for a name that there is not, with the nearest that there are, and the hint."""
    from openai_cli.suggestions.near import did_you_mean, near

    meant = did_you_mean(near(name, names))
    return UsageError(f"no such {what}: {name}", hint=f"{meant} {hint}" if meant else hint)


# Where the summaries stand, and in how many columns they have room there.
_SUMMARIES, _WIDE = 26, 80


def help_text(*, kept_in: str | None, columns: int | None) -> str:
    """The commands and the keys; `kept_in` is the file of the conversation, if it has one.

    In few columns a summary stands beneath its command.
    """
    gap = "\n  " if columns is not None and columns < _WIDE else ""
    lines = [
        f"{name} {command.usage}".rstrip().ljust(0 if gap else _SUMMARIES) + gap + command.summary
        for name, command in COMMANDS.items()
        if command.summary
    ]
    kept = "/save FILE keeps the conversation; without it, it is gone at its end."
    lines += [_KEYS, f"The conversation is kept in {kept_in}." if kept_in else kept]
    return "\n".join(lines)
