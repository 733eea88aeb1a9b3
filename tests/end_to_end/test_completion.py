"""Completion in the real shells: installed into a home, then Tab pressed at a pseudo-terminal."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pexpect
import pytest

from tests.conftest import COMMAND, THAT_DAY, Run
from tests.forked import forked

# Start files: a prompt to wait for, and Ctrl-X Ctrl-X, which shows the line between brackets.
# bash loads bash-completion where the machine has it, for then its own folder has the script.
START = {
    "bash": r"""
PS1='ready> '
if [ -r /usr/share/bash-completion/bash_completion ]; then
    . /usr/share/bash-completion/bash_completion
fi
show_line() { printf '[[%s]]\n' "$READLINE_LINE"; }
bind -x '"\C-x\C-x": show_line'
bind 'set bell-style none'
""",
    "zsh": r"""
PS1='ready> '
show_line() { print -r -- "[[$BUFFER]]" }
zle -N show_line
bindkey '^X^X' show_line
""",
    "fish": r"""
function fish_prompt; echo 'ready> '; end
function fish_greeting; end
bind \cx\cx 'printf "[[%s]]\n" (commandline)'
""",
}
START_FILES = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}
KILL_LINE = {"bash": "\x15", "zsh": "\x15", "fish": "\x1b\x15"}  # fish: Escape closes its list


class Shell:
    """An interactive shell of that home."""

    def __init__(self, name: str, home: Path, folder: Path) -> None:
        self.name = name
        self.home = home
        self._process = pexpect.spawn(
            name,
            ["--noprofile", "-i"] if name == "bash" else ["-i"],
            cwd=str(folder),
            env={
                "HOME": str(home),
                "PATH": f"{forked().parent}:{os.defpath}",
                "TERM": "xterm",
                "LANG": "C.UTF-8",
                "SOURCE_DATE_EPOCH": THAT_DAY,
            },
            encoding="utf-8",
            timeout=30,
            dimensions=(50, 200),
        )
        self._process.delaybeforesend = None  # else 50 ms before each line, and the shell is ready
        self._process.expect("ready> ")

    def complete(self, text: str) -> str:
        """Type the text and press Tab; gives the line then."""
        self._process.send(f"{text}\t\x18\x18")
        self._process.expect(r"(?s)\[\[(.*?)\]\]")
        line = self._process.match
        assert isinstance(line, re.Match)
        self._process.send(KILL_LINE[self.name])
        return str(line[1])

    def list(self, text: str, shown: str) -> None:
        """Type the text and press Tab twice; the shell's list has to show that."""
        self._process.send(f"{text}\t\t")
        self._process.expect_exact(shown)
        self._process.send(KILL_LINE[self.name])

    def close(self) -> None:
        self._process.close(force=True)


Open = Callable[[str], Shell]


@pytest.fixture
def open_shell(run: Run, folder: Path, tmp_path: Path) -> Iterator[Open]:
    """Install completion for a shell into a home of its own, and start a new one."""
    opened = []

    def open_one(name: str) -> Shell:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not on this machine")
        home = tmp_path / "my home"
        start = home / START_FILES[name]
        start.parent.mkdir(parents=True, exist_ok=True)
        start.write_text(START[name])
        ended = run("--install-completion", name, env={"HOME": str(home)})
        assert (ended.code, ended.text) == (0, ""), ended.err
        opened.append(Shell(name, home, folder))
        return opened[-1]

    yield open_one
    for shell in opened:
        shell.close()


LINES = [
    ("ch", "chat"),
    ("models l", "models list "),
    ("chat --temp", "chat --temperature "),
    ("chat --no-js", "chat --no-json "),
    ("chat --max_to", "chat --max_tokens "),
    ("chat -m gpt-6-l", "chat -m gpt-6-luna "),
    ("chat --model=gpt-6-l", "chat --model=gpt-6-luna "),
    ("chat -mgpt-6-l", "chat -mgpt-6-luna "),
    ('chat --model "gpt-6-l', 'chat --model "gpt-6-luna" '),
    ("cost -m ft:gpt-4.1-mini", "cost -m ft:gpt-4.1-mini-2025-04-14 "),
    ("cost --model=ft:gpt-4.1-mini", "cost --model=ft:gpt-4.1-mini-2025-04-14 "),
    ("chat --audio vo", "chat --audio voice="),
    ("chat --audio voice=al", "chat --audio voice=alloy "),
    ("chat --profile at", "chat --profile at\\ home "),
    ("chat 'a \"b' \"it's\" a\\ b --temp", "chat 'a \"b' \"it's\" a\\ b --temperature "),
    ("chat $(echo x) --temp", "chat $(echo x) --temperature "),
    ("chat my", "chat my"),
    ("chat --system my", "chat --system my"),
    ("chat -o my", "chat -o my\\ file.json "),
    ("chat -o 'my", "chat -o 'my file.json' "),
    ("chat --output=my", "chat --output=my\\ file.json "),
    ("chat --output=su", "chat --output=sub/"),
    ("chat -o ~/.conf", "chat -o ~/.config/"),
    ("chat --body @my", "chat --body @my\\ file.json "),
    ("chat --body=@my", "chat --body=@my\\ file.json "),
    ("chat --body '@my", "chat --body '@my file.json' "),
    ("chat --body @su", "chat --body @sub/"),
    ("chat --body @sub/d", "chat --body @sub/deep.json "),
    ("chat --body @nothing", "chat --body @nothing"),
    ("tokens --files su", "tokens --files sub/"),
    ("tokens --output-dir ", "tokens --output-dir sub/"),
    ("sandbox -- openai-c", "sandbox -- openai-cli "),
    ("sandbox -- sub/to", "sandbox -- sub/tool "),
    ("sandbox -- sh sub/to", "sandbox -- sh sub/tool "),
    ("sandbox -- sh sub/de", "sandbox -- sh sub/deep.json "),
    ("sandbox -- openai-cli ch", "sandbox -- openai-cli chat"),
    (
        "sandbox -- openai-cli chat --model=gpt-6-l",
        "sandbox -- openai-cli chat --model=gpt-6-luna ",
    ),
    ("chat hello > my", "chat hello > my\\ file.json "),
]


