"""The smallest instance of a JSON Schema, for answers that must follow one.

It has only what the schema requires: required properties, the fewest items, the first value of an
`enum`, the number nearest to zero within the bounds, as many `x` as `minLength` asks for, and a
match of a `pattern` of the kinds that patterns.py knows. Not supported: `not`, `if`, `uniqueItems`,
`contains`, members of a `oneOf` that overlap, an `enum` with bounds beside it, and a `pattern` with
bounds beside it. https://json-schema.org/draft/2020-12/json-schema-validation
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from math import ceil, floor
from typing import Any

from openai_cli.sandbox.patterns import PatternError, matching

Schema = Mapping[str, Any]

# Far above what a hand-written schema needs; stops a hostile one before it fills memory.
LARGEST = 10_000

FORMATS = {
    "date": "1970-01-01",
    "date-time": "1970-01-01T00:00:00Z",
    "duration": "P0D",
    "email": "user@example.com",
    "hostname": "example.com",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "time": "00:00:00Z",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-0000-0000-000000000000",
}


class SchemaError(ValueError):
    """The schema is invalid, has a dangling reference, or has no finite instance."""


def minimal_instance(schema: object) -> Any:
    """The smallest JSON value that `schema` allows; SchemaError if there is none."""
    try:
        return _Maker(schema).make(schema, frozenset({"#"}))
    except RecursionError:
        raise SchemaError("it is nested too deeply") from None


class _Maker:
    """One run over one schema; `refs` are the references followed on the way to a place in it."""

    def __init__(self, root: object) -> None:
        self._root = root
        self._left = LARGEST

    def make(self, schema: object, refs: frozenset[str]) -> Any:
        """The instance of the first alternative, and of its first type, that has one."""
        problem = SchemaError("it allows nothing")
        for flat, taken in self._alternatives(schema, refs):
            for kind in _kinds(flat):
                try:
                    return _MAKERS[kind](self, flat, taken)
                except SchemaError as error:
                    problem = error
        raise problem

    def array(self, flat: Schema, refs: frozenset[str]) -> list[Any]:
        """The fewest items allowed."""
        count = flat.get("minItems", 0)
        self._spend(count)
        first = flat.get("prefixItems", [])[:count]
        others = itertools.repeat(flat.get("items", True), count - len(first))
        return [self.make(item, refs) for item in (*first, *others)]

    def mapping(self, flat: Schema, refs: frozenset[str]) -> dict[str, Any]:
        """The required properties, in the order of the schema."""
        properties, required = flat.get("properties", {}), flat.get("required", [])
        listed = [name for name in properties if name in required]
        others = flat.get("additionalProperties", True)
        return {
            name: self.make(properties.get(name, others), refs)
            for name in dict.fromkeys([*listed, *required])
        }

    def string(self, flat: Schema, _refs: frozenset[str]) -> str:
        """A match of the pattern, the sample of a known format, or letters."""
        least = flat.get("minLength", 0)
        self._spend(least)
        start = FORMATS.get(flat.get("format", ""), "")
        with suppress(PatternError):
            start = matching(flat["pattern"]) if "pattern" in flat else start
        self._spend(len(start))
        return start.ljust(least, "x")

    def _alternatives(
        self, schema: object, refs: frozenset[str]
    ) -> Iterator[tuple[Schema, frozenset[str]]]:
        """Resolve $ref, anyOf, oneOf and allOf: yield every combination of them.

        A reference that leads back to itself is skipped: following it would never end, and a finite
        instance never needs it.
        """
        self._spend(1)
        known = _checked(schema)
        flat = {key: fact for key, fact in known.items() if key not in _COMBINING}
        groups = [[member] for member in known.get("allOf", [])]
        groups += [known[key] for key in ("anyOf", "oneOf") if key in known]
        ref = known.get("$ref")
        if ref is None:
            yield from self._combined(flat, groups, refs)
        elif ref not in refs:
            groups.append([self._target(ref)])
            yield from self._combined(flat, groups, refs | {ref})

    def _combined(
        self, flat: Schema, groups: list[list[object]], refs: frozenset[str]
    ) -> Iterator[tuple[Schema, frozenset[str]]]:
        """Merge `flat` with one member of every group, in every combination."""
        if not groups:
            yield flat, refs
            return
        for member in groups[0]:
            for other, taken in self._alternatives(member, refs):
                yield from self._combined(_merged(flat, other), groups[1:], refs | taken)

    def _target(self, ref: str) -> object:
        """The target of a reference within the schema (RFC 6901)."""
        found = self._root
        start, *names = ref.split("/")
        for name in names:
            key = name.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, dict) else None
        if start != "#" or found is None:
            raise SchemaError(f"it refers to {ref!r}, which is not in it")
        return found

    def _spend(self, size: int) -> None:
        """Count what is made, and fail when it is too much."""
        self._left -= max(0, size)
        if self._left < 0:
            raise SchemaError("its smallest instance is too large for the sandbox")


def _first_value(flat: Schema) -> Any:
    """The first value of an `enum` that has one of the types."""
    kinds = _named_kinds(flat)
    for value in flat["enum"]:
        if not kinds or any(_is_kind(value, kind) for kind in kinds):
            return value
    raise SchemaError("it allows nothing")


def _number(flat: Schema, *, whole: bool) -> int | float:
    """The number nearest to zero that the bounds and the step allow."""
    step = Fraction(str(flat["multipleOf"])) if "multipleOf" in flat else None
    if whole:
        # The whole multiples of a/b, in lowest terms, are the multiples of a.
        step = Fraction(step.numerator if step else 1)
    least = _bound(flat, "minimum", "exclusiveMinimum", step, 1)
    most = _bound(flat, "maximum", "exclusiveMaximum", step, -1)
    if least is not None and most is not None and least > most:
        raise SchemaError("its bounds leave no number")
    chosen = Fraction(0)
    if least is not None and least > 0:
        chosen = least
    elif most is not None and most < 0:
        chosen = most
    return int(chosen) if chosen.denominator == 1 else float(chosen)


def _bound(
    flat: Schema, inclusive: str, exclusive: str, step: Fraction | None, sign: int
) -> Fraction | None:
    """The least (`sign` 1) or greatest (-1) number allowed; None if there is no bound."""
    found = []
    if inclusive in flat:
        limit = Fraction(str(flat[inclusive]))
        found.append(limit if step is None else sign * ceil(sign * limit / step) * step)
    if exclusive in flat:
        limit = Fraction(str(flat[exclusive]))
        grain = step or _grain(flat)
        found.append(sign * (floor(sign * limit / grain) + 1) * grain)
    return max(found, key=lambda limit: sign * limit, default=None)


def _grain(flat: Schema) -> Fraction:
    """A step fine enough to find a number between the bounds, for a schema without a step."""
    limits = [Fraction(str(flat[key])) for key in _BOUNDS if key in flat]
    gaps = [abs(one - other) for one, other in itertools.combinations(limits, 2) if one != other]
    return min([Fraction(1), *(gap / 2 for gap in gaps)])


def _kinds(flat: Schema) -> list[str]:
    """The types to try, in order: those named, or those that other keywords imply."""
    if "enum" in flat:
        return ["enum"]
    told = [kind for kind, keys in _TELLING.items() if not keys.isdisjoint(flat)]
    return _named_kinds(flat) or told or ["string"]


def _named_kinds(flat: Schema) -> list[str]:
    named = flat.get("type", [])
    kinds = [named] if isinstance(named, str) else [*named]
    return kinds + (["null"] if kinds and flat.get("nullable") is True else [])


def _is_kind(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _PYTHON_TYPES[kind])


def _checked(schema: object) -> Schema:
    """Check a schema, and rewrite booleans and `const`; SchemaError for a meaningless one."""
    if isinstance(schema, bool):
        return {} if schema else {"enum": []}
    if not isinstance(schema, dict):
        raise SchemaError("a schema must be an object or a boolean")
    for key, kind in _KEYWORDS.items():
        if key in schema and (isinstance(schema[key], bool) or not isinstance(schema[key], kind)):
            raise SchemaError(f"{key!r} has a value that means nothing")
    for key, known in (("required", None), ("type", _PYTHON_TYPES)):
        names = [schema[key]] if isinstance(schema.get(key), str) else schema.get(key, [])
        for name in names:
            if not isinstance(name, str) or (known and name not in known):
                raise SchemaError(f"{key!r} cannot name {name!r}")
    if schema.get("multipleOf", 1) <= 0:
        raise SchemaError("'multipleOf' must be above 0")
    return schema | {"enum": [schema["const"]]} if "const" in schema else schema


def _merged(one: Schema, other: Schema) -> Schema:
    """A schema for what is valid against both, which have no combining keywords."""
    merged = {**one, **other}
    for key in one.keys() & other.keys():
        if key in _MERGES:
            merged[key] = _MERGES[key](one[key], other[key])
    return merged


def _both_properties(one: Schema, other: Schema) -> Schema:
    shared = {name: {"allOf": [one[name], other[name]]} for name in one.keys() & other.keys()}
    return {**one, **other, **shared}


def _both_kinds(one: Any, other: Any) -> list[str]:
    """The types in both; `integer` is part of `number`."""
    kinds, others = ([each] if isinstance(each, str) else each for each in (one, other))
    wide = [*others, *(["integer"] if "number" in others else [])]
    shared = [kind for kind in kinds if kind in wide]
    return shared + (["integer"] if "number" in kinds and "integer" in others else [])


_PYTHON_TYPES: Mapping[str, Any] = {
    "array": list,
    "boolean": bool,
    "integer": int,
    "null": type(None),
    "number": (int, float),
    "object": dict,
    "string": str,
}
_COMBINING = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
_BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
_COUNTS = ("minItems", "minLength")
_KEYWORDS: Mapping[str, Any] = {
    **dict.fromkeys(("$ref", "format", "pattern"), str),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "enum", "required", "prefixItems"), list),
    **dict.fromkeys((*_BOUNDS, "multipleOf"), (int, float)),
    **dict.fromkeys(_COUNTS, int),
    "properties": dict,
    "type": (str, list),
}
_TELLING: Mapping[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "prefixItems", "minItems"}),
    "number": frozenset({*_BOUNDS, "multipleOf"}),
    "string": frozenset({"minLength", "format", "pattern"}),
}
_MERGES: Mapping[str, Callable[[Any, Any], Any]] = {
    "enum": lambda one, other: [value for value in one if value in other],
    **dict.fromkeys(("maximum", "exclusiveMaximum"), min),
    **dict.fromkeys(("minimum", "exclusiveMinimum", *_COUNTS), max),
    "properties": _both_properties,
    "required": lambda one, other: [*one, *other],
    "type": _both_kinds,
}
_MAKERS: Mapping[str, Callable[[_Maker, Schema, frozenset[str]], Any]] = {
    "array": _Maker.array,
    "boolean": lambda _maker, _flat, _refs: False,
    "enum": lambda _maker, flat, _refs: _first_value(flat),
    "integer": lambda _maker, flat, _refs: _number(flat, whole=True),
    "null": lambda _maker, _flat, _refs: None,
    "number": lambda _maker, flat, _refs: _number(flat, whole=False),
    "object": _Maker.mapping,
    "string": _Maker.string,
}
