"""What the scripts of the shells ask, and what they are told.

A script runs `openai-cli` with VARIABLE set to the shell's name. From zsh and fish the arguments
are the words after the program's name up to the cursor, without their quotes; from bash they are
the line up to the cursor as it was typed, and the text that readline would replace, for bash takes
a word apart at each : and = and only the line tells where there was a blank.

The answer, a line each: `values`, and behind it the candidates, in zsh and fish each with a tab and
its help; or `files`, `folders` or `commands`, and behind it the text that stands before the path in
what is to be replaced and, for bash, the path so far.
"""

from collections.abc import Sequence

from openai_cli.completion import SHELLS
from openai_cli.completion.candidates import Completions, Tree, completions
from openai_cli.context import Context


def answer_shell(context: Context, tree: Tree, shell: str, arguments: Sequence[str]) -> str:
    """What to print for a shell that asks; nothing for a question that no script asks."""
    if shell not in SHELLS or not arguments:
        return ""
    if shell != "bash":
        return _lines(completions(context, tree, arguments), with_help=True)
    line, replaced = arguments
    words = split_words(line)[1:]
    if not words:
        return ""
    found = completions(context, tree, words)
    text = words[-1].removeprefix(found.prefix)
    kept = len(words[-1]) - len(split_words(replaced)[-1])
    return _lines(_shortened(found, kept), path=text[max(kept - len(found.prefix), 0) :])


def split_words(line: str) -> list[str]:
    """The words of a line that is not yet whole, the last of them '' behind a blank.

    What an open quote holds is a word.
    """
    import shlex

    end = "\x1f"  # of the last word, for there is one even where nothing is typed yet
    lexer = shlex.shlex(line + end, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        words.extend(lexer)
    except ValueError:  # a quote is open
        words.append(lexer.token)
    return [word.removesuffix(end) for word in words]


def _shortened(found: Completions, kept: int) -> Completions:
    """The reply less the `kept` characters that stand before what readline replaces."""
    less = max(kept - len(found.prefix), 0)
    prefix = found.prefix[kept:]
    candidates = (each._replace(value=f"{prefix}{each.value[less:]}") for each in found.candidates)
    return found._replace(prefix=prefix, candidates=tuple(candidates))


def _lines(found: Completions, *, with_help: bool = False, path: str = "") -> str:
    if found.kind != "values":
        return f"{found.kind}\n{found.prefix}\n{path}\n"
    candidates = (
        f"{found.prefix}{each.value}\t{each.help}\n" if with_help else f"{each.value}\n"
        for each in found.candidates
    )
    return f"values\n{''.join(candidates)}"
