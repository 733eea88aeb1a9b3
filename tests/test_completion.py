"""What may stand at the cursor, by table; what the shells' scripts are told; where those go."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli import commands
from openai_cli.app import annotations as declared
from openai_cli.commands import COMMANDS
from openai_cli.completion import SHELLS
from openai_cli.completion.candidates import NOTHING, Candidate, Completions, Tree, completions
from openai_cli.completion.install import install_target
from openai_cli.completion.shells import answer_shell, split_words
from openai_cli.context import Context
from openai_cli.flags.api import api
from openai_cli.flags.ours import OPTIONS, argument, ours, switch
from openai_cli.flags.parameter import ApiParameter, OwnOption
from openai_cli.flags.values import Object, Structure, Text
from openai_cli.records import Annotated
from tests.flags.commandline import call, user_text
from tests.test_layers import SLOW

NOVEMBER = 1795392000.0  # 2026-11-23

TALK = [
    Annotated[str | None, argument("[TEXT]", "A text")],
    Annotated[str | None, api("color", Text("NAME", names=("red", "rose", "blue")), "A colour")],
    Annotated[
        list[str] | None, api("sound", Object(names={"voice": ("ada", "al"), "to": ()}), "A sound")
    ],
    Annotated[str | None, api("tools_used", Structure(), "Tools")],
    Annotated[str | None, ours(OPTIONS, "--output", "A file", metavar="FILE", short="-o")],
    Annotated[str | None, ours(OPTIONS, "--folder", "A folder", metavar="FOLDER")],
    Annotated[str | None, ours(OPTIONS, "--system", "A text", metavar="TEXT", short="-s")],
    Annotated[bool, switch(OPTIONS, "loud", "Be loud", short="-l")],
]
READ = [Annotated[list[str] | None, argument("[PATH|URL]...", "Files")]]
PROGRAM = [Annotated[bool, ours(OPTIONS, "--version", "The version")]]
DECLARED: Mapping[str, list[Any]] = {"": PROGRAM, "big": PROGRAM, "talk": TALK, "read": READ}
WORDS: Mapping[str, Mapping[str, str]] = {
    "": {"talk": "Talk.", "read": "Read.", "big": "The big ones."},
    "big ": {"red": "A big one.", "blue": "Another."},
}
TREE = Tree(
    ("talk", "read", "big red", "big blue").__contains__,
    ("big",).__contains__,
    lambda prefix: WORDS.get(prefix, {}),
    lambda path: DECLARED.get(path, []),
)
OURS = Tree(commands.is_command, commands.is_group, commands.words, declared)


def offered(*words: str) -> list[str]:
    """The candidates of our made-up commands; the last word is at the cursor."""
    found = completions(Context.test(), TREE, words)
    assert found.kind == "values"
    return [f"{found.prefix}{each.value}" for each in found.candidates]


FLAGS = ["--color", "--sound", "--tools-used", "--output", "--folder", "--system", "--loud",
         "--no-loud"]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        (("",), ["talk", "read", "big"]),
        (("t",), ["talk"]),
        (("x",), []),
        (("--v",), ["--version"]),
        (("--version", ""), ["talk", "read", "big"]),
        (("big", ""), ["red", "blue"]),
        (("big", "r"), ["red"]),
        (("big", "-"), ["--version"]),
        (("small", ""), []),
        (("big", "small", ""), []),
        (("talk", "-"), FLAGS),
        (("talk", "--"), FLAGS),
        (("talk", "--l"), ["--loud"]),
        (("talk", "--no"), ["--no-loud"]),
        (("talk", "--loud", "--"), FLAGS[:-2]),
        (("talk", "--no-loud", "--"), FLAGS[:-2]),
        (("talk", "-l", "--"), FLAGS[:-2]),
        (("talk", "--color", "red", "--c"), []),
        (("talk", "--color=red", "--c"), []),
        (("talk", "--sound", "voice=ada", "--so"), ["--sound"]),
        (("talk", "-lo", "x", "--o"), []),
        (("talk", "-ox", "--o"), []),
        (("talk", "--tools_"), ["--tools_used"]),
        (("talk", "--tools-"), ["--tools-used"]),
        (("talk", "-o"), ["-o"]),
        (("talk", "-l"), ["-l"]),
        (("talk", "-x"), []),
        (("talk", ""), []),
        (("talk", "r"), []),
        (("talk", "--color", ""), ["red", "rose", "blue"]),
        (("talk", "--color", "r"), ["red", "rose"]),
        (("talk", "--color", "green"), []),
        (("talk", "--color=r"), ["--color=red", "--color=rose"]),
        (("talk", "--color="), ["--color=red", "--color=rose", "--color=blue"]),
        (("talk", "--sound", ""), ["voice=", "to="]),
        (("talk", "--sound", "voice=a"), ["voice=ada", "voice=al"]),
        (("talk", "--sound=voice=ad"), ["--sound=voice=ada"]),
        (("talk", "--sound", "to="), []),
        (("talk", "--sound", "pitch="), []),
        (("talk", "--system", "--c"), []),
        (("talk", "--system", "-o", "--c"), ["--color"]),
        (("talk", "--system=", "--c"), ["--color"]),
        (("talk", "-s", "--", "--c"), ["--color"]),
        (("talk", "a b", "--c"), ["--color"]),
        (("talk", "-", "--c"), ["--color"]),
        (("talk", "--unknown", "x", "--c"), ["--color"]),
        (("talk", "--", "--c"), []),
        (("talk", "--loud="), []),
        (("talk", "--tools-used", "["), []),
    ],
)
def test_candidates(words: tuple[str, ...], candidates: list[str]) -> None:
    assert offered(*words) == candidates


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("talk", "--output", "a/b"), Completions("files")),
        (("talk", "-o", ""), Completions("files")),
        (("talk", "-la", ""), NOTHING),
        (("talk", "-lo", ""), Completions("files")),
        (("talk", "-oa"), Completions("files", "-o")),
        (("talk", "-loa"), Completions("files", "-lo")),
        (("talk", "--output=a"), Completions("files", "--output=")),
        (("talk", "--folder", "a"), Completions("folders")),
        (("talk", "--folder="), Completions("folders", "--folder=")),
        (("talk", "--tools-used", "@"), Completions("files", "@")),
        (("talk", "--tools_used=@a/b"), Completions("files", "--tools_used=@")),
        (("talk", "--sound", "@a"), Completions("files", "@")),
        (("talk", "--system", "@a"), NOTHING),
        (("read", ""), Completions("files")),
        (("read", "--", "-a"), Completions("files")),
        (("talk", "--", "a"), NOTHING),
    ],
)
def test_paths_are_left_to_the_shell(words: tuple[str, ...], found: Completions) -> None:
    assert completions(Context.test(), TREE, words) == found


def test_commands_and_flags_have_their_summaries() -> None:
    shown = completions(Context.test(), TREE, [""]).candidates
    assert shown == (
        Candidate("talk", "Talk."),
        Candidate("read", "Read."),
        Candidate("big", "The big ones."),
    )
    assert completions(Context.test(), TREE, ["talk", "--lo"]).candidates == (
        Candidate("--loud", "Be loud"),
    )


@given(st.lists(st.text("-=@lox \"'\\", max_size=5), min_size=1, max_size=6))
def test_no_line_is_too_odd(words: list[str]) -> None:
    completions(Context.test(), TREE, ["talk", *words])
    answer_shell(Context.test(), TREE, "bash", [" ".join(["openai-cli talk", *words]), words[-1]])


# Our own commands.


def values(*words: str, environ: Mapping[str, str] | None = None) -> list[str]:
    context = Context.test(environ=environ, now=NOVEMBER)
    found = completions(context, OURS, words)
    assert found.kind == "values"
    return [each.value for each in found.candidates]


def test_the_commands_and_their_groups() -> None:
    assert {"complete", "chat", "tokens", "cost", "models", "key", "config"} <= set(values(""))
    assert values("key", "") == ["set", "show", "check", "delete"]
    assert values("chat", "") == []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("sandbox", ""), NOTHING),
        (("sandbox", "--", ""), Completions("commands")),
        (("sandbox", "--", "/opt/bin/openai-cli", "sandbox", "--", ""), Completions("commands")),
        (("sandbox", "--port", "0", "--", "sh", "--", "x"), Completions("files")),
        (("sandbox", "--", "sh", "cap"), Completions("files")),
        (("image", "vary", ""), Completions("files")),
        (("image", "vary", "a.png", ""), NOTHING),
        (("transcribe", "a.wav", ""), Completions("files")),
        (("files", "upload", "a"), Completions("files")),
        (("image", "edit", "Hat", "--mask", ""), Completions("files")),
        (("embed", ""), NOTHING),
        (("files", "show", ""), NOTHING),
    ],
)
def test_files_and_commands_where_they_are_meant(
    words: tuple[str, ...], found: Completions
) -> None:
    assert completions(Context.test(), OURS, words) == found


def test_arguments_that_are_names() -> None:
    assert values("api", "P") == ["POST", "PUT", "PATCH"]
    assert values("api", "-f", "a=b", "D") == ["DELETE"]
    assert values("api", "GET", "") == []
    assert values("models", "show", "gpt-6-l") == ["gpt-6-luna"]
    assert "whisper-1" in values("models", "show", "")
    assert values("models", "show", "gpt-6-luna", "") == []


def test_behind_the_sandbox_the_program_completes_as_it_does_alone() -> None:
    assert values("sandbox", "--", "openai-cli", "models", "l") == ["list"]
    assert values("sandbox", "--", "bin/openai-cli", "chat", "--temp") == ["--temperature"]


def test_the_shells() -> None:
    assert values("--install-completion", "") == ["bash", "zsh", "fish"]
    assert values("--show-completion=f") == ["fish"]
    assert values("--inst") == ["--install-completion"]
    assert values("models", "--inst") == []


def test_models_are_those_of_the_command_and_of_today() -> None:
    assert {"gpt-6-luna", "gpt-5.5"} <= set(values("chat", "-m", ""))
    assert values("chat", "-m", "gpt-3.5-turbo-i") == []
    assert values("chat", "-m", "text-embedding") == []
    assert "text-embedding-3-small" in values("cost", "-m", "text-embedding")
    assert values("chat", "-m", "ft:") == []
    assert "ft:gpt-4.1-nano-2025-04-14" not in values("cost", "-m", "ft:")
    assert "ft:gpt-4.1-2025-04-14" in values("cost", "-m", "ft:")
    assert values("chat", "--summary-model", "gpt-6-l") == ["gpt-6-luna"]
    assert "o3-pro" in values("respond", "-m", "o3")
    assert "text-embedding-3-large" in values("embed", "-m", "")
    assert values("moderate", "-m", "omni") == [
        "omni-moderation-2024-09-26",
        "omni-moderation-latest",
    ]
    assert values("transcribe", "-m", "wh") == ["whisper-1"]
    assert values("speak", "-m", "tts-1-h") == ["tts-1-hd", "tts-1-hd-1106"]
    assert values("image", "edit", "-m", "gpt-image-1-") == ["gpt-image-1-mini"]


def test_retired_models_are_offered_where_no_other_is_meant() -> None:
    assert "gpt-4-32k" not in values("cost", "-m", "gpt-4")
    assert values("complete", "-m", "text-davinci-003") == ["text-davinci-003"]


@pytest.mark.parametrize(
    ("words", "some"),
    [
        (("chat", "--reasoning-effort", "m"), ["minimal", "medium", "max"]),
        (("chat", "--verbosity", ""), ["low", "medium", "high"]),
        (("chat", "--modalities", ""), ["text", "audio"]),
        (("chat", "--service-tier", "f"), ["flex", "fast"]),
        (("chat", "--tool-choice", ""), ["none", "auto", "required"]),
        (("chat", "--audio", "voice=al"), ["voice=alloy"]),
        (("chat", "--audio", "format=m"), ["format=mp3"]),
        (("chat", "--color", ""), ["auto", "always", "never"]),
        (("chat", "--when-full", ""), ["error", "drop", "summarize"]),
        (("tokens", "--at", ""), ["token", "line", "paragraph"]),
        (("tokens", "--encoding", "o200k_b"), ["o200k_base"]),
        (("cost", "--tier", "fl"), ["flex"]),
        (("key", "set", "--store", ""), ["keyring", "file"]),
        (("chat", "--message", ""), []),
    ],
)
def test_known_names(words: tuple[str, ...], some: list[str]) -> None:
    assert values(*words) == some


def test_tokens_takes_files_after_the_flag_for_them() -> None:
    tree = OURS
    assert completions(Context.test(), tree, ["tokens", ""]) == NOTHING
    assert completions(Context.test(), tree, ["tokens", "--files", "a", ""]) == Completions("files")
    assert completions(Context.test(), tree, ["chat", "-c", ""]) == Completions("files")
    assert completions(Context.test(), tree, ["key", "set", ""]) == NOTHING


@pytest.mark.parametrize(
    ("text", "profiles"),
    [
        ("[profiles.work]\n[profiles.'at home']\n", ["work", "at home"]),
        ("model = 'x'\n", []),
        ("profiles = 3\n", []),
        ("no toml", []),
        (None, []),
    ],
)
def test_profiles_of_the_configuration_file(
    tmp_path: Path, text: str | None, profiles: list[str]
) -> None:
    path = tmp_path / "config.toml"
    if text is not None:
        path.write_text(text)
    environ = {"OPENAI_CLI_CONFIG": str(path)}
    assert values("chat", "--profile", "", environ=environ) == profiles


def test_without_a_configuration_file_there_are_no_profiles() -> None:
    assert values("chat", "--profile", "") == []


NAMED = [
    pytest.param(info, id=f"{name} {' '.join(info.param_decls or ())}")
    for name in ("", *COMMANDS)
    for _, info in declared(name)
    if isinstance(info, ApiParameter | OwnOption) and info.names
]


@pytest.mark.parametrize("info", NAMED)
def test_the_help_tells_the_names_that_completion_offers(info: ApiParameter | OwnOption) -> None:
    words = (info.help or "").replace(",", " ").replace(";", " ").replace("=", " ").split()
    told = dict.fromkeys(word for word in words if word in info.names)
    assert list(told) == list(info.names)


# What the scripts are told.


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("oc", ["oc"]),
        ("oc ", ["oc", ""]),
        ("oc  a   b", ["oc", "a", "b"]),
        ("oc 'a b' c", ["oc", "a b", "c"]),
        ("oc 'a b", ["oc", "a b"]),
        ("oc 'a b ", ["oc", "a b "]),
        ('oc "it\'s" x', ["oc", "it's", "x"]),
        ('oc "a', ["oc", "a"]),
        ("oc a\\ b", ["oc", "a b"]),
        ("oc a\\", ["oc", "a"]),
        ("oc --x='a b", ["oc", "--x=a b"]),
        ("oc '' ", ["oc", "", ""]),
        ("oc # no comment", ["oc", "#", "no", "comment"]),
        ("oc 'é", ["oc", "é"]),
    ],
)
def test_words_of_a_line_that_is_not_whole(line: str, words: list[str]) -> None:
    assert split_words(line).words == words


@pytest.mark.parametrize(
    ("shell", "arguments", "told"),
    [
        ("zsh", ["t"], "values\ntalk\tTalk.\n"),
        ("fish", ["talk", "--color=b"], "values\n--color=blue\t\n"),
        ("fish", ["talk", "-o", "x"], "files\n\n"),
        ("zsh", ["talk", "--folder=x"], "folders\n--folder=\n"),
        ("bash", ["openai-cli t", "t"], "|values||t|talk|"),
        # readline replaces what follows the last = or : of a word
        ("bash", ["oc talk --color=b", "b"], "|values||b|blue|"),
        ("bash", ["oc talk --color=", ""], "|values|||red|rose|blue|"),
        ("bash", ["oc talk --color=b", "--color=b"], "|values|--color=|b|--color=blue|"),
        ("bash", ["oc talk --sound=voice=ad", "ad"], "|values||ad|ada|"),
        ("bash", ['oc talk --color "b', "b"], '"|values||b|blue|'),
        ("bash", ["oc talk --output=a/b", "a/b"], "|files||a/b|"),
        ("bash", ["oc talk --tools-used=@a", "@a"], "|files|@|a|@a b.json|@an/|"),
        ("bash", ["oc talk --tools-used @", "@"], "|files|@||@a b.json|@an/|@other|"),
        ("bash", ["oc talk --tools-used @a\\ b", "@a\\ b"], "|files|@|a b|@a b.json|"),
        ("bash", ["oc talk -o a:b", "b"], "|files||b|"),
        ("bash", ["oc talk -o a", "a"], "|files||a|a b.json|an/|"),
        ("bash", ["oc talk -o 'a", "a"], "'|files||a|a b.json|an/|"),
        ("bash", ["oc talk --folder a", "a"], "|folders||a|an/|"),
        ("bash", ["oc talk -o an/", "an/"], "|files||an/|an/ode|"),
        ("bash", ["oc talk -o .", "."], "|files||.|.hidden|"),
        ("bash", ["oc talk -o no/such", "no/such"], "|files||no/such|"),
        ("bash", ["oc talk -o other/", "other/"], "|files||other/|"),
        (
            "fish",
            ["talk", "--tools-used=@a"],
            "values\n--tools-used=@a b.json\t\n--tools-used=@an/\t\n",
        ),
        ("bash", ["oc", "oc"], ""),
        ("zsh", [], ""),
        ("tcsh", ["t"], ""),
    ],
)
def test_what_a_script_is_told(
    shell: str, arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands between NULs for bash is shown with a bar."""
    folder = tmp_path / "here"
    (folder / "an").mkdir(parents=True)
    for name in ("a b.json", "other", ".hidden", "an/ode"):
        (folder / name).touch()
    monkeypatch.chdir(folder)
    assert answer_shell(Context.test(), TREE, shell, arguments).replace("\0", "|") == told


