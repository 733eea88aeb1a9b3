"""The mutants of `tools/mutants.py`: what each rule makes of a line, and which tests are near."""

import ast
import runpy
from pathlib import Path

import pytest

TOOL = runpy.run_path(str(Path(__file__).parents[1] / "tools" / "mutants.py"))
mutants, nearest, Mutant = TOOL["mutants"], TOOL["nearest"], TOOL["Mutant"]


@pytest.mark.parametrize(
    ("line", "mutated"),
    [
        ("x = a < b <= c", ["x = (a <= b <= c)"]),
        ("x = a and b", ["x = (a or b)"]),
        ("x = not ü", ["x = (ü)"]),
        ("x = a + b * c", ["x = (a - b * c)"]),
        ("x = min(a, b)", ["x = (max(a, b))"]),
        ("x = True", ["x = (False)"]),
        ("x = 2", ["x = (3)"]),
        ("x = a if b else c", ["x = a if (False) else c"]),
        ("if a: b()", ["if (False): b()", "if a: pass"]),
        ("raise ValueError", ["pass"]),
        ("def f() -> int: return a", ["def f() -> int: return None"]),
        ("def f() -> int: return None", []),
        ("x: 'list[1]' = f'{a + b}'", []),
        ("if TYPE_CHECKING: x = 'text'", []),
    ],
)
def test_the_mutants_of_a_line(line: str, mutated: list[str], tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(f"# ö\n{line}\n")
    found = list(mutants(file))
    assert [one.applied(file.read_bytes()).decode().splitlines()[1] for one in found] == mutated
    assert {one.line for one in found} <= {2}


def test_every_mutant_of_a_module_is_a_program() -> None:
    file = Path(__file__).parents[1] / "openai_cli" / "http" / "retry.py"
    found = list(mutants(file))
    assert len(found) > 20
    for one in found:
        ast.parse(one.applied(file.read_bytes()))


@pytest.mark.parametrize(
    ("module", "near"),
    [
        ("openai_cli/http/sse.py", "tests/http/test_sse.py"),
        ("openai_cli/commands/image_edit.py", "tests/end_to_end/test_images.py"),
        ("openai_cli/http/without_tests.py", "tests/end_to_end"),
    ],
)
def test_the_tests_that_are_near(module: str, near: str) -> None:
    assert near in map(str, nearest(Path(module)))


def test_the_tests_around_are_those_of_the_users() -> None:
    near, around, further = list(TOOL["rings"](Path("openai_cli/batches/seen.py")))[:3]
    assert "tests/end_to_end/test_batch_check.py" not in near
    assert "tests/end_to_end/test_batch_check.py" in around + further
    assert not set(near) & set(around + further)


def test_a_test_that_fails_by_itself_has_no_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, tests = tmp_path / "module.py", tmp_path / "test_module.py"
    module.write_text("x = 1\n")
    tests.write_text(
        "from module import x\ndef test_by_itself(): assert 0\ndef test_x(): assert x == 1\n"
    )
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # a start takes a third of the time
    verdicts = [
        TOOL["verdict_of"]([str(tests)], Mutant(module, 1, 4, 5, text), tmp_path)
        for text in ("22", "1.0")
    ]
    assert verdicts == ["found", "SURVIVED"]
    assert module.read_text() == "x = 1\n"
