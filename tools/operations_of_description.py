"""The API's operations, as OpenAI's published description (an OpenAPI document) has them."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from operation_shapes import Shape, array_of, merged, object_of, scalar

_METHODS = ("get", "post", "put", "patch", "delete")
_FORM, _JSON = "multipart/form-data", "application/json"
_BOUNDS = {
    "minimum": "low",
    "maximum": "high",
    "maxLength": "longest",
    "minItems": "least",
    "maxItems": "most",
}


class DescribedOperation(NamedTuple):
    """An operation of the description; its fields are those of `SdkOperation`."""

    operation_id: str
    method: str
    path: str
    query: dict[str, Shape]
    body: dict[str, Shape]
    form: str | None
    answer: str
    pages: str | None
    item: Shape
    streams: bool
    deprecated: bool
    admin: bool


def operations(document: Mapping[str, Any]) -> list[DescribedOperation]:
    """The operations of the description, in its order."""
    return list(_Reader(document).operations())


class _Reader:
    """Reads one description."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def operations(self) -> Iterator[DescribedOperation]:
        for path, item in self._document["paths"].items():
            for method in _METHODS:
                if method in item:
                    yield self._operation(path, method, item[method], item)

    def _operation(
        self, path: str, method: str, found: Mapping[str, Any], item: Mapping[str, Any]
    ) -> DescribedOperation:
        parameters = [*item.get("parameters", ()), *found.get("parameters", ())]
        content = self._resolved(found.get("requestBody", {})).get("content", {})
        answer, pages, shape = self._answer(found)
        body = self._body(content)
        return DescribedOperation(
            operation_id=found.get("operationId", ""),
            method=method.upper(),
            path=path,
            query=self._query(parameters),
            body=body,
            form=_form(content),
            answer=answer,
            pages=pages,
            item=shape,
            streams="stream" in body,
            deprecated=bool(found.get("deprecated")),
            admin=any("AdminApiKeyAuth" in each for each in found.get("security", ())),
        )

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            at: Any = self._document
            for step in node["$ref"].removeprefix("#/").split("/"):
                at = at[step.replace("~1", "/").replace("~0", "~")]
            node = at
        return node

    def _query(self, parameters: list[Any]) -> dict[str, Shape]:
        found = {}
        for each in map(self._resolved, parameters):
            if each.get("in") == "query":
                shape = self.shape(each.get("schema", {}))
                is_required = {"required": True} if each.get("required") else {}
                found[each["name"].removesuffix("[]")] = {**shape, **is_required}
        return found

    def _body(self, content: Mapping[str, Any]) -> dict[str, Shape]:
        kinds = [content[kind] for kind in (_JSON, _FORM) if kind in content]
        shapes = [self.shape(kind.get("schema", {})) for kind in kinds]
        return dict(merged(*shapes).get("keys", {})) if shapes else {}

    def _answer(self, found: Mapping[str, Any]) -> tuple[str, str | None, Shape]:
        """The kind of the answer, how it is paged, and the shape of an item in it."""
        codes = sorted(code for code in found.get("responses", {}) if code.startswith("2"))
        content = self._resolved(found["responses"][codes[0]]).get("content", {}) if codes else {}
        if not content:
            return "nothing", None, {}
        if _JSON not in content:
            return "bytes", None, {}
        shape = self.shape(content[_JSON].get("schema", {}), 3)
        keys = shape.get("keys", {})
        items = keys.get("data", {}).get("items")
        if items is None or not {"has_more", "object"} & keys.keys():
            return "object", None, shape
        pages = "page" if "next_page" in keys else "after" if "has_more" in keys else ""
        return "list", "next" if "next" in keys else pages, items

    def shape(self, schema: Mapping[str, Any], depth: int = 4) -> Shape:
        """The shape of a schema's values, down to `depth` levels."""
        schema = self._resolved(schema)
        for word in ("anyOf", "oneOf"):
            if word in schema:
                inner = merged(*(self.shape(each, depth) for each in schema[word]))
                return self._with_own(schema, inner, depth)
        if "allOf" in schema:
            return self._all_of(schema, depth)
        return self._plain(schema, depth)

    def _with_own(self, schema: Mapping[str, Any], inner: Shape, depth: int) -> Shape:
        """The shape of a union, with the properties listed beside it."""
        if "properties" not in schema:
            return inner
        own = self._plain({**schema, "type": "object"}, depth)
        return {**inner, "keys": {**inner.get("keys", {}), **own.get("keys", {})}}

    def _all_of(self, schema: Mapping[str, Any], depth: int) -> Shape:
        found: Shape = {"types": []}
        for each in (
            *schema["allOf"],
            {key: schema[key] for key in ("properties", "required") if key in schema},
        ):
            shape = self.shape(each, depth) if each else {"types": []}
            keys = {**found.get("keys", {}), **shape.get("keys", {})}
            types = [kind for kind in shape["types"] if kind != "any"]
            found = {**found, **shape, "types": sorted({*found["types"], *types})}
            if keys:
                found["keys"] = keys
        return found if found["types"] else {**found, "types": ["any"]}

    def _plain(self, schema: Mapping[str, Any], depth: int) -> Shape:
        kind = schema.get("type") or ("object" if "properties" in schema else None)
        kinds = [each for each in (kind if isinstance(kind, list) else [kind]) if each]
        if kinds == ["string"] and schema.get("format") == "binary":
            return scalar("file")
        found: Shape = {"types": sorted(kinds) or ["any"]}
        if not kinds and "enum" in schema:
            found["types"] = ["string"]
        if names := [name for name in schema.get("enum", ()) if isinstance(name, str)]:
            found["enum"] = names
        if isinstance(schema.get("const"), str):
            found = {"types": ["string"], "enum": [schema["const"]]}
        found |= {ours: schema[name] for name, ours in _BOUNDS.items() if name in schema}
        if "array" in kinds:
            found |= {"items": array_of(self.shape(schema.get("items", {}), depth))["items"]}
        if "object" in kinds and depth > 0:
            found |= self._object(schema, depth - 1)
        return found

    def _object(self, schema: Mapping[str, Any], depth: int) -> Shape:
        required = schema.get("required", ())
        keys = {
            name: {
                **self.shape(each, depth),
                **({"required": True} if name in required else {}),
            }
            for name, each in schema.get("properties", {}).items()
            if not self._resolved(each).get("readOnly")
        }
        found: Shape = {}
        if keys:
            found["keys"] = object_of(keys)["keys"]
        others = schema.get("additionalProperties")
        if isinstance(others, dict) and others and not keys:
            found["values"] = self.shape(others, depth)
        return found


def _form(content: Mapping[str, Any]) -> str | None:
    if _FORM not in content:
        return None
    return "with files" if _JSON in content else "always"
