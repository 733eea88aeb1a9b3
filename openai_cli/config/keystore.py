"""Store the keys of `key set`, each for one base URL, in the system's keyring or in a file.

The file is JSON: {"keys": [{"base_url": …, "profile": …, "key": …}]}, with a profile only for the
key of one, and `"admin": true` for an admin key. `"keyring": true` says that the keyring has the
key. So the keyring, which takes 0.1 s to load, is loaded only if it has one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from openai_cli.config.keyfile import read_private
from openai_cli.config.keyrings import Keyring, system_keyring
from openai_cli.context import Context
from openai_cli.errors import CredentialError, UsageError
from openai_cli.jsontext import parse_json
from openai_cli.masking import shown_url
from openai_cli.records import NamedTuple

_PORTS = {"http": 80, "https": 443}


class KeyPlace(NamedTuple):
    """What a key is for: a base URL, perhaps in a profile, and whether it is the admin key."""

    base_url: str
    profile: str | None = None
    is_admin: bool = False

    @classmethod
    def of(cls, url: str, profile: str | None = None, is_admin: bool = False) -> Self:
        """Return the place for a base URL, normalized (RFC 3986, 6.2.3)."""
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = f":{parts.port}" if parts.port not in (None, _PORTS.get(parts.scheme)) else ""
        return cls(parts._replace(netloc=f"{host}{port}").geturl(), profile, is_admin)

    @property
    def account(self) -> str:
        """The place's account in a keyring; it is unambiguous, because no URL contains a space."""
        profile = "" if self.profile is None else f" in profile {self.profile}"
        return f"{self.base_url}{profile}{' (admin)' if self.is_admin else ''}"

    def __str__(self) -> str:
        """Return the place as it is printed, with the secrets in its URL masked."""
        return self._replace(base_url=shown_url(self.base_url)).account


def are_one_server(url: str, other: str) -> bool:
    """Return whether two base URLs share their key; false if one is not a valid URL."""
    try:
        return KeyPlace.of(url.strip().rstrip("/")) == KeyPlace.of(other.strip().rstrip("/"))
    except ValueError:
        return False


class Stored(NamedTuple):
    """The key of a place: in the file, in the keyring, or in both.

    If both have one, the keyring's is older and does not count.
    """

    key: str | None
    in_keyring: bool = False


@dataclass(frozen=True)
class Saved:
    """Where a key was stored, and whether it replaced another.

    `left` says that the keyring still has an older key, which no longer counts.
    """

    where: str
    replaced: bool
    left: bool


