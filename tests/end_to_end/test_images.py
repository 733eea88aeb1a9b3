"""`image`: each image is a file, its path is printed, and nothing that was paid for is lost."""

import json
import os
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from openai_cli.sandbox.samples import image, png
from tests.conftest import MADE_UP_KEY, Run
from tests.flags.commandline import call
from tests.servers import Server, reply, stream
from tests.terminal import Terminal

PNG, WEBP = png(2, 2), image("webp", 1, 1)


def drawn(*images: bytes) -> bytes:
    data = [{"b64_json": b64encode(data).decode()} for data in images]
    return reply({"created": 1, "data": data})


def at(*urls: str) -> bytes:
    return reply({"created": 1, "data": [{"url": url} for url in urls]})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("flags", "paths"),
    [
        (("-o", "cat.png"), ["cat.png", "cat-2.png", "cat-3.png"]),
        (("-o", "cat"), ["cat", "cat-2", "cat-3"]),
        (("-o", "a.b.png"), ["a.b.png", "a.b-2.png", "a.b-3.png"]),
        (("-o", "new/cat.png"), ["new/cat.png", "new/cat-2.png", "new/cat-3.png"]),
        ((), ["image.png", "image-2.png", "image-3.png"]),
    ],
)
def test_the_names_of_several(
    run: Run, folder: Path, flags: tuple[str, ...], paths: list[str]
) -> None:
    (folder / "new").mkdir()
    images = [png(1, 1), png(2, 2), png(3, 3)]
    with Server([drawn(*images)]) as server:
        done = run("image", "generate", "Cats", "-n", "3", *flags, base_url=server.base_url)
    assert (done.code, done.err) == (0, "")
    assert done.text.splitlines() == paths
    assert [(folder / path).read_bytes() for path in paths] == images


def test_a_free_name_is_found_where_none_is_given(run: Run, folder: Path) -> None:
    (folder / "image.png").write_bytes(b"mine")
    with Server([drawn(PNG), drawn(WEBP)]) as server:
        for expected in ("image-2.png", "image.webp"):
            done = run("image", "generate", "A cat", base_url=server.base_url)
            assert done.text == f"{expected}\n"
    assert (folder / "image.png").read_bytes() == b"mine"


def test_a_name_that_says_another_kind_is_told_of(run: Run, folder: Path) -> None:
    with Server([drawn(WEBP)]) as server:
        done = run("image", "generate", "A cat", "-o", "cat.png", base_url=server.base_url)
    assert (done.code, done.text) == (0, "cat.png\n")
    assert "'cat.png' contains webp, not png" in done.err
    assert (folder / "cat.png").read_bytes() == WEBP


@pytest.mark.parametrize("flag", ["-0", "--null"])
def test_paths_for_xargs(run: Run, flag: str) -> None:
    with Server([drawn(PNG, PNG)]) as server:
        done = run("image", "generate", "Cats", "-n", "2", flag, base_url=server.base_url)
    assert done.out == b"image.png\0image-2.png\0"


def test_one_image_into_a_pipe(run: Run, folder: Path) -> None:
    with Server([drawn(PNG)]) as server:
        done = run("image", "generate", "A cat", "-o", "-", base_url=server.base_url)
    assert (done.code, done.out) == (0, PNG)
    assert names(folder) == []


def test_no_image_onto_a_terminal(folder: Path) -> None:
    with Server([]) as server:
        terminal = Terminal(
            "image", "generate", "A cat", "-o", "-", base_url=server.base_url, cwd=folder
        )
        shown = terminal.read_all()
    assert terminal.process.returncode == 2
    assert b"error:" in shown
    assert b"terminal" in shown


@pytest.mark.parametrize("flags", [("--json",), ("--query", "data[0].b64_json")])
def test_the_body_as_json_saves_nothing(run: Run, folder: Path, flags: tuple[str, ...]) -> None:
    with Server([drawn(PNG)]) as server:
        done = run("image", "generate", "A cat", *flags, base_url=server.base_url)
    assert done.code == 0
    assert b64encode(PNG) in done.out
    assert names(folder) == []