@pytest.mark.parametrize("name", START)
def test_a_press_of_tab(name: str, open_shell: Open, folder: Path) -> None:
    shell = open_shell(name)
    (folder / "my file.json").write_text("{}")
    (folder / "sub").mkdir()
    (folder / "sub" / "deep.json").write_text("{}")
    (folder / "sub" / "tool").touch(0o755)
    config = shell.home / ".config" / "openai-cli" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text("[profiles.'at home']\n")
    found = {line: shell.complete(f"openai-cli {line}") for line, _ in LINES}
    assert found == {line: f"openai-cli {completed}" for line, completed in LINES}


# Each begins with a letter of its own.
ODD_NAMES = [
    "a b", "b$(touch PWNED)", "c`touch PWNED`", "d'e", 'e"f', "f\\g", "g;touch PWNED",
    "h&touch PWNED", "i*", "j~", "k\u00e9\u221a", "l!m", "m(n)", "n{o,p}", "o[p]", "p#",
    "q|touch PWNED", "r<s>", "s?", "t$HOME", "u'$(touch PWNED)'", 'v"$(touch PWNED)"', "w=x:y@z",
    "-x", "~y", "z\nz",
]  # fmt: skip
# A line break is no part of a candidate in fish; zsh takes @~ for somebody's home, and escapes a !
# and a line break for its own editor of lines alone.
NOT_IN = {"bash": (), "zsh": ("~y", "l!m", "z\nz"), "fish": ("z\nz",)}
OPENED = ["chat --body @", 'chat --body "@', "chat --body '@", "chat --body=@", "chat -o ./"]
# What acts, quotes or divides in a shell: behind each opening; all other names behind one.
SHARPEST = ("a b", "b$(touch PWNED)", "c`touch PWNED`", "d'e", 'e"f', "f\\g", "l!m",
            "u'$(touch PWNED)'", 'v"$(touch PWNED)"')  # fmt: skip
SHOW_LAST = "import os, sys; os.write(1, os.fsencode(sys.argv[-1]) + b'\\0')"


def closed(line: str) -> str:
    """The line with a single quote that zsh leaves open behind one that it has escaped."""
    try:
        shlex.split(line)
    except ValueError:
        return f"{line}'"
    return line


@pytest.mark.parametrize("name", START)
def test_a_name_is_quoted_as_the_shell_has_it(name: str, open_shell: Open, folder: Path) -> None:
    """What is completed names the file when the shell reads it, and nothing of it is run."""
    shell = open_shell(name)
    names = [each for each in ODD_NAMES if each not in NOT_IN[name]]
    for each in names:
        (folder / each).touch()
    lines, expected = [], []
    sharpest = [each for each in SHARPEST if each in names]
    for opened, each in dict.fromkeys([*product(OPENED[:1], names), *product(OPENED, sharpest)]):
        line = shell.complete(f"openai-cli {opened}{each[0]}").replace("\r\n", "\n").rstrip()
        lines.append(closed(line) if name == "zsh" else line)
        expected.append(opened.split()[-1].lstrip("'\"") + each)
    caller = 'openai-cli() { "$PYTHON" -c "$SHOW" "$@"; }\n'
    if name == "fish":
        caller = 'function openai-cli\n"$PYTHON" -c "$SHOW" $argv\nend\n'
    environ = {"PYTHON": sys.executable, "SHOW": SHOW_LAST, "HOME": str(shell.home)}
    done = subprocess.run(
        [name, "-c", caller + "\n".join(lines)],
        cwd=folder, env=environ, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert os.fsdecode(done.stdout).split("\0")[:-1] == expected, done.stderr
    assert not (folder / "PWNED").exists()


@pytest.mark.parametrize("name", START)
def test_a_list_of_candidates(name: str, open_shell: Open) -> None:
    """zsh and fish show the summaries too."""
    shell = open_shell(name)
    shell.list("openai-cli key ", "delete")
    if name != "bash":
        shell.list("openai-cli key ", "Delete a stored API key.")


@pytest.mark.parametrize("name", START)
def test_installed_twice_completes_once(name: str, open_shell: Open, run: Run) -> None:
    shell = open_shell(name)
    before = (shell.home / START_FILES[name]).read_text()
    ended = run("--install-completion", name, env={"HOME": str(shell.home)})
    assert ended.code == 0
    assert "is installed already" in ended.err
    assert (shell.home / START_FILES[name]).read_text() == before
    assert shell.complete("openai-cli tok") == "openai-cli tokens "


def test_the_shell_around_the_process_is_found() -> None:
    """A process of a shell's, which has no name of one given."""
    command = f"'{COMMAND}' --show-completion; true"  # with more to do, bash does not become it
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.startswith("# Completion of openai-cli in bash;"), done.stderr


def test_no_network_and_no_stdin_is_touched(run: Run) -> None:
    ended = run("chat", "--model=gpt-6-l", stdin=b"left", env={"_OPENAI_CLI_COMPLETE": "zsh"},
                base_url="http://127.0.0.1:1/v1")  # fmt: skip
    assert (ended.code, ended.text, ended.err) == (0, "values\n--model=gpt-6-luna\t\n", "")
