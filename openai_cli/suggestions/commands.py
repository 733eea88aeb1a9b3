"""The error for an unknown command, which says what to type instead."""

import re
import shlex
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from openai_cli.errors import UsageError
from openai_cli.flags.names import hyphenated
from openai_cli.suggestions.command_synonyms import COMMANDS, VERBS
from openai_cli.suggestions.near import did_you_mean, near

if TYPE_CHECKING:
    from openai_cli.suggestions.ways import Ways

# The separators in names of methods: `chat.completions.create`, `audio:speech`.
_JOINT = re.compile(r"[.:]")
_MOST_WORDS = 3


def unknown_command(
    group: Sequence[str], typed: Sequence[str], names: Collection[str]
) -> UsageError:
    """Return the error for the first of the typed words, which is no command of the group.

    `group` are the words before it, `names` the names of all commands and groups.
    """
    name = typed[0]
    words = [*group, name]
    shown = shlex.join(words) if any(map(str.isspace, name)) else " ".join(words)
    hint = (
        _of_help(typed, names)
        or _of_table(group, typed, names)
        or _of_verb(group, name, names)
        or did_you_mean(near(name, _siblings(group, names)))
        or _where_to_look(group, name)
    )
    return UsageError(f"no such command: {shown}", hint=hint)


def _of_help(typed: Sequence[str], names: Collection[str]) -> str | None:
    """Return the hint for `help chat`, which is `chat --help`."""
    for count in range(_MOST_WORDS + 1, 1, -1):
        command = " ".join(typed[1:count])
        if typed[0] == "help" and command in names:
            return f"openai-cli {command} --help shows how to use it"
    return None


def _of_table(group: Sequence[str], typed: Sequence[str], names: Collection[str]) -> str | None:
    words = [*group, *_JOINT.split(hyphenated(typed[0].lower())), *typed[1:]]
    is_joint = _JOINT.search(typed[0]) is not None
    for count in range(_MOST_WORDS, len(group), -1):
        name = " ".join(words[:count])
        if is_joint and name in names:
            return did_you_mean([name])
        for way in COMMANDS.get(name, ()):
            if "openai-cli" in way:
                return way
            if way in names:
                return did_you_mean([f"openai-cli {way}" if group else way])
    return None


def _of_verb(group: Sequence[str], name: str, names: Collection[str]) -> str | None:
    ways: Ways = VERBS.get(name.lower(), ()) if group else ()
    return did_you_mean([way for way in ways if " ".join([*group, way]) in names][:1])


def _siblings(group: Sequence[str], names: Collection[str]) -> list[str]:
    """Return the words that may follow the group, without duplicates."""
    depth = len(group)
    split = (name.split() for name in names)
    below = (words[depth] for words in split if len(words) > depth and words[:depth] == [*group])
    return list(dict.fromkeys(below))


def _where_to_look(group: Sequence[str], name: str) -> str:
    if not group and any(map(str.isspace, name)):
        return f"to ask a model: openai-cli chat {shlex.quote(name)}"
    return f"{' '.join(['openai-cli', *group])} --help lists the commands"
