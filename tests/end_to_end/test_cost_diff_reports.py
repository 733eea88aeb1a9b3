"""The reports of `cost diff` about names of every kind, and of every size."""

import json
import os
import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.conftest import Run
from tests.end_to_end.conftest import THAT_DAY, Diff, Repository
from tests.end_to_end.test_cost_diff import line

# Of a path, all that means something to one of the forms: Markdown, XML, GitHub's commands, lines.
ODD = 'p/a|b`c`%d,e:f<g>*_~[x](y)\n# \t"q"&amp;\x1b[31m\ufffe.txt'
NOT_UTF_8 = os.fsdecode(b"p/caf\xe9.txt")


@pytest.fixture(params=[ODD, NOT_UTF_8])
def changed(request: pytest.FixtureRequest, repository: Repository) -> str:
    """The name of a file that costs more than in the base."""
    name: str = request.param
    repository.write("p/same.txt", "hello")
    repository.commit()
    repository.write(name, "hello")
    return name


FAILING = ("--base", "main", "p", "-m", "gpt-4o", "--max-increase-each", "0")


def test_markdown_keeps_a_name_on_its_line_and_has_no_markup_of_it(
    changed: str, diff: Diff
) -> None:
    done = diff(*FAILING, "--markdown")
    assert done.code == 8
    lines = done.out.decode().splitlines()
    problem = next(line for line in lines if line.startswith("- Fails: "))
    row = next(line for line in lines if line.startswith("| added |"))
    assert len(re.findall(r"\|", row)) == 9
    assert not re.search(r"[`*_<>\[~]|^#", problem + row)
    name = unescape(row.split(" | ")[1])
    assert name == {
        ODD: 'p/a|b`c`%d,e:f<g>*_~[x](y) # "q"&amp;^[[31m\ufffe.txt', NOT_UTF_8: "p/caf\ufffd.txt"
    }[changed]  # fmt: skip
    assert name in unescape(problem)


def test_junit_of_any_name_can_be_parsed(changed: str, diff: Diff, folder: Path) -> None:
    assert diff(*FAILING, "--junit", "report.xml").code == 8
    suite = ET.parse(folder / "report.xml").getroot()[0]  # noqa: S314 - our own
    case = suite[1]
    kept = "".join(
        letter if re.match(r"[^\x1b\ufffe\udc80-\udcff]", letter) else "\ufffd"
        for letter in changed
    )
    assert case.get("name") == kept
    assert (case.findtext("failure"), case.findtext("system-out")) == ("", "added: +0.00002 USD")


def test_github_gets_a_command_on_one_line_and_files_of_utf_8(
    changed: str, diff: Diff, folder: Path
) -> None:
    env = {"GITHUB_STEP_SUMMARY": "summary.md", "GITHUB_OUTPUT": "out"}
    done = diff(*FAILING, "--github", env=env)
    assert done.code == 8
    (command,) = [line for line in done.err.splitlines() if line.startswith("::")]
    properties = command.split("::")[1].removeprefix("error ").split(",")
    assert [one.partition("=")[0] for one in properties] == ["title", "file", "line"]
    assert (folder / "summary.md").read_bytes().decode().startswith("<!-- openai-cli cost diff")
    assert "passed=false\n" in (folder / "out").read_text()


@pytest.mark.parametrize(
    "form", [[], ["--json"], ["--markdown"], ["--junit", "-", "-o", os.devnull]]
)
def test_every_report_names_the_prices(
    repository: Repository, diff: Diff, form: list[str], run: Run
) -> None:
    repository.write("p/a.txt", "hello")
    repository.commit()
    prices = json.loads(run("cost", "hello", "--json", env=THAT_DAY, key=None).out)["prices"]
    report = diff("--base", "main", "p", "-m", "gpt-4o", *form).text
    assert prices["date"] in report
    assert prices["digest"][:12] in report


@pytest.mark.parametrize("workspace", ["..", "../link", None])
def test_annotations_are_at_paths_below_the_workspace(
    folder: Path, diff: Diff, workspace: str | None
) -> None:
    """The command may run in a folder of it, and a link may lead to it."""
    repository = Repository(folder.parent)
    (folder.parent / "link").symlink_to(".")
    repository.commit()
    repository.write(f"{folder.name}/a.txt", "hello")
    env = {"GITHUB_WORKSPACE": str(folder / workspace)} if workspace else {}
    done = diff("--base", "main", "a.txt", "-m", "gpt-4o", "--github", env=env)
    assert f"file={f'{folder.name}/' if workspace else ''}a.txt,line=1::" in done.err


def test_markdown_stays_small_if_every_change_fails(repository: Repository, diff: Diff) -> None:
    """Names as long as they may be, of letters that Markdown writes with six."""
    repository.write("p/x.txt", "")
    repository.commit()
    folders = "/".join("|" * 250 for _ in range(10))
    for number in range(60):
        repository.write(f"p/{folders}/{number}.txt", "hello")
    done = diff(*FAILING, "--markdown")
    assert len(done.out) < 64_000
    (more,) = re.findall(r"^- and (\d+) more$", done.text, re.MULTILINE)
    assert int(more) == 60 - done.text.count("- Fails: ")
    assert "smaller changes are not shown" in done.text


@pytest.mark.parametrize("digits", [10, 30, 400])
def test_an_amount_may_have_any_number_of_digits(
    repository: Repository, diff: Diff, digits: int
) -> None:
    usage = {"model": "gpt-4o", "object": "chat.completion", "usage": {"prompt_tokens": 1}}
    repository.write("usage.json", json.dumps(usage))
    repository.commit()
    usage["usage"] = {"prompt_tokens": 10**digits}
    repository.write("usage.json", json.dumps(usage))
    asked = ("--base", "main", "--response", "usage.json", "--max-increase-percent", "5", "--warn",
             "--allow-unbounded")  # fmt: skip
    assert " % more, which exceeds --max-increase-percent 5" in diff(*asked).err
    percent = json.loads(diff(*asked, "--json").out, parse_float=str)["percent"]
    assert len(str(percent).partition(".")[0]) in {digits + 2, digits + 3}
    env = {"GITHUB_OUTPUT": "out", "GITHUB_STEP_SUMMARY": "summary"}
    assert diff(*asked, "--github", env=env).code == 0


def test_what_is_told_on_stderr_stays_small(repository: Repository, diff: Diff) -> None:
    unknown = "".join(f"{line(str(number), 'hello', model='nope')}\n" for number in range(50))
    repository.write("r.jsonl", unknown)
    repository.commit()
    repository.write("r.jsonl", unknown.replace("nope", "gpt-4o"))
    done = diff("--base", "main", "--request", "r.jsonl", "--max-increase-each", "0", "--warn")
    assert done.code == 0
    assert done.err.count("the base is not priced: ") == 21
    assert done.err.count("which exceeds --max-increase-each 0") == 20
    assert done.err.count("notice: and 30 more\n") == 1


def test_a_side_that_is_named_by_its_id_is_named_once(repository: Repository, diff: Diff) -> None:
    repository.write("p/a.txt", "hello")
    commit = repository.commit()
    table = diff("--base", commit, "p", "-m", "gpt-4o").text
    assert f"base {commit[:12]}, head the working tree; " in table
    assert f"base main ({commit[:12]}), " in diff("--base", "main", "p", "-m", "gpt-4o").text
