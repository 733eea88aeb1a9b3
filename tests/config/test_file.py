"""Where the configuration file is, what it costs to have none, and what is wrong in one."""

import os
import platform
import sys
from pathlib import Path

import platformdirs
import platformdirs.macos
import platformdirs.unix
import pytest

from openai_cli.config import file
from openai_cli.config.document import load_document
from openai_cli.config.file import find, location
from openai_cli.context import Context
from openai_cli.errors import UsageError
from tests.flags.commandline import call, refused
from tests.test_layers import loaded_by

CLASSES = (platformdirs.unix.Unix, platformdirs.macos.MacOS)


def written(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def wrong(path: Path) -> str:
    """What is wrong with a file."""
    with pytest.raises(UsageError) as caught:
        load_document(path)
    error = caught.value
    return f"{error.problem}; {error.hint}" if error.hint else error.problem


@pytest.mark.parametrize("system", CLASSES)
@pytest.mark.parametrize("xdg", [None, "", " ", "xdg", "relative", "absolute"])
@pytest.mark.parametrize("home", ["as it is", "with a slash", "relative", "", None])
def test_no_file_is_missed_wherever_platformdirs_has_it(
    system: type[platformdirs.unix.Unix | platformdirs.macos.MacOS],
    xdg: str | None,
    home: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    if xdg is not None:
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg") if xdg == "absolute" else xdg)
    match home:
        case None:
            monkeypatch.delenv("HOME")
        case "with a slash":
            monkeypatch.setenv("HOME", f"{os.environ['HOME']}/")
        case "relative" | "":
            monkeypatch.setenv("HOME", home)
    monkeypatch.setattr(platformdirs, "PlatformDirs", system)
    monkeypatch.setattr(sys, "platform", "linux" if system is CLASSES[0] else "darwin")
    path = location(Context.test())
    assert path == system("openai-cli").user_config_path / "config.toml"
    if not path.is_relative_to(tmp_path):
        assert home in (None, "", "relative"), "the machine's own home, where no test may write"
        assert file._may_exist()
        return
    assert find(Context.test()) is None
    written(path)
    assert file._may_exist()
    assert find(Context.test()) == path


def test_where_it_is_on_this_machine(tmp_path: Path) -> None:
    folder = {"Linux": ".config", "Darwin": "Library/Application Support"}[platform.system()]
    path = tmp_path / "home" / folder / "openai-cli" / "config.toml"
    ended = call("config", "path")
    assert (ended.code, ended.out.decode()) == (0, f"{path}\n")
    written(path, "[chat]\nmodel = 'm'\n")
    assert b'"model": "m"' in call("chat", "hi", "--dry-run").out


def test_a_folder_that_nobody_may_look_into_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".config"
    written(folder / "openai-cli" / "config.toml", "no TOML")
    folder.chmod(0)
    try:
        if os.access(folder / "openai-cli", os.F_OK):
            pytest.skip("root may look into all folders")
        assert call("chat", "hi", "--dry-run").code == 0
    finally:
        folder.chmod(0o700)


def test_no_home_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_arguments: object) -> Path:
        raise RuntimeError

    monkeypatch.setattr(platformdirs, "user_config_path", lost)
    monkeypatch.delenv("HOME")
    assert call("chat", "hi", "--dry-run").code == 0
    assert "there is no home folder" in refused("config", "path")
    assert "OPENAI_CLI_CONFIG" in refused("chat", "hi", "--profile", "p")


def test_the_variable_names_another_file(tmp_path: Path) -> None:
    path = written(tmp_path / "own.toml", "[chat]\nmodel = 'm'\n")
    environ = {"OPENAI_CLI_CONFIG": str(path)}
    assert b'"model": "m"' in call("chat", "hi", "--dry-run", environ=environ).out
    assert call("config", "path", environ=environ).out.decode() == f"{path}\n"


def test_the_file_that_the_variable_names_must_be_there(tmp_path: Path) -> None:
    environ = {"OPENAI_CLI_CONFIG": str(tmp_path / "no.toml")}
    for command in (("chat", "hi"), ("config", "show"), ("config", "check"), ("tokens", "hi")):
        assert "no.toml': No such file or directory" in refused(*command, environ=environ)
    assert call("config", "path", environ=environ).code == 0
    assert call("chat", "--help", environ=environ).code == 0
    assert call("--version", environ=environ).code == 0


def test_a_profile_without_a_file(tmp_path: Path) -> None:
    message = refused("chat", "hi", "--profile", "work")
    assert "there is no profile 'work', because there is no configuration file" in message
    assert "openai-cli/config.toml" in message
    assert "profile 'ci'" in refused("chat", "hi", environ={"OPENAI_CLI_PROFILE": "ci"})
    assert call("tokens", "hi", environ={"OPENAI_CLI_PROFILE": ""}).code == 0


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = 1\nb = x\n", ":2:5: this is not TOML: invalid value; a string needs quotes"),
        ("[chat\n", ":1:6: this is not TOML: expected ']' at the end of a table declaration"),
        ("\n\n = 1", ":3:2: this is not TOML: "),
        ("[a]\n[a]\n", ":2:3: this is not TOML: "),
        ('a = 1\nb = """\nx\n', ":3:2: this is not TOML: "),
        (f"a = {'1' * 5000}", "a number in it is too long"),
        (f"a = {'[' * 5000}", "a value nests too deep"),
    ],
)
def test_what_is_no_toml_is_told_with_its_place(text: str, place: str, tmp_path: Path) -> None:
    path = written(tmp_path / "c.toml", text)
    assert wrong(path).startswith(str(path))
    assert place in wrong(path)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    assert wrong(tmp_path) == f"cannot read the configuration file '{tmp_path}': Is a directory"
    (tmp_path / "latin").write_bytes(b"a = '\xe9'")
    assert "latin' is not UTF-8: byte 0xe9 at offset 5" in wrong(tmp_path / "latin")