def test_a_name_that_is_no_line_is_for_bash_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a\nb").touch()
    monkeypatch.chdir(tmp_path)
    asked = answer_shell(Context.test(), TREE, "bash", ["oc talk --tools-used @a", "@a"])
    assert asked == "\0files\0@\0a\0@a\nb\0"
    asked = answer_shell(Context.test(), TREE, "fish", ["talk", "--tools-used", "@a"])
    assert asked == "values\n"


@pytest.mark.parametrize(
    ("line", "quote"),
    [
        ("oc a", ""),
        ("oc 'a", "'"),
        ('oc "a', '"'),
        ("oc 'a' ", ""),
        ('oc "a\\"', '"'),
        ("oc a\\", ""),
    ],
)
def test_the_quote_that_is_open(line: str, quote: str) -> None:
    assert split_words(line).quote == quote


REPORT = """
import sys
from openai_cli.app import run
from openai_cli.context import Context
run(Context.test(environ={"_OPENAI_CLI_COMPLETE": "zsh"}), sys.argv[1:])
print(*sys.modules)
"""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("vector-stores", ""), ["create", "delete", "file-batches", "files", "list", "search",
                                 "show", "update"]),
        (("vector-stores", "fi"), ["file-batches", "files"]),
        (("vector-stores", "files", "l"), ["list"]),
        (("organization", "usage", "c"), ["code-interpreter-sessions", "completions"]),
        (("organization", "cos"), ["costs"]),
        (("responses", ""), ["show", "cancel", "delete", "compact", "input-items",
                             "input-tokens"]),
        (("vector-stores", "create", "--expires-after", "a"), ["anchor="]),
        (("vector-stores", "create", "--expires-after", "anchor="), ["anchor=last_active_at"]),
        (("vector-stores", "files", "list", "vs", "--order", ""), ["asc", "desc"]),
        (("vector-stores", "delete", "vs", "--y"), ["--yes"]),
        (("vector-stores", "nope", ""), []),
    ],
)  # fmt: skip
def test_the_operations_of_the_table(words: tuple[str, ...], found: list[str]) -> None:
    assert values(*words) == found


