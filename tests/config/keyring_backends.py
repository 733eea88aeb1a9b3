"""Keyrings to load with PYTHON_KEYRING_BACKEND: one that works, and others that do not."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class Working(KeyringBackend):
    """Keeps its passwords in the JSON file that MADE_UP_KEYRING names.

    Deleting a password that does not exist is an error.
    """

    name = "made-up keyring"
    priority = 5.0

    @property
    def _path(self) -> Path:
        return Path(os.environ["MADE_UP_KEYRING"])

    def _passwords(self) -> dict[str, str]:
        return dict(json.loads(self._path.read_text())) if self._path.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._passwords().get(f"{service}: {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        changed = self._passwords() | {f"{service}: {username}": password}
        self._path.write_text(json.dumps(changed))

    def delete_password(self, service: str, username: str) -> None:
        passwords = self._passwords()
        if passwords.pop(f"{service}: {username}", None) is None:
            raise PasswordDeleteError("not found")
        self._path.write_text(json.dumps(passwords))


class Locked(KeyringBackend):
    """Fails in every way."""

    priority = 5.0

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("it is locked")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("it is locked")

    def delete_password(self, service: str, username: str) -> None:
        raise KeyringLocked("it is locked")


class Low(Working):
    """Works, but has the priority of a keyring that should not be used."""

    priority = 0.0


class Plaintext(Working):
    """Works; a test moves it to keyrings.alt, which stores keys in plain text."""
