"""Draw what commands show at a terminal: `python tools/pictures.py docs/pictures`.

Each scene is run on a pseudo-terminal of 80 columns, with the sandbox as the API, and drawn as SVG
by rich, once for a dark and once for a light theme. The pictures load nothing from elsewhere. Text
at `> ` is typed on a terminal that does its own line editing: cursor movements are not drawn.
"""

import json
import os
import pty
import re
import struct
import subprocess
import sysconfig
import tempfile
from fcntl import ioctl
from io import StringIO
from pathlib import Path
from termios import TIOCSWINSZ

from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from written import write_files

from openai_cli.sandbox import Sandbox
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.replies import Replies

ROOT = Path(__file__).parents[1]
COLUMNS, LINES = 80, 200

# 2026-11-23 in UTC, so that prices and their age do not depend on the day.
THAT_DAY = "1795392000"

# What is typed, by the name of the picture; lines after the first go to the command's prompts.
SCENES: dict[str, list[str]] = {
    "session": [
        "git diff | openai-cli chat 'Write a commit message' --usage",
        "openai-cli chat 'Rivers of Peru' --schema 'name, km int' --schema-rows --csv",
        "openai-cli cost -q 'Rivers of Peru' --max-tokens 200 -m gpt-6-luna -m gpt-4o",
        "openai-cli chat -i -c peru.json\n"
        "Which river of Peru is the longest?\n"
        "And where does it rise?\n"
        "/cost\n"
        "/exit",
    ],
    "help": ["openai-cli --help"],
    "cost-help": ["openai-cli cost --help"],
    "error": [
        'openai-cli chat "Hi" --temperature 3',
        'openai-cli chat "Hi" --temprature 1',
        "openai-cli tokens hi -m gtp-4o",
    ],
    "tokens": [
        "openai-cli tokens --show 'Tokenization: naïve, 東京, 👍🏽, antidisestablishmentarianism'",
        "openai-cli tokens --show --ids 'def fib(n): return n if n < 2 else fib(n - 1)'",
    ],
    "cost": [
        "openai-cli cost 'Write a haiku' --output-tokens 500 -q "
        "-m gpt-5.4-mini -m gpt-4o -m gpt-6-luna",
        "openai-cli cost 'Write a haiku' -m gpt-4o --max-tokens 500",
    ],
}

# The sandbox's answers in the scenes, since it is not a model.
REPLIES = {
    "commit message": "Retry a read that timed out",
    "Rivers": '{"rows": [{"name": "Ucayali", "km": 1771}, {"name": "Marañón", "km": 1737}]}',
    "longest": "The Ucayali, with 1771 km.",
    "rise": "Where the Tambo and the Urubamba meet, near Atalaya.",
}
DIFF = """\
git init --quiet && printf 'read(url)\\n' > sync.py && git add sync.py &&
printf 'retried(read, url)\\n' > sync.py
"""

_NORMAL = [
    (36, 41, 47), (191, 56, 66), (66, 133, 50), (176, 128, 0),
    (44, 100, 180), (140, 70, 150), (20, 130, 140), (150, 156, 166),
]  # fmt: skip
_BRIGHT = [
    (24, 26, 31), (240, 113, 120), (140, 200, 110), (240, 200, 100),
    (120, 170, 250), (200, 140, 210), (100, 200, 205), (236, 239, 244),
]  # fmt: skip
THEMES = {
    "dark": TerminalTheme((24, 26, 31), (216, 220, 228), _BRIGHT, _BRIGHT),
    "light": TerminalTheme((252, 252, 250), (36, 41, 47), _NORMAL, _NORMAL),
}

# Installed fonts and a plain window; rich's own format downloads a font.
FORMAT = """\
<svg viewBox="0 0 {width} {height}" xml:space="preserve" xmlns="http://www.w3.org/2000/svg">
<style>
{styles}
.{unique_id}-matrix {{
  font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def pictures() -> dict[str, str]:
    """The pictures, by file name."""
    replies = (
        {"when": f"contains(messages[-1].content, '{asked}')", "text": text}
        for asked, text in REPLIES.items()
    )
    config = SandboxConfig(Replies(json.dumps(line).encode() for line in replies))
    with Sandbox(config=config) as sandbox, tempfile.TemporaryDirectory() as home:
        world = _world(sandbox, home)
        subprocess.run(["sh", "-c", DIFF], check=True, cwd=home)
        shown = {name: _shown(lines, world) for name, lines in SCENES.items()}
    return {
        f"{name}-{theme}.svg": drawn(text, theme)
        for name, text in shown.items()
        for theme in THEMES
    }


def drawn(text: str, theme: str) -> str:
    """Draw terminal output with escape sequences as SVG."""
    console = Console(record=True, width=COLUMNS, file=StringIO())
    for line in AnsiDecoder().decode(text):
        for row in line.divide(_breaks(line.plain)):
            console.print(row, soft_wrap=True)
    svg = console.export_svg(title="", theme=THEMES[theme], code_format=FORMAT, unique_id="t")
    buttons = re.compile(r'<g transform="translate\(26,22\)">.*?</g>', re.DOTALL)
    return "\n".join(line.rstrip() for line in buttons.sub("", svg).splitlines()) + "\n"


def _breaks(text: str) -> list[int]:
    """Where a terminal breaks an overlong line: at the last column, not between words."""
    breaks, column = [], 0
    for place, character in enumerate(text):
        column += (width := cell_len(character))
        if column > COLUMNS:
            breaks.append(place)
            column = width
    return breaks


def _shown(lines: list[str], world: dict[str, str]) -> str:
    """What a terminal shows when these lines are typed one after another."""
    blocks = []
    for line in lines:
        command, *typed = line.split("\n")
        world_of_line = {**world, "TERM": "dumb"} if typed else world
        blocks.append(f"\x1b[1m$ {command}\x1b[0m\n{_run(command, typed, world_of_line)}")
    return "\n".join(blocks)


def _run(command: str, typed: list[str], world: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    with subprocess.Popen(
        ["sh", "-c", command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=world,
        cwd=world["HOME"],
    ):
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
                if typed and seen.endswith(b"\n> "):
                    os.write(ours, f"{typed.pop(0)}\n".encode())
        except OSError:  # Linux: the other end is closed
            pass
        os.close(ours)
    return seen.decode().replace("\r\n", "\n")


def _world(sandbox: Sandbox, home: str) -> dict[str, str]:
    return {
        "PATH": f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}",
        "HOME": home,
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "SOURCE_DATE_EPOCH": THAT_DAY,
        "OPENAI_BASE_URL": sandbox.base_url,
        "OPENAI_API_KEY": sandbox.key,
    }


if __name__ == "__main__":
    write_files(pictures())
