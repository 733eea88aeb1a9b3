"""Determine what may stand at the cursor: commands, flags, values, files, or nothing.

This uses our declarations, not Typer's own completion. Typer's parser stops at the first error and
forgets the rest of the line, does not recognise flags typed with underscores, and takes a value
that begins with a dash for a flag. It would also need the built command, 15 ms for `chat`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from openai_cli.completion.values import offered, path_kind, typed_file
from openai_cli.context import Context
from openai_cli.flags.names import hyphenated
from openai_cli.flags.parameter import Option, OwnArgument
from openai_cli.records import NamedTuple


class Tree(NamedTuple):
    """The commands and groups by name.

    `words` returns the words that may follow a prefix, each with a help line. `declared` returns
    the annotations of the options of a command or a group; '' is the program.
    """

    is_command: Callable[[str], bool]
    is_group: Callable[[str], bool]
    words: Callable[[str], Mapping[str, str]]
    declared: Callable[[str], Iterable[Any]]


class Candidate(NamedTuple):
    """A word, or its part after the prefix; `help` is for shells that show it."""

    value: str
    help: str = ""


class Completions(NamedTuple):
    """What may stand at the cursor.

    `prefix` is the fixed start of the word, such as `--model=` or `@`. After it comes one of the
    candidates, or the path of a file or folder or the name of a command, which the shell completes
    itself.
    """

    kind: Literal["values", "files", "folders", "commands"] = "values"
    prefix: str = ""
    candidates: tuple[Candidate, ...] = ()


NOTHING = Completions()


class _Flag(NamedTuple):
    """A flag: `names` are its spellings, such as --json, --no-json and -j."""

    info: Option
    names: tuple[str, ...]
    is_switch: bool
    is_repeated: bool

    @property
    def long_name(self) -> str:
        return self.names[0]


class _WordsBefore(NamedTuple):
    """The words before the cursor: the given flags, and the flag whose value comes next.

    `is_text` says that `--` was among them. `rest` are the words that are not flags or, if reading
    stopped at the first of these, all words from there on.
    """

    given: frozenset[str] = frozenset()
    awaited: _Flag | None = None
    is_text: bool = False
    rest: Sequence[str] = ()


def completions(context: Context, tree: Tree, words: Sequence[str]) -> Completions:
    """Return what may replace the last of `words`, which follow the program's name."""
    *before, word = words
    path = ""
    while True:
        declared = list(tree.declared(path))
        flags = _flags(declared)
        is_command = tree.is_command(path)
        if is_command and before and tree.is_command(f"{path} {before[0]}"):
            path, before = f"{path} {before[0]}", before[1:]
            continue
        line = _read(flags, before, to_text=not is_command)
        if is_command or not line.rest:
            break
        path, before = f"{path} {line.rest[0]}".strip(), list(line.rest[1:])
        if not tree.is_command(path) and not tree.is_group(path):
            return NOTHING
    if line.awaited is not None:
        return _value(context, path, line.awaited, "", word)
    if word.startswith("-") and not line.is_text:
        return _flag(context, path, flags, line.given, word)
    names_one = not (is_command and before)
    subcommands = _matching(word, _subcommands(tree, path)) if names_one else ()
    if subcommands or not is_command:
        return Completions(candidates=subcommands)
    found = _argument(context, path, declared, line, word)
    if found.kind != "commands" or not line.rest:
        return found
    is_ours = Path(line.rest[0]).name == "openai-cli"
    return completions(context, tree, [*line.rest[1:], word]) if is_ours else Completions("files")


def _flags(declared: Iterable[Any]) -> dict[str, _Flag]:
    """Return the flags by all their spellings, in the order of declaration."""
    found = {}
    for kind, info in declared:
        if isinstance(info, Option):
            names = tuple(info.spellings)
            kinds = (kind, *get_args(kind))
            is_repeated = any(get_origin(each) is list for each in kinds)
            flag = _Flag(info, names, bool in kinds, is_repeated)
            found.update(dict.fromkeys(names, flag))
    return found


