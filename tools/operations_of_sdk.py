"""The API's operations, as OpenAI's own Python package has them; it is read, never imported.

Its resources are classes whose methods each send one request, always in the same form: a path, the
`TypedDict` of the body or the query, and the type of the response.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from operation_shapes import Shape
from package_types import Module, Package, shape_of

_SENDS = {
    "_get": "GET",
    "_post": "POST",
    "_put": "PUT",
    "_patch": "PATCH",
    "_delete": "DELETE",
    "_get_api_list": "GET",
}
# How the next page of a list is requested, by page class.
_PAGES = {
    "SyncCursorPage": "after",
    "SyncConversationCursorPage": "after",
    "SyncNextCursorPage": "next",
    "SyncTokenPage": "page",
    "SyncPage": "",
}
_BINARY = "HttpxBinaryResponseContent"


class SdkOperation(NamedTuple):
    """A method of a resource that sends a request.

    `resource` has the names of the resource, such as `("vector_stores", "files")`, and `verb` is
    the method's. `pages` is as in the table; None if the answer is not a list. `item` is the shape
    of an item of the list, or of the answer. A form has the properties in `as_json` as JSON, not as
    fields.
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


def operations(sources: Mapping[str, str]) -> list[SdkOperation]:
    """The operations that the package's resources send, in the order of their files."""
    package = Package(sources)
    found = []
    for path in sorted(sources):
        if path.startswith("openai/resources/") and not path.endswith("__init__.py"):
            module = package.module(path)
            found += [each for node in _resources(module) for each in _methods(module, node)]
    return found


# Methods.


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
    """Yield the calls that send requests, last first: of two, it is the more general."""
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
    """The names of a resource; a folder's own module has the folder's name."""
    parts = path.removeprefix("openai/resources/").removesuffix(".py").split("/")
    own = parts[:-1] if len(parts) > 1 and parts[-1] == parts[-2] else parts
    return tuple(own)


def _path(node: ast.expr) -> str:
    first = node.args[0] if isinstance(node, ast.Call) else node
    return str(first.value) if isinstance(first, ast.Constant) else ast.unparse(first)


def _params(
    module: Module, node: ast.AST | None, method: ast.FunctionDef | None = None
) -> dict[str, Shape]:
    """The properties that `maybe_transform({…}, Params)` sends; several calls may share Params."""
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
    """The keys of the dictionary that is sent; None if it is built in another way."""
    if isinstance(sent, ast.Name) and method is not None:
        sent = _assigned(method, sent.id)
    for node in ast.walk(sent):
        if isinstance(node, ast.Dict):
            return {str(getattr(key, "value", "")) for key in node.keys}
    return None


def _assigned(method: ast.FunctionDef, name: str) -> ast.AST:
    """The value assigned to a name in a method, or None."""
    for node in ast.walk(method):
        if isinstance(node, ast.Assign):
            first = node.targets[0]
            targets = first.elts if isinstance(first, ast.Tuple) else [first]
            if any(getattr(each, "id", "") == name for each in targets):
                return node.value
    return ast.Constant(None)


def _form(method: ast.FunctionDef) -> str:
    """`always`, or `with files` if a request without files is JSON."""
    for node in ast.walk(method):
        if isinstance(node, ast.If) and "multipart/form-data" in ast.unparse(node):
            return "with files"
    return "always"


def _as_json(method: ast.FunctionDef) -> list[str]:
    """The properties that a form has as JSON: `encode_multipart` is given (type, is JSON)."""
    for node in ast.walk(method):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "encode_multipart":
            given = [each for each in node.args if isinstance(each, ast.Dict)][:1]
            pairs = [pair for each in given for pair in zip(each.keys, each.values, strict=True)]
            return [str(getattr(key, "value", "")) for key, value in pairs if _is_true(value)]
    return []


def _is_true(value: ast.expr) -> bool:
    return isinstance(value, ast.Tuple) and getattr(value.elts[-1], "value", None) is True


def _answer(module: Module, words: Mapping[str, ast.expr]) -> tuple[str, str | None, Shape]:
    """The kind of the answer, how it is paged, and the shape of an item in it."""
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
    """Recognize a list: an object with an array `data` that says whether there is more."""
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
    """The headers that the method adds itself and that belong to the API."""
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
