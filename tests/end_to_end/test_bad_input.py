"""Files, texts and JSON that cannot be sent: said in a line, before anything is sent or written."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openai_cli.sandbox.samples import png, sample_sound
from tests.conftest import MADE_UP_KEY, Run
from tests.flags.commandline import call
from tests.servers import Server

TAKES_FILES = [
    "transcribe {}",
    "translate {}",
    "files upload {} --purpose batch",
    "image vary {}",
    "image edit Hat --image {}",
    "image edit Hat --image a.png --mask {}",
    "image edit Hat --image a.png --markup {}",
    "respond Hi --attach {}",
    "api POST /files --form -F file=@{} -F purpose=batch",
]
TAKES_JSON = [
    "respond Hi --tools @{}",
    "image edit Hat --images @{}",
    "api POST /embeddings --body @{}",
]
TAKES_TEXT = ["moderate --input @{}", "embed --input @{}"]
# Of -F key=@file the text is taken, as gh has it.
SOURCES = [*TAKES_JSON, *TAKES_TEXT, "api POST /embeddings -F input=@{}"]


def refused(run: Run, folder: Path, line: str, stdin: bytes | None = None) -> str:
    """What is said on stderr of a command line that sends and writes nothing."""
    before = sorted(folder.iterdir())
    with Server([]) as server:
        done = run(*line.split(), stdin=stdin, base_url=server.base_url)
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith("openai-cli: error: ")
    assert done.err.count("\n") == 1
    assert sorted(folder.iterdir()) == before
    return done.err


@pytest.fixture
def files(folder: Path) -> Path:
    """The folder, with files of all kinds that are of no use."""
    (folder / "a.png").write_bytes(png(4, 4))
    (folder / "b.png").write_bytes(png(8, 4))
    (folder / "a.wav").write_bytes(sample_sound("wav"))
    (folder / "a.gif").write_bytes(b"GIF89a\x04\0\x04\0")
    (folder / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "text").write_bytes(b"hello")
    (folder / "binary").write_bytes(b"\0\xff")
    (folder / "empty").touch()
    (folder / "folder").mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / "file").touch()
    return folder


@pytest.mark.parametrize("line", TAKES_FILES + SOURCES)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing", "No such file or directory"),
        ("folder", "folder"),
        ("loop", "symbolic links"),
        ("file/below", "Not a directory"),
        ("n" * 300, "File name too long"),
    ],
)
def test_what_cannot_be_read(run: Run, files: Path, line: str, name: str, reason: str) -> None:
    said = refused(run, files, line.format(name))
    assert name in said
    assert reason in said


@pytest.mark.parametrize("line", TAKES_FILES + SOURCES)
def test_what_may_not_be_read(files: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """As root, from whom nothing is kept, it is denied by ourselves."""

    def denying(opened: Callable[..., Any]) -> Callable[..., Any]:
        def denied(path: Any, *how: Any, **more: Any) -> Any:
            if Path(path).name == "secret":
                raise PermissionError(13, "Permission denied", str(path))
            return opened(path, *how, **more)

        return denied

    (files / "secret").write_bytes(b"{}")
    monkeypatch.setattr(Path, "open", denying(Path.open))
    monkeypatch.setattr(os, "open", denying(os.open))
    monkeypatch.chdir(files)
    with Server([]) as server:
        environ = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        ended = call(*line.format("secret").split(), environ=environ)
    assert (ended.code, ended.out) == (2, b"")
    assert "cannot read 'secret': Permission denied" in ended.err


@pytest.mark.parametrize("line", TAKES_FILES)
def test_an_empty_file(run: Run, files: Path, line: str) -> None:
    assert "'empty' is empty" in refused(run, files, line.format("empty"))


@pytest.mark.parametrize("line", TAKES_JSON)
@pytest.mark.parametrize("name", ["empty", "text", "a.png"])
def test_a_file_that_is_no_json(run: Run, files: Path, line: str, name: str) -> None:
    said = refused(run, files, line.format(name))
    assert "is not JSON" in said or "is not UTF-8" in said


@pytest.mark.parametrize("line", TAKES_TEXT)
def test_a_file_that_is_no_text(run: Run, files: Path, line: str) -> None:
    assert "is not UTF-8" in refused(run, files, line.format("a.png"))


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("transcribe text", "flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav or webm"),
        ("translate text", "flac, mp3"),
        ("transcribe a.png", "flac, mp3"),
        ("image vary text", "PNG"),
        ("image vary a.wav", "PNG"),
        ("image edit Hat --image text", "it takes PNG, JPEG and WebP"),
        ("image edit Hat --image a.gif", "it takes PNG, JPEG and WebP"),
        ("image edit Hat --image a.svg", "it takes PNG, JPEG and WebP"),
        ("image vary a.gif", "PNG"),
        ("image edit Hat --image a.png --mask text", "a mask is a PNG"),
        ("image edit Hat --image a.png --markup a.wav", "a markup is a PNG"),
        ("respond Hi --attach binary", "WebP images, PDF files and UTF-8 text can be"),
        ("moderate Hi --attach text", "PNG, JPEG, GIF and WebP images can be"),
        ("chat Hi --attach binary", "WAV and MP3 audio, PDF files and UTF-8 text can be"),
    ],
)
def test_a_file_of_another_kind(run: Run, files: Path, line: str, taken: str) -> None:
    said = refused(run, files, f"{line} --sandbox" if line.startswith("trans") else line)
    assert "is not of a kind that the API takes" in said
    assert taken in said


@pytest.mark.parametrize("flag", ["--mask", "--markup"])
def test_a_mask_of_another_size_than_its_image(run: Run, files: Path, flag: str) -> None:
    said = refused(run, files, f"image edit Hat --image a.png {flag} b.png")
    assert "'b.png' has 8 x 4 pixels, and 'a.png' has 4 x 4" in said


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("transcribe", "stdin is empty"),
        ("transcribe -", "stdin is empty"),
        ("translate --filename a.wav", "stdin is empty"),
        ("files upload --purpose batch", "stdin is empty"),
        ("image edit Hat --image -", "stdin is empty"),
        ("image vary -", "stdin is empty"),
        ("embed", "there is no text to embed"),
        ("embed --lines", "stdin is empty: there is no line to embed"),
        ("moderate", "there is no text to check"),
        ("speak --voice alloy", "there is no text to say"),
        ("image generate", "there is no prompt to send"),
        ("image edit --image a.png", "there is no prompt to send"),
        ("respond", "there is no input to send"),
        ("api POST /embeddings --body @-", "is not JSON"),
    ],
)
def test_a_stdin_of_0_bytes(run: Run, files: Path, line: str, reason: str) -> None:
    assert reason in refused(run, files, line, stdin=b"")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('embed --input {"a":1}', "input must be a string, or a JSON array of strings"),
        ("embed --input [1.5]", "input must be a string, or a JSON array of strings"),
        ("moderate --input [1]", "input must be a string, or a JSON array of objects"),
        ("respond --input [1]", "input must be a string, or a JSON array of objects"),
        ("respond Hi --tools 1", "tools must be a JSON array of objects"),
        ("respond Hi --text 1", "text must be a JSON object"),
        ("respond Hi --conversation [1]", "conversation must be a string or a JSON object"),
        ("image edit Hat --images {}", "images must be a JSON array of objects"),
        ('image edit Hat --images [{"file_id":"f"}] --mask [1]', "mask must be a JSON object"),
        ("image generate Hi --svg 1", "svg must be a JSON object"),
        ("transcribe a.wav --chunking-strategy [1]", "chunking_strategy must be a string or a"),
        ("files upload text --purpose batch --expires-after 1", "expires_after must be a JSON"),
        (
            "files upload text --purpose batch --expires-after seconds=3599",
            "expires_after has a value of 'seconds' that must be an integer from 3600 to 2592000",
        ),
        ("api POST /embeddings --body [1", "--body is not JSON"),
    ],
)
def test_json_of_another_shape(run: Run, files: Path, line: str, reason: str) -> None:
    assert reason in refused(run, files, line)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("transcribe a.wav a.wav --filename b.wav", "--filename names one file: give one"),
        ("files upload a.wav text --purpose batch --filename b", "--filename names one file"),
        ("transcribe a.wav --file a.wav", "the file is given twice"),
        ("transcribe --no-stdin", "there is no file to send; for example: openai-cli transcribe"),
        ("files upload --purpose batch --no-stdin", "there is no file to send"),
        ("files upload a.wav", "no purpose is given (parameter purpose)"),
        ("image edit Hat", "there is no image to change"),
        ('image edit Hat --image a.png --images [{"file_id":"f"}]', "give one of them"),
        ('image edit Hat --images [{"file_id":"f"}] --markup a.png', "--markup is a file"),
        ("speak Hello", "no voice is given (parameter voice)"),
        ("speak Hello --voice alloy --json", "the answer is audio, not JSON"),
        ("transcribe a.wav --response-format srt --query x", "--query needs JSON"),
        ("transcribe a.wav --max-cost 1", "openai-cli cost --audio FILE --max-cost USD"),
        ("embed Hi --lines", "--lines reads its inputs from stdin"),
        ("embed Hi --input Ho", "the input is given twice"),
        ("moderate Hi --input Ho", "the input is given twice"),
        ("respond Hi --wait", "--wait needs --background"),
        ("respond Hi --wait --background --stream", "--wait polls for the answer"),
        ("respond Hi --input Ho", "the input is given twice"),
        ("image generate Hi -n 2 -o -", "-o - takes one image"),
        ("image generate Hi -o missing/a.png", "missing"),
    ],
)
def test_flags_that_do_not_go_together(run: Run, files: Path, line: str, reason: str) -> None:
    assert reason in refused(run, files, line)


@pytest.mark.parametrize("line", [b"\n", b"ok\n\n", b"ok\n\xff\n"])
def test_a_line_that_cannot_be_embedded(run: Run, files: Path, line: bytes) -> None:
    number = line.count(b"\n")
    assert f"line {number} of stdin is" in refused(run, files, "embed --lines", stdin=line)


@pytest.mark.parametrize(
    ("line", "param"),
    [
        ("files upload text --purpose fine-tune", "file"),
        ("transcribe a.wav -m gpt-4o-transcribe --response-format srt", "response_format"),
        ("embed -", "input"),
        ("moderate -", "input"),
        ("image generate Hi --size big", "size"),
        ("speak Hi --voice alloy --param speed=9", "speed"),
        ("embed Hi --dimensions 9999", "dimensions"),
    ],
)
def test_what_the_api_refuses(run: Run, files: Path, sandbox: str, line: str, param: str) -> None:
    before = sorted(files.iterdir())
    done = run(*line.split(), stdin=b"", base_url=sandbox)
    assert (done.code, done.out) == (4, b"")
    assert f"(parameter {param}" in done.err
    assert "HTTP 400" in done.err
    assert sorted(files.iterdir()) == before
