"""Calls of tools, put together from the pieces in which they are streamed."""

from dataclasses import field
from typing import Any

from openai_cli.answer.shape import as_object, as_string, misshapen
from openai_cli.answer.text import Text
from openai_cli.jsontext import finite_json
from openai_cli.records import mutable_record

_KINDS = ("function", "custom")
# What grows piece by piece; all else is said once.
_GROWING = ("arguments", "input")


@mutable_record
class ToolCalls:
    """The calls of one choice, in the order in which they began.

    The index of a piece is a mere name for its call: real servers begin at any number, leave gaps,
    and use one index for several calls that have ids of their own.
    """

    _calls: list[dict[str, Any]] = field(default_factory=list)
    _by_index: dict[int, int] = field(default_factory=dict)
    _by_id: dict[Any, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._calls)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The calls, as far as they came."""
        return [_said(call) for call in self._calls]

    def add_pieces(self, pieces: list[dict[str, Any]]) -> None:
        """Take in the pieces of one event."""
        before = len(self._calls)
        for position, piece in enumerate(pieces):
            place = self._place(piece, position if len(pieces) > 1 else before - 1, before)
            if place is None:
                place = len(self._calls)
                self._calls.append({})
            index = piece.get("index")
            if index is not None:
                self._by_index[index] = place
            call = self._calls[place]
            _join(call, {key: piece[key] for key in piece if key != "index"})
            if isinstance(name := call.get("id"), str | int):
                self._by_id.setdefault(name, place)

    def add_whole(self, calls: list[dict[str, Any]]) -> None:
        """Take in calls that are whole, each of them one."""
        for call in calls:
            self._calls.append({})
            _join(self._calls[-1], {key: call[key] for key in call if key != "index"})

    def add_function(self, function: dict[str, Any]) -> None:
        """Take in a piece of the one call of the older form, which has no id and no index."""
        if not self._calls:
            self._calls.append({})
        _join(self._calls[0], function)

    def add_item(self, item: dict[str, Any]) -> None:
        """Take in a call of a response, which is whole."""
        self._calls.append(item)

    def clear(self) -> None:
        """Forget the calls."""
        self._calls.clear()

    def complete(self) -> None:
        """Give each call what the API demands back: an id, a type, and JSON as its arguments."""
        for call in self._calls:
            kind = next((kind for kind in _KINDS if kind in call), None)
            if kind is None:
                continue
            said = {key: value for key, value in _said(call).items() if value not in (None, "")}
            call.clear()
            call.update({"id": _made_up_id(), "type": kind} | said)
            if kind == "function" and isinstance(function := call.get(kind), dict):
                function["arguments"] = function.get("arguments") or "{}"

    @property
    def kept(self) -> tuple[str, Any]:
        """The property of a message that has the calls, and its value."""
        calls = self.calls
        first = calls[0]
        is_older = "id" not in first and not any(kind in first for kind in _KINDS)
        return ("function_call", first) if is_older else ("tool_calls", calls)

    def _place(self, piece: dict[str, Any], position: int, before: int) -> int | None:
        """The place of the call that a piece belongs to; None where it begins one.

        `position` is that of the call which a piece that names none goes on with.
        """
        index, name = piece.get("index"), _name(piece)
        if index is not None:
            if type(index) is not int:
                raise misshapen("the index of a call is no number")
            place = self._by_index.get(index)
            return place if place is not None and self._goes_on(place, piece) else None
        if given := piece.get("id"):
            found = self._by_id.get(given) if isinstance(given, str | int) else None
            return found if found is not None and found < before else None
        if name or not 0 <= position < len(self._calls):
            return None
        return position

    def _goes_on(self, place: int, piece: dict[str, Any]) -> bool:
        """Whether a piece is more of a call: it has no other id, nor another name without one."""
        call = self._calls[place]
        given, known = piece.get("id"), call.get("id")
        if given and known:
            return bool(given == known)
        name, known_name = _name(piece), _name(call)
        return not (name and known_name) or name == known_name


def _made_up_id() -> str:
    import secrets

    return f"call_{secrets.token_hex(12)}"


def _name(call: dict[str, Any]) -> Any:
    """The name of what is called, where it is said."""
    inner = next((call[kind] for kind in _KINDS if isinstance(call.get(kind), dict)), call)
    return inner.get("name")


def _said(call: dict[str, Any], *, depth: int = 1) -> dict[str, Any]:
    """A call as JSON has it, with what has grown of the texts in it and in its objects."""
    said = dict(call)
    for key, value in call.items():
        if isinstance(value, Text):
            said[key] = str(value)
        elif isinstance(value, dict) and depth:
            said[key] = _said(value, depth=depth - 1)
    return said


def _join(whole: dict[str, Any], piece: dict[str, Any], *, depth: int = 1) -> None:
    """Add a piece: what grows is joined, an object is entered, and what says nothing is left."""
    for key, value in piece.items():
        if key in _GROWING and value is not None:
            if not isinstance(whole.get(key), Text):
                whole[key] = Text(as_string(whole.get(key) or "", key))
            # Some servers send an object where the API has the text of one.
            if isinstance(value, str):
                whole[key].append(value)
            else:
                whole[key] = Text(finite_json(value))
        elif isinstance(value, dict) and depth:
            inner = as_object(whole.get(key) or {}, key)
            _join(inner, value, depth=depth - 1)
            whole[key] = inner
        elif value not in (None, "") or key not in whole:
            whole[key] = value
