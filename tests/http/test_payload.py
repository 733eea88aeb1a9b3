"""What a request carries: forms whose files are read as they are sent, and anew for each try."""

import os
import tracemalloc
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli import reading
from openai_cli.errors import UsageError
from openai_cli.http.payload import Form, FormFile, Json, form_fields

MB = 1024 * 1024


def file_of(path: Path, **more: Any) -> FormFile:
    return FormFile("file", path.name, "audio/wav", str(path), path, **more)


def sent(form: Form) -> bytes:
    """All that a try sends."""
    with ExitStack() as stack:
        return bytes(form.opened(stack).read())


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, []),
        ({"a": "x", "b": "1"}, [("a", "x"), ("b", "1")]),
        ({"a": 1, "b": 0.5}, [("a", "1"), ("b", "0.5")]),
        ({"a": True, "b": None}, [("a", "true"), ("b", "null")]),
        ({"a": ["x", 1]}, [("a[]", "x"), ("a[]", "1")]),
        ({"a": {"b": "x", "c": {"d": 1}}}, [("a[b]", "x"), ("a[c][d]", "1")]),
        ({"a": [{"b": 1}, {"b": 2}]}, [("a[][b]", "1"), ("a[][b]", "2")]),
        ({"a": [], "b": {}}, []),
    ],
)
def test_properties_are_fields(body: dict[str, Any], fields: list[tuple[str, str]]) -> None:
    assert list(form_fields(body)) == fields


def test_json_is_sent_as_it_is() -> None:
    with ExitStack() as stack:
        assert Json(b"{}").opened(stack) == b"{}"


def test_a_form_is_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"sound")
    form = Form([("model", "é")], [file_of(tmp_path / "a.wav")], "made-up-boundary")
    first = sent(form)
    assert sent(form) == first
    assert b"sound" in first
    assert first.startswith(b"--made-up-boundary\r\n")
    assert first.endswith(b"--made-up-boundary--\r\n")


@given(st.binary(max_size=2000))
def test_the_size_is_known_before_it_is_sent(data: bytes) -> None:
    form = Form([("a", "b")], [FormFile("file", "f", "a/b", "-", data=data)], "made-up-boundary")
    with ExitStack() as stack:
        opened = form.opened(stack)
        assert opened.len == len(opened.read())


def test_what_was_sent_is_told_to_the_last_byte(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(bytes(3 * MB))
    told: list[int] = []
    form = Form([], [file_of(tmp_path / "a.wav")], "b", watch=told.append)
    with ExitStack() as stack:
        opened = form.opened(stack)
        while opened.read(8192):
            pass
        assert sum(told) == opened.len
    assert len(told) > 300


def test_a_file_is_not_read_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "a.wav").open("wb") as file:
        file.truncate(50 * MB)
    form = Form([], [file_of(tmp_path / "a.wav")], "b")
    tracemalloc.start()
    try:
        with ExitStack() as stack:
            opened = form.opened(stack)
            while opened.read(8192):
                pass
        assert tracemalloc.get_traced_memory()[1] < MB
    finally:
        tracemalloc.stop()


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    form = Form([], [file_of(tmp_path / "gone.wav")], "b")
    with pytest.raises(UsageError, match=r"gone\.wav"):
        sent(form)


def test_a_file_that_has_become_a_fifo_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_PATIENCE", 0.01)
    os.mkfifo(tmp_path / "a.wav")
    with ExitStack() as stack, pytest.raises(UsageError, match="without a writer"):
        file_of(tmp_path / "a.wav").opened(stack)


def test_files_are_closed_once_they_are_sent(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"sound")
    with ExitStack() as stack:
        opened = file_of(tmp_path / "a.wav").opened(stack)
        assert not isinstance(opened, bytes)
    with pytest.raises(ValueError, match="closed file"):
        opened.read()


def test_what_is_written_behind_a_file_meanwhile_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"sound")
    with ExitStack() as stack:
        opened = Form([], [file_of(path)], "b").opened(stack)
        path.write_bytes(b"sound and more")
        sent = opened.read()
    assert b"sound\r\n" in sent
    assert b"more" not in sent


def test_a_file_that_becomes_shorter_meanwhile_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"sound" * 100_000)
    with ExitStack() as stack:
        opened = Form([], [file_of(path)], "b").opened(stack)
        assert len(opened.read(8192)) == 8192
        path.write_bytes(b"")
        with pytest.raises(UsageError, match=r"a\.wav' became shorter while it was being sent"):
            opened.read()