def test_a_file_of_an_operation_is_completed_by_the_shell() -> None:
    words = ["uploads", "parts", "create", "u", "--data", ""]
    assert completions(Context.test(), OURS, words) == Completions("files")


PARTS = """
import sys
from openai_cli.app import run
from openai_cli.context import Context
from openai_cli.operations import table
read = []
part = table.part
table.part = lambda group: read.append(group) or part(group)
environ = {"_OPENAI_CLI_COMPLETE": "fish"} if sys.argv[1] == "complete" else {}
run(Context.test(environ=environ, stdin=b""), sys.argv[2:])
print(*dict.fromkeys(read))
"""


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        ("complete vector-stores files ", "vector-stores"),
        ("complete vec", ""),
        ("complete chat --mo", ""),
        ("run vector-stores create --dry-run", "vector-stores"),
        ("run vector-stores --help", "vector-stores"),
        ("run --help", ""),
        ("run chat hi --dry-run", ""),
        ("run models show x --curl", ""),
        ("run config path", ""),
    ],
)
def test_only_the_part_of_a_named_group_is_read(arguments: str, read: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARTS, *arguments.split(" ")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-1] == read


@pytest.mark.parametrize("words", [[""], ["chat", "--"], ["chat", "-m", ""], ["tokens", "--e"]])
def test_nothing_slow_is_loaded(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    modules = set(done.stdout.split())
    assert "openai_cli.completion.candidates" in modules
    assert not modules & set(SLOW)
    assert ("openai_cli.commands.chat" in modules) == (words[0] == "chat")


def test_the_program_answers_and_is_silent_on_what_it_cannot() -> None:
    asking = {"_OPENAI_CLI_COMPLETE": "zsh"}
    ended = call("mod", environ=asking)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        b"values\n"
        b"moderate\tCheck texts and images for harm (POST /moderations).\n"
        b"models\tList, show and delete models.\n"
    )
    odd = call("a line alone", environ={"_OPENAI_CLI_COMPLETE": "bash"})
    assert (odd.code, odd.out, odd.err) == (0, b"", "")


