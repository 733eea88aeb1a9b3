"""What tells requests apart."""

from hypothesis import given
from hypothesis import strategies as st

from openai_cli.cache.key import Sender, key_of
from openai_cli.http.payload import Form, FormFile, Json

SALT = b"s" * 32
SENDER = Sender("https://api.example/v1", {"OpenAI-Project": "p"}, "sk-made-up", b"")

TEXT = st.text(max_size=3)
FILES = st.builds(FormFile, TEXT, TEXT, TEXT, st.just("shown"), st.none(), st.binary(max_size=3))
PAYLOADS = st.one_of(
    st.builds(Json, st.binary(max_size=5)),
    st.builds(
        Form, st.lists(st.tuples(TEXT, TEXT), max_size=3), st.lists(FILES, max_size=2), st.text()
    ),
)
CALLS = st.tuples(TEXT, TEXT, PAYLOADS)
SENDERS = st.builds(
    Sender, TEXT, st.dictionaries(TEXT, TEXT, max_size=3), st.none() | TEXT, st.binary(max_size=3)
)


def facts(payload: Json | Form) -> object:
    """All of a payload but the boundary, which is another one each time."""
    if isinstance(payload, Json):
        return payload.data
    files = [(file.field, file.filename, file.content_type, file.data) for file in payload.files]
    return [*map(tuple, payload.fields)], files


@given(CALLS, CALLS)
def test_two_requests_have_one_key_if_all_of_them_is_the_same(
    one: tuple[str, str, Json | Form], other: tuple[str, str, Json | Form]
) -> None:
    are_same = one[:2] == other[:2] and facts(one[2]) == facts(other[2])
    assert (key_of(b"", *one) == key_of(b"", *other)) is are_same


@given(SENDERS, SENDERS)
def test_two_senders_are_one_if_all_of_them_is_the_same(one: Sender, other: Sender) -> None:
    def canonical(sender: Sender) -> object:
        names = sorted((name.lower(), value) for name, value in sender.headers.items())
        return sender._replace(headers={}), names

    are_same = canonical(one) == canonical(other)
    assert (one.digest(SALT) == other.digest(SALT)) is are_same


def test_the_bounds_of_what_is_joined_count() -> None:
    """`ab` and `c` are not `a` and `bc`."""
    forms = [
        Form([("ab", "c")], [], "x"),
        Form([("a", "bc")], [], "x"),
        Form([("a", "b")], [], "x"),
    ]
    moved = Form([("a", "b"), ("c", "d")], [], "x")
    as_file = Form([("a", "b")], [FormFile("c", "d", "", "d")], "x")
    keys = {key_of(b"", "POST", "/a", form) for form in (*forms, moved, as_file)}
    assert len(keys) == 5


def test_the_name_of_a_header_has_no_case() -> None:
    other = SENDER._replace(headers={"openai-project": "p"})
    assert other.digest(SALT) == SENDER.digest(SALT)


def test_the_order_of_headers_does_not_count() -> None:
    headers = {"a": "1", "b": "2"}
    turned = dict(reversed(headers.items()))
    one, other = (SENDER._replace(headers=each) for each in (headers, turned))
    assert one.digest(SALT) == other.digest(SALT)


def test_no_key_is_another_sender_than_an_empty_one() -> None:
    assert SENDER._replace(key=None).digest(SALT) != SENDER._replace(key="").digest(SALT)


def test_each_folder_has_digests_of_its_own() -> None:
    assert SENDER.digest(SALT) != SENDER.digest(b"t" * 32)
