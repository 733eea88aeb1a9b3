"""Measure openai-cli side by side with floors and peers, as ratios of whole processes.

`make bench` runs it. Each row runs its commands in turn, A B A B …, so that a machine whose speed
drifts slows both. It prints the medians, their ratio and the goal; a slow machine fails nothing.
"""

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from batch import batch
from bulk import bulk
from change import change
from embed import embed
from measure import BIN, ROOT, RUNS, alternate, fast, install, median, row, write_ranks

# Load the whole vocabulary, as for a long text, and nothing else.
FULL_LOAD = """
import sys, typer
from openai_cli.tokens.encoders import full_encoder
len(full_encoder("o200k_base").encode_ordinary(sys.stdin.buffer.read().decode()))
"""

# tiktoken's own loader finds the file in its cache under the SHA-1 of its URL.
ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
REQUESTS_LOOP = """
import sys, requests
answer = requests.post(sys.argv[1] + "/chat/completions", json={"model": "m"}, stream=True)
for line in answer.iter_lines():
    pass
"""


def main() -> None:
    install()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} processors")
    print(f"medians of {RUNS} runs of whole processes, in turn, after one that does not count\n")
    typer = [str(BIN / "python"), "-c", "import typer"]
    ours = [str(BIN / "openai-cli"), "chat", "hello"]
    row("chat --dry-run hello", "import typer", [*ours, "--dry-run"], typer, goal=1.1)
    row("cost hello", "import typer", [str(BIN / "openai-cli"), "cost", "hello"], typer, goal=1.3)
    with answering(0) as url:
        env = {"OPENAI_BASE_URL": url}
        both = [str(BIN / "python"), "-c", "import typer, requests"]
        row("chat hello, a server that answers at once", "import typer, requests", ours, both,
            goal=0.87, env=env)  # fmt: skip
        with peer(url) as peer_env:
            llm = [str(BIN / "llm"), "-m", "bench", "--no-stream", "hello"]
            row("chat hello, a server that answers at once", "llm doing the same", ours, llm,
                goal=0.25, env={**env, **peer_env})  # fmt: skip
    configured()
    ledger()
    completion(typer)
    streams()
    tokens()
    bulk()
    change()
    batch()
    embed()


def configured() -> None:
    """The start with a configuration file in its usual place."""
    typer = [str(BIN / "python"), "-c", "import typer"]
    ours = str(BIN / "openai-cli")
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "openai-cli", "config.toml")
        file.parent.mkdir()
        file.write_text('[chat]\nmodel = "m"\ntemperature = 0.2\n\n[profiles.local.chat]\nn = 2\n')
        for what, goal in (("chat --dry-run hello", 1.6), ("tokens hello", 1.5)):
            row(f"{what}, with a configuration file", "import typer", [ours, *what.split()], typer,
                goal=goal, env={"XDG_CONFIG_HOME": name})  # fmt: skip


def ledger() -> None:
    """What a call takes more with a ledger, and with a budget, in the tenth fastest of 100 runs.

    The difference is smaller than the spread of the medians.
    """
    settings = {"nothing": "", "a ledger": "ledger = true\n", "a budget": "[budget]\nmonth = 900\n"}
    with answering(0) as url, tempfile.TemporaryDirectory() as name:
        commands = {}
        for what, text in settings.items():
            home = Path(name, what)
            file = home / "openai-cli" / "config.toml"
            file.parent.mkdir(parents=True)
            file.write_text(f'model = "gpt-4o"\n{text}')
            variables = [f"XDG_{kind}_HOME={home}" for kind in ("CONFIG", "STATE")]
            commands[what] = ["env", *variables, str(BIN / "openai-cli"), "chat", "hello"]
        nothing = commands.pop("nothing")
        for what, command in commands.items():
            a, b = alternate(command, nothing, {"OPENAI_BASE_URL": url}, runs=100)
            more = {of: 1000 * (fast(a, of) - fast(b, of)) for of in ("wall", "cpu")}
            print(
                f"chat hello, with {what} over without: {more['wall']:+.1f} ms of wall time, "
                f"{more['cpu']:+.1f} ms of CPU time (goal: at most +3)"
            )