class KeyStore:
    """The user's stored keys.

    The methods raise CredentialError if the file is accessible to others or is not a key store, or
    if the keyring fails. Methods that change it raise UsageError if it cannot be written.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.path = _path(context)

    def has(self, base_url: str, profile: str | None, is_admin: bool = False) -> bool:
        """Return whether a key is stored for this base URL, without asking the keyring."""
        return self._first(base_url, profile, is_admin) is not None

    def find(self, base_url: str, profile: str | None, is_admin: bool = False) -> str:
        """Return the key for this base URL: the profile's, else the one without a profile."""
        found = self._first(base_url, profile, is_admin)
        if found is None:
            raise CredentialError(
                f"no key is stored for {KeyPlace.of(base_url, profile, is_admin)}"
            )
        place, stored = found
        if stored.key is not None:
            return stored.key
        keyring = system_keyring()
        key = keyring and keyring.find(place.account)
        if not key:
            lost = f"{keyring.name} no longer has it" if keyring else "there is none now"
            raise CredentialError(
                f"the key for {place} was stored in a keyring, and {lost}",
                hint="openai-cli key set stores it again",
            )
        return key

    def _first(
        self, base_url: str, profile: str | None, is_admin: bool
    ) -> tuple[KeyPlace, Stored] | None:
        keys = self._load()
        places = (KeyPlace.of(base_url, name, is_admin) for name in (profile, None))
        return next(((place, keys[place]) for place in places if place in keys), None)

    def places(self) -> list[KeyPlace]:
        """Return all places that a key is stored for."""
        return list(self._load())

    def save(self, place: KeyPlace, key: str, store: str | None = None) -> Saved:
        """Store a key in `store`: `keyring`, `file`, or with None the keyring if there is one."""
        with self._changing() as keys:
            before = keys.get(place)
            keyring = None if store == "file" else self._keyring_with(place, key, store)
            left = keyring is None and before is not None and before.in_keyring
            keys[place] = Stored(None, in_keyring=True) if keyring else Stored(key, left)
        where = keyring.name if keyring else f"'{self.path}'"
        return Saved(where, replaced=before is not None, left=left)

    def _keyring_with(self, place: KeyPlace, key: str, store: str | None) -> Keyring | None:
        """Store the key in the keyring and return that; None if the file has to be used."""
        try:
            keyring = system_keyring()
            if keyring is not None:
                keyring.save(place.account, key)
        except CredentialError as error:
            if store == "keyring":
                raise
            self._context.messages.notice(f"{error.problem}; the key goes into a file")
            return None
        if keyring is None and store == "keyring":
            raise CredentialError("there is no keyring here", hint="--store file needs none")
        return keyring

    def delete(self, place: KeyPlace) -> list[str]:
        """Delete the key of a place; return where it was, an empty list if there was none.

        The keyring is also asked if the file has no such entry, because the file may be new.
        """
        with self._changing() as keys:
            stored = keys.get(place, Stored(None, in_keyring=True))
            places = [] if stored.key is None else [f"'{self.path}'"]
            if stored.in_keyring and (keyring := system_keyring()) is not None:
                places += [keyring.name] if keyring.delete(place.account) else []
            keys.pop(place, None)
        return places

    def _load(self) -> dict[KeyPlace, Stored]:
        try:
            entries = parse_json(read_private(self.path))["keys"]
            return dict(_entry(entry) for entry in entries)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise CredentialError(f"cannot read '{self.path}': {error.strerror}") from None
        except (ValueError, TypeError, LookupError):
            raise CredentialError(
                f"'{self.path}' is not a key store of openai-cli key set",
                hint="repair it, or move it away and store your keys again",
            ) from None

    @contextmanager
    def _changing(self) -> Iterator[dict[KeyPlace, Stored]]:
        """Lock and load the keys; at the end, write them if they were changed."""
        from openai_cli.locking import locked

        path = Path(os.path.realpath(self.path))
        lock = path.with_name(f"{path.name}.lock")
        with _private(), self._writable():
            path.parent.mkdir(parents=True, exist_ok=True)
            with locked(lock, waits=self._tell_of_wait, sleep=self._context.sleep):
                keys = self._load()
                before = dict(keys)
                yield keys
                if keys != before:
                    _write(path, keys)

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UsageError(
                f"cannot write '{error.filename or self.path}': {error.strerror}",
                hint="OPENAI_CLI_KEYS names another file",
            ) from None

    def _tell_of_wait(self) -> None:
        self._context.messages.notice(f"waiting for another process that is changing '{self.path}'")


def _path(context: Context) -> Path:
    """Return the file's path: OPENAI_CLI_KEYS, else keys.json in the user's data folder."""
    if (named := context.variable("OPENAI_CLI_KEYS")) is not None:
        return Path(named)
    import platformdirs

    return platformdirs.user_data_path("openai-cli") / "keys.json"


def _entry(entry: Any) -> tuple[KeyPlace, Stored]:
    """Parse an entry to a place and its key; TypeError or LookupError if it is not valid."""
    url, profile, key = entry["base_url"], entry.get("profile"), entry.get("key")
    in_keyring = entry.get("keyring") is True
    texts = isinstance(url, str) and isinstance(profile, str | None) and isinstance(key, str | None)
    if not texts or (key is None and not in_keyring):
        raise TypeError
    return KeyPlace(url, profile, entry.get("admin") is True), Stored(key, in_keyring)


def _write(path: Path, keys: dict[KeyPlace, Stored]) -> None:
    """Replace the file, or remove it if no key is left.

    The new file has a fixed name, protected by the lock, so that the next change removes any part
    of a key that a killed process left in it.
    """
    import json

    from openai_cli.output.sink import sync_folder
    from openai_cli.output.target import write_all

    entries = [
        {
            "base_url": place.base_url,
            **({} if place.profile is None else {"profile": place.profile}),
            **({"admin": True} if place.is_admin else {}),
            **({} if stored.key is None else {"key": stored.key}),
            **({"keyring": True} if stored.in_keyring else {}),
        }
        for place, stored in keys.items()
    ]
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    if not entries:
        path.unlink(missing_ok=True)
        return
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb", buffering=0) as file:
            write_all(file, json.dumps({"keys": entries}, indent=1).encode() + b"\n")
            os.fsync(handle)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def _private() -> Iterator[None]:
    """Create files and folders in this block without any access for others."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
