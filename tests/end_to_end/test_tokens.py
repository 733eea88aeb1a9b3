"""`tokens` on text: the installed command, held against what the issue and tiktoken say."""

import json
import os
from pathlib import Path

import pytest
import tiktoken
from tiktoken import Encoding

from tests.conftest import Run

SHRUG = "🤷"


def test_the_number_alone(run: Run) -> None:
    done = run("tokens", "hamburger")
    assert (done.code, done.out, done.err) == (0, b"2\n", "")


def test_stdin_is_counted_byte_for_byte(run: Run) -> None:
    # o200k_base: "hello" and "\n"
    assert run("tokens", stdin=b"hello\n").out == b"2\n"
    assert run("tokens", stdin=b"hello").out == b"1\n"
    assert run("tokens", "-", stdin=b"hello\n").out == b"2\n"


def test_a_long_stdin_is_counted_as_a_file_is(run: Run, folder: Path) -> None:
    text = b"The quick brown fox\n" * 60_000
    (folder / "long.txt").write_bytes(text)
    assert run("tokens", stdin=text).out == b"300000\n"
    assert run("tokens", "-", "--json", stdin=text).out.startswith(b'{"tokens": 300000, ')
    assert run("tokens", "--files", "long.txt").out.split()[0] == b"300000"


def test_stdin_among_files(run: Run, folder: Path) -> None:
    for name in "ab":
        (folder / name).write_text("The quick brown fox")
    done = run("tokens", "--files", "a", "-", "b", stdin=b"hello\n")
    assert (done.code, done.text) == (0, "       4 a\n       2 -\n       4 b\n      10 total\n")
    done = run("tokens", "--files", "-", "--input-encoding", "latin-1", stdin=b"caf\xe9")
    assert (done.code, done.text) == (0, "       2 -\n")


def test_stdin_that_is_no_file(run: Run) -> None:
    done = run("tokens", "--files", "-", "-", stdin=b"hello\xff")
    assert "error: stdin is not UTF-8: byte 0xff at offset 5" in done.err
    assert "stdin is read by --files" in done.err
    done = run("tokens", "--files", "-", "--jsonl", "text", stdin=b"{}")
    assert "--jsonl reads only files, and - is stdin" in done.err


def test_where_a_long_stdin_is_not_utf_8(run: Run) -> None:
    done = run("tokens", stdin=b"words \n" * 200_000 + b"\xff")
    assert done.code == 2
    assert done.err == (
        "openai-cli: error: stdin is not UTF-8: byte 0xff at offset 1400000; "
        "--files - --input-encoding NAME reads it\n"
    )


def test_stdin_is_not_read_when_there_is_text(run: Run) -> None:
    assert run("tokens", "hello", stdin=b"one two three").out == b"1\n"


def test_several_arguments_are_one_text(run: Run) -> None:
    assert run("tokens", "one", "two", "--ids").out == run("tokens", "one two", "--ids").out


def test_nothing_to_count(run: Run) -> None:
    done = run("tokens")
    assert run("tokens", stdin=b"").out == b"0\n"
    assert (done.code, done.out) == (0, b"0\n"), "stdin is /dev/null, which is empty"
    refused = run("tokens", "--no-stdin")
    assert refused.code == 2
    assert "openai-cli tokens hamburger" in refused.err


def test_stdin_that_is_not_utf8(run: Run) -> None:
    done = run("tokens", stdin=b"abc\xff")
    assert (done.code, done.out) == (2, b"")
    assert "byte 0xff at offset 3" in done.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--encoding", "gpt2", "--ids"], "2763 6236 1362"),
        (["--encoding", "r50k_base"], "3"),
        (["--encoding", "p50k_base"], "3"),
        (["--encoding", "p50k_edit"], "3"),
        (["--encoding", "cl100k_base"], "2"),
        (["--encoding", "o200k_base"], "2"),
        (["--encoding", "o200k_harmony"], "2"),
        (["-m", "gpt-4"], "2"),
        (["-m", "text-davinci-003"], "3"),
        (["-m", "gpt-4o"], "2"),
    ],
)
def test_encodings(run: Run, arguments: list[str], expected: str) -> None:
    done = run("tokens", "hamburger", *arguments)
    assert (done.text, done.err) == (f"{expected}\n", "")


def test_the_model_of_the_environment(run: Run) -> None:
    done = run("tokens", "hamburger", "--ids", env={"OPENAI_MODEL": "davinci"})
    assert done.text == "2763 6236 1362\n"
    assert run("tokens", "hamburger", "-m", "gpt-4o", env={"OPENAI_MODEL": "davinci"}).text == "2\n"


