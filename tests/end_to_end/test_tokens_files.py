"""`tokens --files`: paths, folders and JSONL, as `wc` would; and what a terminal sees of it."""

import gzip
import json
import os
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.terminal import Terminal

# o200k_base: The| quick| brown| fox; the| lazy
FOX, OVER = "The quick brown fox", "the lazy"


@pytest.fixture
def tree(folder: Path) -> Path:
    """A folder with files to count and files to leave out."""
    prompts = folder / "prompts"
    (prompts / "more").mkdir(parents=True)
    (prompts / "a.txt").write_text(FOX)
    (prompts / "more" / "b.txt").write_text(OVER)
    (prompts / ".hidden").write_text(FOX)
    (prompts / ".gitignore").write_text("*.log\n")
    (prompts / "x.log").write_text(FOX)
    (prompts / "image.bin").write_bytes(b"\0\1\2")
    (prompts / "latin.txt").write_bytes(b"caf\xe9")
    return prompts


def test_one_file(run: Run, folder: Path) -> None:
    (folder / "a").write_text(FOX)
    done = run("tokens", "--files", "a")
    assert (done.code, done.text, done.err) == (0, "       4 a\n", "")


def test_a_folder(run: Run, tree: Path) -> None:
    done = run("tokens", "--files", "prompts")
    assert done.code == 0
    assert done.text == ("       4 prompts/a.txt\n       2 prompts/more/b.txt\n       6 total\n")
    assert done.err == (
        "openai-cli: notice: left out: 1 binary, 2 hidden, 1 ignored, 1 in another encoding than "
        "UTF-8; --input-encoding NAME reads text in another one\n"
    )
    judged = run("tokens", "--files", "prompts", "--max", "9")
    assert judged.err.endswith("; --max does not count 2 of them\n")


def test_what_is_named_is_counted_whatever_it_is(run: Run, tree: Path) -> None:
    done = run("tokens", "--files", "prompts/.hidden", "prompts/x.log")
    assert done.text == "       4 prompts/.hidden\n       4 prompts/x.log\n       8 total\n"
    assert (done.code, done.err) == (0, "")


def test_what_cannot_be_counted_is_named_and_the_rest_is_counted(run: Run, tree: Path) -> None:
    done = run("tokens", "--files", "none", "prompts/latin.txt", "prompts/a.txt")
    assert done.code == 2
    assert done.text == "       4 prompts/a.txt\n"
    first, second, last = done.err.splitlines()
    assert "'none': No such file or directory" in first
    assert "prompts/latin.txt" in second
    assert "byte 0xe9 at offset 3" in second
    assert "not everything was counted" in last


def test_paths_from_a_list(run: Run, tree: Path) -> None:
    paths = b"prompts/a.txt\n\nprompts/more/b.txt\n"
    expected = "       4 prompts/a.txt\n       2 prompts/more/b.txt\n       6 total\n"
    assert run("tokens", "--files-from", "-", stdin=paths).text == expected
    with_nul = paths.replace(b"\n", b"\0")
    assert run("tokens", "--files-from", "-", "-0", stdin=with_nul).text == expected
    (tree.parent / "list").write_bytes(paths)
    done = run("tokens", "--files", "prompts/a.txt", "--files-from", "list")
    assert done.text.splitlines()[-1] == "      10 total"


def test_a_name_that_is_not_utf8(run: Run, folder: Path) -> None:
    name = b"caf\xe9.txt"
    Path(os.fsdecode(bytes(folder) + b"/" + name)).write_text(FOX)
    done = run("tokens", "--files-from", "-", stdin=name)
    assert done.out == b"       4 " + name + b"\n"
    found = json.loads(run("tokens", "--files-from", "-", "--json", stdin=name).out)
    assert os.fsencode(found["files"][0]["path"]) == name


def test_a_byte_order_mark_is_no_part_of_a_name(run: Run, folder: Path) -> None:
    (folder / "a.txt").write_text(FOX)
    done = run("tokens", "--files-from", "-", stdin="\ufeffa.txt\n".encode())
    assert done.text == "       4 a.txt\n"


def test_a_line_end_in_a_name_needs_nul(run: Run, folder: Path) -> None:
    (folder / "a\nb").write_text(FOX)
    assert run("tokens", "--files-from", "-", "-0", stdin=b"a\nb\0").out == b"       4 a\nb\n"


@pytest.mark.parametrize("packed", [False, True])
def test_a_field_of_jsonl(run: Run, folder: Path, packed: bool) -> None:
    lines = [{"text": FOX, "meta": {"note": OVER}}, {"text": OVER, "meta": {"note": ""}}]
    data = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    (folder / "data").write_bytes(gzip.compress(data) if packed else data)
    assert run("tokens", "--files", "data", "--jsonl", "text").text == "       6 data\n"
    assert run("tokens", "--files", "data", "--jsonl", "meta.note").text == "       2 data\n"


