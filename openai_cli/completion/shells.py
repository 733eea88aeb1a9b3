"""Answer the requests of the shells' completion scripts.

A script runs `openai-cli` with VARIABLE set to the shell's name. From zsh and fish, the arguments
are the words after the program's name up to the cursor, unquoted. From bash, they are the line up
to the cursor as typed and the text that readline would replace, because bash splits words at : and
=, and only the line shows where the spaces were.

The answer to zsh and fish has one item per line: `values` and then the candidates, each with a tab
and its help; or `files`, `folders` or `commands`, and then the text before the path in the word.
The answer to bash has NUL-terminated fields: the open quote, the kind, the text before the path,
the path so far, and the candidates, including files and folders, because bash does not list names
with line breaks.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress

from openai_cli.completion import SHELLS
from openai_cli.completion.candidates import Candidate, Completions, Tree, completions
from openai_cli.context import Context
from openai_cli.records import NamedTuple


def answer_shell(context: Context, tree: Tree, shell: str, arguments: Sequence[str]) -> str:
    """Return what to print for a shell's request; "" for a request that no script makes."""
    if shell not in SHELLS or not arguments:
        return ""
    if shell != "bash":
        found = completions(context, tree, arguments)
        return _lines(_listed(found, arguments[-1]) if shell == "fish" else found)
    line, replaced = arguments
    words = split_words(line).words[1:]
    if not words:
        return ""
    found = completions(context, tree, words)
    kept = len(words[-1]) - len(split_words(replaced).words[-1])
    path = words[-1].removeprefix(found.prefix)[max(kept - len(found.prefix), 0) :]
    values = _paths(found, words[-1]) or (each.value for each in found.candidates)
    offered = (f"{found.prefix}{value}"[kept:] for value in values)
    fields = [split_words(line).quote, found.kind, found.prefix[kept:], path, *offered]
    return "".join(f"{field}\0" for field in fields)


def _listed(found: Completions, word: str) -> Completions:
    """Replace files or folders after a prefix, which fish cannot complete, by their paths.

    Names with a line break or a tab are left out, because the answer cannot represent them.
    """
    if not found.prefix or found.kind not in ("files", "folders"):
        return found
    paths = [path for path in _paths(found, word) if path.isprintable()]
    return Completions("values", found.prefix, tuple(map(Candidate, paths)))


def _paths(found: Completions, word: str) -> list[str]:
    """Return the files, or only the folders, that complete the word, if it may be a path."""
    if found.kind not in ("files", "folders"):
        return []
    path = word.removeprefix(found.prefix)
    return list(_entries(path, folders_alone=found.kind == "folders"))


def _entries(path: str, *, folders_alone: bool) -> Iterator[str]:
    """Yield the paths that begin with `path`; those of folders end in a slash."""
    folder, slash, start = path.rpartition("/")
    with suppress(OSError, ValueError), os.scandir(f"{folder}{slash}" or ".") as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            is_shown = start or not entry.name.startswith(".")
            is_folder = entry.is_dir()
            if is_shown and entry.name.startswith(start) and (is_folder or not folders_alone):
                yield f"{folder}{slash}{entry.name}{'/' if is_folder else ''}"


class SplitLine(NamedTuple):
    """The words of an incomplete line, and the quote that is open at its end, if any."""

    words: list[str]
    quote: str


def split_words(line: str) -> SplitLine:
    """Split a line; its last word is '' after a space, or the text of the open quote."""
    import shlex

    end = "\x1f"  # marks the end of the last word, so that there is one even if it is empty
    lexer = shlex.shlex(line + end, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    quote = ""
    try:
        words.extend(lexer)
    except ValueError:  # a quote is open
        words.append(lexer.token)
        quote = str(getattr(lexer, "state", ""))
    return SplitLine([word.removesuffix(end) for word in words], quote)


def _lines(found: Completions) -> str:
    if found.kind != "values":
        return f"{found.kind}\n{found.prefix}\n"
    candidates = (f"{found.prefix}{each.value}\t{each.help}\n" for each in found.candidates)
    return f"values\n{''.join(candidates)}"
