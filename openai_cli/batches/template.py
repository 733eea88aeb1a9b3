"""A text with columns of a row in it: `Classify: {text}`; `{{` and `}}` are literal braces."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches

from openai_cli.errors import UsageError

_PIECES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_BRACES = {"{{": "{", "}}": "}"}


class Template:
    """The template of a flag; UsageError for an unmatched brace."""

    def __init__(self, text: str, flag: str = "--template") -> None:
        self._flag = flag
        self._texts = [""]
        self.columns: list[str] = []
        place = 0
        for found in _PIECES.finditer(text):
            self._texts[-1] += text[place : found.start()]
            place = found.end()
            if found[0] in _BRACES:
                self._texts[-1] += _BRACES[found[0]]
            elif found[1] is None:
                raise UsageError(
                    f"{flag} has a lone {found[0]} at character {found.start() + 1}",
                    hint=f"{found[0] * 2} is a brace, and {{column}} a column",
                )
            else:
                self.columns.append(found[1])
                self._texts.append("")
        self._texts[-1] += text[place:]

    def check(self, columns: Collection[str]) -> None:
        """Raise UsageError for a column that the rows lack, suggesting a similar one."""
        for name in self.columns:
            check_column(self._flag, name, columns)

    def filled(self, row: Mapping[str, str]) -> str:
        """Fill in the columns of a row."""
        values = [row[name] for name in self.columns]
        first, *rest = self._texts
        return first + "".join(v + text for v, text in zip(values, rest, strict=True))


def check_column(flag: str, name: str, columns: Collection[str]) -> None:
    """Raise UsageError if there is no such column."""
    if name in columns:
        return
    near = get_close_matches(name, columns, n=1)
    known = ", ".join(columns)
    raise UsageError(
        f"{flag}: there is no column '{name}'",
        hint=f"did you mean {near[0]}?" if near else f"the columns are {known}",
    )