@pytest.mark.parametrize("model", ["gpt-6-luna", "gpt-5.4-mini", "ft:gpt-4o-mini-2024-07-18:o::i"])
def test_models_of_the_tables_give_no_notice(run: Run, model: str) -> None:
    done = run("tokens", "hamburger", "-m", model)
    assert (done.text, done.err) == ("2\n", "")


def test_a_model_newer_than_the_tables(run: Run) -> None:
    done = run("tokens", "hamburger", "-m", "gpt-19-nova")
    assert (done.code, done.text) == (0, "2\n")
    assert done.err.startswith("openai-cli: notice: unknown model gpt-19-nova")
    assert "o200k_base" in done.err
    assert run("tokens", "hamburger", "-m", "gpt-19-nova", "-q").err == ""


def test_a_model_that_nobody_knows(run: Run) -> None:
    done = run("tokens", "hamburger", "-m", "gtp-6-luna")
    assert (done.code, done.out) == (2, b"")
    assert "did you mean" in done.err
    assert "gpt-6-luna" in done.err


def test_an_encoding_that_there_is_not(run: Run) -> None:
    done = run("tokens", "hamburger", "--encoding", "o300k_base")
    assert done.code == 2
    assert "o200k_harmony" in done.err


def test_special_tokens_are_ordinary_text(run: Run) -> None:
    assert run("tokens", "<|endoftext|>").out == b"7\n"
    assert run("tokens", "<|endoftext|>", "--special", "--ids").out == b"199999\n"
    harmony = run("tokens", "<|start|>user", "--special", "--ids", "--encoding", "o200k_harmony")
    assert harmony.out == b"200006 1428\n"


def test_ids_and_back(run: Run, folder: Path) -> None:
    text = f"naïve {SHRUG} \x00 text\r\n"
    ids = run("tokens", "--ids", stdin=text.encode())
    assert [int(number) for number in ids.text.split()] == o200k().encode_ordinary(text)
    assert run("tokens", "--decode", stdin=ids.out).out == text.encode()
    assert run("tokens", "--decode", *ids.text.split()).out == text.encode()


def test_decoding_half_a_character(run: Run) -> None:
    first, _ = o200k().encode_ordinary(f" {SHRUG}")
    assert run("tokens", "--decode", str(first)).out == b" \xf0\x9f\xa4"


@pytest.mark.parametrize(
    ("ids", "problem"),
    [("12 x", "'x'"), ("-5", "-5"), ("1.5", "1.5"), ("999999", "no token 999999")],
)
def test_ids_that_are_none(run: Run, ids: str, problem: str) -> None:
    done = run("tokens", "--decode", stdin=ids.encode())
    assert (done.code, done.out) == (2, b"")
    assert problem in done.err


def test_show_into_a_pipe(run: Run) -> None:
    assert run("tokens", "--show", "hamburger!\n").text == '"hamb"\n"urger"\n"!\\n"\n'
    done = run("tokens", "--show", "--ids", "hamburger", "--encoding", "gpt2")
    assert done.text == '2763\t"ham"\n6236\t"bur"\n1362\t"ger"\n'


def test_show_in_colours(run: Run) -> None:
    done = run("tokens", "--show", "hamburger", "--color", "always")
    assert done.text == "\x1b[38;5;16;48;5;210mhamb\x1b[0m\x1b[38;5;16;48;5;114murger\x1b[0m\n"
    assert "\x1b" not in run("tokens", "--show", "hamburger").text


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--first", "2"], "The quick\n"),
        (["--last", "2"], " brown fox\n"),
        (["--first", "0"], "\n"),
        (["--first", "99"], "The quick brown fox\n"),
        (["--first", "2", "-0"], "The quick\0"),
        (["--split", "3"], "The quick brown\n\n fox\n"),
        (["--split", "3", "--separator", "--"], "The quick brown\n--\n fox\n"),
        (["--split", "3", "-0"], "The quick brown\0 fox\0"),
        (["--split", "3", "--overlap", "1"], "The quick brown\n\n brown fox\n"),
        (["--split", "3", "--json"], '"The quick brown"\n" fox"\n'),
    ],
)
def test_parts_of_a_text(run: Run, arguments: list[str], expected: str) -> None:
    assert run("tokens", "The quick brown fox", *arguments).text == expected


def test_a_part_never_ends_in_a_character(run: Run) -> None:
    # o200k_base has the shrug in two tokens.
    assert run("tokens", f"a {SHRUG}", "--first", "2").text == "a\n"


