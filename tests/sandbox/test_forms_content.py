"""What may stand in a multipart form: any bytes, any names, headers in any order."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests_toolbelt import MultipartEncoder
from urllib3.filepost import encode_multipart_formdata

from openai_cli.sandbox.exchange import Upload
from openai_cli.sandbox.forms import boundary_of, form_body

SCHEMA = "CreateTranscriptionRequest"
BOUNDARY = "b-made-up"
TYPE = f"multipart/form-data; boundary={BOUNDARY}"

Fields = dict[str, str | tuple[str, bytes, str]]


def by_toolbelt(fields: Fields) -> tuple[bytes, str]:
    form = MultipartEncoder(list(fields.items()), boundary=BOUNDARY)
    return form.read(), form.content_type


def by_urllib3(fields: Fields) -> tuple[bytes, str]:
    return encode_multipart_formdata(list(fields.items()), boundary=BOUNDARY)


WRITERS = pytest.mark.parametrize("write", [by_toolbelt, by_urllib3])

# What comes close to a delimiter, which is a line break, two hyphens and the boundary.
NEARLY = [
    "\r\n",
    "\r\n\r\n",
    "--",
    f"{BOUNDARY}",
    f"x--{BOUNDARY}--\r\n",
    f"\n--{BOUNDARY}\n",
    f"\r\n-{BOUNDARY}",
    f"\r\n--{BOUNDARY[:-1]}\r\n",
    f'\r\nContent-Disposition: form-data; name="{BOUNDARY}"\r\n\r\n',
]
DATA = st.lists(st.binary(max_size=8) | st.sampled_from(NEARLY).map(str.encode)).map(b"".join)
# Quotes and line breaks are escaped in a header, and each writer has its own way.
NAME = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters='"\\%[]'), min_size=1
)
FIELD = st.text() | st.tuples(NAME, DATA, st.sampled_from(["audio/wav", "image/png"]))


def is_apart(value: str | tuple[str, bytes, str]) -> bool:
    """Whether no delimiter stands in a value: no client writes one."""
    data = value.encode() if isinstance(value, str) else value[1]
    return f"\r\n--{BOUNDARY}".encode() not in b"\r\n" + data


@WRITERS
@given(fields=st.dictionaries(NAME, FIELD.filter(is_apart), min_size=1, max_size=4))
def test_what_is_written_is_read_back(
    write: Callable[[Fields], tuple[bytes, str]], fields: Fields
) -> None:
    unknown: Fields = {f"unknown {name}": value for name, value in fields.items()}
    expected = {
        name: value if isinstance(value, str) else Upload(value[0], value[2], value[1])
        for name, value in unknown.items()
    }
    assert list(form_body(*write(unknown), SCHEMA).items()) == list(expected.items())


@WRITERS
@pytest.mark.parametrize("data", NEARLY)
def test_what_is_nearly_a_delimiter_is_data(
    write: Callable[[Fields], tuple[bytes, str]], data: str
) -> None:
    form = write({"file": ("a.wav", data.encode(), "audio/wav"), "prompt": data})
    assert form_body(*form, SCHEMA) == {
        "file": Upload("a.wav", "audio/wav", data.encode()),
        "prompt": data,
    }


@WRITERS
@pytest.mark.parametrize(
    "name",
    [
        "Größe.wav",
        "東京.wav",
        "👩\u200d👧.wav",
        "a b.wav",
        "a;b=c.wav",
        "it's.wav",
        "50%.wav",
        "..",
        "/a",
    ],
)
def test_a_file_keeps_its_name(write: Callable[[Fields], tuple[bytes, str]], name: str) -> None:
    form = write({"file": (name, b"", "audio/wav")})
    assert form_body(*form, SCHEMA)["file"].filename == name


def form_of(*parts: bytes) -> bytes:
    """A form, written by hand, of parts from their headers to the end of their data."""
    start = b"--" + BOUNDARY.encode()
    return b"".join(start + b"\r\n" + part + b"\r\n" for part in parts) + start + b"--\r\n"


@pytest.mark.parametrize(
    ("head", "upload"),
    [
        (
            b'Content-Disposition: form-data; name="file"; filename="a.wav"',
            Upload("a.wav", "text/plain", b"x"),
        ),
        (
            b'Content-Disposition: form-data; filename="name=b"; name="file"',
            Upload("name=b", "text/plain", b"x"),
        ),
        (
            b"CONTENT-TYPE: audio/wav\r\ncontent-disposition: form-data; NAME=file; FileName=a.wav",
            Upload("a.wav", "audio/wav", b"x"),
        ),
        (
            b'Content-Disposition: form-data; name="file"; filename="a \\"b\\" c.wav"',
            Upload('a "b" c.wav', "text/plain", b"x"),
        ),
        (
            b"Content-Disposition: form-data; name=file; filename*=UTF-8''Gr%C3%B6%C3%9Fe.wav",
            Upload("Größe.wav", "text/plain", b"x"),
        ),
        (
            b'Content-Disposition: form-data; name="file"; filename=""',
            Upload("", "text/plain", b"x"),
        ),
    ],
)
def test_the_head_of_a_file(head: bytes, upload: Upload) -> None:
    assert form_body(form_of(head + b"\r\n\r\nx"), TYPE, SCHEMA) == {"file": upload}


MODEL = b'Content-Disposition: form-data; name="model"\r\n\r\nm'


@pytest.mark.parametrize(
    "content",
    [
        form_of(MODEL),
        form_of(MODEL).removesuffix(b"\r\n"),
        b"What no reader needs.\r\n" + form_of(MODEL),
        form_of(MODEL) + b"What no reader needs.",
        form_of(MODEL).replace(b"up\r\n", b"up \t\r\n"),
    ],
    ids=["as usual", "no last line break", "text before", "text after", "blanks"],
)
def test_what_is_around_the_parts_says_nothing(content: bytes) -> None:
    assert form_body(content, TYPE, SCHEMA) == {"model": "m"}


def test_a_form_may_be_empty() -> None:
    assert form_body(form_of(), TYPE, SCHEMA) == {}


def test_the_fields_keep_their_order() -> None:
    parts = [
        b'Content-Disposition: form-data; name="' + name + b'"\r\n\r\n1'
        for name in (b"z", b"a", b"m")
    ]
    assert list(form_body(form_of(*parts), TYPE, SCHEMA)) == ["z", "a", "m"]


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=b", b"b"),
        ('multipart/form-data; boundary="b c:d"', b"b c:d"),
        ("Multipart/Form-Data; charset=utf-8; BOUNDARY=b", b"b"),
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=", b""),
        ("", b""),
    ],
)
def test_the_boundary_is_in_the_type(content_type: str, boundary: bytes) -> None:
    assert boundary_of(content_type) == boundary
