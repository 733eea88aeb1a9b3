"""A run on a sandbox's Batch API, whose requests are recorded and can be interrupted."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import openai
import pytest

from openai_cli.http.client import Client
from openai_cli.sandbox import Sandbox, batches
from openai_cli.sandbox.config import SandboxConfig
from openai_cli.sandbox.faults import Fault, Faults, parse_fault
from tests.conftest import MADE_UP_KEY

T = TypeVar("T")


class Killed(BaseException):
    """Simulates the end of a process."""


@dataclass
class Wire:
    """The requests of all runs; the one with the number `dies_at`, from 1, is the last.

    If it dies `after`, the server has carried out that request. It dies by raising `cause`.
    """

    asked: list[str] = field(default_factory=list)
    dies_at: int | None = None
    after: bool = False
    cause: Callable[[], BaseException] = Killed

    def call(
        self,
        real: Callable[..., T],
        client: Client,
        method: str,
        path: str,
        *more: Any,
        **named: Any,
    ) -> T:
        self.asked.append(f"{method} {path.partition('?')[0]}")
        is_last = len(self.asked) == self.dies_at
        if is_last and not self.after:
            raise self.cause()
        found = real(client, method, path, *more, **named)
        if is_last:
            raise self.cause()
        return found

    def count(self, start: str) -> int:
        """The number of requests that begin with `start`."""
        return sum(one.startswith(start) for one in self.asked)


@contextmanager
def wired(**more: Any) -> Iterator[Wire]:
    """Record, and interrupt, the requests of this process."""
    wire, real = Wire(**more), Client.call
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "call", lambda *given, **named: wire.call(real, *given, **named))
        yield wire


class Lines(Faults):
    """Faults that also count requests, batches, and answered lines of batches."""

    def __init__(self, specs: tuple[str, ...]) -> None:
        super().__init__(map(parse_fault, specs))
        self.batches = 0
        self.answered = 0
        self.asked = 0
        self._is_broken = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stop all batches within the block."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(batches, "look_at_batch", lambda *_: None)
            yield

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Answer every request with an error within the block."""
        self._is_broken = True
        yield
        self._is_broken = False

    def next(self, of: str = "request") -> Fault:
        if self._is_broken:
            return parse_fault("status=500")
        self.asked += of == "request"
        self.batches += of == "batch"
        self.answered += of == "line"
        return super().next(of)


@dataclass
class Api:
    """A sandbox: `lines` counts what it did, and `client` is the official client."""

    base_url: str
    lines: Lines
    client: openai.OpenAI

    def files(self) -> Counter[str]:
        """The number of files, by purpose."""
        return Counter(file.purpose for file in self.client.files.list())

    def batches(self) -> list[Any]:
        """The batches, newest first."""
        return list(self.client.batches.list())


@contextmanager
def api(*faults: str) -> Iterator[Api]:
    """Run a sandbox with these faults."""
    lines = Lines(faults)
    with Sandbox(0, SandboxConfig(key=MADE_UP_KEY, faults=lines)) as sandbox:
        client = openai.OpenAI(base_url=sandbox.base_url, api_key=MADE_UP_KEY, max_retries=0)
        yield Api(sandbox.base_url, lines, client)


def requests(count: int, **more: Any) -> bytes:
    """`count` requests, each of which asks for its own number."""
    return b"".join(request(f"r{n}", f"Say {n}", **more) for n in range(1, count + 1))


def request(name: str, text: str, **more: Any) -> bytes:
    """A request that asks for a text."""
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **more}
    told = {"custom_id": name, "method": "POST", "url": "/v1/chat/completions", "body": body}
    return json.dumps(told).encode() + b"\n"


def objects(path: Path) -> list[Any]:
    """The objects on the lines of a file; none if there is no file."""
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