# Addresses


def test_an_address_is_asked_without_the_key(run: Run, folder: Path) -> None:
    with (
        Server([reply(PNG, content_type="image/png")]) as other,
        Server([at(f"{other.root}/a/b.png?sig=1")]) as server,
    ):
        done = run(
            "image", "generate", "A cat", "-m", "dall-e-3", "--header", "X-Mine: secret",
            "--organization", "org-mine", base_url=server.base_url,
        )  # fmt: skip
    assert (done.code, done.text) == (0, "image.png\n")
    assert (folder / "image.png").read_bytes() == PNG
    (asked,) = other.received
    assert asked.line == "GET /a/b.png?sig=1 HTTP/1.1"
    sent = json.dumps(asked.headers)
    assert MADE_UP_KEY not in sent
    assert "authorization" not in asked.headers
    assert "secret" not in sent
    assert "org-mine" not in sent
    assert server.received[0].headers["authorization"] == f"Bearer {MADE_UP_KEY}"


def test_an_address_that_leads_elsewhere_is_not_followed(run: Run, folder: Path) -> None:
    with Server([]) as third:
        moved = reply("", status="302 Found", headers=[f"Location: {third.root}/a.png"])
        with Server([moved]) as other, Server([at(url := f"{other.root}/a.png")]) as server:
            done = run("image", "generate", "A cat", "-m", "dall-e-3", base_url=server.base_url)
    assert (done.code, done.out) == (4, b"")
    assert f"the image is at {url}" in done.err
    assert names(folder) == []


@pytest.mark.parametrize(
    "url",
    ["http://images.invalid/a.png", "file:///etc/passwd", "ftp://127.0.0.1/a", "a.png", ""],
)
def test_an_address_that_is_not_one_of_https(run: Run, folder: Path, url: str) -> None:
    with Server([at(url)]) as server:
        done = run("image", "generate", "A cat", "-m", "dall-e-3", base_url=server.base_url)
    assert (done.code, done.out) == (6, b"")
    assert names(folder) == []


def test_an_image_that_is_none_does_not_keep_the_others(run: Run, folder: Path) -> None:
    data = [{"b64_json": "%%"}, {"b64_json": b64encode(PNG).decode()}]
    with Server([reply({"created": 1, "data": data})]) as server:
        done = run(
            "image", "generate", "Cats", "-n", "2", "-o", "cat.png", base_url=server.base_url
        )
    assert (done.code, done.text) == (6, "cat.png\n")
    assert "an image is not base64" in done.err
    assert (folder / "cat.png").read_bytes() == PNG


def test_a_device_takes_one_image(run: Run) -> None:
    with Server([]) as server:
        done = run(
            "image", "generate", "Cats", "-n", "2", "-o", "/dev/null", base_url=server.base_url
        )
    assert done.code == 2
    assert "'/dev/null' is not a regular file, and takes one image" in done.err


def test_an_address_that_fails_does_not_keep_the_others(run: Run, folder: Path) -> None:
    gone = reply({"error": {"message": "gone"}}, status="404 Not Found")
    with (
        Server([gone, reply(PNG, content_type="image/png")]) as other,
        Server([at(url := f"{other.root}/a.png", f"{other.root}/b.png")]) as server,
    ):
        done = run(
            "image", "generate", "Cats", "-n", "2", "-m", "dall-e-2", "-o", "cat.png",
            base_url=server.base_url,
        )  # fmt: skip
    assert done.code == 4
    assert f"the image is at {url}" in done.err
    assert done.text == "cat.png\n"
    assert (folder / "cat.png").read_bytes() == PNG


# What a server may do


@pytest.mark.parametrize("flags", [(), ("--null",)])
def test_no_more_is_saved_than_was_asked_for(
    run: Run, folder: Path, flags: tuple[str, ...]
) -> None:
    (folder / "cat-2.png").write_bytes(b"mine")
    with Server([drawn(PNG, png(1, 1), png(3, 3))]) as server:
        done = run("image", "generate", "A cat", "-o", "cat.png", *flags, base_url=server.base_url)
    assert (done.code, done.out.strip(b"\0\n")) == (0, b"cat.png")
    assert "sent more than the requested 1 image" in done.err
    assert (folder / "cat-2.png").read_bytes() == b"mine"
    assert names(folder) == ["cat-2.png", "cat.png"]


