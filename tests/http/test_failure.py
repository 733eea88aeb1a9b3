"""What a server says when it fails: every form of error body, every status, every code."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.errors import CliError
from openai_cli.http import failure
from openai_cli.http.address import joined
from openai_cli.http.errorbody import detail_of_value

CREDENTIAL, REFUSED, RATE_LIMIT, BAD_ANSWER = 3, 4, 5, 6


def of_body(body: Any, status: int = 400) -> CliError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return failure.of_status(status, {"x-request-id": "req_1"}, raw, "Bad Request")


# The table of exit codes in the manual.
EXIT_CODES = {
    **dict.fromkeys(range(300, 500), REFUSED),
    **dict.fromkeys(range(500, 600), BAD_ANSWER),
    **dict.fromkeys((401, 403), CREDENTIAL),
    408: BAD_ANSWER,
    429: RATE_LIMIT,
}


def test_every_status_has_its_exit_code() -> None:
    errors = {status: of_body({"error": {"message": "no"}}, status) for status in EXIT_CODES}
    assert {status: error.exit_code for status, error in errors.items()} == EXIT_CODES
    assert all(error.status == status for status, error in errors.items())
    assert {error.request_id for error in errors.values()} == {"req_1"}


API = {"message": "Bad n.", "type": "invalid_request_error", "param": "n", "code": None}
NESTED = {"error": {"error": {"message": "deep", "param": "top_p"}}}
PROBLEMS = [
    {"type": "missing", "loc": ["body", "messages"], "msg": "Field required", "input": {}},
    {"type": "int_type", "loc": ["body", "stop", 3], "msg": "not a number"},
]

BODIES: dict[str, tuple[Any, str, str | None]] = {
    "OpenAI": ({"error": API}, "Bad n.", "n"),
    "a number as code": ({"error": {"message": "no", "code": 400}}, "no", None),
    "a text as error": ({"error": "model not loaded"}, "model not loaded", None),
    "error and message": ({"error": {"message": "one"}, "message": "two"}, "one", None),
    "detail, a text": ({"detail": "Not Found"}, "Not Found", None),
    "detail, an object": ({"detail": {"message": "gone", "param": "x"}}, "gone", "x"),
    "detail, FastAPI's list": (
        {"detail": PROBLEMS},
        "body.messages: Field required; body.stop.3: not a number",
        None,
    ),
    "message": ({"object": "error", "message": "too long", "code": 400}, "too long", None),
    "null beside": ({"error": None, "detail": None, "message": "here"}, "here", None),
    "nested": (NESTED, "deep", "top_p"),
    "an empty param": ({"error": {**API, "param": ""}}, "Bad n.", None),
    "a param that is no name": ({"error": {**API, "param": 7}}, "Bad n.", None),
    "a title": (
        b"<!DOCTYPE html>\n<html><head><TITLE lang=en>\n 502 Bad\n Gateway </TITLE></head>"
        b"<body><h1>Oh</h1></body></html>",
        "502 Bad Gateway",
        None,
    ),
    "HTML without a title": (b"<html><body><h1>Oh</h1>\n<p>no</p></body>", "Oh no", None),
    "plain text": (b"upstream connect error\r\n", "upstream connect error", None),
    "plain text in lines": (b"one\n\n  two\tthree\n", "one two three", None),
    "empty": (b"", "Bad Request", None),
    "white space": (b" \r\n\t ", "Bad Request", None),
    "an empty title": (b"<html><title></title></html>", "Bad Request", None),
    "an error without a message": ({"error": {"type": "x"}}, "Bad Request", None),
    "a number": ({"error": 5}, "Bad Request", None),
    "errors, a list": ({"errors": [{"message": "one"}, {"message": "two"}]}, "one; two", None),
    "errors, texts": ({"errors": ["too long", "too hot"]}, "too long; too hot", None),
    "errors by field": (
        {"errors": {"n": ["must be below 5"]}, "title": "Invalid"},
        "must be below 5",
        None,
    ),
    "msg": ({"code": 40001, "msg": "no such key"}, "no such key", None),
    "error_msg": ({"error_code": 17, "error_msg": "daily limit"}, "daily limit", None),
    "fault": (
        {"fault": {"faultstring": "Invalid ApiKey", "detail": {"errorcode": "x"}}},
        "Invalid ApiKey",
        None,
    ),
    "OAuth": (
        {"error": "invalid_token", "error_description": "it has expired"},
        "invalid_token: it has expired",
        None,
    ),
    "a name and a message": (
        {"statusCode": 401, "error": "Unauthorized", "message": "no key"},
        "Unauthorized: no key",
        None,
    ),
    "RFC 9457": (
        {"type": "about:blank", "title": "Gone", "status": 410, "detail": "it left"},
        "it left",
        None,
    ),
    "a list around": ([{"error": API}], "Bad n.", "n"),
    "a message that is an object": (
        {"error": {"message": {"message": "deep", "param": "n"}}},
        "deep",
        "n",
    ),
    "a message that is a list": ({"message": ["one", {"msg": "two"}]}, "one; two", None),
    "a message that is JSON": ({"error": {"message": json.dumps({"error": API})}}, "Bad n.", "n"),
    "a message with JSON behind": (
        {"message": "OpenAIException - " + json.dumps({"error": API})},
        "OpenAIException: Bad n.",
        "n",
    ),
    "a message with JSON amidst": (
        {"message": 'it said {"error": "no"}, then left'},
        "it said: no , then left",
        None,
    ),
    "a message that Python wrote": (
        {"object": "error", "message": repr(PROBLEMS)},
        "body.messages: Field required; body.stop.3: not a number",
        None,
    ),
    "a message that quotes JSON": (
        {"message": 'no line for {"model": "m", "messages": [{"content": "What is it?"}]}'},
        'no line for {"model": "m", "messages": [{"content": "What is it?"}]}',
        None,
    ),
    "a message with braces": ({"message": "use {name} or [x]"}, "use {name} or [x]", None),
    "a detail that is JSON": ({"detail": '{"reason": "not now"}'}, "not now", None),
    "OpenRouter, text": (
        {
            "error": {
                "message": "Provider returned error",
                "code": 429,
                "metadata": {"raw": "slow down", "provider_name": "X"},
            }
        },
        "Provider returned error: slow down",
        None,
    ),
    "OpenRouter, JSON": (
        {
            "error": {
                "message": "Provider returned error",
                "metadata": {"raw": json.dumps({"error": API})},
            }
        },
        "Provider returned error: Bad n.",
        None,
    ),
    "a stream of events": (
        b'event: error\ndata: {"error": {"message": "late"}}\n\ndata: [DONE]\n\n',
        "late",
        None,
    ),
    "a stream that begins well": (b'data: {"id": 1}\n\ndata: {"error": "late"}\n\n', "late", None),
    "a BOM": (b"\xef\xbb\xbf" + json.dumps({"error": API}).encode(), "Bad n.", "n"),
    "a text in JSON": ("Not here", "Not here", None),
    "words under another name": (
        {"status": "error", "info": {"why": "the model is loading"}},
        "the model is loading",
        None,
    ),
    "no words at all": ({"status": "error", "id": 7}, "Bad Request", None),
    "param None": ({"error": {**API, "param": "None"}}, "Bad n.", None),
    "param null": ({"error": {**API, "param": "null"}}, "Bad n.", None),
    "HTML with a script": (
        b"<html><script>x = {1: 2}</script><title>Bad</title></html>",
        "Bad",
        None,
    ),
    "not UTF-8": (
        "Zugriff verweigert: ungültig".encode("latin-1"),
        "Zugriff verweigert: ung\ufffdltig",
        None,
    ),
}


@pytest.mark.parametrize(("body", "problem", "parameter"), BODIES.values(), ids=BODIES)
def test_every_form_of_error_body_is_read(body: Any, problem: str, parameter: str | None) -> None:
    error = of_body(body)
    assert (error.problem, error.parameter) == (problem, parameter)
    assert error.exit_code == REFUSED


def test_401_says_whether_a_key_was_sent() -> None:
    body = b'{"error": {"message": "no"}}'
    assert "key show" in str(failure.of_status(401, {}, body, "").hint)
    hint = str(failure.of_status(401, {}, body, "", with_key=False).hint)
    assert "no key was sent" in hint
    assert "key show" not in hint


@pytest.mark.parametrize("status", [401, 403])
def test_a_request_that_takes_the_admin_key_says_so(status: int) -> None:
    assert "key show --admin" in str(failure.of_status(status, {}, b"", "", is_admin=True).hint)
    assert "--admin" not in str(failure.of_status(status, {}, b"", "").hint)
    hint = str(failure.of_status(401, {}, b"", "", with_key=False, is_admin=True).hint)
    assert "no key was sent: set OPENAI_ADMIN_KEY" in hint


@pytest.mark.parametrize(
    ("status", "body", "is_told"),
    [
        (404, b'{"detail": "Not Found"}', True),
        (405, b"", True),
        (None, b" <html>", True),
        (None, b'{"error": "Unexpected endpoint or method. (POST /chat)"}', True),
        (None, b'{"error": "boom"}', False),
        (502, b"<html>", False),
        (400, b"", False),
    ],
)
def test_a_base_url_without_a_version_is_named(
    status: int | None, body: bytes, is_told: bool
) -> None:
    for base_url, may_be in (
        ("http://localhost:8080", True),
        ("http://localhost:8080/api", True),
        ("http://localhost:8080?a=b", True),
        ("http://localhost:8080/v1", False),
        ("https://example.test/v1beta/openai", False),
    ):
        error = (
            failure.of_error(json.loads(body) if body[:1] == b"{" else "", None, body)
            if status is None
            else failure.of_status(status, {}, body, "")
        )
        failure.add_base_url_hint(error, base_url)
        is_named = f"--base-url {joined(base_url, '/v1')}" in str(error.hint)
        assert is_named is (is_told and may_be), base_url


def test_the_code_of_an_error_is_told() -> None:
    codes = {"error": {"message": "x", "code": 500}}, {"message": "x", "code": "busy"}, {"code": ""}
    assert [failure.of_error(value, None, b"").code for value in codes] == ["500", "busy", None]


def test_the_body_is_kept_as_it_came() -> None:
    raw = b'{ "error":\n{"message": "x", "code": 400}}'
    assert of_body(raw).body == raw


def test_a_reason_that_is_missing_too_is_said() -> None:
    assert failure.of_status(500, {}, b"", "").problem == "the server gave no reason"


HUGE = {
    "a text": b"no " * 400_000,
    "a title": b"<title>" + b"no " * 400_000 + b"</title>",
    "a message": json.dumps({"error": {"message": "no " * 100_000}}).encode(),
    "a list": json.dumps({"detail": [{"loc": ["a"], "msg": "no"}] * 50_000}).encode(),
    "digits": b"9" * 100_000,
    "an error of digits": b'{"error": {"message": "no", "code": ' + b"9" * 5_000 + b"}}",
    "a code of digits": json.dumps({"error": {"message": "no", "code": "4" * 9_000}}).encode(),
}


@pytest.mark.parametrize("body", HUGE.values(), ids=HUGE)
def test_a_huge_body_is_cut_to_a_line(body: bytes) -> None:
    assert 0 < len(of_body(body).problem) <= 1001


BROKEN_HTML = """
from openai_cli.http.failure import of_status
for piece in (b"<", b"<title", b"<title>", b"<!--", b"<title></"):
    print(of_status(502, {}, piece * (2**20 // len(piece)), "Bad").status)
"""


def test_a_megabyte_of_broken_html_is_read_in_one_pass() -> None:
    """A pattern that looks to the end from every `<` would take minutes to half an hour."""
    done = subprocess.run(
        [sys.executable, "-c", BROKEN_HTML], capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout == "502\n" * 5


@pytest.mark.parametrize("depth", [50, 300, 600, 900, 980, 5_000, 100_000])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [(b'{"error":', b"}"), (b"[", b"]"), (b'{"detail":[', b"]}"), (b'{"msg":', b"}")],
    ids=["errors", "lists", "details", "messages"],
)
def test_a_body_nested_deeply_is_an_error_as_any_other(
    opening: bytes, closing: bytes, depth: int
) -> None:
    raw = b'{"error":' + opening * depth + b'"x"' + closing * depth + b"}"
    error = of_body(raw, 422)
    assert error.exit_code == REFUSED
    assert error.problem


def test_a_redirect_names_where_it_leads() -> None:
    error = failure.of_status(302, {"location": "https://example.test/login"}, b"", "Found")
    assert error.exit_code == REFUSED
    assert "https://example.test/login" in error.problem
    assert "redirect" in str(error.hint)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "detail", "message", "msg", "loc", "param", "code", "type"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


NO_PYTHON = ("{'", "['", ": None", "': True")


@given(VALUES, st.sampled_from([302, 400, 401, 429, 500]))
def test_any_json_is_an_error_of_its_status(value: Any, status: int) -> None:
    error = of_body(value, status)
    assert error.exit_code == EXIT_CODES[status]
    assert isinstance(error.problem, str)
    assert error.problem
    assert len(error.problem) <= 1001
    assert error.parameter is None or isinstance(error.parameter, str)
    assert not any(part in error.problem for part in NO_PYTHON)


@given(st.binary(max_size=60))
def test_any_bytes_are_an_error_of_their_status(body: bytes) -> None:
    assert of_body(body, 503).exit_code == BAD_ANSWER


STREAM_ERRORS: list[tuple[Any, int]] = [
    ({"type": "server_error", "code": None}, BAD_ANSWER),
    ({"type": "server_error", "code": "server_error"}, BAD_ANSWER),
    ({"type": "api_error"}, BAD_ANSWER),
    ({"type": "unheard_of"}, BAD_ANSWER),
    ({}, BAD_ANSWER),
    ({"code": 500}, BAD_ANSWER),
    ({"code": 503, "type": "invalid_request_error"}, BAD_ANSWER),
    ({"code": 408}, BAD_ANSWER),
    ({"type": "invalid_request_error"}, REFUSED),
    ({"type": "invalid_request_error", "code": "context_length_exceeded"}, REFUSED),
    ({"code": "context_length_exceeded"}, REFUSED),
    ({"code": "model_not_found"}, REFUSED),
    ({"type": "not_found_error"}, REFUSED),
    ({"code": 400}, REFUSED),
    ({"code": "400"}, REFUSED),
    ({"status": 404}, REFUSED),
    ({"type": "authentication_error"}, CREDENTIAL),
    ({"type": "invalid_request_error", "code": "invalid_api_key"}, CREDENTIAL),
    ({"type": "permission_error"}, CREDENTIAL),
    ({"code": 401}, CREDENTIAL),
    ({"code": "403"}, CREDENTIAL),
    ({"type": "tokens", "code": "rate_limit_exceeded"}, RATE_LIMIT),
    ({"type": "requests", "code": "rate_limit_exceeded"}, RATE_LIMIT),
    ({"type": "insufficient_quota", "code": "insufficient_quota"}, RATE_LIMIT),
    ({"type": "rate_limit_error"}, RATE_LIMIT),
    ({"code": 429}, RATE_LIMIT),
    ({"code": True}, BAD_ANSWER),
    ({"code": 200}, BAD_ANSWER),
    ({"code": [429]}, BAD_ANSWER),
    ({"code": "\u00b2"}, BAD_ANSWER),
]


@pytest.mark.parametrize(("error", "code"), STREAM_ERRORS)
def test_an_error_in_a_stream_takes_the_code_of_its_error(error: Any, code: int) -> None:
    found = failure.of_error({"message": "Oh no", "param": "n", **error}, "req_2", b"{}")
    assert found.exit_code == code
    assert (found.problem, found.parameter, found.request_id) == ("Oh no", "n", "req_2")
    assert found.body == b"{}"


@pytest.mark.parametrize("error", ["Oh no", {"error": "Oh no"}, {"error": {"message": "Oh no"}}])
def test_an_error_in_a_stream_has_many_forms_too(error: Any) -> None:
    found = failure.of_error(error, None, b"")
    assert (found.problem, found.exit_code) == ("Oh no", BAD_ANSWER)


@pytest.mark.parametrize("error", [5, True, [], {}, {"message": None}])
def test_an_error_in_a_stream_that_says_nothing_is_one(error: Any) -> None:
    found = failure.of_error(error, None, b"")
    assert found.exit_code == BAD_ANSWER
    assert "no reason" in found.problem


@given(VALUES)
def test_any_json_is_an_error_in_a_stream(value: Any) -> None:
    assert isinstance(failure.of_error(value, None, b""), CliError)


@pytest.mark.parametrize(
    ("code", "status"),
    [(299, None), (300, 300), (599, 599), (600, None), ("300", 300), ("600", None)],
)
def test_a_code_is_a_status_where_it_is_one_of_a_failure(
    code: int | str, status: int | None
) -> None:
    assert detail_of_value({"message": "no", "code": code}).status == status


@pytest.mark.parametrize(("size", "shown"), [(1000, "x" * 1000), (1001, "x" * 1000 + "…")])
def test_a_message_is_cut_behind_a_thousand_characters(size: int, shown: str) -> None:
    assert of_body({"error": {"message": "x" * size}}).problem == shown
