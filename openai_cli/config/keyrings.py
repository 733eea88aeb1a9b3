"""The system's keyring, as the library `keyring` finds it; it is imported here alone, and late."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from openai_cli.errors import CredentialError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "openai-cli"
# In seconds: a keyring that is locked may ask for its passphrase.
LONGEST = 60.0


@dataclass(frozen=True)
class Keyring:
    """A keyring that keys are safe in; `name` is its own. An account is the name of one key.

    Every method raises CredentialError when the keyring fails, or gives no answer in time.
    """

    name: str
    backend: "KeyringBackend"

    def find(self, account: str) -> str | None:
        return _answer(lambda: self.backend.get_password(SERVICE, account))

    def save(self, account: str, key: str) -> None:
        _answer(lambda: self.backend.set_password(SERVICE, account, key))

    def delete(self, account: str) -> bool:
        """Whether there was one."""

        def delete() -> bool:
            there = self.backend.get_password(SERVICE, account) is not None
            if there:
                self.backend.delete_password(SERVICE, account)
            return there

        return _answer(delete)


def system_keyring() -> Keyring | None:
    """The keyring of this system and session; None where there is none.

    PYTHON_KEYRING_BACKEND names another, as the library has it. The backends of keyrings.alt are
    none: they keep keys in files of their own. Importing the library takes 0.1 s.
    Raises CredentialError when looking for one fails, or takes too long.
    """
    return _answer(_found)


def _found() -> Keyring | None:
    import keyring
    from keyring.backends.chainer import ChainerBackend

    first = keyring.get_keyring()
    backends = first.backends if isinstance(first, ChainerBackend) else [first]
    backend = next(filter(_is_safe, backends), None)
    return backend and Keyring(backend.name, backend)


def _is_safe(backend: "KeyringBackend") -> bool:
    """Whether it keeps keys at all: `fail` and `null` have no priority, and lose them."""
    return backend.priority > 0 and not type(backend).__module__.startswith("keyrings.alt.")


def _answer(ask: Callable[[], T]) -> T:
    """What the keyring answers, in a thread of its own: a session bus may never do so."""
    from threading import Thread

    answers: list[T] = []
    failures: list[Exception] = []

    def run() -> None:
        try:
            answers.append(ask())
        except Exception as error:  # noqa: BLE001 - backends raise what their libraries do
            failures.append(error)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(LONGEST)
    if failures:
        why = str(failures[0]) or type(failures[0]).__name__
        raise CredentialError(f"the keyring failed: {why}", hint=_HINT) from None
    if not answers:
        raise CredentialError(f"the keyring gave no answer in {LONGEST:.0f} s", hint=_HINT)
    return answers[0]


_HINT = "unlock it, or use OPENAI_API_KEY or openai-cli key set --store file"
