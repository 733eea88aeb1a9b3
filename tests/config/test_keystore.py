"""The store of keys: a file of one's own, whatever happens, and the system's keyring."""

import fcntl
import json
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import keyring.core
import pytest
from keyring.backends.chainer import ChainerBackend

from openai_cli.config import keyrings
from openai_cli.config.keystore import KeyPlace, KeyStore, Saved
from openai_cli.context import Context
from openai_cli.errors import CliError, CredentialError, UsageError
from tests.config.keyring_backends import Plaintext, Working

if TYPE_CHECKING:
    import io

KEY = "sk-made-up-for-tests"
OTHER = "sk-also-made-up"
URL = "https://api.openai.com/v1"
HERE = KeyPlace(URL)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys.json"


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Choose the backend that `keyring` finds, by its name; at first one that finds none."""

    def choose(name: str) -> None:
        monkeypatch.setattr(keyring.core, "_keyring_backend", None)
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)

    monkeypatch.setenv("MADE_UP_KEYRING", str(tmp_path / "keyring.json"))
    choose("keyring.backends.fail.Keyring")
    return choose


@pytest.fixture(autouse=True)
def _no_keyring_of_the_machine(backend: Callable[[str], None]) -> None:
    pass


WORKING = "tests.config.keyring_backends.Working"
LOCKED = "tests.config.keyring_backends.Locked"


class World:
    """A store in a context of its own."""

    def __init__(self, path: Path) -> None:
        context = Context.test(environ={"OPENAI_CLI_KEYS": str(path)})
        self.store = KeyStore(context)
        self._stream = cast("io.StringIO", context.messages.stream)

    @property
    def said(self) -> str:
        return self._stream.getvalue()


@pytest.fixture
def world(path: Path) -> World:
    return World(path)


@pytest.fixture
def store(world: World) -> KeyStore:
    return world.store


def entries(path: Path) -> Any:
    return json.loads(path.read_text())["keys"]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def failure_of(call: Callable[[], object]) -> CliError:
    with pytest.raises(CliError) as caught:
        call()
    return caught.value


# What a key is for

SAME = [
    ("https://api.openai.com/v1", "https://api.openai.com/v1"),
    ("HTTPS://API.OpenAI.com/v1", "https://api.openai.com/v1"),
    ("https://api.openai.com:443/v1", "https://api.openai.com/v1"),
    ("http://localhost:80", "http://localhost"),
    ("http://localhost:443", "http://localhost:443"),
    ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
    ("http://[::1]/v1", "http://[::1]/v1"),
    ("https://gateway.test/Team/v1", "https://gateway.test/Team/v1"),
]


@pytest.mark.parametrize(("url", "same"), SAME)
def test_a_place_has_one_form(url: str, same: str) -> None:
    assert KeyPlace.of(url) == KeyPlace(same)


def test_a_key_is_for_one_base_url(store: KeyStore) -> None:
    store.save(HERE, KEY)
    store.save(KeyPlace("http://localhost:1/v1"), OTHER)
    assert store.find(URL, None) == KEY
    assert store.find("https://API.openai.com:443/v1", None) == KEY
    assert store.find("http://localhost:1/v1", None) == OTHER
    for url in ("http://api.openai.com/v1", "https://api.openai.com", "http://localhost:2/v1"):
        assert not store.has(url, None)


def test_the_key_of_a_profile_goes_before_the_one_without(store: KeyStore) -> None:
    store.save(HERE, KEY)
    assert store.find(URL, "work") == KEY
    store.save(KeyPlace(URL, "work"), OTHER)
    assert store.find(URL, "work") == OTHER
    assert store.find(URL, None) == KEY
    assert store.find(URL, "home") == KEY
    store.delete(HERE)
    assert store.has(URL, "work")
    assert not store.has(URL, "home")
    assert store.places() == [KeyPlace(URL, "work")]


def test_a_store_that_is_not_there_has_nothing(store: KeyStore, path: Path) -> None:
    assert not store.has(URL, "work")
    assert store.places() == []
    assert failure_of(lambda: store.find(URL, "work")).problem == (
        f"no key is stored for {URL} in profile work"
    )
    assert not path.parent.exists()


def test_a_place_whose_folder_is_a_file_has_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not World(tmp_path / "file" / "keys.json").store.has(URL, None)


# The file


def test_a_key_in_the_file(store: KeyStore, path: Path) -> None:
    assert store.save(HERE, KEY) == Saved(f"'{path}'", replaced=False, left=False)
    assert entries(path) == [{"base_url": URL, "key": KEY}]
    assert store.save(HERE, OTHER).replaced
    assert entries(path) == [{"base_url": URL, "key": OTHER}]
    store.save(KeyPlace(URL, "work"), KEY)
    assert entries(path)[1] == {"base_url": URL, "profile": "work", "key": KEY}
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_the_file_goes_with_its_last_key(store: KeyStore, path: Path) -> None:
    store.save(HERE, KEY)
    assert store.delete(HERE) == [f"'{path}'"]
    assert store.delete(HERE) == []
    assert list(path.parent.iterdir()) == []


def test_the_file_is_in_the_data_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(Path.home() / "data"))
    store = KeyStore(Context.test())
    assert store.path.is_relative_to(Path.home())
    assert (store.path.parent.name, store.path.name) == ("openai-cli", "keys.json")


def test_a_link_to_the_file_stays_one(tmp_path: Path, path: Path) -> None:
    path.parent.mkdir()
    link = tmp_path / "link.json"
    link.symlink_to(path)
    World(link).store.save(HERE, KEY)
    assert link.is_symlink()
    assert entries(path) == [{"base_url": URL, "key": KEY}]


def test_what_a_killed_process_left_goes_with_the_next_change(store: KeyStore, path: Path) -> None:
    store.save(HERE, KEY)
    new = path.with_name("keys.json.new")
    new.write_text(f'{{"keys": [{{"key": "{OTHER}')
    assert store.find(URL, None) == KEY
    store.delete(HERE)
    assert not new.exists()


@pytest.mark.parametrize("bits", [0o644, 0o640, 0o660, 0o604, 0o601])
def test_a_file_that_others_may_use_is_refused(bits: int, path: Path, store: KeyStore) -> None:
    store.save(HERE, KEY)
    path.chmod(bits)
    before = path.read_bytes()
    calls: list[Callable[[], object]] = [
        lambda: store.has(URL, None),
        lambda: store.save(HERE, OTHER),
        lambda: store.delete(HERE),
    ]
    for call in calls:
        error = failure_of(call)
        assert type(error) is CredentialError
        assert (error.hint or "").endswith(f"chmod 600 {path}")
    assert (path.read_bytes(), mode(path)) == (before, bits)


NO_STORES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"{}",
    b"\xff",
    b'{"keys": {"base_url": "u", "key": "k"}}',
    b'{"keys": [{"key": "k"}]}',
    b'{"keys": [{"base_url": "u"}]}',
    b'{"keys": [{"base_url": 1, "key": "k"}]}',
    b'{"keys": [{"base_url": [], "key": "k"}]}',
    b'{"keys": [{"base_url": "u", "profile": [], "key": "k"}]}',
    b'{"keys": [{"base_url": "u", "key": 1}]}',
    b'{"keys": [{"base_url": "u", "keyring": 1}]}',
    b'{"keys": ["sk-made-up"]}',
    b"[" * 100_000,
]


@pytest.mark.parametrize("data", NO_STORES, ids=lambda data: data[:30].decode("latin-1"))
def test_what_is_no_store_is_left_alone(data: bytes, path: Path, store: KeyStore) -> None:
    path.parent.mkdir()
    path.touch(mode=0o600)
    path.write_bytes(data)
    calls: list[Callable[[], object]] = [
        lambda: store.has(URL, None),
        lambda: store.save(HERE, KEY),
        lambda: store.delete(HERE),
    ]
    for call in calls:
        error = failure_of(call)
        assert type(error) is CredentialError
        assert error.problem == f"'{path}' is not a key store of openai-cli key set"
    assert path.read_bytes() == data


def test_a_folder_in_the_place_of_the_file(path: Path, store: KeyStore) -> None:
    path.mkdir(parents=True)
    error = failure_of(lambda: store.has(URL, None))
    assert error.problem == f"cannot read '{path}': Is a directory"


def test_a_file_that_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = World(tmp_path / "file" / "keys.json").store
    error = failure_of(lambda: store.save(HERE, KEY))
    assert type(error) is UsageError
    assert error.problem == f"cannot write '{tmp_path / 'file'}': File exists"
    assert "OPENAI_CLI_KEYS" in (error.hint or "")


def test_on_a_full_disk_the_file_is_as_it_was(path: Path, store: KeyStore) -> None:
    store.save(HERE, KEY)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 5, hard))
    try:
        error = failure_of(lambda: store.save(KeyPlace("http://localhost/v1"), OTHER))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert error.problem == f"cannot write '{path}': File too large"
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


# At every moment, and in every process

SAVE = """
import os, stat, sys
from openai_cli.config.keystore import KeyStore, KeyPlace
from openai_cli.context import Context
path, url, key, *rest = sys.argv[1:]
folder = os.path.dirname(path)
watched = None
def watch(event, arguments):
    global watched
    if watched and (event == "os.fsync" or any(str(it).startswith(folder) for it in arguments)):
        now, watched = watched, None  # what it does itself is not watched
        now(event)
        watched = now