# Setting up.


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_alone_is_printed(shell: str) -> None:
    ended = call("--show-completion", shell)
    assert (ended.code, ended.err) == (0, "")
    assert f"# Completion of openai-cli in {shell};" in ended.out.decode()


def test_another_shell_is_refused() -> None:
    for flag in ("--show-completion", "--install-completion"):
        ended = call(flag, "tcsh")
        assert (ended.code, ended.out) == (2, b"")
        assert ended.err == (
            "openai-cli: error: there is no completion for the shell 'tcsh'; "
            "the shells are bash, zsh, fish\n"
        )


def test_the_shell_is_found_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("fish", "/usr/bin/fish"))
    assert b"# Completion of openai-cli in fish;" in call("--show-completion").out


def test_the_flag_as_a_text_is_a_text() -> None:
    assert user_text("--", "--show-completion") == "--show-completion"
    assert user_text("hello", "--user", "--show-completion") == "hello"


def test_where_no_shell_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    import shellingham  # type: ignore[import-untyped]

    def fail() -> None:
        raise shellingham.ShellDetectionFailure

    monkeypatch.setattr("shellingham.detect_shell", fail)
    ended = call("--install-completion")
    assert (ended.code, ended.out) == (2, b"")
    assert "cannot tell which shell this is; name it: bash, zsh, fish" in ended.err


