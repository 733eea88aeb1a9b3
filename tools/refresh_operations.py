"""Rewrite the table of the API's operations.

    python tools/refresh_operations.py openapi.json openai-3.57.0-py3-none-any.whl

The first argument is OpenAI's published description, the second its Python package, as a wheel or a
folder with `openai/`. The package is the newer of the two: it decides which operations and
properties there are, and which are required; ranges and counts come from the description. Only
facts go into openai_cli/operations/data, and no text of either. Additions, removals and changes are
printed as Markdown. The same sources give the same bytes.
"""

import argparse
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import operations_of_description as described
import operations_of_sdk as sdk
from operation_shapes import Shape, merged
from operation_words import command_of
from package_types import read_sources

Row = dict[str, Any]
Key = tuple[str, str]

OUTPUT = Path(__file__).parent.parent / "openai_cli" / "operations" / "data"

# Properties that identify the items of a list, in the order of its columns.
COLUMNS = (
    "id", "group_id", "file_id", "name", "group_name", "filename", "title", "email", "path", "url",
    "status", "active", "enabled", "type", "role", "level", "model", "fine_tuned_model",
    "fine_tuned_model_checkpoint", "version", "default_version", "purpose", "endpoint", "score",
    "step_number", "message", "threshold_amount", "interval", "project_id", "bytes", "size_bytes",
    "usage_bytes", "start_time", "end_time", "effective_at", "created_at", "created", "added_at",
)  # fmt: skip
# For items without an id, their content.
CONTENTS = ("text", "content", "results")

# The query parameter that requests the next page, by the way a list is paged.
_PAGE_PARAMETERS = {"after": "after", "next": "after", "page": "page"}

# Bounds that the package states in words, where the description has older ones.
_CORRECTED: Mapping[str, Row] = {"safety_identifier": {"longest": 128}}
# Larger bounds were rounded to fit a float, and are useless.
_EXACT = 2**53
# `tokens` counts offline, and has none of the operation's properties as flags.
_NO_COMMAND_OF_AN_OPERATION = ("tokens",)

_FACTS = ("enum", "open", "low", "high", "longest", "least", "most")
_VERSION = re.compile(r"__version__ = \"([^\"]+)\"")


def rows_of(
    document: Mapping[str, Any], sources: Mapping[str, str], written: Mapping[Key, str]
) -> list[Row]:
    """The rows of all operations, by command; `written` maps operations to written commands."""
    of_description = {(each.method, each.path): each for each in described.operations(document)}
    of_sdk: dict[Key, sdk.SdkOperation] = {}
    for each in sdk.operations(sources):
        before = of_sdk.get((each.method, each.path))
        # Two methods may send the same operation, of which the older is deprecated.
        if before is None or before.deprecated:
            of_sdk[each.method, each.path] = each
    keys = dict.fromkeys([*of_sdk, *of_description])
    taken: dict[str, Key] = {}
    rows = []
    for key in keys:
        command = written.get(key) or command_of(of_sdk.get(key), of_description.get(key))
        if taken.setdefault(command, key) != key:
            command = ""
        rows.append(_row(command, key, of_sdk.get(key), of_description.get(key)))
    return sorted(rows, key=lambda row: (row["command"].split(), row["path"], row["method"]))


