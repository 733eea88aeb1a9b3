"""Mutation testing: break the code in one place at a time, and see if the nearest tests notice.

`python tools/mutants.py [--count 60] [--seed 0] [FILE...]` works in a copy of the tree. A mutant
that passes its tests is a rule without a test, or code without effect: its line says SURVIVED, and
the exit code is 1. The nearest tests of a module are the files that import it or have its name and,
for a command, those that mention it; if there are none, those of its folder and the end-to-end
tests. If these do not notice, the tests of the modules that import it are run, and then those of
the modules that import these. A test that fails without a mutant is ignored.
"""

import argparse
import ast
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "openai_cli"

# Seconds for all of the nearest tests together; a test that hangs fails by itself.
PATIENCE = 1800

# The nearest tests, those of the module's users, and those of the users' users.
RINGS = 3

OPPOSITE: dict[type[ast.AST], type[Any]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
}
OTHER_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """A place in a file, as byte offsets, and the text to put there."""

    path: Path
    line: int
    start: int
    end: int
    text: str

    def applied(self, source: bytes) -> bytes:
        return source[: self.start] + self.text.encode() + source[self.end :]


def _compared(node: ast.Compare) -> ast.AST | None:
    """Invert the first operator."""
    first, *others = node.ops
    return ast.Compare(node.left, [OPPOSITE[type(first)](), *others], node.comparators)


def _joined(node: ast.BoolOp) -> ast.AST | None:
    return ast.BoolOp(OPPOSITE[type(node.op)](), node.values)


def _added(node: ast.BinOp) -> ast.AST | None:
    if type(node.op) not in OPPOSITE:
        return None
    return ast.BinOp(node.left, OPPOSITE[type(node.op)](), node.right)


def _negated(node: ast.UnaryOp) -> ast.AST | None:
    return node.operand if isinstance(node.op, ast.Not) else None


def _constant(node: ast.Constant) -> ast.AST | None:
    if isinstance(node.value, bool):
        return ast.Constant(not node.value)
    return ast.Constant(node.value + 1) if isinstance(node.value, int) else None


def _call(node: ast.Call) -> ast.AST | None:
    if isinstance(node.func, ast.Name) and node.func.id in OTHER_NAMES:
        return ast.Call(ast.Name(OTHER_NAMES[node.func.id]), node.args, node.keywords)
    return None


def _condition(node: ast.If | ast.IfExp) -> ast.AST | None:
    """Make the condition false, except for `if TYPE_CHECKING`."""
    is_for_types = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return None if is_for_types else ast.Constant(False)


def _returned(node: ast.Return) -> ast.AST | None:
    is_nothing = node.value is None or isinstance(node.value, ast.Constant)
    return None if is_nothing else ast.Return(ast.Constant(None))


def _statement(node: ast.Expr) -> ast.AST | None:
    return ast.Pass() if isinstance(node.value, ast.Call) else None


# By type of node: what is replaced (the node, or a part of it), and by what.
RULES: dict[type[ast.AST], tuple[str | None, Callable[[Any], ast.AST | None]]] = {
    ast.Compare: (None, _compared),
    ast.BoolOp: (None, _joined),
    ast.BinOp: (None, _added),
    ast.UnaryOp: (None, _negated),
    ast.Constant: (None, _constant),
    ast.Call: (None, _call),
    ast.If: ("test", _condition),
    ast.IfExp: ("test", _condition),
    ast.Return: (None, _returned),
    ast.Raise: (None, lambda _: ast.Pass()),
    ast.Expr: (None, _statement),
}


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield all mutants of a file."""
    source = path.read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in _mutable(ast.parse(source)):
        part, rule = RULES[type(node)]
        new = rule(node)
        if new is None:
            continue
        place: Any = node if part is None else getattr(node, part)
        text = ast.unparse(ast.fix_missing_locations(new))
        yield Mutant(
            path,
            place.lineno,
            starts[place.lineno - 1] + place.col_offset,
            starts[place.end_lineno - 1] + place.end_col_offset,
            f"({text})" if isinstance(place, ast.expr) else text,
        )


def _mutable(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that have a rule, except in annotations, decorators and f-strings."""
    if type(node) in RULES:
        yield node
    skipped = {"annotation", "returns", "decorator_list"}
    for field, value in ast.iter_fields(node):
        if field in skipped:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                yield from _mutable(child)


def nearest(module: Path) -> list[Path]:
    """The test files for a module, or else test folders, as paths from the root."""
    folders = [ROOT.joinpath("tests", *module.parts[1:-1]), ROOT / "tests" / "end_to_end"]
    return _naming(module) or [path.relative_to(ROOT) for path in folders if path.exists()]


