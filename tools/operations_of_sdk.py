"""What OpenAI's own Python package says of the API's operations; it is read and never imported.

Its resources are classes whose methods send one request each, in a form that does not change: a
path, the `TypedDict` of the body or of the query, and the type of what comes back.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

from operation_shapes import Shape, array_of, merged, object_of, scalar

_SENDS = {
    "_get": "GET",
    "_post": "POST",
    "_put": "PUT",
    "_patch": "PATCH",
    "_delete": "DELETE",
    "_get_api_list": "GET",
}
# How the next page of a list is asked for, by the class of its page.
_PAGES = {
    "SyncCursorPage": "after",
    "SyncConversationCursorPage": "after",
    "SyncNextCursorPage": "next",
    "SyncTokenPage": "page",
    "SyncPage": "",
}
_BUILTINS = {
    "str": "string",
    "bytes": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "object": "any",
    "Any": "any",
    "datetime": "string",
    "date": "string",
    "FileTypes": "file",
    "Base64FileInput": "string",
}
_ARRAYS = ("List", "list", "Iterable", "Sequence", "SequenceNotStr", "Set")
_OBJECTS = ("Dict", "dict", "Mapping")
_PASSED = ("Required", "NotRequired", "Optional", "ReadOnly")
_BINARY = "HttpxBinaryResponseContent"


class SdkOperation(NamedTuple):
    """A method of a resource that sends a request.

    `resource` has the names of the resource, as `("vector_stores", "files")`, and `verb` is the
    method's. `pages` is as in the table; None is no list. `item` is the shape of what is listed, or
    of the answer. A form has the properties of `as_json` as JSON, and no fields of theirs.
    """

    resource: tuple[str, ...]
    verb: str
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
    headers: dict[str, str]
    as_json: list[str]


def read_sources(package: Path) -> dict[str, str]:
    """The modules of a wheel, or of a folder that has `openai/`, by their path."""
    if package.is_dir():
        found = package.rglob("openai/**/*.py")
        return {str(path.relative_to(package)): path.read_text("utf-8") for path in found}
    with ZipFile(package) as wheel:
        names = [name for name in wheel.namelist() if name.endswith(".py")]
        return {name: wheel.read(name).decode() for name in names}


def operations(sources: Mapping[str, str]) -> list[SdkOperation]:
    """The operations that the package's resources send, in the order of their files."""
    package = Package(sources)
    found = []
    for path in sorted(sources):
        if path.startswith("openai/resources/") and not path.endswith("__init__.py"):
            module = package.module(path)
            found += [each for node in _resources(module) for each in _methods(module, node)]
    return found


@dataclass
class Package:
    """The modules of the package, each parsed when it is first asked for."""

    sources: Mapping[str, str]
    _modules: dict[str, "Module"] = field(default_factory=dict)

    def module(self, path: str) -> "Module":
        """The module at a path."""
        if path not in self._modules:
            self._modules[path] = Module(self, path, ast.parse(self.sources[path]))
        return self._modules[path]

    def find(self, parts: list[str]) -> "Module | None":
        """The module of a dotted name; None for one that is not of the package."""
        stem = "/".join(parts)
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            if path in self.sources:
                return self.module(path)
        return None


@dataclass
class Module:
    """A module: what it defines, and what it imports from where."""

    package: Package
    path: str
    tree: ast.Module

    @cached_property
    def defined(self) -> dict[str, ast.AST]:
        """The classes and aliases by their names."""
        found: dict[str, ast.AST] = {}
        for node in _statements(self.tree.body):
            if isinstance(node, ast.ClassDef):
                found[node.name] = node
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found[node.target.id] = node.value or node.annotation
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found[node.targets[0].id] = node.value
        return found

    @cached_property
    def imported(self) -> dict[str, tuple[list[str], str]]:
        """By the name that it has here: the module that it is from, and its name there."""
        folder = self.path.split("/")[:-1]
        found = {}
        for node in _statements(self.tree.body):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = folder[: len(folder) - node.level + 1]
                parts = [*base, *(node.module.split(".") if node.module else [])]
                for alias in node.names:
                    found[alias.asname or alias.name] = (parts, alias.name)
        return found

    def lookup(self, name: str) -> "tuple[Module, ast.AST] | None":
        """The definition of a name, and the module that it stands in."""
        if name in self.defined:
            return self, self.defined[name]
        if name not in self.imported:
            return None
        parts, original = self.imported[name]
        module = self.package.find(parts)
        return module.lookup(original) if module is not None else None

    def submodule(self, name: str) -> "Module | None":
        """The module that was imported by this name."""
        if name not in self.imported:
            return None
        parts, original = self.imported[name]
        found = self.package.find([*parts, original])
        if found is not None:
            return found
        module = self.package.find(parts)
        return None if module is None else module.submodule(original)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, those under `if TYPE_CHECKING` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _statements(node.body)
            yield from _statements(node.orelse)


# Types


