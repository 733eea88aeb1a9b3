"""`cost diff` in repositories and environments of every kind."""

import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Diff, Repository
from tests.end_to_end.test_cost_diff import D, line, parsed


def test_a_repository_without_a_commit_says_so(repository: Repository, diff: Diff) -> None:
    repository.write("a.txt", "hello")
    done = diff("--base", "main", "a.txt")
    assert done.code == 2
    assert "there is no commit 'main'; the repository has no commit yet" in done.err


def test_an_id_that_is_missing_is_named_and_not_masked(repository: Repository, diff: Diff) -> None:
    """A whole id looks like a key, and it is what the variables of CI have."""
    repository.write("a.txt", "hello")
    repository.commit()
    for name in ("0123456789abcdef0123456789abcdef01234567", "0123456789abcdef" * 4):
        assert "there is no commit '0123456789ab'" in diff("--base", name, "a.txt").err


@pytest.mark.parametrize("given", [["--base", "", "a.txt"], ["--base", "main", "--head", "", "a"]])
def test_a_ref_that_is_empty_is_none(repository: Repository, diff: Diff, given: list[str]) -> None:
    repository.write("a.txt", "hello")
    repository.commit()
    done = diff(*given)
    assert (done.code, "must not be empty" in done.err) == (2, True), done.err


def test_a_path_that_is_empty_is_none(repository: Repository, diff: Diff) -> None:
    """It would be the working folder, which would seem to be removed."""
    repository.write("a.txt", "hello")
    repository.commit()
    for given in ([""], ["--request", ""], ["a.txt", ""]):
        done = diff("--base", "main", "-m", "gpt-4o", *given)
        assert (done.code, "a path must not be empty" in done.err) == (2, True), done.err


def test_a_bare_repository_has_no_working_tree(repository: Repository, diff: Diff) -> None:
    repository.write("a.txt", "hello")
    repository.commit()
    repository.git("config", "core.bare", "true")
    done = diff("--base", "main", "--head", "main", "a.txt")
    assert done.code == 2
    assert "not in the working tree of a git repository (fatal: " in done.err


