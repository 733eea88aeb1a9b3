"""The admin key is for the operations of an organization, and the other key for all others."""

from pathlib import Path

import pytest

from openai_cli.commands.operation.options import options_class
from openai_cli.operations.table import every, is_admin_path
from tests.conftest import MADE_UP_KEY, Run
from tests.servers import Server, reply

ADMIN_KEY = "sk-admin-made-up"
PAGE = reply({"object": "list", "data": [], "has_more": False})

PROJECTS = ("organization", "projects", "list")
STORES = ("vector-stores", "list")
RAW = ("api", "GET", "/organization/projects")


def sent(run: Run, *words: str, **variables: str) -> str | None:
    """The Authorization of a command line that is sent with these variables."""
    with Server([PAGE]) as server:
        done = run(*words, base_url=server.base_url, key=None, env=variables)
    assert done.code == 0, done.err
    return server.received[0].headers.get("authorization")


BOTH = {"OPENAI_API_KEY": MADE_UP_KEY, "OPENAI_ADMIN_KEY": ADMIN_KEY}


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (PROJECTS, ADMIN_KEY),
        (RAW, ADMIN_KEY),
        (STORES, MADE_UP_KEY),
        (("models", "list"), MADE_UP_KEY),
    ],
)
def test_each_operation_takes_its_own_key(run: Run, words: tuple[str, ...], key: str) -> None:
    assert sent(run, *words, **BOTH) == f"Bearer {key}"


@pytest.mark.parametrize(
    ("words", "variable"),
    [(PROJECTS, "OPENAI_API_KEY"), (RAW, "OPENAI_API_KEY"), (STORES, "OPENAI_ADMIN_KEY")],
)
def test_no_operation_takes_the_other_key(run: Run, words: tuple[str, ...], variable: str) -> None:
    assert sent(run, *words, **{variable: MADE_UP_KEY}) is None


def test_the_stored_admin_key_is_for_admin_operations_alone(run: Run) -> None:
    with Server([PAGE, PAGE, PAGE]) as server:
        url = server.base_url
        stored = run("key", "set", "--admin", "--store", "file", stdin=ADMIN_KEY.encode(),
                     base_url=url, key=None)  # fmt: skip
        assert stored.code == 0
        assert stored.err.startswith(f"openai-cli: notice: the key for {url} (admin) is stored in")
        run(*PROJECTS, base_url=url, key=None)
        run(*STORES, base_url=url, key=None)
        run("key", "set", "--store", "file", stdin=MADE_UP_KEY.encode(), base_url=url, key=None)
        run(*STORES, base_url=url, key=None)
        assert run("key", "delete", "--admin", base_url=url, key=None).code == 0
        assert run("key", "show", base_url=url, key=None).code == 0
        assert run("key", "show", "--admin", base_url=url, key=None).code == 3
    keys = [request.headers.get("authorization") for request in server.received]
    assert keys == [f"Bearer {ADMIN_KEY}", None, f"Bearer {MADE_UP_KEY}"]


def key_file(folder: Path) -> Path:
    path = folder / "key"
    path.write_text(ADMIN_KEY)
    path.chmod(0o600)
    return path


def test_a_file_that_the_call_names_has_the_admin_key(run: Run, folder: Path) -> None:
    path = str(key_file(folder))
    assert sent(run, *PROJECTS, "--api-key-file", path) == f"Bearer {ADMIN_KEY}"


def test_a_file_that_the_configuration_names_has_the_other_key(run: Run, folder: Path) -> None:
    with Server([PAGE, PAGE]) as server:
        config = folder / "config.toml"
        config.write_text(f"base_url = '{server.base_url}'\napi_key_file = '{key_file(folder)}'\n")
        for words in (PROJECTS, STORES):
            assert run(*words, key=None, env={"OPENAI_CLI_CONFIG": str(config)}).code == 0
    keys = [request.headers.get("authorization") for request in server.received]
    assert keys == [None, f"Bearer {ADMIN_KEY}"]


def test_what_is_missing_is_named(run: Run) -> None:
    done = run(*PROJECTS, base_url="https://api.openai.com/v1")
    assert done.code == 3
    assert done.err == (
        "openai-cli: error: there is no admin key; set OPENAI_ADMIN_KEY, give --api-key-file FILE, "
        "or store one with openai-cli key set --admin\n"
    )


def test_curl_names_the_variable(run: Run) -> None:
    shown = run(*PROJECTS, "--curl", base_url="https://api.openai.com/v1").text
    assert '"Authorization: Bearer $OPENAI_ADMIN_KEY"' in shown
    shown = run(*STORES, "--curl", base_url="https://api.openai.com/v1").text
    assert '"Authorization: Bearer $OPENAI_API_KEY"' in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "is good: {} lists 1 model\n"),
        (("--admin",), "is good: {} lists 1 project\n"),
    ],
)
def test_key_check_asks_for_what_the_key_is_for(
    run: Run, words: tuple[str, ...], said: str
) -> None:
    page = reply({"object": "list", "data": [{"id": "x"}], "has_more": False})
    with Server([page]) as server:
        url = server.base_url
        done = run("key", "check", *words, base_url=url, key=None, env=BOTH)
    assert done.code == 0
    assert done.text.endswith(said.format(url))
    asked = "/v1/organization/projects" if words else "/v1/models"
    assert server.received[0].line == f"GET {asked} HTTP/1.1"


@pytest.mark.parametrize("words", [PROJECTS, STORES, RAW])
def test_a_sandbox_of_the_call_gets_the_key_that_it_demands(
    run: Run, words: tuple[str, ...]
) -> None:
    done = run(*words, "--sandbox", key=None)
    assert done.code == 0, done.err


def test_the_raw_command_knows_every_admin_operation_by_its_path() -> None:
    for operation in every():
        assert is_admin_path(operation.path) == operation.admin, operation
        assert options_class(operation).endpoint.is_admin == operation.admin
    assert not is_admin_path("/files/organization")
    assert is_admin_path("/organization")