def test_lines_without_the_field_are_named(run: Run, folder: Path) -> None:
    (folder / "data").write_text(f'{{"text": "{FOX}"}}\n{{"a": 1}}\n{{"text": 5}}\nno\n')
    done = run("tokens", "--files", "data", "--jsonl", "text")
    assert (done.code, done.text) == (2, "       4 data\n")
    assert [f"line {number}" in done.err for number in (1, 2, 3, 4)] == [False, True, True, True]


def test_json(run: Run, tree: Path) -> None:
    found = json.loads(run("tokens", "--files", "prompts", "--json", "-m", "gpt-4").out)
    assert found == {
        "files": [
            {"path": "prompts/a.txt", "tokens": 4},
            {"path": "prompts/image.bin", "tokens": None, "left_out": "binary"},
            {
                "path": "prompts/latin.txt",
                "tokens": None,
                "left_out": "in another encoding than UTF-8",
            },
            {"path": "prompts/more/b.txt", "tokens": 2},
        ],
        "tokens": 6,
        "encoding": "cl100k_base",
    }


def test_an_empty_folder(run: Run, folder: Path) -> None:
    (folder / "empty").mkdir()
    done = run("tokens", "--files", "empty")
    assert (done.code, done.text) == (0, "       0 total\n")
    assert json.loads(run("tokens", "--files", "empty", "--json").out)["files"] == []


def test_a_text_in_another_encoding(run: Run, tree: Path) -> None:
    refused = run("tokens", "--files", "prompts/latin.txt")
    assert "--input-encoding NAME reads it" in refused.err
    read = run("tokens", "--files", "prompts/latin.txt", "--input-encoding", "Latin-1")
    assert (read.code, read.err) == (0, "")
    for name in ("nope", "hex", "rot13"):
        wrong = run("tokens", "--files", "prompts", "--input-encoding", name)
        assert (wrong.code, wrong.out) == (2, b""), name
    assert run("tokens", "hi", "--input-encoding", "latin-1").code == 2


def test_a_limit_for_each(run: Run, tree: Path) -> None:
    done = run("tokens", "--files", "prompts", "--max-each", "3")
    assert (done.code, done.text.splitlines()[-1]) == (8, "       6 total")
    assert "prompts/a.txt has 4: more tokens than the 3 of --max-each" in done.err
    assert run("tokens", "--files", "prompts", "--max-each", "4").code == 0
    assert run("tokens", "--files", "prompts", "--max-each", "x").code == 2
    assert run("tokens", "hi", "--max-each", "4").code == 2


def test_a_limit_for_all(run: Run, tree: Path) -> None:
    done = run("tokens", "--files", "prompts", "--max", "5")
    assert (done.code, done.text.splitlines()[-1]) == (8, "       6 total")
    assert "there are 6 tokens, more than the 5 of --max" in done.err
    assert run("tokens", "--files", "prompts", "--max", "6").code == 0


def test_a_terminal_sees_no_control_characters_of_names(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m").write_text(FOX)
    terminal = Terminal("tokens", "--files", ".", base_url="http://127.0.0.1:9", cwd=tmp_path)
    shown = terminal.read_all()
    assert b"4 ./a^[[31m" in shown or b"4 a^[[31m" in shown
    assert b"\x1b[31m" not in shown


def test_show_at_a_terminal_has_colours_and_ids_beneath(tmp_path: Path) -> None:
    def shown(*arguments: str, **env: str) -> bytes:
        terminal = Terminal(
            "tokens", "hamburger", *arguments, base_url="http://127.0.0.1:9", cwd=tmp_path, env=env
        )
        return terminal.read_all()

    assert (
        shown("--show") == b"\x1b[38;5;16;48;5;210mhamb\x1b[0m\x1b[38;5;16;48;5;114murger\x1b[0m\n"
    )
    lines = shown("--show", "--ids").splitlines()
    assert len(lines) == 2
    assert lines[1].split() == [b"103406", b"41633"]
    assert shown("--show", NO_COLOR="1") == b'"hamb"\n"urger"\n'


def test_decoding_at_a_terminal_executes_nothing(tmp_path: Path) -> None:
    terminal = Terminal(
        "tokens", "--decode", "188", "39", base_url="http://127.0.0.1:9", cwd=tmp_path
    )
    shown = terminal.read_all()
    assert b"\x1b" not in shown
    assert shown.endswith(b"\n")
