"""Expressions of jq and JSONPath where JMESPath is taken: what they are there.

It knows paths, `[]`, `select`, `map`, `length`, `keys` and objects of paths, as one-liners have
them; of anything else it says no more than what JMESPath is.
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
MANUAL = "jmespath.org has the language"


def hint_of(expression: str, is_jmespath: Callable[[str], bool]) -> str | None:
    """What to type instead of an expression that is no JMESPath; None where it looks like no jq."""
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
        return "a text to compare with stands in '…', a number in `…`"
    return None


def hint_of_nothing(expression: str) -> str | None:
    """Why an expression of JMESPath may have found nothing; None where it looks well."""
    last = expression.rpartition("|")[2].strip()
    if told := _IN_JMESPATH.get(last):
        return f"the function is {told}"
    if match := re.search(r'[=<>]\s*"([^"]*)"', expression):
        return f"\"{match[1]}\" is the name of a key, and '{match[1]}' a text"
    if re.search(r"\]\s*\|\s*[A-Za-z_]", expression):
        return "behind | a list is one value: leave the | out for its items"
    return None


def _translated(text: str) -> str | None:
    """The expression in JMESPath, as far as this module knows; None for all else."""
    found = ""
    for stage in _stages(text.removeprefix("$")):
        step = _step(stage, found)
        if step is None:
            return None
        found = step
    return found or "@"


def _stages(text: str) -> list[str]:
    """The parts between the pipes that stand in no quotes and no parentheses."""
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
    """What stands before with a stage of jq behind it."""
    if call := _CALL.fullmatch(stage):
        return _called(call[1], call[2].strip(), before)
    if stage.startswith("{") and stage.endswith("}"):
        return _object(stage[1:-1], before)
    if told := _IN_JMESPATH.get(stage):
        # Of a list's items jq has a result each, which JMESPath has no plain form for.
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