sys.addaudithook(watch)
fsync = os.fsync
os.fsync = lambda handle: (sys.audit("os.fsync", handle), fsync(handle))
"""
STORE = """
KeyStore(Context.test(environ={"OPENAI_CLI_KEYS": path})).save(KeyPlace(url), key, "file")
watched = None
"""


def child(code: str, path: Path, url: str, key: str, *rest: str) -> "subprocess.Popen[str]":
    """A process that stores a key while `watched` sees each call for a file of the folder."""
    command = [sys.executable, "-c", SAVE + code + STORE, str(path), url, key, *rest]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


MODES = """
os.umask(int(rest[0], 8))
def watched(event):
    for file in os.scandir(folder) if os.path.isdir(folder) else ():
        print(event, file.name, oct(stat.S_IMODE(file.stat().st_mode)))
"""


@pytest.mark.parametrize("umask", ["0", "022", "077", "0177", "0777"])
def test_no_file_ever_has_another_mode(umask: str, path: Path) -> None:
    path = path.parent / "inner" / "keys.json"
    for key in (KEY, OTHER):
        with child(MODES, path, URL, key, umask) as process:
            said = process.communicate(timeout=60)[0]
        assert process.returncode == 0
        seen = [line.split() for line in said.splitlines()]
        moments = {(event, name) for event, name, _ in seen}
        new = "keys.json.new"
        assert moments >= {("open", "keys.json.lock"), ("os.fsync", new), ("os.rename", new)}
        assert ("os.fsync", "keys.json") in moments
        assert {bits for _, _, bits in seen} == {"0o600"}
        assert [mode(path), mode(path.parent), mode(path.parent.parent)] == [0o600, 0o700, 0o700]


KILL = """
import signal
steps = int(rest[0])
def watched(event):
    global steps
    steps -= 1
    if steps < 0:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_at_any_moment_leaves_one_key_or_the_other(path: Path) -> None:
    outcomes = []
    for step in range(100):
        World(path).store.save(HERE, KEY)
        with child(KILL, path, URL, OTHER, str(step)) as process:
            process.communicate(timeout=60)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL
        outcomes.append(World(path).store.find(URL, None))
        assert mode(path) == 0o600
    assert set(outcomes) == {KEY, OTHER}, "it is killed before and after the change"
    assert sorted(outcomes, key=[KEY, OTHER].index) == outcomes
    World(path).store.save(HERE, KEY)
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_of_twenty_processes_at_once_each_key_is_stored(path: Path) -> None:
    urls = [f"http://localhost:{number}/v1" for number in range(1, 21)]
    processes = [child("", path, url, f"sk-made-up-{url[-6:]}") for url in urls]
    for process in processes:
        with process:
            process.communicate(timeout=60)
        assert process.returncode == 0
    assert {entry["base_url"] for entry in entries(path)} == set(urls)
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_who_waits_is_told_of_it(path: Path, world: World) -> None:
    path.parent.mkdir()
    lock = path.with_name("keys.json.lock")
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = threading.Thread(target=world.store.save, args=(HERE, KEY))
        waiting.start()
        while "waiting for another process" not in world.said:
            time.sleep(0.001)
    waiting.join()
    assert f"that is changing '{path}'" in world.said
    assert world.store.has(URL, None)