def test_what_git_says_to_do_is_told(
    repository: Repository, diff: Diff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container of CI, another user may own the repository."""
    repository.write("a.txt", "hello")
    repository.commit()
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    done = diff("--base", "main", "a.txt")
    assert done.code == 2
    assert "git config --global --add safe.directory" in done.err


@pytest.mark.parametrize(
    "env",
    [
        {"GIT_DIR": "../.git", "GIT_WORK_TREE": ".."},
        {"GIT_LITERAL_PATHSPECS": "1"},
        {"GIT_ICASE_PATHSPECS": "1"},
        {"GIT_EXTERNAL_DIFF": "false", "GIT_PAGER": "false"},
    ],
)
def test_the_environment_of_git_changes_nothing(
    folder: Path, diff: Diff, env: dict[str, str]
) -> None:
    """A hook has such variables; their folders are relative to the one it is started in."""
    repository = Repository(folder.parent)
    repository.write(f"{folder.name}/a.txt", "hello")
    repository.write(f"{folder.name}/same.txt", "hello")
    repository.write(f"{folder.name}/r.jsonl", line("a", "hello", max_tokens=1))
    repository.commit()
    repository.write(f"{folder.name}/a.txt", "hello hello")
    done = diff("--base", "main", "a.txt", "same.txt", "--request", "r.jsonl", "-m", "gpt-4o",
                "--json", env=env)  # fmt: skip
    assert done.code == 0, done.err
    found = parsed(done)
    assert [(row["path"], row["change"]) for row in found["rows"]] == [("a.txt", D("0.0000025"))]
    assert found["unchanged"]["rows"] == 2


def test_what_is_left_out_is_counted_once(repository: Repository, diff: Diff) -> None:
    repository.write("p/a.txt", "hello")
    for name in ("link", "other"):
        (repository.folder / "p" / name).symlink_to("a.txt")
    repository.commit()
    done = diff("--base", "main", "p", "./p", str(repository.folder / "p"), "-m", "gpt-4o")
    assert "left out: 2 links\n" in done.err


def filtered(repository: Repository, attributes: str, **filters: str) -> None:
    """Have files filtered from here on."""
    repository.write(".gitattributes", attributes)
    for name, command in filters.items():
        repository.git("config", f"filter.made-up.{name}", command)


def test_the_base_is_as_a_checkout_would_write_it(repository: Repository, diff: Diff) -> None:
    """In the repository the file has one word, and in the working tree ten."""
    filtered(repository, "p/* filter=made-up\nr.jsonl filter=made-up\n",
             clean="sed s/ten/one/", smudge="sed s/one/ten/")  # fmt: skip
    repository.write("p/a.txt", "one\n")
    repository.write("p/é\nb.txt", "one\n")
    repository.write("r.jsonl", line("a", "one", max_tokens=1))
    repository.commit()
    blob = repository.git("cat-file", "-p", "HEAD:p/a.txt")
    repository.write("p/a.txt", "ten hello\n")
    repository.write("p/é\nb.txt", "ten hello\n")
    repository.write("r.jsonl", line("a", "ten hello", max_tokens=1))
    done = diff("--base", "main", "p", "--request", "r.jsonl", "-m", "gpt-4o", "--json")
    assert done.code == 0, done.err
    assert blob == "one"
    found = parsed(done)
    assert [row["change"] for row in found["rows"]] == [
        D("0.0000025"), D("0.0000025"), D("0.00000125"),
    ]  # fmt: skip


def test_line_ends_are_those_of_a_checkout(repository: Repository, diff: Diff) -> None:
    """A newline may be a token where CR and LF are part of another, or the other way round."""
    text = "hello\n\n\n\nhello\n \n"
    filtered(repository, "p/*.txt text eol=crlf\n")
    repository.write("p/a.txt", text)
    repository.commit()
    repository.write("p/a.txt", text.replace("\n", "\r\n") + "hello")
    (row,) = parsed(diff("--base", "main", "p", "-m", "gpt-4o", "--json"))["rows"]
    repository.write("p/b.txt", text.replace("\n", "\r\n"))
    rows = parsed(diff("--base", "main", "p", "-m", "gpt-4o", "--json"))["rows"]
    assert row["base"] == next(one["head"] for one in rows if one["path"] == "p/b.txt")


POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 6\n"


@pytest.fixture
def pointers(repository: Repository) -> Repository:
    """A repository with files in Git LFS, whose contents are those of the working tree alone."""
    for name in ("p/text.txt", "p/picture.png", "r.json"):
        repository.write(name, POINTER)
    repository.write("p/other.txt", "hello")
    repository.commit()
    repository.write("p/picture.png", b"\0")
    return repository


def test_what_git_lfs_keeps_is_never_taken_for_the_text(pointers: Repository, diff: Diff) -> None:
    pointers.write("p/text.txt", "hello")
    pointers.write("r.json", line(None, "hello", max_tokens=1))
    for given, path in ((["p"], "p/text.txt"), (["--request", "r.json"], "r.json")):
        done = diff("--base", "main", "-m", "gpt-4o", *given)
        assert (done.code, done.out) == (2, b"")
        assert f"Git LFS keeps the contents of '{path}', and they are not here" in done.err
        assert "git lfs fetch --all" in done.err


def test_what_is_no_text_may_be_in_git_lfs(pointers: Repository, diff: Diff) -> None:
    (pointers.folder / "p/text.txt").unlink()
    done = diff("--base", "main", "p", "-m", "gpt-4o", "--json")
    assert (parsed(done)["rows"], parsed(done)["unchanged"]["rows"]) == ([], 1)
    of_commits = diff("--base", "main", "--head", "main", "p", "-m", "gpt-4o", "--json")
    assert (parsed(of_commits)["rows"], parsed(of_commits)["unchanged"]["rows"]) == ([], 1)
    assert "left out: 2 kept by Git LFS\n" in of_commits.err


def test_pointers_are_no_texts_where_nothing_of_git_lfs_is_fetched(
    pointers: Repository, diff: Diff
) -> None:
    """As in a checkout of GitHub: a changed picture has another pointer, and a new one has one."""
    other = POINTER.replace("0" * 64, "1" * 64)
    pointers.write("p/picture.png", POINTER.replace("size 6", "size 1234567"))
    pointers.write("p/new.png", other)
    pointers.write("p/other.txt", "hello hello")
    done = diff("--base", "main", "p", "-m", "gpt-4o", "--json")
    assert [row["path"] for row in parsed(done)["rows"]] == ["p/other.txt"]
    assert "left out: 2 kept by Git LFS\n" in done.err
    pointers.write("new.json", other)
    wrong = diff("--base", "main", "--request", "new.json")
    assert (wrong.code, "Git LFS keeps the contents of 'new.json'" in wrong.err) == (2, True)


def test_a_filter_that_fails_is_told(repository: Repository, diff: Diff) -> None:
    filtered(repository, "p/a.txt filter=made-up\n", smudge="false", clean="cat", required="true")
    repository.write("p/a.txt", "hello")
    repository.commit()
    repository.write("p/a.txt", "hello hello")
    done = diff("--base", "main", "p", "-m", "gpt-4o")
    assert (done.code, done.out) == (2, b"")
    assert "git cannot read all files of the commit (" in done.err
    assert "smudge filter made-up failed" in done.err


def test_a_file_that_the_repository_has_lost_is_told(repository: Repository, diff: Diff) -> None:
    repository.write("p/a.txt", "hello")
    repository.commit()
    blob = repository.git("rev-parse", "HEAD:p/a.txt")
    (repository.folder / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    repository.write("p/a.txt", "hello hello")
    done = diff("--base", "main", "p", "-m", "gpt-4o")
    assert (done.code, done.out) == (2, b"")
    assert "git cannot read all files of the commit" in done.err


def test_the_worktree_and_a_subfolder(folder: Path, diff: Diff) -> None:
    (folder.parent / "main").mkdir()
    repository = Repository(folder.parent / "main")
    repository.write("deep/a.txt", "hello")
    repository.commit()
    repository.git("worktree", "add", "--quiet", str(folder), "-b", "other")
    (folder / "deep/a.txt").write_text("hello hello")
    for typed, shown in (("deep", "deep/a.txt"), (".", "./deep/a.txt")):
        (row,) = parsed(diff("--base", "main", typed, "-m", "gpt-4o", "--json"))["rows"]
        assert (row["path"], row["change"]) == (shown, D("0.0000025"))


def test_what_a_sparse_checkout_leaves_out_is_not_removed(
    repository: Repository, diff: Diff
) -> None:
    for name in ("p/in/a.txt", "p/out/a.txt", "p/out/gone.txt"):
        repository.write(name, "hello")
    repository.write("p/out/r.jsonl", line("a", "hello", max_tokens=1))
    repository.commit()
    repository.git("rm", "--quiet", "p/out/gone.txt")
    repository.git("commit", "--quiet", "--message", "gone")
    repository.git("sparse-checkout", "set", "p/in")
    asked = ("--base", "HEAD^", "p", "-m", "gpt-4o", "--json")
    done = diff(*asked)
    found = parsed(done)
    assert [(row["path"], row["status"]) for row in found["rows"]] == [
        ("p/out/gone.txt", "removed")
    ]
    assert found["unchanged"]["rows"] == 1
    assert "left out: 2 not checked out\n" in done.err
    assert parsed(diff(*asked, "--head", "HEAD"))["unchanged"]["rows"] == 3
    wrong = diff("--base", "HEAD^", "--request", "p/out/r.jsonl")
    assert (wrong.code, wrong.out) == (2, b"")
    assert "cannot read 'p/out/r.jsonl': it is not checked out; --head HEAD" in wrong.err


@pytest.mark.parametrize("head", [[], ["--head", "HEAD"]])
@pytest.mark.parametrize("count", [2, 150])
def test_git_runs_a_few_processes_for_any_number_of_files(
    repository: Repository, diff: Diff, monkeypatch: pytest.MonkeyPatch, head: list[str], count: int
) -> None:
    """Each takes some milliseconds, and a pattern such as prompts/*.txt names thousands."""
    texts = [f"p/{number}.txt" for number in range(count)]
    requests = [f"r/{number}.jsonl" for number in range(count)]
    for words in ("hello", "hello hello"):
        for name in texts:
            repository.write(name, words)
        for name in requests:
            repository.write(name, line("a", words, max_tokens=1))
        repository.commit()
    ran: list[str] = []
    popen = subprocess.Popen

    def started(command: list[str], **more: object) -> object:
        ran.append(command[5])
        return popen(command, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", started)
    flags = [word for name in requests for word in ("--request", name)]
    done = diff("--base", "HEAD^", *texts, *flags, *head, "-m", "gpt-4o", "--json")
    assert len(parsed(done)["rows"]) == 2 * count, done.err
    assert ran.count("cat-file") <= 4
    assert len(ran) < 25, ran


def test_paths_within_each_other_are_counted_once(repository: Repository, diff: Diff) -> None:
    for name in ("p/a.txt", "p/deep/b.txt", "p/.hidden/c.txt", "q.txt"):
        repository.write(name, "hello")
    repository.commit()
    for name in ("p/a.txt", "p/deep/b.txt", "p/.hidden/c.txt", "q.txt"):
        repository.write(name, "hello hello")
    asked = ("--base", "main", "-m", "gpt-4o", "--json")
    found = parsed(diff(*asked, "p/deep", "p", "p/.hidden", "q.txt"))
    assert sorted(row["path"] for row in found["rows"]) == [
        "p/.hidden/c.txt", "p/a.txt", "p/deep/b.txt", "q.txt",
    ]  # fmt: skip
    for root in (".", str(repository.folder)):
        assert len(parsed(diff(*asked, root))["rows"]) == 3
    wrong = diff(*asked, "p", "p/deeper")
    assert (wrong.code, "cannot read 'p/deeper': neither side" in wrong.err) == (2, True)
