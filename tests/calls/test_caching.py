"""What the cache does around a call: what it sends, when an answer ends, and what it tells of."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from openai_cli.cache.store import LARGEST, Store
from openai_cli.calls import caching
from openai_cli.calls.caching import Cache, Call
from openai_cli.config.destination import Destination
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.http.deadline import Deadline
from openai_cli.http.payload import Form, FormFile, Json
from openai_cli.records import replace
from tests.cache.test_wholeness import Arriving
from tests.servers import chat, reply

ANSWER = reply(chat("an answer")).partition(b"\r\n\r\n")[2]
HELLO = Call("POST", "/chat/completions", Json(b'{"model":"m","messages":[]}'))
SERVER = Destination("https://api.example/v1", {}, {}, "sk-made-up")
HEARD = "/audio/transcriptions"


@dataclass
class World:
    """A cache, a server that gives one answer, and what came to pass."""

    server: Destination = SERVER
    seconds: float | None = None
    is_of_sandbox: bool = False
    now: float = 1000.0
    longest: int = 3600
    sent: list[Call] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    on_asked: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.context = replace(Context.test(), now=lambda: self.now)
        self.cache = Cache(
            self.context,
            lambda: self.server,
            Deadline(self.seconds),
            lambda: self.served.append("from the cache"),
            lambda _text: None,
            self.longest,
            LARGEST,
            is_of_sandbox=self.is_of_sandbox,
        )

    def call(self, call: Call = HELLO) -> bytes:
        def ask(call: Call, consume: Any) -> Any:
            self.sent.append(call)
            self.on_asked()
            return consume(Arriving([ANSWER]))

        found: bytes = self.cache.call(call, lambda answer: b"".join(answer.pieces()), ask)
        return found

    @property
    def told(self) -> list[str]:
        assert isinstance(self.context.messages.stream, StringIO)
        lines = self.context.messages.stream.getvalue().splitlines()
        return [line.removeprefix("openai-cli: notice: ") for line in lines]


@pytest.fixture(autouse=True)
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "openai-cli" / "answers"


def test_an_answer_from_the_cache_is_told_to_whoever_counts_the_calls() -> None:
    world = World()
    assert [world.call(), world.call()] == [ANSWER] * 2
    assert len(world.sent) == 1
    assert world.served == ["from the cache"]


@pytest.mark.parametrize(("later", "is_kept"), [(3599, True), (3601, False)])
def test_an_answer_ends_so_long_after_it_was_asked_for(later: float, is_kept: bool) -> None:
    """And not after it came, which may take minutes; nor does a later command make it longer."""
    world = World()

    def slowly() -> None:
        world.now += 600

    world.on_asked = slowly
    world.call()
    another = World(now=1000 + later, longest=2 * 3600)
    another.call()
    assert bool(another.served) is is_kept


def form(path: Path) -> Call:
    file = FormFile("file", path.name, "audio/wav", str(path), path=path)
    return Call("POST", HEARD, Form([("model", "m")], [file], "x"))


def test_what_is_sent_of_a_file_is_what_was_read_for_its_key(tmp_path: Path) -> None:
    (path := tmp_path / "a.wav").write_bytes(b"RIFF")
    world = World()
    world.call(form(path))
    path.write_bytes(b"RIFF anew")
    (payload,) = (call.payload for call in world.sent)
    assert isinstance(payload, Form)
    assert [(file.path, file.data) for file in payload.files] == [(None, b"RIFF")]


REFUSED = "--cache: the answer is not kept: "


def test_files_that_are_too_large_are_not_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "_LARGEST_FILES", 1024**2)
    (path := tmp_path / "a.wav").write_bytes(b"x" * (1024**2 + 1))
    world = World()
    for call in (asked := form(path), asked):
        world.call(call)
    assert all(call is asked for call in world.sent)
    assert len(world.sent) == 2
    assert world.told == [f"{REFUSED}its files are larger than 1 MB"]


def test_a_call_without_a_body_is_sent_each_time() -> None:
    world = World()
    world.call(HELLO._replace(payload=None))
    assert world.told == [f"{REFUSED}it has no body"]


def test_the_answers_of_a_sandbox_that_ends_are_not_kept(answers: Path) -> None:
    world = World(is_of_sandbox=True)
    world.call()
    assert world.told == [f"{REFUSED}the sandbox of --sandbox ends with the command"]
    assert not answers.exists()


def test_a_client_certificate_that_cannot_be_read_is_in_no_key(tmp_path: Path) -> None:
    world = World(Destination("https://api.example/v1", {}, {}, None, str(tmp_path / "none.pem")))
    assert world.call() == ANSWER
    assert world.told == [
        "--cache: the cache cannot be used: the client certificate cannot be read: "
        "No such file or directory"
    ]


@pytest.mark.parametrize(("seconds", "is_bounded"), [(None, False), (5.0, True)])
def test_another_process_is_waited_for_within_the_time_of_the_call(
    monkeypatch: pytest.MonkeyPatch, seconds: float | None, is_bounded: bool
) -> None:
    bounds: list[bool] = []

    def locked(
        _store: Store, _key: str, *, bounded: bool, **_: Any
    ) -> AbstractContextManager[None]:
        bounds.append(bounded)
        return nullcontext()

    monkeypatch.setattr(Store, "locked", locked)
    World(seconds=seconds).call()
    assert bounds == [is_bounded]


def test_a_folder_that_became_read_only_is_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_given: Any, **_named: Any) -> Iterator[None]:
        raise UsageError("the lock 'x.lock' cannot be made: Permission denied")

    def fails(*_given: Any, **_named: Any) -> None:
        raise PermissionError(13, "Permission denied")

    world = World()
    world.call()
    monkeypatch.setattr(Store, "locked", refuses)
    monkeypatch.setattr(Store, "_write", fails)
    assert world.call(HELLO._replace(payload=Json(b'{"model":"n","messages":[]}'))) == ANSWER
    assert world.call() == ANSWER, "what is kept is served all the same"
    assert world.told == [
        "--cache: the cache cannot be used: the lock 'x.lock' cannot be made: Permission denied",
        "from the cache: less than a minute old",
    ]
