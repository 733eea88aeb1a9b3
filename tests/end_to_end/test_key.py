"""The API key: stored, shown, checked, sent where it belongs and deleted; and never to be seen."""

import getpass
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from openai_cli.commands import chat as chat_command
from openai_cli.commands import key_set
from openai_cli.context import Context
from openai_cli.errors import CredentialError, UsageError
from openai_cli.records import replace
from openai_cli.settings import Settings
from tests.conftest import COMMAND, Result, Run
from tests.docs.pages import ROOT
from tests.servers import Received, Server, chat, reply

KEY = "sk-made-up-to-be-kept-wxyz"
OPENAI = "https://api.openai.com/v1"
ELSEWHERE = "https://models.example/v1"
LOCKED = "tests.config.keyring_backends.Locked"
WORKING = "tests.config.keyring_backends.Working"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of keys, and no keyring: that of the machine is none of the tests'."""
    path = tmp_path / "data" / "keys.json"
    monkeypatch.setenv("OPENAI_CLI_KEYS", str(path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("MADE_UP_KEYRING", str(tmp_path / "keyring.json"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return path


@pytest.fixture
def key(run: Run) -> Callable[..., Result]:
    """Run `key …`, without OPENAI_API_KEY unless `key` names one."""

    def run_key(*arguments: str, **how: Any) -> Result:
        return run("key", *arguments, **{"key": None, **how})

    return run_key


def stored(path: Path) -> Any:
    return json.loads(path.read_text())["keys"]


def lines(*states: str, place: str = OPENAI) -> str:
    """What `key show` prints."""
    names = ("--api-key-file ", "OPENAI_API_KEY ", "api_key_command", "key set        ")
    rows = (f"{name}  {state}\n" for name, state in zip(names, states, strict=True))
    return f"key for          {place}\n{''.join(rows)}"


Key = Callable[..., Result]

# key set


def test_a_key_is_stored_and_sent(key: Key, run: Run, store: Path) -> None:
    with Server([reply(chat("hello"))]) as server:
        result = key("set", stdin=f"{KEY}\n".encode(), base_url=server.base_url)
        said = f"openai-cli: notice: the key for {server.base_url} is stored in '{store}'\n"
        assert (result.code, result.out, result.err) == (0, b"", said)
        assert stored(store) == [{"base_url": server.base_url, "key": KEY}]
        result = run("chat", "hi", key=None, base_url=server.base_url)
    assert (result.code, result.out, result.err) == (0, b"hello\n", "")
    assert server.received[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_stored_key_is_sent_to_no_other_server(key: Key, run: Run) -> None:
    key("set", stdin=KEY.encode())
    with Server([reply(chat("hello"))]) as server:
        run("chat", "hi", key=None, base_url=server.base_url)
    assert "authorization" not in server.received[0].headers


def test_base_urls_of_keys(key: Key, store: Path) -> None:
    key("set", stdin=KEY.encode())
    key("set", "--base-url", f"{ELSEWHERE}/", stdin=KEY.encode(), base_url="http://localhost/v1")
    assert [entry["base_url"] for entry in stored(store)] == [OPENAI, ELSEWHERE]


def test_a_key_that_is_replaced(key: Key, store: Path) -> None:
    key("set", stdin=b"sk-made-up-before")
    result = key("set", stdin=KEY.encode())
    assert result.err == f"openai-cli: notice: the key for {OPENAI} is replaced in '{store}'\n"
    assert stored(store) == [{"base_url": OPENAI, "key": KEY}]
    assert key("set", "--quiet", stdin=KEY.encode()).err == ""


def test_a_variable_that_goes_before_is_told_of(key: Key) -> None:
    result = key("set", stdin=KEY.encode(), key="sk-made-up-variable")
    assert result.err.splitlines()[1:] == [
        "openai-cli: notice: OPENAI_API_KEY is set, and takes precedence over a stored key"
    ]
    assert len(key("set", stdin=KEY.encode(), key="").err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[KEY], [KEY, "more"], ["--", KEY], ["-q", KEY]])
def test_a_key_as_an_argument_is_refused_and_not_repeated(
    arguments: list[str], key: Key, store: Path
) -> None:
    result = key("set", *arguments, stdin=KEY.encode())
    assert (result.code, result.out) == (2, b"")
    assert KEY not in result.err
    for word in ("list of processes", "history", "revoke", "openai-cli key set < FILE"):
        assert word in result.err
    assert not store.exists()


@pytest.mark.parametrize(
    ("stdin", "problem"),
    [
        (b"", "there is no key in it"),
        (b"\n", "there is no key in it"),
        (f"{KEY}\nsk-other\n".encode(), "the key must be one line"),
        (f"{KEY} {KEY}".encode(), "the key has a character that no key can have"),
        ("sk-ключ".encode(), "the key has a character that no key can have"),
        (b"\xff\xfe", "the key is not text"),
    ],
)
def test_what_is_no_key_is_not_stored(stdin: bytes, problem: str, key: Key, store: Path) -> None:
    result = key("set", stdin=stdin)
    assert (result.code, result.err) == (3, f"openai-cli: error: stdin: {problem}\n")
    assert not store.exists()


def test_a_stdin_that_is_to_be_left_alone_is_read_all_the_same(key: Key, store: Path) -> None:
    """It is what the command is for."""
    result = key("set", stdin=KEY.encode(), env={"OPENAI_CLI_NO_STDIN": "1"})
    assert (result.code, stored(store)[0]["key"]) == (0, KEY)


def test_the_store_is_one_of_two(key: Key, store: Path) -> None:
    result = key("set", "--store", "cloud", stdin=KEY.encode())
    assert (result.code, store.exists()) == (2, False)
    assert "--store must be keyring or file, not 'cloud'" in result.err


# At a terminal


def prompted(*arguments: str) -> "pexpect.spawn[str]":
    """`key set` at a terminal, when it has asked for the key."""
    terminal = pexpect.spawn(str(COMMAND), ["key", "set", *arguments], encoding="utf-8", timeout=60)
    terminal.expect_exact(f"API key for {OPENAI} (not shown): ")
    return terminal


def ended(terminal: "pexpect.spawn[str]") -> tuple[int | None, str]:
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.exitstatus, terminal.before or ""


def test_a_typed_key_is_not_shown(store: Path) -> None:
    terminal = prompted("--color", "never")
    assert not terminal.getecho()
    terminal.sendline(KEY)
    code, said = ended(terminal)
    assert code == 0
    assert said == f"\r\nopenai-cli: notice: the key for {OPENAI} is stored in '{store}'\r\n"
    assert stored(store) == [{"base_url": OPENAI, "key": KEY}]


def test_a_store_that_cannot_be_used_is_told_before_the_key_is_typed(key: Key, store: Path) -> None:
    key("set", stdin=KEY.encode())
    store.chmod(0o644)
    terminal = pexpect.spawn(str(COMMAND), ["key", "set"], encoding="utf-8", timeout=60)
    code, said = ended(terminal)
    assert (code, "not shown" in said) == (3, False)
    assert "chmod 600" in said


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("\x03", 130, "\r\n"),
        ("\x04", 3, "\r\nopenai-cli: error: the prompt: no key was typed\r\n"),
        ("\n", 3, "\r\nopenai-cli: error: the prompt: there is no key in it\r\n"),
    ],
    ids=["Ctrl-C", "Ctrl-D", "Enter"],
)
def test_no_key_is_typed(typed: str, code: int, said: str, store: Path) -> None:
    terminal = prompted("--color", "never")
    terminal.send(typed)
    assert ended(terminal) == (code, said)
    assert not store.exists()


def test_a_terminal_shows_again_what_is_typed_after_the_key() -> None:
    script = f"trap : INT; stty -a; '{COMMAND}' key set; stty -a"
    terminal = pexpect.spawn("sh", ["-c", script], encoding="utf-8", timeout=60)
    terminal.expect_exact("(not shown): ")
    before = terminal.before or ""
    terminal.send("\x03")
    code, after = ended(terminal)
    assert code == 0
    assert " echo " in after
    assert before.split() == [*after.split(), "API", "key", "for", OPENAI]


def test_a_terminal_that_would_show_the_key_is_refused(
    monkeypatch: pytest.MonkeyPatch, store: Path
) -> None:
    """Python's own way is to warn of it, and to read on."""

    def shown(_prompt: str) -> str:
        warnings.warn("shown", getpass.GetPassWarning, stacklevel=2)
        return KEY

    monkeypatch.setattr(getpass, "getpass", shown)
    with pytest.raises(UsageError, match="this terminal would show the key"):
        key_set.run(Context.test(), key_set.Options())
    assert not store.exists()


# In the keyring


def test_a_key_in_the_keyring_is_sent(key: Key, run: Run, store: Path) -> None:
    env = {"PYTHON_KEYRING_BACKEND": WORKING}
    with Server([reply(chat("hello"))]) as server:
        result = key("set", stdin=KEY.encode(), base_url=server.base_url, env=env)
        assert result.err.endswith("is stored in made-up keyring\n")
        assert KEY not in store.read_text()
        run("chat", "hi", key=None, base_url=server.base_url, env=env)
    assert server.received[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_keyring_that_fails_is_told_when_its_key_is_needed(key: Key, run: Run) -> None:
    key("set", stdin=KEY.encode(), env={"PYTHON_KEYRING_BACKEND": WORKING})
    locked = {"PYTHON_KEYRING_BACKEND": LOCKED}
    result = run("chat", "hi", key=None, env=locked)
    assert (result.code, result.out) == (3, b"")
    assert result.err.startswith("openai-cli: error: the keyring failed: it is locked; ")
    result = key("set", "--store", "file", stdin=KEY.encode(), env=locked)
    assert result.code == 0
    assert "the keyring still has the previous key" in result.err
    assert key("show", env=locked).out.endswith(b"used: \xe2\x80\xa6wxyz\n")


@pytest.mark.parametrize("flags", [["--dry-run"], ["--curl"], ["--batch-line", "1"], ["--sandbox"]])
def test_what_needs_no_key_asks_no_keyring(flags: list[str], key: Key, run: Run) -> None:
    key("set", stdin=KEY.encode(), env={"PYTHON_KEYRING_BACKEND": WORKING})
    result = run("chat", "Say hi", *flags, key=None, env={"PYTHON_KEYRING_BACKEND": LOCKED})
    assert (result.code, result.err) == (0, "")


# key show


def test_sources_without_a_key(key: Key) -> None:
    result = key("show")
    none = "has none for this base URL"
    assert (result.code, result.text) == (3, lines("not given", "not set", "not set", none))
    assert result.err.startswith(f"openai-cli: error: there is no API key for {OPENAI}; ")
    for way in ("OPENAI_API_KEY", "--api-key-file", "openai-cli key set", "--sandbox"):
        assert way in result.err


def test_a_stored_key_is_shown_by_its_end(key: Key) -> None:
    key("set", stdin=KEY.encode())
    result = key("show")
    assert (result.code, result.err) == (0, "")
    assert result.text == lines("not given", "not set", "not set", "used: …wxyz")
    assert key("show", "--base-url", ELSEWHERE).code == 3


def test_sources_that_are_passed_over(key: Key, folder: Path) -> None:
    key("set", stdin=KEY.encode())
    (folder / "key").touch(mode=0o600)
    (folder / "key").write_text("sk-made-up-file")
    over = "overridden: OPENAI_API_KEY takes precedence"
    result = key("show", key="sk-made-up-variable")
    assert result.text == lines("not given", "used: …able", "not set", over)
    over = "overridden: --api-key-file takes precedence"
    result = key("show", "--api-key-file", "key", key="sk-made-up-variable")
    assert result.text == lines("used: …file", over, "not set", over)


def test_a_short_key_is_not_shown_at_all(key: Key) -> None:
    assert "used: …\n" in key("show", key="12345678901").text


def test_the_sources_as_json(key: Key) -> None:
    result = key("show", "--json", key="sk-made-up-variable")
    assert result.out.count(b"\n") == 1
    assert json.loads(result.out) == {
        "base_url": OPENAI,
        "profile": None,
        "source": "OPENAI_API_KEY",
        "key": "…able",
        "sources": [
            {"name": "--api-key-file", "state": "not given"},
            {"name": "OPENAI_API_KEY", "state": "used: …able"},
            {"name": "api_key_command", "state": "not set"},
            {"name": "key set", "state": "has none for this base URL"},
        ],
    }
    result = key("show", "--json")
    assert result.code == 3
    assert json.loads(result.out)["source"] is None
    assert json.loads(result.out)["key"] is None


def test_what_was_found_before_a_failure_is_shown(key: Key, store: Path) -> None:
    key("set", stdin=KEY.encode())
    store.chmod(0o644)
    result = key("show")
    assert (result.code, result.text.count("\n")) == (3, 4)
    assert result.err.endswith(f"mode is 0644; keep them out with chmod 600 {store}\n")
    result = key("show", key="sk-made-up-variable")
    assert (result.code, result.err) == (0, "")
    assert f"others may access the key in '{store}'" in result.text


# key check


def models(count: int) -> bytes:
    return reply({"object": "list", "data": [{"id": str(number)} for number in range(count)]})


def refusal(status: str, message: str) -> bytes:
    return reply({"error": {"message": message, "type": "x"}}, status=status)


def checked(run_key: Key, answer: bytes, *flags: str, **how: Any) -> tuple[Result, str, Received]:
    """The result of `key check` where the server answers so, its base URL, and what it got."""
    with Server([answer]) as server:
        url = server.base_url
        result = run_key("check", *flags, base_url=url, **how)
    return result, url, server.received[0]


@pytest.mark.parametrize(("count", "words"), [(0, "0 models"), (1, "1 model"), (7, "7 models")])
def test_a_good_key(count: int, words: str, key: Key) -> None:
    result, url, request = checked(key, models(count), key=KEY)
    said = f"the key …wxyz is good: {url} lists {words}\n"
    assert (result.code, result.text, result.err) == (0, said, "")
    assert request.line == "GET /v1/models HTTP/1.1"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert "content-type" not in request.headers
    assert request.body == b""


def test_a_server_that_needs_no_key(key: Key) -> None:
    result, url, _ = checked(key, models(2))
    assert result.text == f"no key is needed: {url} lists 2 models\n"


def test_an_authorization_of_the_users_own_is_checked(key: Key) -> None:
    result, _, _ = checked(key, models(2), "--header", "Authorization: Basic x")
    assert result.text.startswith("the Authorization of --header is good: ")


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_a_key_that_is_refused(status: str, key: Key) -> None:
    result, url, _ = checked(key, refusal(status, "No such key."), key=KEY)
    assert (result.code, result.out) == (3, b"")
    said = f"openai-cli: error: {url} refuses the key …wxyz: No such key. (HTTP {status[:3]}); "
    assert result.err.startswith(said)
    assert ("key show" in result.err) == (status[:3] == "401")


def test_a_server_that_wants_a_key(key: Key) -> None:
    result, url, _ = checked(key, refusal("401 Unauthorized", "Who are you?"))
    assert result.code == 3
    assert f"{url} refuses to answer without a key: Who are you?" in result.err


def test_no_key_to_check(key: Key) -> None:
    result = key("check")
    assert (result.code, result.out) == (3, b"")
    assert "there is no API key" in result.err


def test_a_server_that_is_not_there(key: Key) -> None:
    with Server([]) as server:
        url = server.base_url
    result = key("check", "--max-retries", "0", base_url=url)
    assert (result.code, result.out) == (7, b"")
    assert f"error: {url}: the server refuses the connection to 127.0.0.1:" in result.err


@pytest.mark.parametrize("body", ["[]", "{}", '{"data": 1}', "no JSON", "null"])
def test_an_answer_that_is_no_list_of_models(body: str, key: Key) -> None:
    result, url, _ = checked(key, reply(body), key=KEY)
    assert (result.code, result.out) == (6, b"")
    assert f"error: {url}: the answer " in result.err


def test_a_server_that_is_busy_is_asked_again(key: Key) -> None:
    busy = reply({}, status="503 Busy", headers=["Retry-After-Ms: 1"])
    with Server([busy, models(3)]) as server:
        result = key("check", "-q", key=KEY, base_url=server.base_url)
    assert (result.code, result.err) == (0, "")


def test_the_sandbox_is_asked_with_a_key_of_its_own(key: Key) -> None:
    result = key("check", "--sandbox")
    assert (result.code, result.err) == (0, "")
    assert "lists 3 models" in result.text


# key delete


def test_a_key_is_deleted(key: Key, store: Path) -> None:
    key("set", stdin=KEY.encode())
    result = key("delete", "--base-url", ELSEWHERE)
    assert (result.code, result.out) == (3, b"")
    assert result.err == (
        f"openai-cli: error: no key is stored for {ELSEWHERE}; there are keys for {OPENAI}\n"
    )
    result = key("delete")
    assert (result.code, result.out) == (0, b"")
    assert result.err == f"openai-cli: notice: the key for {OPENAI} is deleted from '{store}'\n"
    assert list(store.parent.iterdir()) == []
    assert key("delete").err == f"openai-cli: error: no key is stored for {OPENAI}\n"


# The command of a profile


def ask(
    command: tuple[str, ...], base_url: str | None, meant: str | None = None, **flags: Any
) -> None:
    """Ask a chat model with the key of a command, which is for `meant`, or the server itself."""
    settings = Settings("work", api_key_command=command, api_key_url=meant or base_url)
    context = replace(Context.test(stdin=b""), settings=settings)
    chat_command.run(context, chat_command.Options(text="Say hi", base_url=base_url, **flags))


def counting(tmp_path: Path) -> tuple[tuple[str, ...], Path]:
    """A command that prints a key, and a file that has a line for each time."""
    count = tmp_path / "count"
    count.touch()
    return ("/bin/sh", "-c", f"echo >> '{count}'; echo {KEY}"), count


def test_a_command_is_run_once_for_all_tries(tmp_path: Path) -> None:
    command, count = counting(tmp_path)
    busy = reply({}, status="503 Busy", headers=["Retry-After-Ms: 1"])
    with Server([busy, busy, reply(chat("hello"))]) as server:
        ask(command, server.base_url)
    assert {request.headers["authorization"] for request in server.received} == {f"Bearer {KEY}"}
    assert count.read_text() == "\n"


@pytest.mark.parametrize(
    "flag", [{"dry_run": True}, {"curl": True}, {"batch_line": "1"}, {"sandbox": True}]
)
def test_what_needs_no_key_runs_no_command(flag: dict[str, Any], tmp_path: Path) -> None:
    command, count = counting(tmp_path)
    ask(command, None, **flag)
    assert count.read_text() == ""


def test_the_key_of_a_command_goes_to_the_server_of_its_profile_alone(tmp_path: Path) -> None:
    command, count = counting(tmp_path)
    with Server([reply(chat("hello"))]) as server:
        ask(command, server.base_url, meant="https://work.example.test/v1")
    assert "authorization" not in server.received[0].headers
    assert count.read_text() == ""


def test_a_command_that_fails_sends_nothing(store: Path) -> None:
    with Server([]) as server, pytest.raises(CredentialError, match="'/bin/sh' ended with"):
        ask(("/bin/sh", "-c", "exit 1"), server.base_url)


# Never to be seen


def test_no_command_shows_a_key(key: Key, run: Run, store: Path, sandbox: str) -> None:
    file = store.with_name("key")
    results = [
        key("set", "--debug", stdin=KEY.encode()),
        key("set", "--debug", "--base-url", sandbox, stdin=KEY.encode()),
        key("show"),
        key("show", "--json", "--debug"),
        key("check", "--debug", base_url=sandbox),
        run("chat", "hi", "--debug", key=None, base_url=sandbox),
        run("chat", "hi", "--curl", key=KEY),
        run("chat", KEY[:-4], "--debug", "--json", key=None, base_url=sandbox),
        run("complete", "hi", "-m", "m", "--debug", key=KEY, base_url=sandbox),
    ]
    file.touch(mode=0o600)
    file.write_text(KEY)
    results += [
        key("show", "--api-key-file", str(file), "--debug"),
        key("check", "--api-key-file", str(file), "--debug", base_url=sandbox),
        run("chat", "hi", "--debug", "--api-key-file", str(file), base_url=sandbox),
        key("delete", "--debug"),
    ]
    for result in results:
        assert result.code in (0, 4), result.err
        assert KEY not in result.err
        assert KEY.encode() not in result.out