def completion(typer: list[str]) -> None:
    """The time for pressing Tab, without the shell's own part."""
    for words in (("",), ("chat", "--"), ("chat", "--model", "")):
        row(f"completion of '{' '.join(words)}'", "import typer",
            [str(BIN / "openai-cli"), *words], typer,
            goal=2, env={"_OPENAI_CLI_COMPLETE": "zsh"})  # fmt: skip


def streams() -> None:
    """A stream of 20,000 events: CPU against a bare loop, memory against 200 events."""
    ours = [str(BIN / "openai-cli"), "chat", "hello", "--stream"]
    for framing in ("whole", "chunked"):
        with answering(20_000, framing) as url:
            loop = [str(BIN / "python"), "-c", REQUESTS_LOOP, url]
            row(f"a stream of 20,000 events, {framing}", "requests, iter_lines", ours, loop,
                goal=1.4, of="cpu", env={"OPENAI_BASE_URL": url})  # fmt: skip
    with answering(20_000) as long, answering(200) as short:
        shell = ["env", f"OPENAI_BASE_URL={short}", *ours]
        a, b = alternate(ours, shell, {"OPENAI_BASE_URL": long})
        more = median(a, "mib") - median(b, "mib")
        print(f"peak memory of 20,000 events over 200: {more:+.1f} MiB (goal: at most +5)")


def tokens() -> None:
    """Counting tokens: a word, 10 kB, and texts that are hard for a slice of the vocabulary."""
    typer = [str(BIN / "python"), "-c", "import typer"]
    ours = [str(BIN / "openai-cli"), "tokens"]
    row("tokens hello", "import typer", [*ours, "hello"], typer, goal=1.23)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ranks = folder / hashlib.sha1(ADDRESS.encode(), usedforsecurity=False).hexdigest()
        write_ranks(ranks)
        ttok = [str(BIN / "ttok"), "-m", "gpt-4o", "hello"]
        row("tokens hello", "ttok -m gpt-4o hello", [*ours, "hello"], ttok,
            goal=0.25, env={"TIKTOKEN_CACHE_DIR": name})  # fmt: skip
        used, _ = alternate([*ours, "hello"], typer, {})
        print(f"tokens hello: peak memory {median(used, 'mib'):.1f} MiB (goal: at most 32)")
        code = (ROOT / "openai_cli" / "flags" / "values.py").read_text() * 60
        row("tokens, 10 kB of source code", "import typer", ours, typer,
            goal=1.9, stdin=text_file(folder, code[:10_000]))  # fmt: skip
        whole = [str(BIN / "python"), "-c", FULL_LOAD]
        texts = {
            "100 kB of blanks": " " * 100_000,
            "100 kB of one letter": "a" * 100_000,
            "100 kB of source code": code[:100_000],
            "500 kB of source code": code[:500_000],
            "100 kB of random letters": "".join(
                chr(97 + byte % 26) for byte in os.urandom(100_000)
            ),
            "100 kB of random CJK": "".join(chr(0x4E00 + byte * 79) for byte in os.urandom(33_000)),
        }
        for what, text in texts.items():
            row(f"tokens, {what}", "a full load", ours, whole, goal=1.2,
                stdin=text_file(folder, text), runs=7)  # fmt: skip


def text_file(folder: Path, text: str) -> Path:
    path = folder / "text"
    path.write_text(text)
    return path


@contextmanager
def answering(events: int, framing: str = "chunked") -> Iterator[str]:
    """The base URL of the benchmark's server, which runs in its own process."""
    server = [sys.executable, str(ROOT / "benchmarks" / "server.py"), str(events), framing]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        process.terminate()


@contextmanager
def peer(url: str) -> Iterator[dict[str, str]]:
    """The environment in which `llm` has a model `bench` at this server."""
    with tempfile.TemporaryDirectory() as folder:
        models = f"- model_id: bench\n  model_name: bench\n  api_base: {url}\n"
        (Path(folder) / "extra-openai-models.yaml").write_text(models)
        yield {"LLM_USER_PATH": folder}


if __name__ == "__main__":
    main()