# The keyring


def test_a_keyring_goes_before_the_file(
    backend: Callable[[str], None], path: Path, store: KeyStore, tmp_path: Path
) -> None:
    backend(WORKING)
    assert store.save(HERE, KEY) == Saved("made-up keyring", replaced=False, left=False)
    assert store.save(KeyPlace(URL, "work"), OTHER).where == "made-up keyring"
    assert KEY not in path.read_text()
    assert entries(path)[0] == {"base_url": URL, "keyring": True}
    assert json.loads((tmp_path / "keyring.json").read_text()) == {
        f"openai-cli: {URL}": KEY,
        f"openai-cli: {URL} in profile work": OTHER,
    }
    assert store.find(URL, None) == KEY
    assert store.find(URL, "work") == OTHER
    assert store.delete(HERE) == ["made-up keyring"]
    assert store.delete(HERE) == []
    assert store.find(URL, "work") == OTHER


def test_a_key_moves_from_the_file_to_the_keyring(
    backend: Callable[[str], None], path: Path, store: KeyStore
) -> None:
    store.save(HERE, KEY)
    backend(WORKING)
    assert store.save(HERE, OTHER) == Saved("made-up keyring", replaced=True, left=False)
    assert KEY not in path.read_text()
    assert store.find(URL, None) == OTHER


