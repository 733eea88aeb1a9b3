"""The error for an unknown flag, which says what to type instead."""

import re
import shlex
from collections.abc import Collection, Sequence

from openai_cli.errors import UsageError
from openai_cli.suggestions.flag_synonyms import FLAGS, SECRET
from openai_cli.suggestions.near import did_you_mean, near
from openai_cli.suggestions.ways import flag_way, needed

# A word that is meant as a flag, with or without a value; any other is a text.
_FLAG_LIKE = re.compile(r"(--?[A-Za-z][\w-]*)(?:=.*)?", re.DOTALL | re.ASCII)
_END = re.compile(r"[\s=]")


def unknown_flag(
    flag: str, typed: Sequence[str], names: Collection[str], command: str
) -> UsageError:
    """Return the error for a flag that `command` does not have.

    `typed` are its words, `names` its flags and the names of its arguments, TEXT for a text. The
    message does not repeat the flag's value, which may be a key.
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
    # After one dash, a whole word may be meant: -temperature. Otherwise it is a letter and a value.
    if is_word and (hint := _hint(f"-{meant[1]}", names, command)):
        return UsageError(f"no such option: {meant[1]}", hint=hint)
    hint = _hint(flag, names, command) or _where_to_look(names, command)
    return UsageError(f"no such option: {flag}", hint=hint)


def flag_before_command(
    flag: str, typed: Sequence[str], names: Collection[str], group: str, commands: Collection[str]
) -> UsageError:
    """Return the error for a flag before the command, where only `names` are allowed.

    `group` are the words before the flag, as typed, `commands` the names that may follow.
    """
    told = _END.split(flag)[0]
    ways = FLAGS.get(told, ())
    if ways == SECRET:
        hint = flag_way(ways, names, group)
    else:
        own = tuple(way for way in ways if needed(way))
        hint = flag_way(own, names, group) or did_you_mean(near(told, _like(told, names)))
    command = next((word for word in typed if word in commands), "COMMAND")
    behind = f"the flags of a command come after its name: {group} {command} {told}"
    return UsageError(f"no such option: {told}", hint=hint or behind)


def _hint(flag: str, names: Collection[str], command: str) -> str | None:
    """Return a hint: our equivalent of another tool's flag, else our similar names."""
    if (ways := FLAGS.get(flag)) is not None:
        return flag_way(ways, names, command)
    return did_you_mean(near(flag, _like(flag, names)))


def _like(flag: str, names: Collection[str]) -> list[str]:
    """Return the flags with the same number of dashes."""
    return [
        name
        for name in names
        if name.startswith("-") and name.startswith("--") == flag.startswith("--")
    ]


def _where_to_look(names: Collection[str], command: str) -> str:
    look = f"{command} --help lists the flags"
    other = "; --param NAME=VALUE sends a parameter that has none"
    return look + (other if "--param" in names else "")
