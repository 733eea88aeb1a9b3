"""Where a request goes and with which key, by flags and environment."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from openai_cli.config.destination import (
    Destination,
    demand_key,
    destination,
    is_openai,
)
from openai_cli.context import Context
from openai_cli.errors import CliError, CredentialError, UsageError
from openai_cli.flags.server import Connection
from openai_cli.records import replace
from openai_cli.request.inputs import Inputs
from openai_cli.settings import Settings

if TYPE_CHECKING:
    import io

KEY = "sk-made-up-for-tests"
OTHER = "sk-also-made-up"
OPENAI = "https://api.openai.com/v1"


DEFAULTS = Connection()


def write_private(file: Path, data: bytes) -> None:
    """Write a file that nobody else may read: else it is no key file."""
    file.touch(mode=0o600)
    file.write_bytes(data)


def found(options: Connection = DEFAULTS, /, **environ: str) -> Destination:
    context = Context.test(environ=environ)
    return destination(context, options, Inputs(context))


def checked(options: Connection, **environ: str) -> Destination:
    """The destination, fit to be sent to."""
    server = found(options, **environ)
    demand_key(server)
    return server


# The base URL

URLS = [
    ("https://api.openai.com/v1", OPENAI),
    ("https://api.openai.com/v1/", OPENAI),
    ("https://api.openai.com/v1///", OPENAI),
    ("http://localhost:11434/v1", "http://localhost:11434/v1"),
    ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
    ("https://gateway.test", "https://gateway.test"),
    ("https://gateway.test/a%20b/v1", "https://gateway.test/a%20b/v1"),
    ("https://bücher.test/v1", "https://bücher.test/v1"),
    ("http://host/v1?", "http://host/v1"),
    ("https://host/v1/?api-version=2024-10-21", "https://host/v1?api-version=2024-10-21"),
    ("https://host?a=1&b=@2", "https://host?a=1&b=@2"),
]


@pytest.mark.parametrize(("given", "url"), URLS)
def test_a_base_url_is_taken(given: str, url: str) -> None:
    assert found(Connection(base_url=given)).base_url == url
    assert found(OPENAI_BASE_URL=given).base_url == url


def test_the_flag_goes_before_the_environment_and_that_before_openai() -> None:
    assert found().base_url == OPENAI
    assert found(OPENAI_BASE_URL="").base_url == OPENAI
    both = found(Connection(base_url="https://one.test"), OPENAI_BASE_URL="https://two.test")
    assert both.base_url == "https://one.test"


BAD_URLS = [
    "api.openai.com/v1",
    "localhost:8080",
    "ftp://api.test/v1",
    "file:///etc/passwd",
    "https://",
    "https:///v1",
    "https://:443/v1",
    "http://[::1/v1",
    "http://host:port/v1",
    "http://host:99999/v1",
    "http://host:0/v1",
    "http://who:what@host/v1",
    "http://who@host/v1",
    "http://@host/v1",
    "http://host/v1#top",
    "http://192.0.2.2\\.localhost/v1",
    "http://192.0.2.2\\@127.0.0.1/v1",
    "http://127.0.0.1\\.evil.test/v1",
    "http://evil.test%5c.localhost/v1",
    "http://evil.test;.localhost/v1",
    "http://evil.test,.localhost/v1",
    "http://evil.test!.localhost/v1",
    "http://[::1].evil.test/v1",
    "http://[::1]evil.test/v1",
    "http://host/v1\\",
    "http://host/v1#",
    "http://ho st/v1",
    "http://host/v 1\n",
    "http://host/v1\r\nX: y",
    "javascript:alert(1)",
    "x",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_what_is_no_base_url_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError, match="base URL"):
        found(Connection(base_url=url))
    with pytest.raises(UsageError, match="base URL"):
        found(OPENAI_BASE_URL=url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (OPENAI, True),
        ("https://API.OpenAI.com/v1", True),
        ("https://api.openai.com:443/v1", True),
        ("https://eu.api.openai.com/v1", False),
        ("https://api.openai.com.evil.test/v1", False),
        ("https://evil.test/api.openai.com", False),
        ("http://localhost/v1", False),
    ],
)
def test_whether_it_is_openai(url: str, expected: bool) -> None:
    assert is_openai(url) is expected
    assert found(Connection(base_url=url)).is_openai is expected


# The key


@pytest.mark.parametrize("text", [KEY, f"{KEY}\n", f"  {KEY}\r\n\n", f"\t{KEY} "])
def test_a_key_is_stripped_of_white_space(text: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_private(file, text.encode())
    assert found(OPENAI_API_KEY=text).key == KEY
    assert found(Connection(api_key_file=str(file)), OPENAI_API_KEY=OTHER).key == KEY
    piped = Context.test(stdin=text.encode())
    options = Connection(api_key_file="-")
    assert destination(piped, options, Inputs(piped)).key == KEY


@pytest.mark.parametrize("environ", [{}, {"OPENAI_API_KEY": ""}, {"OPENAI_API_KEY": " \n"}])
def test_no_key_is_none(environ: dict[str, str]) -> None:
    assert found(DEFAULTS, **environ).key is None


@pytest.mark.parametrize("text", [b"", b" \n\t\r\n"])
def test_a_key_file_without_a_key_is_told(text: bytes, tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_private(file, text)
    with pytest.raises(CredentialError, match="--api-key-file"):
        found(Connection(api_key_file=str(file)), OPENAI_API_KEY=KEY)


def test_a_key_file_that_cannot_be_read_is_wrong_usage(tmp_path: Path) -> None:
    for name in (str(tmp_path / "missing"), str(tmp_path), "nul\0"):
        with pytest.raises(UsageError, match="--api-key-file"):
            found(Connection(api_key_file=name))


BAD_KEYS = [
    f"{KEY}\n{OTHER}",
    f"{KEY} {OTHER}",
    f"{KEY}\r\nX-Evil: 1",
    f"{KEY}\x00",
    f"{KEY}\x1b",
    "sk-ключ",
    f"\ufeff{KEY}",
    f"{KEY}\u200b",
]


@pytest.mark.parametrize("text", BAD_KEYS)
def test_a_key_with_a_character_that_none_has_is_told_and_not_shown(
    text: str, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    write_private(file, text.encode())
    for options, environ, source in (
        (Connection(), {"OPENAI_API_KEY": text}, "OPENAI_API_KEY"),
        (Connection(api_key_file=str(file)), {}, "--api-key-file"),
    ):
        with pytest.raises(CredentialError, match=source) as caught:
            found(options, **environ)
        assert "sk-" not in f"{caught.value.problem} {caught.value.hint}"


def test_a_key_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_private(file, b"\xff\xfe\x00")
    with pytest.raises(CredentialError, match="--api-key-file"):
        found(Connection(api_key_file=str(file)))


def test_a_key_is_masked_from_then_on() -> None:
    context = Context.test(environ={"OPENAI_API_KEY": f" {KEY}\n"})
    destination(context, Connection(), Inputs(context))
    context.messages.notice(f"the key is {KEY}!")
    assert cast("io.StringIO", context.messages.stream).getvalue().endswith("the key is ***!\n")


def test_openai_wants_a_key() -> None:
    with pytest.raises(CredentialError, match="no API key") as caught:
        checked(Connection())
    hint = str(caught.value.hint)
    ways = ("OPENAI_API_KEY", "--api-key-file", "openai-cli key set", "--sandbox")
    assert all(way in hint for way in ways)


# The key that is asked for


def asking(url: str = OPENAI, header: str | None = None) -> tuple[Destination, list[str]]:
    """A server whose key is asked for, and a list that has an item for each time."""
    asked: list[str] = []
    own = {header: "Basic x"} if header else {}

    def ask() -> str:
        asked.append("asked")
        return KEY

    return Destination(url, headers={}, own_headers=own, key=None, ask=ask), asked


def test_a_key_is_asked_for_when_it_is_required_and_once() -> None:
    server, asked = asking()
    assert (server.key, asked) == (None, [])
    demand_key(server)
    demand_key(server)
    assert (server.key, asked) == (KEY, ["asked"])


def test_an_authorization_of_the_users_own_is_enough() -> None:
    server, asked = asking(header="AUTHORIZATION")
    demand_key(server)
    assert (server.key, asked) == (None, [])


def test_a_key_that_is_asked_for_never_goes_over_plain_http() -> None:
    server, _ = asking("http://gateway.test/v1")
    with pytest.raises(UsageError, match="the key would go over plain http"):
        demand_key(server)
    server.allows_http = True
    demand_key(server)


def test_a_command_and_a_store_are_asked_at_last(tmp_path: Path) -> None:
    settings = Settings(api_key_command=("/bin/echo", KEY))
    context = replace(Context.test(), settings=settings)
    server = destination(context, DEFAULTS, Inputs(context))
    assert server.key is None
    demand_key(server)
    assert server.key == KEY


def test_a_stored_key_goes_to_its_own_base_url_alone(tmp_path: Path) -> None:
    store = tmp_path / "keys.json"
    write_private(store, f'{{"keys": [{{"base_url": "{OPENAI}", "key": "{KEY}"}}]}}'.encode())
    assert checked(Connection(), OPENAI_CLI_KEYS=str(store)).key == KEY
    for url in ("https://eu.api.openai.com/v1", "http://localhost/v1", "https://models.test/v1"):
        assert checked(Connection(base_url=url), OPENAI_CLI_KEYS=str(store)).key is None


SENT: list[tuple[Connection, dict[str, str]]] = [
    (Connection(), {"OPENAI_API_KEY": KEY}),
    (Connection(header=["authorization: Basic x"]), {}),
    (Connection(base_url="https://gateway.test/v1"), {}),
    (Connection(base_url="http://gateway.test/v1"), {}),
    (Connection(base_url="https://gateway.test/v1"), {"OPENAI_API_KEY": KEY}),
    (Connection(base_url="http://localhost:1/v1"), {"OPENAI_API_KEY": KEY}),
    (Connection(base_url="http://LOCALHOST/v1"), {"OPENAI_API_KEY": KEY}),
    (Connection(base_url="http://localhost./v1"), {"OPENAI_API_KEY": KEY}),
    (Connection(base_url="http://127.0.0.1:1/v1"), {"OPENAI_API_KEY": KEY}),
    (Connection(base_url="http://127.1.2.3/v1"), {"OPENAI_API_KEY": KEY}),
    (Connection(base_url="http://[::1]:1/v1"), {"OPENAI_API_KEY": KEY}),
    (Connection(base_url="http://gateway.test/v1", allow_http=True), {"OPENAI_API_KEY": KEY}),
]


@pytest.mark.parametrize(("options", "environ"), SENT)
def test_what_is_safe_may_be_sent(options: Connection, environ: dict[str, str]) -> None:
    assert checked(options, **environ).key == environ.get("OPENAI_API_KEY")


PLAIN = [
    "http://gateway.test/v1",
    "HTTP://gateway.test/v1",
    "Http://gateway.test/v1",
    " http://gateway.test/v1",
    "\thttp://gateway.test/v1",
    "ht\ntp://gateway.test/v1",
    "http://api.openai.com/v1",
    "http://localhost.evil.test/v1",
    "http://notlocalhost/v1",
    "http://127.0.0.1.evil.test/v1",
    "http://127.evil.test/v1",
    "http://127.0.0.x/v1",
    "http://128.0.0.1/v1",
    "http://[::2]/v1",
    "http://[::ffff:8.8.8.8]/v1",
    "http://10.0.0.1/v1",
    "http://0.0.0.0/v1",
]


@pytest.mark.parametrize("url", PLAIN)
def test_a_key_never_goes_over_plain_http(url: str, tmp_path: Path) -> None:
    write_private(tmp_path / "key", KEY.encode())
    for options, environ in (
        (Connection(base_url=url), {"OPENAI_API_KEY": KEY}),
        (Connection(), {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url}),
        (Connection(base_url=url, api_key_file=str(tmp_path / "key")), {}),
    ):
        with pytest.raises(UsageError):
            checked(options, **environ)


@pytest.mark.parametrize(
    ("addresses", "is_sent"),
    [
        (["127.0.0.1"], True),
        (["::1", "127.0.0.2"], True),
        (["192.0.2.2"], False),
        (["127.0.0.1", "192.0.2.2"], False),
        ([], False),
    ],
)
def test_a_name_below_localhost_is_where_it_resolves(
    addresses: list[str], is_sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def getaddrinfo(host: str, *_rest: object, **_more: object) -> list[tuple[object, ...]]:
        asked.append(host)
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    options = Connection(base_url="http://api.localhost/v1")
    if is_sent:
        assert checked(options, OPENAI_API_KEY=KEY).key == KEY
    else:
        with pytest.raises(UsageError, match="over plain http"):
            checked(options, OPENAI_API_KEY=KEY)
    assert asked == ["api.localhost"]


# Headers


def test_organization_and_project_are_headers() -> None:
    assert found().headers == {}
    by_variable = found(OPENAI_ORG_ID="org-1", OPENAI_PROJECT_ID="proj-1")
    assert by_variable.headers == {"OpenAI-Organization": "org-1", "OpenAI-Project": "proj-1"}
    options = Connection(organization="org-2", project="proj-2")
    by_flag = found(options, OPENAI_ORG_ID="org-1", OPENAI_PROJECT_ID="proj-1")
    assert by_flag.headers == {"OpenAI-Organization": "org-2", "OpenAI-Project": "proj-2"}
    assert found(OPENAI_ORG_ID="", OPENAI_PROJECT_ID="proj-1").headers == {
        "OpenAI-Project": "proj-1"
    }


HEADERS = [
    (["X-A: b"], {"X-A": "b"}),
    (["X-A:b"], {"X-A": "b"}),
    (["X-A: b: c"], {"X-A": "b: c"}),
    (["X-A:"], {"X-A": ""}),
    (["X-A: 1", "X-B: 2"], {"X-A": "1", "X-B": "2"}),
]


@pytest.mark.parametrize(("given", "headers"), HEADERS)
def test_headers_of_the_users_own(given: list[str], headers: dict[str, str]) -> None:
    assert found(Connection(header=given)).own_headers == headers


@pytest.mark.parametrize("text", ["", "X-A", ": b", " : b", "X-A: b\nX-B: c", "X-A: b\r", "X\n: b"])
def test_what_is_no_header_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="--header"):
        found(Connection(header=[text]))


ODD = "made-up-and-odd!"


@pytest.mark.parametrize(
    "text",
    [f"Authorization Bearer {ODD}", f"Bearer {ODD}: x", ODD, f"X\n: {ODD}",
     f"X-Key: {ODD}\n"],
)  # fmt: skip
def test_of_what_is_no_header_no_secret_is_shown(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        found(Connection(header=[text]))
    assert ODD not in f"{caught.value.problem} {caught.value.hint}"


@pytest.mark.parametrize(
    ("header", "is_hidden"),
    [
        (f"Authorization: Bearer {ODD}", True), (f"api-key: {ODD}", True),
        (f"X-Odd: {ODD}", True), (f"User-Agent: {ODD}", False),
    ],
)  # fmt: skip
def test_the_value_of_a_header_is_masked_unless_it_is_known_to_be_harmless(
    header: str, is_hidden: bool
) -> None:
    context = Context.test()
    destination(context, Connection(header=[header]), Inputs(context))
    context.messages.notice(f"got {ODD}")
    said = cast("io.StringIO", context.messages.stream).getvalue()
    assert (ODD not in said) is is_hidden


def test_the_query_of_a_base_url_is_masked_but_for_the_version() -> None:
    context = Context.test()
    url = "https://h.test/v1?api-version=2024-10-21&code=made-up"
    destination(context, Connection(base_url=url), Inputs(context))
    context.messages.notice(url)
    said = cast("io.StringIO", context.messages.stream).getvalue()
    assert "api-version=2024-10-21&code=***" in said


# Time-outs and tries


def test_the_time_outs() -> None:
    assert Connection().patience[:2] == (10.0, 600.0)
    assert Connection(timeout="2.5").patience[:2] == (2.5, 2.5)
    assert Connection(timeout="3600").patience[:2] == (3600, 3600)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon", "", "1_0", "0.0"])
def test_what_is_no_time_out_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="--timeout"):
        _ = Connection(timeout=text).patience


def test_the_tries() -> None:
    assert Connection().patience.retries == 2
    assert Connection(max_retries="0").patience.retries == 0
    assert Connection(max_retries="7").patience.retries == 7


@pytest.mark.parametrize("text", ["-1", "1.5", "nan", "many", "", "1_0", "1000000"])
def test_what_is_no_number_of_tries_is_wrong_usage(text: str) -> None:
    with pytest.raises(CliError, match="--max-retries") as caught:
        _ = Connection(max_retries=text).patience
    assert type(caught.value) is UsageError
