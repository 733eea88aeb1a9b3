"""Measure openai-cli side by side with floors and a peer, as ratios of whole processes.

`make bench` runs it. Every row runs its commands in turn, A B A B …, so that a machine whose speed
drifts slows both; it prints the medians, their ratio and the goal. Nothing fails on a slow machine.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-bench"
BIN = VENV / "bin"
RUNS = 15
KEY = "made-up-for-the-benchmark"

REQUESTS_LOOP = """
import sys, requests
answer = requests.post(sys.argv[1] + "/chat/completions", json={"model": "m"}, stream=True)
for line in answer.iter_lines():
    pass
"""


@dataclass(frozen=True)
class Cost:
    """What one process took: seconds by the clock and of the processors, and its peak memory."""

    wall: float
    cpu: float
    mib: float


def main() -> None:
    install()
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} processors")
    print(f"medians of {RUNS} runs of whole processes, in turn, after one that does not count\n")
    typer = [str(BIN / "python"), "-c", "import typer"]
    ours = [str(BIN / "openai-cli"), "chat", "hello"]
    row("chat --dry-run hello", "import typer", [*ours, "--dry-run"], typer, goal=1.6)
    with answering(0) as url:
        env = {"OPENAI_BASE_URL": url}
        both = [str(BIN / "python"), "-c", "import typer, requests"]
        row("chat hello, a server that answers at once", "import typer, requests", ours, both,
            goal=1.35, env=env)  # fmt: skip
        with peer(url) as peer_env:
            llm = [str(BIN / "llm"), "-m", "bench", "--no-stream", "hello"]
            row("chat hello, a server that answers at once", "llm doing the same", ours, llm,
                goal=0.25, env={**env, **peer_env})  # fmt: skip
    streams()


def streams() -> None:
    """A stream of 20,000 events: CPU against a bare loop, memory against 200 events."""
    ours = [str(BIN / "openai-cli"), "chat", "hello", "--stream"]
    for framing in ("whole", "chunked"):
        with answering(20_000, framing) as url:
            loop = [str(BIN / "python"), "-c", REQUESTS_LOOP, url]
            row(f"a stream of 20,000 events, {framing}", "requests, iter_lines", ours, loop,
                goal=2.0, of="cpu", env={"OPENAI_BASE_URL": url})  # fmt: skip
    with answering(20_000) as long, answering(200) as short:
        shell = ["env", f"OPENAI_BASE_URL={short}", *ours]
        a, b = alternate(ours, shell, {"OPENAI_BASE_URL": long})
        more = median(a, "mib") - median(b, "mib")
        print(f"peak memory of 20,000 events over 200: {more:+.1f} MiB (goal: at most +5)")


def row(what: str, than: str, a: Sequence[str], b: Sequence[str], *, goal: float, of: str = "wall",
        env: Mapping[str, str] | None = None) -> None:  # fmt: skip
    """Measure A against B and print one line."""
    costs_a, costs_b = alternate(a, b, env or {})
    ours, theirs = median(costs_a, of), median(costs_b, of)
    print(
        f"{what}: {ours:.3f} s; {than}: {theirs:.3f} s; "
        f"ratio {ours / theirs:.2f} of {of} time (goal: at most {goal})"
    )


def median(costs: Sequence[Cost], name: str) -> float:
    return float(statistics.median(getattr(cost, name) for cost in costs))


def alternate(
    a: Sequence[str], b: Sequence[str], env: Mapping[str, str]
) -> tuple[list[Cost], list[Cost]]:
    pairs = [(measure(a, env), measure(b, env)) for _ in range(RUNS + 1)][1:]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def measure(command: Sequence[str], env: Mapping[str, str]) -> Cost:
    """Run once, with nothing on stdin and its output thrown away."""
    environment = {**os.environ, "OPENAI_API_KEY": KEY, **env}
    start = perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command} ended with {process.returncode}")
    per_mib = 1024 if sys.platform != "darwin" else 1024**2
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / per_mib)


@contextmanager
def answering(events: int, framing: str = "chunked") -> Iterator[str]:
    """The base URL of the benchmark's server, in a process of its own."""
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


def install() -> None:
    """A fresh environment with this checkout installed as users have it, and the peer."""
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    pip = [str(BIN / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, str(ROOT), "llm"], check=True)


if __name__ == "__main__":
    main()
