"""Assemble tool calls from the pieces in which they are streamed."""

from typing import Any

from openai_cli.answer.shape import as_object, as_string, misshapen
from openai_cli.answer.text import Text
from openai_cli.jsontext import finite_json
from openai_cli.records import field, mutable_record

_KINDS = ("function", "custom")
# The fields that are streamed in pieces; all others come once.
_GROWING = ("arguments", "input")


@mutable_record
class ToolCalls:
    """The tool calls of one choice, in the order in which they began.

    The index of a piece only identifies its call: real servers start at any number, leave gaps, and
    use one index for several calls with different ids.
    """

    _calls: list[dict[str, Any]] = field(default_factory=list)
    _by_index: dict[int, int] = field(default_factory=dict)
    _by_id: dict[Any, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._calls)

    @property
    def calls(self) -> list[dict[str, Any]]:
        """The calls, as far as they have arrived."""
        return [_said(call) for call in self._calls]

    def add_pieces(self, pieces: list[dict[str, Any]]) -> None:
        """Add the pieces of one event."""
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
        """Add complete calls."""
        for call in calls:
            self._calls.append({})
            _join(self._calls[-1], {key: call[key] for key in call if key != "index"})

    def add_function(self, function: dict[str, Any]) -> None:
        """Add a piece of the older `function_call`, of which there is one, without id or index."""
        if not self._calls:
            self._calls.append({})
        _join(self._calls[0], function)

    def add_item(self, item: dict[str, Any]) -> None:
        """Add a complete call from the output of /responses."""
        self._calls.append(item)

    def clear(self) -> None:
        """Forget the calls."""
        self._calls.clear()

    def complete(self) -> None:
        """Fill in what the API requires when a call is sent back: id, type and JSON arguments."""
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
        """The name and the value of the message property that holds the calls."""
        calls = self.calls
        first = calls[0]
        is_older = "id" not in first and not any(kind in first for kind in _KINDS)
        return ("function_call", first) if is_older else ("tool_calls", calls)

    def _place(self, piece: dict[str, Any], position: int, before: int) -> int | None:
        """Return the position of the call that a piece belongs to; None if it begins a new call.

        `position` is that of the call that a piece without index, id and name continues.
        """
        index, name = piece.get("index"), _name(piece)
        if index is not None:
            if type(index) is not int:
                raise misshapen("the index of a call is not a number")
            place = self._by_index.get(index)
            return place if place is not None and self._goes_on(place, piece) else None
        if given := piece.get("id"):
            found = self._by_id.get(given) if isinstance(given, str | int) else None
            return found if found is not None and found < before else None
        if name or not 0 <= position < len(self._calls):
            return None
        return position

    def _goes_on(self, place: int, piece: dict[str, Any]) -> bool:
        """Return whether a piece continues a call: same id or, if one has none, no other name."""
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
    """Return the name of the function or tool that is called, or None."""
    inner = next((call[kind] for kind in _KINDS if isinstance(call.get(kind), dict)), call)
    return inner.get("name")


def _said(call: dict[str, Any], *, depth: int = 1) -> dict[str, Any]:
    """Return a call as JSON values, with its streamed texts joined to strings."""
    said = dict(call)
    for key, value in call.items():
        if isinstance(value, Text):
            said[key] = str(value)
        elif isinstance(value, dict) and depth:
            said[key] = _said(value, depth=depth - 1)
    return said


def _join(whole: dict[str, Any], piece: dict[str, Any], *, depth: int = 1) -> None:
    """Merge a piece: append streamed fields, merge objects, and ignore empty values."""
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
