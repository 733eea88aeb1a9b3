"""Measure whole processes in turn: their cost, the medians, the ratio and the goal."""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-bench"
BIN = VENV / "bin"
RUNS = 15
NOTHING = Path(os.devnull)
PEERS = ("llm", "openai", "ttok")
KEY = "made-up-for-the-benchmark"

RANKS = """
import base64, sys
from openai_cli.tokens.vocabulary import open_vocabulary
ranks = sorted(open_vocabulary("o200k_base", 199998).full().items(), key=lambda item: item[1])
lines = (base64.b64encode(token) + b" %d\\n" % rank for token, rank in ranks)
open(sys.argv[1], "wb").writelines(lines)
"""


@dataclass(frozen=True)
class Cost:
    """The cost of a process: wall time and CPU time in seconds, and its peak memory."""

    wall: float
    cpu: float
    mib: float


def install() -> None:
    """Create an environment with this checkout, installed as users install it, and the peers."""
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    pip = [str(BIN / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, f"{ROOT}[bulk,dask]", *PEERS], check=True)


def row(
    what: str,
    than: str,
    a: Sequence[str],
    b: Sequence[str],
    *,
    goal: float,
    of: str = "wall",
    env: Mapping[str, str] | None = None,
    stdin: Path = NOTHING,
    runs: int = RUNS,
) -> None:
    """Measure A against B, and print one line."""
    costs_a, costs_b = alternate(a, b, env or {}, stdin=stdin, runs=runs)
    ours, theirs = median(costs_a, of), median(costs_b, of)
    print(
        f"{what}: {ours:.3f} s; {than}: {theirs:.3f} s; "
        f"ratio {ours / theirs:.2f} of {of} time (goal: at most {goal:.3g})"
    )


def median(costs: Sequence[Cost], name: str) -> float:
    return float(statistics.median(getattr(cost, name) for cost in costs))


def fast(costs: Sequence[Cost], name: str) -> float:
    """The cost below which a tenth of the runs are."""
    return float(statistics.quantiles((getattr(cost, name) for cost in costs), n=10)[0])


def alternate(
    a: Sequence[str],
    b: Sequence[str],
    env: Mapping[str, str],
    *,
    stdin: Path = NOTHING,
    runs: int = RUNS,
) -> tuple[list[Cost], list[Cost]]:
    """The costs of A and B, run in turn, without the first run of each."""
    pairs = [(measure(a, env, stdin), measure(b, env, stdin)) for _ in range(runs + 1)][1:]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def measure(command: Sequence[str], env: Mapping[str, str], stdin: Path = NOTHING) -> Cost:
    """Run a command once, discarding its output."""
    environment = {**os.environ, "OPENAI_API_KEY": KEY, **env}
    with stdin.open("rb") as file:
        start = perf_counter()
        process = subprocess.Popen(command, stdin=file, stdout=subprocess.DEVNULL, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        wall = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command} ended with {process.returncode}")
    per_mib = 1024 if sys.platform != "darwin" else 1024**2
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / per_mib)


def write_ranks(path: Path) -> None:
    """Write the ranks of o200k_base in tiktoken's format."""
    subprocess.run([str(BIN / "python"), "-c", RANKS, str(path)], check=True)