def test_a_key_in_the_file_leaves_the_one_in_the_keyring_until_both_go(
    backend: Callable[[str], None], path: Path, store: KeyStore
) -> None:
    """A file may have been chosen since the keyring hangs: so that is not asked."""
    backend(WORKING)
    store.save(HERE, KEY)
    backend(LOCKED)
    assert store.save(HERE, OTHER, "file") == Saved(f"'{path}'", replaced=True, left=True)
    assert store.find(URL, None) == OTHER
    backend(WORKING)
    assert store.delete(HERE) == [f"'{path}'", "made-up keyring"]
    assert store.delete(HERE) == []


def test_a_keyring_whose_file_was_lost_is_asked_to_delete(
    backend: Callable[[str], None], path: Path, store: KeyStore
) -> None:
    backend(WORKING)
    store.save(HERE, KEY)
    path.unlink()
    assert not store.has(URL, None)
    assert store.delete(HERE) == ["made-up keyring"]


def test_only_a_key_in_the_keyring_has_it_loaded(path: Path, store: KeyStore) -> None:
    store.save(HERE, KEY)
    code = """
import sys
from openai_cli.config.keystore import KeyStore
from openai_cli.context import Context
store = KeyStore(Context.test(environ={"OPENAI_CLI_KEYS": sys.argv[1]}))
assert store.find(sys.argv[2], None)
assert not store.has("http://localhost/v1", None)
print(*sys.modules)
"""
    command = [sys.executable, "-c", code, str(path), URL]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert not {"keyring", "platformdirs"} & set(done.stdout.split())


UNSAFE = [
    "keyring.backends.fail.Keyring",
    "keyring.backends.null.Keyring",
    "tests.config.keyring_backends.Low",
]


