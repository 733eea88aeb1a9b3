"""The error for a flag that there is not, which says what to type instead."""

import re
import shlex
from collections.abc import Collection, Sequence

from openai_cli.errors import UsageError
from openai_cli.suggestions.near import did_you_mean, near
from openai_cli.suggestions.synonyms import FLAGS, SECRET
from openai_cli.suggestions.ways import flag_way, needed

# A word that is meant as a flag, be there a value behind it or not; any other is a text.
_FLAG_LIKE = re.compile(r"(--?[A-Za-z][\w-]*)(?:=.*)?", re.DOTALL | re.ASCII)
_END = re.compile(r"[\s=]")


def unknown_flag(
    flag: str, typed: Sequence[str], names: Collection[str], command: str
) -> UsageError:
    """The error for a flag that `command` has not.

    `typed` are its words, `names` its flags and the names of its arguments, TEXT for a text. What
    was typed for the flag is not said again: it may be a key.
    """
    word = next((one for one in typed if one.startswith(flag)), flag)
    meant = _FLAG_LIKE.fullmatch(word)
    if FLAGS.get(first := _END.split(word)[0]) == SECRET:
        return UsageError(f"no such option: {first}", hint=flag_way(SECRET, names, command))
    if meant is None:
        return UsageError(
            f"no such option: {word}",
            hint=f"if it is text, put -- before it: {command} -- {shlex.quote(word)}",
        )
    is_word = not flag.startswith("--") and len(meant[1]) > len(flag)
    # Behind one dash a whole word may be meant: -temperature. Else it is a letter and its value.
    if is_word and (hint := _hint(f"-{meant[1]}", names, command)):
        return UsageError(f"no such option: {meant[1]}", hint=hint)
    hint = _hint(flag, names, command) or _where_to_look(names, command)
    return UsageError(f"no such option: {flag}", hint=hint)


def flag_before_command(
    flag: str, typed: Sequence[str], names: Collection[str], group: str, commands: Collection[str]
) -> UsageError:
    """The error for a flag that stands before the command, where there are only those of `names`.

    `group` are the words before, as they are typed, `commands` the names that may stand behind.
    """
    told = _END.split(flag)[0]
    ways = FLAGS.get(told, ())
    if ways == SECRET:
        hint = flag_way(ways, names, group)
    else:
        own = tuple(way for way in ways if needed(way))
        hint = flag_way(own, names, group) or did_you_mean(near(told, _like(told, names)))
    command = next((word for word in typed if word in commands), "COMMAND")
    behind = f"the flags of a command stand behind its name: {group} {command} {told}"
    return UsageError(f"no such option: {told}", hint=hint or behind)


def _hint(flag: str, names: Collection[str], command: str) -> str | None:
    """What was meant: what another tool means by the name, else the near names of ours."""
    if (ways := FLAGS.get(flag)) is not None:
        return flag_way(ways, names, command)
    return did_you_mean(near(flag, _like(flag, names)))


def _like(flag: str, names: Collection[str]) -> list[str]:
    """The flags that have two dashes, or one, as this one has."""
    return [
        name
        for name in names
        if name.startswith("-") and name.startswith("--") == flag.startswith("--")
    ]


def _where_to_look(names: Collection[str], command: str) -> str:
    look = f"{command} --help lists the flags"
    other = "; --param NAME=VALUE sends a parameter that has none"
    return look + (other if "--param" in names else "")
