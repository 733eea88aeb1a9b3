"""Many requests at once, compared with AsyncOpenAI and with a process for each request."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from measure import BIN, KEY, ROOT, measure, median

# The official client, as in its README: many requests at once from one event loop.
ASYNC = """
import asyncio, json, sys
from openai import AsyncOpenAI
path, at_once = sys.argv[1], int(sys.argv[2])
bodies = iter([json.loads(line)["body"] for line in open(path)])
client = AsyncOpenAI()
async def work():
    for body in bodies:
        await client.chat.completions.create(**body)
async def main():
    await asyncio.gather(*[work() for _ in range(at_once)])
asyncio.run(main())
"""

AT_ONCE = 64
# So many that the slow start, with few requests in flight, is 1 % of the time.
CLOCKED = 12_800
RUNS = 3


def batch() -> None:
    """Requests per second of CPU time and of wall time, as ratios within one run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _against_peers(folder)
        _against_the_clock(folder)
        _memory(folder)


def _against_peers(folder: Path) -> None:
    many, few = _lines(folder, 8000), _lines(folder, 64)
    peer = [str(BIN / "python"), "-c", ASYNC, str(many), str(AT_ONCE)]
    shell = f"xargs -P 8 -I_ {BIN / 'openai-cli'} chat -m m -q Hello > {os.devnull} < {few}"
    with serving(0) as env:
        ours, theirs = [], []
        for run in range(RUNS + 1):
            pair = measure(_run(folder, many), env), measure(peer, env)
            if run:
                ours.append(pair[0])
                theirs.append(pair[1])
        each = [measure(["sh", "-c", shell], env) for _ in range(RUNS)]
    a, b = 8000 / median(ours, "cpu"), 8000 / median(theirs, "cpu")
    print(
        f"batch run, {AT_ONCE} at once, a server that answers at once: {a:.0f} requests a second "
        f"of processor time; AsyncOpenAI: {b:.0f}; ratio {a / b:.2f} (goal: at least 2.5)"
    )
    c = 64 / median(each, "cpu")
    print(
        f"the same; xargs -P 8 openai-cli chat: {c:.1f}; ratio {a / c:.0f} (goal: at least 5); "
        f"peak memory {median(ours, 'mib'):.0f} MiB; AsyncOpenAI: {median(theirs, 'mib'):.0f} MiB"
    )


def _against_the_clock(folder: Path) -> None:
    """The share of the possible rate when an answer takes 200 ms: in all, and while sending.

    The file is read before the first request; a run of its first line alone shows how long that
    takes.
    """
    few, many, ideal = _lines(folder, 2), _lines(folder, CLOCKED), AT_ONCE / 0.2
    found = []
    with serving(0.2) as env:
        for _ in range(RUNS):
            runs = _run(folder, few), [*_run(folder, many), "--limit", "1"], _run(folder, many)
            found.append([measure(run, env).wall for run in runs])
    start, read, all_ = (sorted(walls)[RUNS // 2] for walls in zip(*found, strict=True))
    for what, before in ("in all", start), ("once the file is read", read):
        rate = CLOCKED / (all_ - before + 0.2)
        print(
            f"batch run of {CLOCKED:,}, {AT_ONCE} at once, a server that takes 200 ms, {what}: "
            f"{rate:.0f} requests a second of {ideal:.0f}; ratio {rate / ideal:.3f} "
            "(goal: at least 0.95)"
        )


def _memory(folder: Path) -> None:
    """The peak memory at the start of a run, of which one line is sent."""
    found = []
    with serving(0) as env:
        for count in (20_000, 200_000):
            path = _lines(folder, count, size=1000)
            found.append(measure([*_run(folder, path), "--limit", "1"], env).mib)
            path.unlink()
    print(
        f"batch run of 20,000 and of 200,000 lines of 1 kB: {found[0]:.0f} and {found[1]:.0f} MiB "
        "(goal: at most 150, and flat)"
    )


def _run(folder: Path, path: Path) -> list[str]:
    """The command for a run that starts from the beginning."""
    out = folder / f"out-{perf_counter()}.jsonl"
    flags = ["-o", str(out), "-q", "--concurrency", str(AT_ONCE)]
    return [str(BIN / "openai-cli"), "batch", "run", str(path), *flags]


def _lines(folder: Path, count: int, size: int = 400) -> Path:
    path = folder / f"{count}-{size}.jsonl"
    with path.open("w") as file:
        for number in range(count):
            text = f"Classify {number}: " + "word some " * (size // 10 - 20)
            body = {
                "model": "gpt-4o-mini",
                "messages": [{"role": "user", "content": text}],
                "max_completion_tokens": 50,
            }
            line = {
                "custom_id": f"r{number}",
                "method": "POST",
                "url": "/v1/chat/completions",
                "body": body,
            }
            file.write(json.dumps(line) + "\n")
    return path


@contextmanager
def serving(delay: float, *vectors: int) -> Iterator[dict[str, str]]:
    """The environment for a keep-alive server, which runs in its own process."""
    server = [sys.executable, str(ROOT / "benchmarks" / "keeping_server.py"), str(delay)]
    server += map(str, vectors)
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1", "OPENAI_API_KEY": KEY}
        process.terminate()