def test_pieces_into_files(run: Run, folder: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(30))
    done = run(
        "tokens", "--split", "10", "--at", "line", "--output-dir", "parts", stdin=text.encode()
    )
    paths = done.text.splitlines()
    assert paths[0] == "parts/01.txt"
    assert "".join((folder / path).read_text() for path in paths) == text
    assert all(o200k_count(folder / path) <= 10 for path in paths)
    assert sorted(path.name for path in (folder / "parts").iterdir()) == [
        path.removeprefix("parts/") for path in paths
    ]


def test_of_pieces_all_are_written_or_none(run: Run, folder: Path) -> None:
    (folder / "parts" / "2.txt").mkdir(parents=True)
    done = run("tokens", "one two three", "--split", "1", "--output-dir", "parts")
    assert (done.code, done.out) == (2, b"")
    assert "--output-dir: 'parts/2.txt' is a folder" in done.err
    done = run("tokens", "one 🤷 three", "--split", "1", "--output-dir", "other")
    assert done.code == 2
    assert [path.name for path in folder.glob("*/*")] == ["2.txt"]


def test_pieces_are_synced_once(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(os, "sync", lambda: calls.append("all"))
    monkeypatch.setattr(os, "fsync", lambda _handle: calls.append("one"))
    done = run("tokens", "a b c d e f", "--split", "1", "--output-dir", "parts")
    assert len(done.text.splitlines()) == 6
    assert calls == ["all", "one"]


def test_a_piece_that_was_there_keeps_its_mode(run: Run, folder: Path) -> None:
    (folder / "1.txt").write_text("before")
    (folder / "1.txt").chmod(0o640)
    run("tokens", "a", "--split", "1", "--output-dir", ".")
    assert (folder / "1.txt").read_text() == "a"
    assert (folder / "1.txt").stat().st_mode & 0o777 == 0o640


def test_a_folder_that_cannot_be(run: Run, folder: Path) -> None:
    (folder / "file").write_text("")
    done = run("tokens", "a b", "--split", "1", "--output-dir", "file")
    assert done.code == 2
    assert "--output-dir: cannot make 'file'" in done.err


def test_the_most_that_may_be(run: Run) -> None:
    assert run("tokens", "a b c", "--max", "3").out == b"3\n"
    done = run("tokens", "a b c", "--max", "2")
    assert (done.code, done.out) == (8, b"")
    assert "3 tokens" in done.err


def test_json(run: Run) -> None:
    done = run("tokens", "hamburger", "--json")
    assert json.loads(done.out) == {"tokens": 2, "encoding": "o200k_base"}
    done = run("tokens", "hamburger", "--json", "--ids", "--encoding", "gpt2")
    assert json.loads(done.out) == {"tokens": 3, "encoding": "gpt2", "ids": [2763, 6236, 1362]}


def test_output_into_a_file(run: Run, folder: Path) -> None:
    done = run("tokens", "hamburger", "-o", "count")
    assert (done.out, (folder / "count").read_text()) == (b"", "2\n")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--first", "1", "--last", "1"], "--first and --last: give one of them"),
        (["--decode", "--ids"], "--decode and --ids: give one of them"),
        (["--overlap", "1"], "--overlap goes only with --split"),
        (["--at", "line"], "--at goes only with --split"),
        (["--output-dir", "x"], "--output-dir goes only with --split"),
        (["--split", "2", "--max", "3"], "--max does not go with --split"),
        (["--first", "2", "--special"], "--special does not go with --first"),
        (["--split", "0"], "--split must be an integer of at least 1, not '0'"),
        (["--split", "3", "--overlap", "3"], "--overlap must be an integer from 0 to 2, not '3'"),
        (["--split", "3", "--at", "word"], "--at must be token or line or paragraph, not 'word'"),
        (["--max", "-1"], "--max must be an integer of at least 0, not '-1'"),
        (["-m", "gpt-4", "--encoding", "gpt2"], "--model and --encoding: give one of them"),
    ],
)
def test_flags_that_do_not_fit(run: Run, arguments: list[str], problem: str) -> None:
    done = run("tokens", "1 2 3", *arguments)
    assert (done.code, done.out) == (2, b"")
    assert problem in done.err


def o200k() -> Encoding:
    """tiktoken's encoder over this package's own ranks: no download."""
    from openai_cli.tokens.encoders import rules_of
    from openai_cli.tokens.vocabulary import open_vocabulary

    rules = rules_of("o200k_base")
    ranks = open_vocabulary(rules.vocabulary, rules.below).full()
    return tiktoken.Encoding(
        "reference", pat_str=rules.pattern, mergeable_ranks=ranks, special_tokens={}
    )


def o200k_count(path: Path) -> int:
    return len(o200k().encode_ordinary(path.read_text()))
