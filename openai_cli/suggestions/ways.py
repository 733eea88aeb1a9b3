"""Which of the ways behind a name of another tool a command has, and how it is told."""

import re
from collections.abc import Collection

from openai_cli.suggestions.near import did_you_mean
from openai_cli.suggestions.synonyms import Ways

# A command line of its own, in a sentence: its flags are those of another command.
_COMMAND_LINE = re.compile(r"openai-cli[^;,]*")
_NEEDED = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*|\bTEXT\b")
_FLAG = re.compile(r"--?[A-Za-z][\w-]*(?: [^ ]+)?")


def needed(way: str) -> list[str]:
    """The flags that stand in a way, and TEXT where it is for a command that takes a text."""
    return _NEEDED.findall(_COMMAND_LINE.sub("", way))


def flag_way(ways: Ways, names: Collection[str], command: str) -> str | None:
    """The hint of the first way that a command with these flags has; None where it has none."""
    for way in ways:
        if all(name in names for name in needed(way)):
            if _FLAG.fullmatch(way):
                return did_you_mean([way])
            return way.replace("COMMAND", command)
    return None
