"""The system's keyring, through the library `keyring`, which only this module imports, and late."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from openai_cli.errors import CredentialError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "openai-cli"
# In seconds: a locked keyring may ask for its passphrase.
LONGEST = 60.0


@dataclass(frozen=True)
class Keyring:
    """A secure keyring with its own `name`. An account is the name of one key.

    Every method raises CredentialError if the keyring fails or does not answer in time.
    """

    name: str
    backend: "KeyringBackend"

    def find(self, account: str) -> str | None:
        return _answer(lambda: self.backend.get_password(SERVICE, account))

    def save(self, account: str, key: str) -> None:
        _answer(lambda: self.backend.set_password(SERVICE, account, key))

    def delete(self, account: str) -> bool:
        """Delete a key; return whether there was one."""

        def delete() -> bool:
            there = self.backend.get_password(SERVICE, account) is not None
            if there:
                self.backend.delete_password(SERVICE, account)
            return there

        return _answer(delete)


def system_keyring() -> Keyring | None:
    """Return the keyring of this system and session, or None if there is none.

    The library lets PYTHON_KEYRING_BACKEND select another. The backends of keyrings.alt are not
    accepted, because they keep keys in plain files. Importing the library takes 0.1 s. Raises
    CredentialError if the lookup fails or takes too long.
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
    """Return whether a backend stores keys securely: not `fail` and `null`, with priority 0."""
    return backend.priority > 0 and not type(backend).__module__.startswith("keyrings.alt.")


def _answer(ask: Callable[[], T]) -> T:
    """Call the keyring in a thread, because a session bus may never answer."""
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