def files_below(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("shell", SHELLS)
def test_installed_twice_is_installed_once(tmp_path: Path, shell: str) -> None:
    environ = {"HOME": str(tmp_path / "my home")}
    first = call("--install-completion", shell, environ=environ)
    assert (first.code, first.out) == (0, b"")
    assert "wrote '" in first.err
    written = files_below(tmp_path)
    second = call("--install-completion", shell, environ=environ)
    assert second.code == 0
    assert f"completion for {shell} is installed already, in '" in second.err
    assert files_below(tmp_path) == written


def test_a_start_file_keeps_what_it_has(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "zshrc"
    real.parent.mkdir()
    real.write_bytes(b"alias x=y # \xff")
    real.chmod(0o600)
    (tmp_path / ".zshrc").symlink_to(real)
    assert call("--install-completion", "zsh", environ={"HOME": str(tmp_path)}).code == 0
    assert real.read_bytes().startswith(b"alias x=y # \xff\n\n# Completion of openai-cli\nfpath=(")
    assert (tmp_path / ".zshrc").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600


def test_places(tmp_path: Path) -> None:
    home, data, config, dots = (tmp_path / name for name in ("home", "data", "config", "dots"))
    context = Context.test(
        environ={
            "HOME": str(home),
            "XDG_DATA_HOME": str(data),
            "XDG_CONFIG_HOME": str(config),
            "ZDOTDIR": str(dots),
        }
    )
    fish, zsh = install_target(context, "fish"), install_target(context, "zsh")
    assert fish.path == config / "fish" / "completions" / "openai-cli.fish"
    assert fish.start_file is None
    assert zsh.path == data / "zsh" / "site-functions" / "_openai-cli"
    assert zsh.start_file == dots / ".zshrc"
    found = install_target(context, "bash", [tmp_path])
    assert found.path == data / "bash-completion" / "completions" / "openai-cli"
    assert found.start_file is None
    missing = install_target(context, "bash", [tmp_path / "nowhere"])
    assert missing.path == found.path
    assert missing.start_file == home / ".bashrc"
    assert missing.lines == f". {found.path}\n"


def test_without_a_home_nothing_is_installed() -> None:
    ended = call("--install-completion", "fish")
    assert ended.code == 2
    assert "no home folder to install completion in; --show-completion prints" in ended.err


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / ".config").write_text("a file")
    ended = call("--install-completion", "fish", environ={"HOME": str(tmp_path)})
    assert ended.code == 2
    assert f"cannot read '{tmp_path}/.config/fish/completions/openai-cli.fish'" in ended.err