def _row(
    command: str,
    key: Key,
    of_sdk: sdk.SdkOperation | None,
    of_description: described.DescribedOperation | None,
) -> Row:
    method, path = key
    known = [each for each in (of_sdk, of_description) if each is not None]
    first = known[0]
    names = set(re.findall(r"\{(\w+)\}", path))
    query = _properties(names, *(each.query for each in known))
    body = _properties(names, *(each.body for each in known))
    row: Row = {"command": command, "method": method, "path": path}
    if query:
        row["query"] = query
    if body:
        row["body"] = body
    form = next((each.form for each in known if each.form), None)
    if form == "always" or (form and any("file" in each["types"] for each in body.values())):
        row["form"] = form
    row["answer"] = first.answer
    if first.answer == "list":
        pages = next((each.pages for each in known if each.pages), None)
        if pages and _PAGE_PARAMETERS[pages] in query:
            row["pages"] = pages
        row["columns"] = _columns(*(each.item for each in known))
    others = {
        "deprecated": any(each.deprecated for each in known),
        "admin": any(each.admin for each in known),
        "streams": "stream" in body or "stream" in query,
        "headers": of_sdk.headers if of_sdk else {},
        "as_json": of_sdk.as_json if of_sdk else [],
    }
    return {**row, **{name: value for name, value in others.items() if value}}


def _properties(names: set[str], *sides: Mapping[str, Shape]) -> dict[str, Any]:
    """The properties of any source, as facts; the first source decides what is required.

    Names in the path are not part of the body, and a name with a hyphen is a header.
    """
    found = {}
    for name in dict.fromkeys(name for side in sides for name in side):
        own = [side[name] for side in sides if name in side]
        if name not in names and "-" not in name:
            required = {"required": True} if own[0].get("required") else {}
            facts = _facts(_joined(*own), 1)
            corrected = _CORRECTED.get(name, {}) if "longest" in facts else {}
            found[name] = {**facts, **corrected, **required}
    return dict(sorted(found.items(), key=lambda item: (not item[1].get("required"), item[0])))


def _joined(*shapes: Shape) -> Shape:
    """The shape by both sources: a bound that only one of them knows applies too, at any depth."""
    found = merged(*shapes)
    for shape in shapes:
        for name in ("low", "high", "longest", "least", "most"):
            if name in shape:
                found.setdefault(name, shape[name])
    for name, key in found.get("keys", {}).items():
        key.update(
            _joined(*(shape["keys"][name] for shape in shapes if name in shape.get("keys", {})))
        )
    if len(shapes) > 1 and "any" in found["types"] and len(found["types"]) > 1:
        found["types"].remove("any")
    return found


def _facts(shape: Shape, depth: int) -> Row:
    """The facts of a shape for the table, down to `depth` levels."""
    found: Row = {"types": [kind for kind in shape["types"] if kind != "null"]}
    found |= {name: shape[name] for name in _FACTS if name in shape and _is_exact(shape[name])}
    if "items" in shape:
        found["items"] = _facts(shape["items"], 0)
    if depth:
        if keys := shape.get("keys"):
            found["keys"] = {
                name: {
                    **_facts(each, depth - 1),
                    **({"required": True} if each.get("required") else {}),
                }
                for name, each in keys.items()
            }
        elif values := shape.get("values"):
            found["values"] = _facts(values, 0)
    return found


def _is_exact(value: Any) -> bool:
    return not isinstance(value, int | float) or abs(value) < _EXACT


def _columns(*items: Shape) -> list[str]:
    keys: dict[str, Shape] = next((each["keys"] for each in items if each.get("keys")), {})
    found = [name for name in COLUMNS if name in keys]
    return found if "id" in found else [*found, *(name for name in CONTENTS if name in keys)]


# Files.