def test_an_empty_file_and_a_byte_order_mark(tmp_path: Path) -> None:
    assert load_document(written(tmp_path / "empty")).tables == {}
    assert load_document(written(tmp_path / "mark", "\ufeffquiet = true\n")).tables == {
        "quiet": True
    }


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("quiet = true\napi_key = 'sk-made-up-1'", ":2: api_key "),
        ("api-key = 'sk-made-up-1'", ":1: api-key "),
        ("OPENAI_API_KEY = 'sk-made-up-1'", ":1: OPENAI_API_KEY "),
        ("key = 'sk-made-up-1'", ":1: key "),
        ("token = 'sk-made-up-1'", ":1: token "),
        ("[profiles.a]\napi_key = ['sk-made-up-1']", ":2: api_key "),
        ("[profiles.a]\nsecret = 'sk-made-up-1'", ":2: secret "),
        ("[chat]\napikey = 'sk-made-up-1'", ":2: apikey "),
        ("[profiles.a.chat]\napi_key = 'sk-made-up-1'", ":2: api_key "),
    ],
)
def test_a_key_in_the_file_is_refused_and_never_shown(
    text: str, place: str, tmp_path: Path
) -> None:
    path = written(tmp_path / "c.toml", text)
    environ = {"OPENAI_CLI_CONFIG": str(path)}
    for command in (("chat", "hi"), ("config", "show"), ("config", "check")):
        message = refused(*command, environ=environ)
        assert f"c.toml{place}does not belong in this file" in message
        assert "openai-cli key set" in message
        assert "made-up-1" not in message


def test_what_only_sounds_like_a_key_is_none(tmp_path: Path) -> None:
    text = "api_key_file = 'f'\napi_key_command = ['x']\n[key.show]\njson = true\n"
    text += "[chat.metadata]\ntoken = 'x'\n[profiles.a.chat.metadata]\nsecret = 'x'\n"
    assert load_document(written(tmp_path / "c.toml", text)).tables["api_key_file"] == "f"


LATE = {"tomllib", "openai_cli.config.defaults", "openai_cli.config.document"}


@pytest.mark.parametrize("arguments", [["chat", "--dry-run", "hi"], ["tokens", "hi"]], ids=" ".join)
def test_no_file_loads_nothing(arguments: list[str]) -> None:
    assert not loaded_by(*arguments) & LATE


def test_a_file_loads_what_reads_it(tmp_path: Path) -> None:
    path = location(Context.test())
    written(path, "quiet = true\n")
    assert loaded_by("chat", "--dry-run", "hi") & LATE == LATE
    assert not loaded_by("chat", "--help") & LATE