def shape_of(module: Module, node: ast.AST, depth: int = 3) -> Shape:
    """The shape of the values of an annotation; `depth` is how far its objects are looked into."""
    match node:
        case ast.Constant(value=None):
            found = scalar("null")
        case ast.Constant(value=str(text)):
            found = shape_of(module, ast.parse(text, mode="eval").body, depth)
        case ast.Name(id=name):
            found = _named(module, name, depth)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            inner = module.submodule(name)
            found = scalar("any") if inner is None else _named(inner, attribute, depth)
        case ast.BinOp(left=left, right=right):
            found = merged(shape_of(module, left, depth), shape_of(module, right, depth))
        case ast.Subscript(value=value, slice=inside):
            name = value.attr if isinstance(value, ast.Attribute) else getattr(value, "id", "")
            items = list(inside.elts) if isinstance(inside, ast.Tuple) else [inside]
            found = _generic(module, name, items, depth)
        case ast.ClassDef():
            found = _class(module, node, depth)
        case _:
            found = scalar("any")
    return found


def _named(module: Module, name: str, depth: int) -> Shape:
    if name in _BUILTINS:
        return scalar(_BUILTINS[name])
    found = module.lookup(name)
    return scalar("any") if found is None else shape_of(*found, depth)


def _generic(module: Module, name: str, items: list[ast.expr], depth: int) -> Shape:
    if name == "Literal":
        values = [item.value for item in items if isinstance(item, ast.Constant)]
        return _literal(values)
    if name == "Union":
        return merged(*(shape_of(module, item, depth) for item in items))
    if name in _ARRAYS:
        return array_of(shape_of(module, items[0], depth))
    if name in _OBJECTS:
        return {"types": ["object"], "values": shape_of(module, items[1], depth - 1)}
    if name in _PASSED or name == "Annotated":
        return shape_of(module, items[0], depth)
    return scalar("any")


def _literal(values: list[Any]) -> Shape:
    kinds = {bool: "boolean", int: "integer", str: "string"}
    types = sorted({kinds[type(value)] for value in values if type(value) in kinds})
    names = [value for value in values if isinstance(value, str)]
    return {"types": types, **({"enum": names} if names else {})}


def _class(module: Module, node: ast.ClassDef, depth: int) -> Shape:
    if depth <= 0:
        return scalar("object")
    return object_of(_fields(module, node, depth - 1))


def _fields(module: Module, node: ast.ClassDef, depth: int) -> dict[str, Shape]:
    """The fields of a class, and those that it inherits."""
    found: dict[str, Shape] = {}
    for base in node.bases:
        name = getattr(base, "id", "")
        if (above := module.lookup(name)) and isinstance(above[1], ast.ClassDef):
            found |= _fields(above[0], above[1], depth)
    is_model = any(getattr(base, "id", "") == "BaseModel" for base in node.bases)
    is_total = not any(word.arg == "total" for word in node.keywords)
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            shape = shape_of(module, item.annotation, depth)
            is_required = is_total or _is_required(item.annotation)
            if is_required and not is_model:
                shape = {**shape, "required": True}
            found[_alias(item.annotation) or item.target.id] = shape
    return found


def _is_required(annotation: ast.expr) -> bool:
    return isinstance(annotation, ast.Subscript) and getattr(annotation.value, "id", "") == (
        "Required"
    )


def _alias(annotation: ast.expr) -> str | None:
    """The name on the wire of a field that has another here: `PropertyInfo(alias=…)`."""
    for node in ast.walk(annotation):
        if isinstance(node, ast.keyword) and node.arg == "alias":
            return str(getattr(node.value, "value", "")) or None
    return None


# Methods


def _resources(module: Module) -> Iterator[ast.ClassDef]:
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef) and any(
            getattr(base, "id", "") == "SyncAPIResource" for base in node.bases
        ):
            yield node


def _methods(module: Module, node: ast.ClassDef) -> Iterator[SdkOperation]:
    for method in node.body:
        if not isinstance(method, ast.FunctionDef) or method.name.startswith("_"):
            continue
        if any(getattr(each, "id", "") == "overload" for each in method.decorator_list):
            continue
        for call in _calls(method):
            yield _operation(module, method, call)
            break


def _calls(method: ast.FunctionDef) -> Iterator[ast.Call]:
    """The calls that send, the last first: it has the general form where there are two."""
    found = [
        node
        for node in ast.walk(method)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and getattr(node.func.value, "id", "") == "self"
        and node.func.attr in _SENDS
    ]
    yield from reversed(found)


def _operation(module: Module, method: ast.FunctionDef, call: ast.Call) -> SdkOperation:
    words = {word.arg: word.value for word in call.keywords if word.arg}
    options = {
        word.arg: word.value
        for node in ast.walk(words.get("options", ast.Constant(None)))
        if isinstance(node, ast.Call)
        for word in node.keywords
    }
    verb = str(
        getattr(words.get("method"), "value", _SENDS[getattr(call.func, "attr", "")])
    ).upper()
    answer, pages, item = _answer(module, words)
    texts = _texts(method)
    return SdkOperation(
        resource=_resource(module.path),
        verb=method.name,
        method=verb,
        path=_path(call.args[0]),
        query=_params(module, options.get("query")),
        body=_params(module, words.get("body"), method),
        form=_form(method) if "files" in words else None,
        answer=answer,
        pages=pages,
        item=item,
        streams="stream" in words,
        deprecated=any("deprecated" in ast.unparse(each) for each in method.decorator_list),
        admin="admin_api_key_auth" in texts,
        headers=_headers(method),
        as_json=_as_json(method),
    )


