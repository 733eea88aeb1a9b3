"""Translate expressions of jq and JSONPath, typed where JMESPath is expected.

It handles what one-liners use: paths, `[]`, `select`, `map`, `length`, `keys` and objects of paths.
For anything else, it only points to JMESPath's manual.
"""

import re
from collections.abc import Callable

_NAME = r"[A-Za-z_]\w*"
_INDEX = r"""\[(?:-?\d*(?::-?\d*)?|\*|"[^"]*"|'[^']*')\]"""
_PATH = re.compile(rf"(?:\.?{_NAME}|\.?{_INDEX})(?:\.{_NAME}|\.?{_INDEX}|\?)*")
_CALL = re.compile(r"(select|map)\((.*)\)", re.DOTALL)
_KEY = re.compile(r"""\.?\[\s*(?:"([^"]*)"|'([^']*)')\s*\]""")
_COMPARED = re.compile(r"(==|!=|<=|>=|<|>)\s*")
_OBJECT = re.compile(rf"(?:({_NAME})\s*:\s*)?(\.?{_NAME}(?:\.{_NAME})*)")
_STRING = re.compile(r'"([^"\\\']*)"')
_IN_JMESPATH = {"length": "length(@)", "keys": "keys(@)", "sort": "sort(@)",
                "reverse": "reverse(@)", "tostring": "to_string(@)", "add": "sum(@)"}  # fmt: skip
MANUAL = "jmespath.org describes the language"


def hint_of(expression: str, is_jmespath: Callable[[str], bool]) -> str | None:
    """Return what to type instead of an invalid JMESPath expression; None if it is not like jq."""
    text = expression.strip()
    form = _translated(text)
    if form is not None and form != text and is_jmespath(form):
        lead = "JMESPath has no leading dot" if text.startswith(".") else "in JMESPath it is"
        return f"{lead}: {form}"
    if text.startswith("."):
        return f"JMESPath has no leading dot; {MANUAL}"
    if text.startswith("$"):
        return f"JMESPath has no $; {MANUAL}"
    if _COMPARED.search(text) and not re.search(r"['`]", text):
        return "quote a text to compare with in '…', a number in `…`"
    return None


def hint_of_nothing(expression: str) -> str | None:
    """Return why a JMESPath expression may have found nothing; None if it looks fine."""
    last = expression.rpartition("|")[2].strip()
    if told := _IN_JMESPATH.get(last):
        return f"the function is {told}"
    if match := re.search(r'[=<>]\s*"([^"]*)"', expression):
        return f"\"{match[1]}\" is the name of a key, and '{match[1]}' a text"
    if re.search(r"\]\s*\|\s*[A-Za-z_]", expression):
        return "after | a list is a single value: leave out the | for its items"
    return None


def _translated(text: str) -> str | None:
    """Translate the expression to JMESPath; None if this module cannot."""
    found = ""
    for stage in _stages(text.removeprefix("$")):
        step = _step(stage, found)
        if step is None:
            return None
        found = step
    return found or "@"


def _stages(text: str) -> list[str]:
    """Split at the pipes outside quotes and parentheses."""
    parts, depth, quote, part = [], 0, "", ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == "|" and not depth:
            parts.append(part.strip())
            part = ""
            continue
        part += letter
    return [*parts, part.strip()]


def _step(stage: str, before: str) -> str | None:
    """Append a stage of jq to the expression before it; None if it cannot be translated."""
    if call := _CALL.fullmatch(stage):
        return _called(call[1], call[2].strip(), before)
    if stage.startswith("{") and stage.endswith("}"):
        return _object(stage[1:-1], before)
    if told := _IN_JMESPATH.get(stage):
        # jq gives a result for each item of a list, for which JMESPath has no simple form.
        return None if "[]" in before or "[?" in before else told.replace("@", before or "@")
    if stage == "." or not (_PATH.fullmatch(stage) and (stage[0] in ".[" or not before)):
        return before if stage == "." else None
    return _joined(before, _path(stage))


def _path(stage: str) -> str:
    path = _KEY.sub(lambda key: f'."{key[1] or key[2]}"', stage.replace("?", ""))
    return path.replace(".[", "[").removeprefix(".")


def _joined(before: str, path: str) -> str:
    return f"{before}{'' if path.startswith('[') or not before else '.'}{path}"


def _called(name: str, inner: str, before: str) -> str | None:
    if name == "map":
        step = _step(inner, "")
        return None if step is None else _joined(_joined(before, "[]"), step)
    condition = _condition(inner)
    if condition is None or not before.endswith("[]"):
        return None
    return f"{before.removesuffix('[]')}[?{condition}]"


def _condition(inner: str) -> str | None:
    sides = _COMPARED.split(inner)
    if len(sides) == 1 and _PATH.fullmatch(inner):
        return _path(inner)
    if len(sides) != 3 or not _PATH.fullmatch(sides[0].strip()):
        return None
    value = sides[2].strip()
    text = _STRING.fullmatch(value)
    literal = f"'{text[1]}'" if text else f"`{value}`" if value.isalnum() else None
    return literal and f"{_path(sides[0].strip())} {sides[1]} {literal}"


def _object(inner: str, before: str) -> str | None:
    pairs = [_OBJECT.fullmatch(part.strip()) for part in inner.split(",")]
    told = [f"{one[1] or _path(one[2])}: {_path(one[2])}" for one in pairs if one]
    if len(told) < len(pairs):
        return None
    return _joined(before, f"{{{', '.join(told)}}}")