def _naming(module: Path) -> list[Path]:
    """Test files that import a module, have its name, or mention the command that it is."""
    said = _imports_of(module)
    if module.parent.name == "commands":
        said += [module.stem.replace("_", " "), module.stem.replace("_", '", "')]
    names = (f"test_{module.stem}.py", f"test_{module.parent.name}.py")
    return [
        file.relative_to(ROOT)
        for file in sorted((ROOT / "tests").rglob("test_*.py"))
        if file.name in names or any(text in file.read_text() for text in said)
    ]


def _imports_of(module: Path) -> list[str]:
    """Texts of which a file that imports the module contains one."""
    dotted = ".".join(module.with_suffix("").parts)
    package, _, name = dotted.rpartition(".")
    return [f"{dotted} import", f"import {dotted}\n", f"from {package} import {name}\n"]


def users(module: Path) -> list[Path]:
    """The modules that import a module, as paths from the root."""
    said = _imports_of(module)
    files = (path for path in sorted((ROOT / PACKAGE).rglob("*.py")))
    return [
        path.relative_to(ROOT) for path in files if any(text in path.read_text() for text in said)
    ]


def rings(module: Path) -> Iterator[list[str]]:
    """Yield the nearest tests of a module, then the further ones of its users, and so on.

    For users only files count: a whole folder would be most of the test suite.
    """
    ring, modules, known, told = nearest(module), {module}, {module}, set[Path]()
    while modules:
        told.update(ring)
        yield [str(path) for path in ring]
        modules = {user for one in modules for user in users(one)} - known
        known |= modules
        ring = sorted({test for one in modules for test in _naming(one)} - told)


def failing(tests: list[str], copied: Path, *, but: Iterable[str] = ()) -> list[str] | None:
    """The first test that fails in the copy, ignoring those in `but`; None on a time-out.

    The list is empty if all pass, and has all tests if they could not even be collected.
    """
    remembered = copied / ".remembered"
    shutil.rmtree(remembered, ignore_errors=True)
    command = [sys.executable, "-m", "pytest", "-qx", "-o", f"cache_dir={remembered}"]
    command += [f"--{'ignore' if test.endswith('.py') else 'deselect'}={test}" for test in but]
    tests = [test for test in tests if test not in but]  # pytest ignores none that is named
    with subprocess.Popen(
        [*command, *tests],
        cwd=copied,
        env={**os.environ, "PYTHONPATH": str(copied)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None
    if process.returncode in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return []
    failures = remembered / "v" / "cache" / "lastfailed"
    return list(json.loads(failures.read_text())) if failures.exists() else tests


def verdict(mutant: Mutant, copied: Path) -> str:
    """The fate of a mutant; only a test that passes without it can find it.

    It survives if the nearest tests, and those of RINGS rings of users, do not find it.
    """
    for tests in islice(rings(mutant.path.relative_to(copied)), RINGS):
        told = verdict_of(tests, mutant, copied)
        if told != "SURVIVED":
            return told
    return "SURVIVED"


def verdict_of(tests: list[str], mutant: Mutant, copied: Path) -> str:
    """What these tests say of a mutant, leaving out those that fail without it, one by one."""
    left_out: list[str] = []
    source = mutant.path.read_bytes()
    while not tests or not set(tests) <= set(left_out):
        mutant.path.write_bytes(mutant.applied(source))
        try:
            failed = failing(tests, copied, but=left_out) if tests else []
        finally:
            mutant.path.write_bytes(source)
        if failed is None:
            return "unknown: its tests take too long"
        if not failed:
            return "SURVIVED"
        if failing(failed, copied) == []:
            return "found"
        left_out += failed
    return "unknown: its tests fail as they are"


def tried(mutant: Mutant, copied: Path) -> str:
    """Test a mutant, print the result, and return it."""
    was = mutant.path.read_bytes()[mutant.start : mutant.end].decode()
    where = f"{mutant.path.relative_to(copied)}:{mutant.line}"
    what = verdict(mutant, copied)
    print(f"{what:8}  {where}  {was!r} -> {mutant.text!r}", flush=True)
    return what


def main() -> int:
    """Make the mutants, print a line for each, and count the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=60, help="how many mutants (60)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other mutants (0)")
    parser.add_argument("files", nargs="*", type=Path, help="modules to break (all)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        copied = Path(name) / "copy"  # the tree may change meanwhile
        shutil.copytree(ROOT, copied, ignore=shutil.ignore_patterns(".*", "build", "__pycache__"))
        modules = [copied / file.resolve().relative_to(ROOT) for file in given.files]
        files = modules or sorted((copied / PACKAGE).rglob("*.py"))
        every = [mutant for file in files for mutant in mutants(file)]
        chosen = random.Random(given.seed).sample(every, min(given.count, len(every)))  # noqa: S311
        found = Counter(tried(mutant, copied) for mutant in chosen)
    print(", ".join(f"{count} {what}" for what, count in found.items()))
    return 1 if found["SURVIVED"] else 0


if __name__ == "__main__":
    sys.exit(main())
