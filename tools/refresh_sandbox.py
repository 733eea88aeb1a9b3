"""Rebuild the operations that the sandbox serves by table, from OpenAI's published description.

    python tools/refresh_sandbox.py openapi.json

It takes every operation without a handler in openai_cli/sandbox/routes.py: method and path, the
schemas of its request and its answer, its query; and the same of operations that only the `openai`
package has. It writes openai_cli/sandbox/data/operations/, with a file for the first word of each
path and the schemas used only there; `shared.json` has those used by several, unless they are
already in requests.json. The same description gives the same bytes.
"""

import argparse
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from package_schemas import PackageReader
from refresh_requests import REFERENCE, Schema, add, normalise, references
from sandbox_additions import ADDITIONS, ANSWERS, QUERIES

from openai_cli.sandbox.routes import ROUTES

FOLDER = Path(__file__).parent.parent / "openai_cli" / "sandbox" / "data"
OUTPUT = FOLDER / "operations"
SHARED = "shared"
METHODS = ("get", "post", "put", "patch", "delete")
FORM, JSON, STREAM = "multipart/form-data", "application/json", "text/event-stream"

Row = dict[str, Any]


def shape_of(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"\{\w+\}", "{}", path)


def _handled() -> list[Row]:
    """The operations with handlers of their own."""
    return [{"method": route.method, "path": route.path} for route in ROUTES]


def order_of(row: Row) -> tuple[list[tuple[bool, str]], str]:
    """The sort key of a row: fixed parts of a path come before parameters."""
    parts = row["path"].split("/")
    return [(part.startswith("{"), part) for part in parts], row["method"]


class Reader:
    """One run over one description; `schemas` are those read so far, in our dialect."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._described = document["components"]["schemas"]
        self.schemas: dict[str, Schema] = {}

    def rows(self) -> list[Row]:
        """The operations that are served by table."""
        served = {(row["method"], shape_of(row["path"])) for row in _handled()}
        return sorted(
            (
                self._row(method.upper(), path, operation)
                for path, operations in self._document["paths"].items()
                for method, operation in operations.items()
                if method in METHODS and (method.upper(), shape_of(path)) not in served
            ),
            key=order_of,
        )

    def _row(self, method: str, path: str, operation: dict[str, Any]) -> Row:
        row: Row = {"method": method, "path": path}
        name = f"{method} {path}"
        for kind, found in operation.get("requestBody", {}).get("content", {}).items():
            place = {FORM: "form", JSON: "schema"}.get(kind)
            if place is None:
                row["text"] = kind
            else:
                row[place] = self._named(found["schema"], name)
        answers = {code: one for code, one in operation["responses"].items() if code[0] == "2"}
        ((code, answer),) = answers.items()
        if code != "200":
            row["status"] = int(code)
        for kind, found in answer.get("content", {}).items():
            if kind == JSON and found["schema"].get("type") != "string":
                row["answer"] = self._named(found["schema"], f"{name} 200")
            elif kind != STREAM:
                row.setdefault("media", kind)
        query = {
            parameter["name"].removesuffix("[]"): self._of_query(parameter)
            for parameter in operation.get("parameters", ())
            if parameter["in"] == "query"
        }
        return row | ({"query": query} if query else {})

    def _of_query(self, parameter: dict[str, Any]) -> Schema:
        described = parameter["schema"]
        schema = normalise(described, self._described)
        if "default" in described:
            schema["default"] = described["default"]
        if parameter.get("required"):
            schema["needed"] = True
        self._read(references(schema))
        return schema

    def _named(self, schema: Schema, name: str) -> str:
        """The name of a schema; an inline schema is named after its operation."""
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(REFERENCE)
            self._read([name])
        else:
            self.schemas[name] = normalise(schema, self._described)
            self._read(references(self.schemas[name]))
        return name

    def _read(self, names: Iterable[str]) -> None:
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in self.schemas:
                self.schemas[name] = normalise(self._described[name], self._described)
                waiting += references(self.schemas[name])


def names_of(row: Row, schemas: dict[str, Schema]) -> set[str]:
    """The schemas of a row, and all that they refer to."""
    waiting = [row[place] for place in ("schema", "form", "answer") if place in row]
    waiting += references(row.get("query", {}))
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += references(schemas[name])
    return found


def extract(description: bytes, known: Iterable[str]) -> dict[str, str]:
    """The texts of the files, by name; `known` are the schemas in requests.json."""
    reader = Reader(json.loads(description))
    package = PackageReader()
    rows = reader.rows()
    served = [(row["method"], shape_of(row["path"])) for row in [*rows, *_handled()]]
    rows = sorted([*rows, *package.rows(served)], key=order_of)
    for row in rows:
        row.update(_renamed(row))
    schemas = {**package.schemas, **reader.schemas}
    for name, path, facts, _ in ADDITIONS:
        add(schemas.setdefault(name, {}), path, facts)
    for path, name, facts, _ in QUERIES:
        (row,) = (row for row in rows if (row["method"], row["path"]) == ("GET", path))
        _add_to_query(row, name, facts)
    by_group: dict[str, list[Row]] = {}
    for row in rows:
        by_group.setdefault(re.split("[/?]", row["path"])[1], []).append(row)
    wanted = {
        group: set().union(*(names_of(row, schemas) for row in found)) - set(known)
        for group, found in by_group.items()
    }
    counts = Counter(name for names in wanted.values() for name in names)
    several = {name for name, count in counts.items() if count > 1}
    wanted = {group: names - several for group, names in wanted.items()}
    digest = hashlib.sha256(description).hexdigest()
    return {
        group: _text(
            {
                "operations": by_group.get(group, []),
                "schemas": {name: schemas[name] for name in sorted(names)},
                "source": {"sha256": digest},
            }
        )
        for group, names in {**wanted, SHARED: several}.items()
    }


def _renamed(row: Row) -> Row:
    answer = ANSWERS.get((row["method"], row["path"]))
    return {"answer": answer} if answer else {}


def _add_to_query(row: Row, name: str, facts: Schema) -> None:
    """Add a parameter to a query, or more names to an existing parameter."""
    schema = row["query"].setdefault(name, facts)
    if schema is not facts:
        add(schema["items"], "", facts["items"])


def _text(data: dict[str, Any]) -> str:
    """JSON with one line per operation and schema, for readable diffs."""
    pieces = []
    for key, value in data.items():
        rows = (
            [_compact(row) for row in value]
            if isinstance(value, list)
            else [f"{json.dumps(name)}:{_compact(one)}" for name, one in value.items()]
        )
        opened, closed = "[]" if isinstance(value, list) else "{}"
        pieces.append(f'"{key}":{opened}' + ",\n".join(["", *rows])[1:] + closed)
    return "{" + ",\n".join(pieces) + "}\n"


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def main() -> None:
    """Rewrite the files from the description named on the command line."""
    parser = argparse.ArgumentParser(description="rebuild what the sandbox serves by a table")
    parser.add_argument("description", type=Path, help="OpenAI's openapi.json")
    known = json.loads((FOLDER / "requests.json").read_bytes())["schemas"]
    texts = extract(parser.parse_args().description.read_bytes(), known)
    OUTPUT.mkdir(exist_ok=True)
    for file in OUTPUT.glob("*.json"):
        file.unlink()
    whole = hashlib.sha256()
    for group, text in sorted(texts.items()):
        (OUTPUT / f"{group}.json").write_text(text, encoding="utf-8")
        whole.update(text.encode())
    print(OUTPUT, whole.hexdigest())


if __name__ == "__main__":
    main()
