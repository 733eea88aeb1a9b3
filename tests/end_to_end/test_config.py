"""The configuration file as users have it: in their own folder, read by the installed command."""

import json
import platform
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.servers import Server, chat, reply

FOLDER = {"Linux": ".config", "Darwin": "Library/Application Support"}[platform.system()]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The user's own configuration file, which is not there yet."""
    path = tmp_path / "home" / FOLDER / "openai-cli" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


def test_a_profile_leads_a_request(run: Run, config: Path) -> None:
    with Server([reply(chat("Hello."))]) as server:
        config.write_text(
            f"""
            organization = "org"
            [chat]
            temperature = 0.2
            header = ["X-Team: ci"]
            [profiles.local]
            base_url = "{server.base_url}"
            api_key_command = ["{sys.executable}", "-c", "print('sk-made-up-of-a-command')"]
            [profiles.local.chat]
            model = "llama3.2"
            """
        )
        ended = run("chat", "--profile", "local", "Hi", "--top-p", "1", key=None)
    assert (ended.code, ended.text, ended.err) == (0, "Hello.\n", "")
    [request] = server.received
    assert request.json == {
        "model": "llama3.2",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0.2,
        "top_p": 1,
    }
    assert request.headers["authorization"] == "Bearer sk-made-up-of-a-command"
    assert request.headers["openai-organization"] == "org"
    assert request.headers["x-team"] == "ci"


def test_a_conversation_goes_before_the_file_and_keeps_nothing_of_it(
    run: Run, config: Path, folder: Path
) -> None:
    config.write_text('[chat]\nmodel = "of the file"\nseed = 7\ntemperature = 0.2\n')
    said = {"role": "user", "content": "Hi"}
    (folder / "trip.json").write_text(
        json.dumps({"model": "of the conversation", "temperature": 1, "messages": [said]})
    )
    with Server([reply(chat("One.")), reply(chat("Two."))]) as server:
        assert run("chat", "-c", "trip.json", "Go on", base_url=server.base_url).code == 0
        assert run("chat", "-c", "new.json", "Hi", base_url=server.base_url).code == 0
    old, new = (request.json for request in server.received)
    assert (old["model"], old["temperature"], old["seed"]) == ("of the conversation", 1, 7)
    assert (new["model"], new["temperature"], new["seed"]) == ("of the file", 0.2, 7)
    assert "seed" not in json.loads((folder / "trip.json").read_text())
    assert "seed" not in json.loads((folder / "new.json").read_text())


def test_path_show_and_check(run: Run, config: Path) -> None:
    path = run("config", "path")
    assert (path.code, path.text, path.err) == (0, f"{config}\n", "")
    config.write_text('[chat]\nmodel = "m"\n')
    shown = run("config", "show", key="sk-made-up-and-long")
    assert shown.text.splitlines()[0] == f"# {config}"
    assert 'OPENAI_API_KEY = "…long"' in shown.text
    assert "sk-made-up" not in shown.text
    checked = run("config", "check")
    assert (checked.code, checked.out) == (0, b"")
    assert checked.err == f"openai-cli: notice: '{config}' is valid\n"


def test_each_fault_is_a_line_and_the_end_is_exit_2(run: Run, config: Path) -> None:
    config.write_text("[chat]\nmodl = 'm'\ntop_p = 2\n")
    ended = run("config", "check")
    assert (ended.code, ended.out) == (2, b"")
    first, second = ended.err.splitlines()
    assert f"error: {config}:2: no such key in [chat]: modl; did you mean model?" in first
    assert f"error: {config}:3: top_p must be a number from 0 to 1" in second


def test_what_is_no_toml_stops_all_but_what_mends_it(run: Run, config: Path) -> None:
    config.write_text("[chat]\nmodel = gpt\n")
    for command in (
        ("chat", "hi"),
        ("tokens", "hi"),
        ("models", "list", "--local"),
        ("key", "show"),
    ):
        ended = run(*command)
        assert (ended.code, ended.out) == (2, b"")
        assert ended.err == (
            f"openai-cli: error: {config}:2:9: this is not TOML: invalid value; "
            "a string needs quotes\n"
        )
    assert run("config", "show").code == 2
    assert run("config", "check").code == 2
    assert run("config", "path").text == f"{config}\n"
    assert run("chat", "--help").code == 0
    assert run("--version").code == 0


def test_a_folder_in_its_place(run: Run, config: Path) -> None:
    config.mkdir()
    ended = run("tokens", "hi")
    assert ended.code == 2
    assert f"cannot read the configuration file '{config}': Is a directory" in ended.err


def test_the_sandbox_needs_no_other_server(run: Run, config: Path) -> None:
    config.write_text('base_url = "http://127.0.0.1:9/v1"\n')
    assert run("chat", "Say hello", "--sandbox", key=None).text == "hello\n"


def test_a_loop_over_lines_with_stdin_off_by_default(run: Run, config: Path) -> None:
    config.write_text("stdin = false\n[chat]\ndry_run = true\n")
    sent = json.loads(run("chat", "hi", stdin=b"piped").out)
    assert sent["messages"] == [{"role": "user", "content": "hi"}]
    sent = json.loads(run("chat", "hi", "--stdin", stdin=b"piped").out)
    assert sent["messages"] == [{"role": "user", "content": "piped\n\nhi"}]