def parts_of(rows: Iterable[Row], source: Mapping[str, Any]) -> dict[str, str]:
    """The files of the table: one for the first word of each command, and their index."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        first = row["command"].partition(" ")[0] or row["path"].split("/")[1].replace("_", "-")
        groups.setdefault(first, []).append(row)
    files = {f"{name}.json": _lines(groups[name]) for name in sorted(groups)}
    counts = {name: len(groups[name]) for name in sorted(groups)}
    index = json.dumps({"source": source, "groups": counts}, indent=1)
    return {**files, "index.json": f"{index}\n"}


def _lines(rows: list[Row]) -> str:
    """One line per row, so that a changed row is one changed line."""
    return "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n"


def source_of(
    description: bytes, document: Mapping[str, Any], package: Path, sources: Mapping[str, str]
) -> dict[str, Any]:
    """Where the facts come from."""
    version = _VERSION.search(sources.get("openai/_version.py", "").replace("__title__", ""))
    digest = hashlib.sha256()
    for path in sorted(sources):
        digest.update(f"{path}\n{sources[path]}".encode())
    info = document["info"]
    return {
        "description": {
            "title": info["title"],
            "version": info["version"],
            "licence": info.get("license", {}).get("identifier", ""),
            "sha256": hashlib.sha256(description).hexdigest(),
        },
        "package": {
            "name": "openai",
            "version": version[1] if version else package.name,
            "licence": "Apache-2.0",
            "sha256": digest.hexdigest(),
        },
    }


def read_rows(folder: Path) -> list[Row]:
    """The rows of the table in a folder; none if there is no table yet."""
    paths = (path for path in sorted(folder.glob("*.json")) if path.name != "index.json")
    return [row for path in paths for row in json.loads(path.read_text("utf-8"))]


# Changes.


def changes(before: Iterable[Row], after: Iterable[Row]) -> str:
    """What is new, gone and changed, as Markdown; '' if nothing is."""
    old, new = ({(row["method"], row["path"]): row for row in rows} for rows in (before, after))
    sections = {
        "New": [_named(new[key]) for key in new if key not in old],
        "Gone": [_named(old[key]) for key in old if key not in new],
        "Changed": [
            f"{_named(new[key])}: {'; '.join(found)}"
            for key in new
            if key in old and (found := list(_differences(old[key], new[key])))
        ],
    }
    return "\n".join(
        f"### {title}\n\n" + "".join(f"- {line}\n" for line in lines)
        for title, lines in sections.items()
        if lines
    )


def _named(row: Row) -> str:
    command = f"`{row['command']}`" if row["command"] else "no command"
    return f"{command} ({row['method']} {row['path']})"


def _differences(old: Row, new: Row) -> Iterator[str]:
    if old["command"] != new["command"]:
        yield f"was `{old['command']}`"
    for place in ("query", "body"):
        before, after = old.get(place, {}), new.get(place, {})
        yield from (f"new `{name}`" for name in after if name not in before)
        yield from (f"no `{name}`" for name in before if name not in after)
        both = [name for name in after if name in before and after[name] != before[name]]
        yield from (f"other values of `{name}`" for name in both)
    for name in sorted({*old, *new} - {"command", "query", "body"}):
        if old.get(name) != new.get(name):
            yield f"{name}: {json.dumps(new.get(name))}, was {json.dumps(old.get(name))}"


def written_commands() -> dict[Key, str]:
    """The hand-written commands, by operation."""
    from openai_cli.commands import COMMANDS, declared

    found: dict[Key, str] = {}
    for name in COMMANDS:
        endpoint = declared(name).options.endpoint
        if endpoint.path and name not in _NO_COMMAND_OF_AN_OPERATION:
            found.setdefault((endpoint.method, endpoint.path), name)
    return found


def main() -> None:
    """Rewrite the table from the sources named on the command line."""
    parser = argparse.ArgumentParser(description="rebuild the table of operations")
    parser.add_argument("description", type=Path, help="OpenAI's openapi.json")
    parser.add_argument("package", type=Path, help="a wheel of openai, or a folder that has it")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the table is")
    given = parser.parse_args()
    data = given.description.read_bytes()
    document, sources = json.loads(data), read_sources(given.package)
    rows = rows_of(document, sources, written_commands())
    before = read_rows(given.output)
    given.output.mkdir(parents=True, exist_ok=True)
    for path in given.output.glob("*.json"):
        path.unlink()
    source = source_of(data, document, given.package, sources)
    for name, text in parts_of(rows, source).items():
        (given.output / name).write_text(text, encoding="utf-8")
    print(changes(before, rows) or "Nothing has changed.")


if __name__ == "__main__":
    main()