def test_an_image_that_fails_counts_among_those_that_were_asked_for(folder: Path, run: Run) -> None:
    data = [{}, *[{"b64_json": b64encode(PNG).decode()}] * 2]
    with Server([reply({"data": data})]) as server:
        done = run(
            "image", "generate", "Cats", "-n", "2", "-o", "cat.png", base_url=server.base_url
        )
    assert (done.code, done.text) == (6, "cat.png\n")
    assert names(folder) == ["cat.png"]


def test_no_partial_image_is_saved_that_was_not_asked_for(run: Run, folder: Path) -> None:
    (folder / "cat.partial-3.png").write_bytes(b"mine")
    wild = [partial(index, PNG) for index in (2, -1, 999, 0, 0, 1, 1)]
    with Server([stream(*wild, COMPLETED, COMPLETED, done=False)]) as server:
        done = run(
            "image", "generate", "A cat", "--stream", "--partial-images", "2", "-o", "cat.png",
            base_url=server.base_url,
        )  # fmt: skip
    assert done.code == 0, done.err
    assert names(folder) == ["cat.partial-1.png", "cat.partial-3.png", "cat.png"]
    assert (folder / "cat.partial-3.png").read_bytes() == b"mine"


NO_IMAGES = [
    b"", b"<html><body>Not Found</body></html>", b"%PDF-1.7", b"\x89PN", b'{"error": "gone"}',
    b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', b"\x1b[2J",
]  # fmt: skip