def _resource(path: str) -> tuple[str, ...]:
    """The names of a resource: a folder's own module has the folder's name."""
    parts = path.removeprefix("openai/resources/").removesuffix(".py").split("/")
    own = parts[:-1] if len(parts) > 1 and parts[-1] == parts[-2] else parts
    return tuple(own)


def _path(node: ast.expr) -> str:
    first = node.args[0] if isinstance(node, ast.Call) else node
    return str(first.value) if isinstance(first, ast.Constant) else ast.unparse(first)


def _params(
    module: Module, node: ast.AST | None, method: ast.FunctionDef | None = None
) -> dict[str, Shape]:
    """The properties that a `maybe_transform({…}, Params)` sends: one class may be for several."""
    if node is None:
        return {}
    if isinstance(node, ast.Name) and method is not None:
        node = _assigned(method, node.id)
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and getattr(inner.func, "id", "") == "maybe_transform":
            sent, target = inner.args[:2]
            while isinstance(target, ast.IfExp):
                target = target.orelse
            known = shape_of(module, target).get("keys", {})
            names = _names(sent, method)
            return {name: known[name] for name in known if names is None or name in names}
    return {}


def _names(sent: ast.AST, method: ast.FunctionDef | None) -> set[str] | None:
    """The keys of the dictionary that is sent; None where it is made in another way."""
    if isinstance(sent, ast.Name) and method is not None:
        sent = _assigned(method, sent.id)
    for node in ast.walk(sent):
        if isinstance(node, ast.Dict):
            return {str(getattr(key, "value", "")) for key in node.keys}
    return None


def _assigned(method: ast.FunctionDef, name: str) -> ast.AST:
    """What a name stands for in a method, or nothing."""
    for node in ast.walk(method):
        if isinstance(node, ast.Assign):
            first = node.targets[0]
            targets = first.elts if isinstance(first, ast.Tuple) else [first]
            if any(getattr(each, "id", "") == name for each in targets):
                return node.value
    return ast.Constant(None)


def _form(method: ast.FunctionDef) -> str:
    """`always`, or `with files` where a request without any is JSON."""
    for node in ast.walk(method):
        if isinstance(node, ast.If) and "multipart/form-data" in ast.unparse(node):
            return "with files"
    return "always"


def _as_json(method: ast.FunctionDef) -> list[str]:
    """The properties that a form has as JSON: `encode_multipart` is told (type, whether so)."""
    for node in ast.walk(method):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "encode_multipart":
            given = [each for each in node.args if isinstance(each, ast.Dict)][:1]
            pairs = [pair for each in given for pair in zip(each.keys, each.values, strict=True)]
            return [str(getattr(key, "value", "")) for key, value in pairs if _is_true(value)]
    return []


def _is_true(value: ast.expr) -> bool:
    return isinstance(value, ast.Tuple) and getattr(value.elts[-1], "value", None) is True


def _answer(module: Module, words: Mapping[str, ast.expr]) -> tuple[str, str | None, Shape]:
    """The kind of the answer, how it pages, and the shape of a thing in it."""
    page = words.get("page")
    if isinstance(page, ast.Subscript):
        pages = _PAGES.get(ast.unparse(page.value), "")
        return "list", pages, shape_of(module, page.slice, 2)
    cast = words.get("cast_to", ast.Constant(None))
    text = ast.unparse(cast)
    if _BINARY in text:
        return "bytes", None, {}
    if text == "NoneType":
        return "nothing", None, {}
    if isinstance(cast, ast.Call):
        cast = cast.args[-1]
    shape = shape_of(module, cast, 3)
    return _listed(shape) or ("object", None, shape)


def _listed(shape: Shape) -> tuple[str, str | None, Shape] | None:
    """An object that is a list: it has `data`, an array, and says whether there is more."""
    keys = shape.get("keys", {})
    items = keys.get("data", {}).get("items")
    if items is None or not {"has_more", "object"} & keys.keys():
        return None
    pages = "page" if "next_page" in keys else "after" if "has_more" in keys else ""
    return "list", pages, items


def _texts(method: ast.FunctionDef) -> set[str]:
    return {
        node.value
        for node in ast.walk(method)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def _headers(method: ast.FunctionDef) -> dict[str, str]:
    """The headers that the method sends by itself, and that are the API's own."""
    found = {}
    for node in ast.walk(method):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if (
                    isinstance(key, ast.Constant)
                    and isinstance(value, ast.Constant)
                    and str(key.value).startswith("OpenAI-")
                ):
                    found[str(key.value)] = str(value.value)
    return found
