"""Choose the equivalent that a command has for another tool's name, and phrase the hint."""

import re
from collections.abc import Collection

from openai_cli.suggestions.near import did_you_mean

# Several ways to say a name here, of which the first that applies is suggested: the command must
# have every flag in it. A way that is just a flag or a command becomes "did you mean …?". Any other
# is a sentence, in which `openai-cli chat --schema` is a separate command line and COMMAND stands
# for the command that was typed.
Ways = tuple[str, ...]

# A separate command line in a sentence, whose flags are those of another command.
_COMMAND_LINE = re.compile(r"openai-cli[^;,]*")
_NEEDED = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*|\bTEXT\b")
_FLAG = re.compile(r"--?[A-Za-z][\w-]*(?: [^ ]+)?")


def needed(way: str) -> list[str]:
    """Return the flags in a way, and TEXT if it is for a command that takes a text."""
    return _NEEDED.findall(_COMMAND_LINE.sub("", way))


def flag_way(ways: Ways, names: Collection[str], command: str) -> str | None:
    """Return the hint for the first way that a command with these flags has, or None."""
    for way in ways:
        if all(name in names for name in needed(way)):
            if _FLAG.fullmatch(way):
                return did_you_mean([way])
            return way.replace("COMMAND", command)
    return None
