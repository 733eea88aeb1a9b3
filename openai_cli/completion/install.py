"""Print the shells' completion scripts, or install them where the shells find them."""

import os
from collections.abc import Iterable
from pathlib import Path

from openai_cli.completion import INSTALL, SHELLS, SetUp
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.messages import PROGRAM
from openai_cli.output.links import followed
from openai_cli.output.sink import WholeFile, open_sink
from openai_cli.records import NamedTuple

_SCRIPTS = dict(zip(SHELLS, ("openai-cli.bash", "_openai-cli", "openai-cli.fish"), strict=True))

# The usual paths of bash-completion: Debian, Fedora, Arch; FreeBSD and Homebrew.
_BASH_COMPLETION = tuple(
    Path(root, "share", "bash-completion", "bash_completion")
    for root in ("/usr", "/usr/local", "/opt/homebrew")
)


class InstallTarget(NamedTuple):
    """Where a shell's script goes; if the shell needs `lines`, they go into `start_file`."""

    path: Path
    start_file: Path | None = None
    lines: str = ""


def carry_out(context: Context, asked: SetUp) -> None:
    """Install completion or print the script; raise UsageError if that is not possible."""
    shell = asked.shell or _detected()
    text = _script(shell)
    if asked.flag == INSTALL:
        _install(context, shell, text)
        return
    with open_sink(context, None) as sink:
        sink.write(text.encode())


def _script(shell: str) -> str:
    """Return a shell's completion script; raise UsageError for an unsupported shell."""
    if shell not in SHELLS:
        raise UsageError(
            f"there is no completion for the shell '{shell}'",
            hint=f"the shells are {', '.join(SHELLS)}",
        )
    return (Path(__file__).parent / "scripts" / _SCRIPTS[shell]).read_text(encoding="utf-8")


def _detected() -> str:
    """Return the shell that runs this process; raise UsageError if none is found."""
    from shellingham import (  # type: ignore[import-untyped]
        ShellDetectionFailure,
        detect_shell,
    )

    try:
        name: str = detect_shell()[0]
    except ShellDetectionFailure:
        raise UsageError(
            "cannot tell which shell this is", hint=f"name it: {', '.join(SHELLS)}"
        ) from None
    return name


def install_target(
    context: Context, shell: str, bash_completion: Iterable[Path] = _BASH_COMPLETION
) -> InstallTarget:
    """Return where the script goes.

    fish reads its own folder, and so does bash with bash-completion
    (https://github.com/scop/bash-completion#faq), whose usual paths are `bash_completion`. In bash
    without it, and in zsh, a start file has to load the script.
    """
    home = _home(context)
    data = _folder(context, "XDG_DATA_HOME", home / ".local" / "share")
    if shell == "fish":
        config = _folder(context, "XDG_CONFIG_HOME", home / ".config")
        return InstallTarget(config / "fish" / "completions" / _SCRIPTS[shell])
    if shell == "bash":
        # bash-completion looks for a file with the name of the command.
        path = data / "bash-completion" / "completions" / PROGRAM
        if any(map(os.path.exists, bash_completion)):
            return InstallTarget(path)
        return InstallTarget(path, home / ".bashrc", f". {_quoted(path)}\n")
    path = data / "zsh" / "site-functions" / _SCRIPTS[shell]
    return InstallTarget(path, _folder(context, "ZDOTDIR", home) / ".zshrc", _zsh_lines(path))


def _zsh_lines(path: Path) -> str:
    """Return lines for any place in the file: compinit is run only if it has not been yet."""
    return (
        f"fpath=({_quoted(path.parent)} $fpath)\n"
        "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }\n"
        f"autoload -Uz {path.name} && compdef {path.name} {PROGRAM}\n"
    )


def _install(context: Context, shell: str, text: str) -> None:
    """Write the script and the lines that are missing, and report that."""
    place = install_target(context, shell)
    changed = [
        path
        for path, content in ((place.path, text.encode()), (place.start_file, _started(place)))
        if path is not None and _write(path, content)
    ]
    notice = context.messages.notice
    if not changed:
        notice(f"completion for {shell} is installed already, in '{place.path}'")
        return
    for path in changed:
        notice(f"wrote '{path}'")
    if shell == "fish":
        notice("fish loads it at once")
        return
    which = f"new {shell}" if place.start_file else f"new {shell} that loads bash-completion"
    # In zsh, compinit must have run, so the start file is sourced.
    source = place.start_file if shell == "zsh" and place.start_file else place.path
    notice(f"every {which} has it; in this one, run: source {_quoted(source)}")


def _started(place: InstallTarget) -> bytes:
    """Return the contents of the start file with the lines added, unless they are there."""
    if place.start_file is None:
        return b""
    before = _content(place.start_file) or b""
    lines = place.lines.encode()
    if lines in before:
        return before
    gap = b"" if not before else b"\n" if before.endswith(b"\n") else b"\n\n"
    return before + gap + f"# Completion of {PROGRAM}\n".encode() + lines


def _write(path: Path, content: bytes) -> bool:
    """Write a file atomically unless it has that content; return whether it was written."""
    if _content(path) == content:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = WholeFile(followed(path))
        try:
            file.write(content)
            file.commit()
        except BaseException:
            file.discard()
            raise
    except OSError as error:
        raise UsageError(f"cannot write '{path}': {error.strerror}") from None
    return True


def _content(path: Path) -> bytes | None:
    """Return a file's contents, or None if it does not exist; UsageError if it is unreadable."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"cannot read '{path}': {error.strerror}") from None


def _home(context: Context) -> Path:
    if (home := context.variable("HOME")) is None:
        raise UsageError(
            "there is no home folder to install completion in",
            hint="--show-completion prints the script",
        )
    return Path(home)


def _folder(context: Context, variable: str, usual: Path) -> Path:
    """Return the folder that a variable names, if that is absolute, else the usual one.

    https://specifications.freedesktop.org/basedir-spec/latest/
    """
    named = context.variable(variable)
    return Path(named) if named is not None and named.startswith("/") else usual


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