@pytest.mark.parametrize("data", NO_IMAGES)
@pytest.mark.parametrize("flags", [("-o", "cat.png"), (), ("-o", "-")])
def test_bytes_that_are_no_image(
    run: Run, folder: Path, data: bytes, flags: tuple[str, ...]
) -> None:
    with (
        Server([reply(data, content_type="image/png")]) as other,
        Server([at(f"{other.root}/a"), drawn(data)]) as server,
    ):
        for _ in range(2):
            done = run("image", "generate", "A cat", *flags, base_url=server.base_url)
            assert (done.code, done.out) == (6, b""), done.err
            assert not data or "is kept in" in done.err
    assert names(folder) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/a.png",
        "https://10.0.0.1/a.png",
        "https://localhost/a.png",
        "https://[::1]/a",
        "HTTPS://0x7f.1/a",
    ],
)
def test_a_public_server_leads_to_no_private_address(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with Server([at(url)]) as server:
        base_url = server.base_url
        monkeypatch.setattr("openai_cli.http.private.is_private", lambda asked: asked != base_url)
        world = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        ended = call("image", "generate", "A cat", environ=world)
    assert ended.code == 6
    assert "private network" in ended.err or "is not https" in ended.err


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_the_key_is_not_at_fault_where_another_host_refuses(run: Run, status: str) -> None:
    with (
        Server([reply({"error": {"message": "no"}}, status=status)]) as other,
        Server([at(url := f"{other.root}/a.png")]) as server,
    ):
        done = run("image", "generate", "A cat", base_url=server.base_url)
    assert done.code == 4
    assert f"the image is at {url}" in done.err
    assert "key" not in done.err


# What cannot be written


@pytest.mark.parametrize("output", ["missing/cat.png", "folder"])
def test_a_place_that_cannot_be_written_is_found_before_it_is_paid_for(
    run: Run, folder: Path, output: str
) -> None:
    (folder / "folder").mkdir()
    with Server([]) as server:
        done = run("image", "generate", "A cat", "-o", output, base_url=server.base_url)
    assert (done.code, done.out) == (2, b"")
    assert names(folder) == ["folder"]


def test_an_image_that_cannot_be_written_is_kept(run: Run, folder: Path) -> None:
    # Only the second image has no place.
    (folder / "cat-2.png").mkdir()
    with Server([drawn(png(1, 1), PNG)]) as server:
        done = run(
            "image", "generate", "Cats", "-n", "2", "-o", "cat.png", base_url=server.base_url
        )
    assert done.code == 10
    assert done.text == "cat.png\n"
    kept = Path(done.err.rpartition("the image is kept in ")[2].strip())
    assert kept.read_bytes() == PNG
    assert kept.stat().st_mode & 0o777 == 0o600


# Streams


def partial(index: int, data: bytes) -> dict[str, Any]:
    return {
        "type": "image_generation.partial_image",
        "partial_image_index": index,
        "b64_json": b64encode(data).decode(),
    }


COMPLETED = {
    "type": "image_generation.completed",
    "b64_json": b64encode(PNG).decode(),
    "usage": {"input_tokens": 3, "output_tokens": 272, "total_tokens": 275},
}


def test_images_on_the_way_have_names_of_their_own(run: Run, folder: Path) -> None:
    events = stream(partial(0, png(1, 1)), partial(1, png(1, 2)), COMPLETED, done=False)
    with Server([events]) as server:
        done = run(
            "image", "generate", "A cat", "--stream", "--partial-images", "2", "-o", "cat.png",
            "--usage", base_url=server.base_url,
        )  # fmt: skip
    assert done.code == 0, done.err
    assert done.text == "cat.partial-1.png\ncat.partial-2.png\ncat.png\n"
    assert (folder / "cat.png").read_bytes() == PNG
    assert (folder / "cat.partial-2.png").read_bytes() == png(1, 2)
    assert "3 input, 272 output tokens" in done.err


def test_a_stream_that_ends_too_early_keeps_what_came(run: Run, folder: Path) -> None:
    with Server([stream(partial(0, png(1, 1)), done=False)]) as server:
        done = run(
            "image", "generate", "A cat", "--stream", "--partial-images", "1", "-o", "cat.png",
            base_url=server.base_url,
        )  # fmt: skip
    assert done.code == 7
    assert done.text == "cat.partial-1.png\n"
    assert names(folder) == ["cat.partial-1.png"]


@pytest.mark.parametrize(
    "body",
    [
        reply({"created": 1}),
        reply({"data": []}),
        reply({"data": [{}]}),
        reply({"data": [{"b64_json": "%%"}]}),
        reply({"data": [{"b64_json": 7}]}),
        reply({"data": [{"url": 7}]}),
        reply({"data": ["a"]}),
        reply([]),
    ],
)
def test_an_answer_without_its_image(run: Run, folder: Path, body: bytes) -> None:
    with Server([body]) as server:
        done = run("image", "generate", "A cat", base_url=server.base_url)
    assert (done.code, done.out) == (6, b"")
    assert done.err.startswith("openai-cli: error: ")
    assert names(folder) == []


def test_fewer_images_than_were_asked_for(run: Run, folder: Path) -> None:
    with Server([drawn(PNG)]) as server:
        done = run("image", "generate", "Cats", "-n", "2", base_url=server.base_url)
    assert done.text == "image.png\n"
    assert (folder / "image.png").read_bytes() == PNG


# The sandbox


@pytest.mark.parametrize(
    "line",
    [
        "image generate Cat",
        "image generate Cat -m dall-e-3",
        "image generate Cat --stream --partial-images 1",
        "image edit Hat --image a.png",
        "image edit Hat --image a.png --image a.png --mask a.png",
        'image edit Hat --images [{"file_id":"file-1"}] --mask file_id=file-2',
        "image vary a.png",
        "image vary - -n 2",
        "image vary",
    ],
)
def test_the_sandbox_has_images(run: Run, folder: Path, sandbox: str, line: str) -> None:
    (folder / "a.png").write_bytes(png(8, 8))
    done = run(*line.split(), "-o", "out.png", stdin=png(8, 8), base_url=sandbox)
    assert done.code == 0, done.err
    for path in done.text.splitlines():
        assert (folder / path).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert os.fspath("out.png") in done.text.splitlines()