def _read(flags: Mapping[str, _Flag], words: Sequence[str], *, to_text: bool) -> _WordsBefore:
    """Read the words as flags, values and texts; with `to_text`, stop at the first text."""
    given: set[str] = set()
    awaited = None
    texts: list[str] = []
    for place, word in enumerate(words):
        if awaited is not None:
            awaited = None
        elif word == "--":
            return _WordsBefore(frozenset(given), is_text=True, rest=[*texts, *words[place + 1 :]])
        elif word.startswith("-") and word != "-":
            found = list(_named(flags, word))
            given |= {flag.long_name for flag, _ in found}
            awaited = next((flag for flag, value in found if value is None), None)
        elif to_text:
            return _WordsBefore(frozenset(given), rest=words[place:])
        else:
            texts.append(word)
    return _WordsBefore(frozenset(given), awaited, rest=texts)


def _named(flags: Mapping[str, _Flag], word: str) -> Iterator[tuple[_Flag, str | None]]:
    """Yield the flags in a word with their values: '' for a switch, None if it comes next."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        if flag := flags.get(hyphenated(name)):
            yield flag, value if equals or flag.is_switch else None
        return
    for place, letter in enumerate(word[1:], start=2):
        if (flag := flags.get(f"-{letter}")) is None:
            return
        if not flag.is_switch:
            yield flag, word[place:] or None
            return
        yield flag, ""


def _flag(
    context: Context, path: str, flags: Mapping[str, _Flag], given: frozenset[str], word: str
) -> Completions:
    """Return the completions of a word that begins with a dash."""
    for flag, value in _named(flags, word):
        if (value and not flag.is_switch) or "=" in word:
            return _value(context, path, flag, word[: len(word) - len(value or "")], value or "")
    if not word.startswith("--") and word != "-":
        return Completions(candidates=(Candidate(word),) if [*_named(flags, word)] else ())
    shown = (
        Candidate(_spelled(name, word), flag.info.help or "")
        for name, flag in flags.items()
        if name.startswith("--") and (flag.is_repeated or flag.long_name not in given)
    )
    return Completions(candidates=_matching(word, shown))


def _spelled(name: str, word: str) -> str:
    """Return the flag with underscores if the word has one, because these are accepted too."""
    return f"--{name[2:].replace('-', '_')}" if "_" in word else name


def _value(context: Context, path: str, flag: _Flag, prefix: str, text: str) -> Completions:
    """Return the completions of a flag's value; `prefix` precedes it in the same word."""
    if flag.is_switch:
        return NOTHING
    if kind := path_kind(flag.info.metavar):
        return Completions(kind, prefix)
    if text.startswith("@") and typed_file(flag.info.metavar):
        return Completions("files", f"{prefix}@")
    values = offered(context, path, flag.long_name, flag.info, text)
    return Completions("values", prefix, _matching(text, map(Candidate, values)))


def _argument(
    context: Context, path: str, declared: Iterable[Any], line: _WordsBefore, word: str
) -> Completions:
    """Return the completions of the argument at the cursor: names or paths."""
    infos = [info for _, info in declared if isinstance(info, OwnArgument)]
    if infos and "--files" in line.given:
        return Completions("files")
    repeated = infos[-1:] if infos and "..." in str(infos[-1].metavar) else []
    if not (following := [*infos[len(line.rest) :], *repeated]):
        return NOTHING
    info = following[0]
    # An argument whose metavar begins with -- is only allowed after that.
    if str(info.metavar).startswith("[--") and not line.is_text:
        return NOTHING
    if info.names is None and (kind := path_kind(info.metavar)):
        return Completions(kind)
    values = offered(context, path, path, info, word)
    return Completions(candidates=_matching(word, map(Candidate, values)))


def _subcommands(tree: Tree, path: str) -> Iterator[Candidate]:
    """Yield the words that may follow those of `path`."""
    for word, line in tree.words(f"{path} " if path else "").items():
        yield Candidate(word, line)


def _matching(text: str, candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    return tuple(candidate for candidate in candidates if candidate.value.startswith(text))