@pytest.mark.parametrize("name", UNSAFE)
def test_what_loses_keys_is_no_keyring(
    name: str, backend: Callable[[str], None], path: Path, world: World
) -> None:
    backend(name)
    assert world.store.save(HERE, KEY).where == f"'{path}'"
    assert world.said == ""
    error = failure_of(lambda: world.store.save(HERE, OTHER, "keyring"))
    assert type(error) is CredentialError
    assert error.problem == "there is no keyring here"
    assert world.store.find(URL, None) == KEY


def test_a_file_of_keyrings_alt_is_no_keyring(
    backend: Callable[[str], None], path: Path, store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend("tests.config.keyring_backends.Plaintext")
    monkeypatch.setattr(Plaintext, "__module__", "keyrings.alt.file")
    assert store.save(HERE, KEY).where == f"'{path}'"


def test_of_several_keyrings_the_first_safe_one_is_used(
    monkeypatch: pytest.MonkeyPatch, path: Path, store: KeyStore
) -> None:
    backends = [Plaintext.__new__(Plaintext), Working.__new__(Working)]
    monkeypatch.setattr(Plaintext, "__module__", "keyrings.alt.file")
    monkeypatch.setattr(ChainerBackend, "backends", backends)
    monkeypatch.setattr(keyring.core, "_keyring_backend", ChainerBackend.__new__(ChainerBackend))
    assert store.save(HERE, KEY).where == "made-up keyring"


FAILED = "the keyring failed: it is locked"


def test_a_keyring_that_fails_is_told_and_the_file_has_the_key(
    backend: Callable[[str], None], path: Path, world: World
) -> None:
    backend(LOCKED)
    assert world.store.save(HERE, KEY).where == f"'{path}'"
    assert world.said == f"openai-cli: notice: {FAILED}; the key goes into a file\n"
    assert world.store.find(URL, None) == KEY


def test_a_keyring_that_was_asked_for_and_fails_is_an_error(
    backend: Callable[[str], None], path: Path, store: KeyStore
) -> None:
    backend(LOCKED)
    assert failure_of(lambda: store.save(HERE, KEY, "keyring")).problem == FAILED
    assert not path.exists()
    backend(WORKING)
    store.save(HERE, KEY, "keyring")
    backend(LOCKED)
    for call in (lambda: store.find(URL, None), lambda: store.delete(HERE)):
        error = failure_of(call)
        assert type(error) is CredentialError
        assert error.problem == FAILED
        assert "OPENAI_API_KEY" in (error.hint or "")
    assert store.has(URL, None), "what failed changed nothing"


def test_a_backend_that_does_not_load_is_a_keyring_that_fails(
    backend: Callable[[str], None], store: KeyStore
) -> None:
    backend("made_up_nowhere.Keyring")
    error = failure_of(lambda: store.save(HERE, KEY, "keyring"))
    assert error.problem == "the keyring failed: No module named 'made_up_nowhere'"


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        (WORKING, "made-up keyring no longer has it"),
        ("keyring.backends.fail.Keyring", "there is none now"),
    ],
)
def test_a_key_that_left_the_keyring_is_told(
    name: str, lost: str, backend: Callable[[str], None], store: KeyStore, tmp_path: Path
) -> None:
    backend(WORKING)
    store.save(HERE, KEY)
    (tmp_path / "keyring.json").write_text("{}")
    backend(name)
    error = failure_of(lambda: store.find(URL, None))
    assert type(error) is CredentialError
    assert error.problem == f"the key for {URL} was stored in a keyring, and {lost}"


def test_a_keyring_that_never_answers_is_left(
    backend: Callable[[str], None], store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend(WORKING)
    store.save(HERE, KEY)
    end = threading.Event()
    monkeypatch.setattr(Working, "get_password", lambda *_: end.wait() and None)
    monkeypatch.setattr(keyrings, "LONGEST", 0.05)
    error = failure_of(lambda: store.find(URL, None))
    end.set()
    assert type(error) is CredentialError
    assert error.problem == "the keyring gave no answer in 0 s"
