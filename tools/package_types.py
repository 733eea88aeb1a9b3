"""The modules of OpenAI's own Python package, read and never imported, and their types."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from operation_shapes import Shape, array_of, merged, object_of, scalar

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


def read_sources(package: Path) -> dict[str, str]:
    """The modules in a wheel, or in a folder with `openai/`, by path."""
    if package.is_dir():
        found = package.rglob("openai/**/*.py")
        return {str(path.relative_to(package)): path.read_text("utf-8") for path in found}
    with ZipFile(package) as wheel:
        names = [name for name in wheel.namelist() if name.endswith(".py")]
        return {name: wheel.read(name).decode() for name in names}


@dataclass
class Package:
    """The modules of the package, each parsed when it is first needed."""

    sources: Mapping[str, str]
    _modules: dict[str, "Module"] = field(default_factory=dict)

    def module(self, path: str) -> "Module":
        """The module at a path."""
        if path not in self._modules:
            self._modules[path] = Module(self, path, ast.parse(self.sources[path]))
        return self._modules[path]

    def find(self, parts: list[str]) -> "Module | None":
        """The module with a dotted name; None if it is not in the package."""
        stem = "/".join(parts)
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            if path in self.sources:
                return self.module(path)
        return None


@dataclass
class Module:
    """A module: its definitions, and its imports."""

    package: Package
    path: str
    tree: ast.Module

    @cached_property
    def defined(self) -> dict[str, ast.AST]:
        """The classes and aliases, by name."""
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
        """By local name: the module that it is imported from, and its name there."""
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
        """The definition of a name, and the module that contains it."""
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
    """Yield the statements of a module, including those under `if TYPE_CHECKING`."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _statements(node.body)
            yield from _statements(node.orelse)


def shape_of(module: Module, node: ast.AST, depth: int = 3) -> Shape:
    """The shape of an annotation's values; objects are expanded down to `depth` levels."""
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
    """The fields of a class, with those it inherits."""
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
    """The wire name of a field that has another name here: `PropertyInfo(alias=…)`."""
    for node in ast.walk(annotation):
        if isinstance(node, ast.keyword) and node.arg == "alias":
            return str(getattr(node.value, "value", "")) or None
    return None
