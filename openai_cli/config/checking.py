"""Find all errors in a configuration file, not only those in what one command line uses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from openai_cli.config.defaults import (
    KEY_COMMAND,
    Entry,
    checked_command,
    converted,
    entries_of,
    profile_of,
    twice,
    unknown,
)
from openai_cli.config.document import Document
from openai_cli.config.spending import BUDGET, LEDGER, checked_ledger, ledger_of, limits
from openai_cli.config.values import Setting
from openai_cli.context import Context
from openai_cli.errors import UsageError

_PROFILES, _PROFILE = "profiles", "profile"


@dataclass(frozen=True)
class Checker:
    """Checks one file; `commands` maps each command to the flags that the file may set."""

    context: Context
    document: Document
    commands: Mapping[str, Mapping[str, Setting]]

    def problems(self, profile: str | None) -> Iterator[UsageError]:
        """Yield the errors in the order of the file; `profile` is the one that the user named."""
        if profile is not None:
            try:
                profile_of(self.document, profile)
            except UsageError as error:
                yield error
        yield from self._general(())

    def _general(self, path: tuple[str, ...]) -> Iterator[UsageError]:
        """Yield the errors of the top level or of a profile."""
        entries = entries_of(self.document, path)
        yield from twice(self.document, entries)
        for entry in entries:
            if not path and entry.key == _PROFILES:
                yield from self._profiles(entry)
            elif not path and entry.key == BUDGET:
                yield from (one for one in limits(self.document) if isinstance(one, UsageError))
            elif isinstance(entry.value, dict) and entry.key in self._words(()):
                yield from self._of_command((*path, entry.key), (entry.key,))
            else:
                try:
                    self._check_general(entry)
                except UsageError as error:
                    yield error

    def _profiles(self, entry: Entry) -> Iterator[UsageError]:
        if not isinstance(entry.value, dict):
            yield self._no_table(entry)
            return
        for profile in entries_of(self.document, (entry.key,)):
            if isinstance(profile.value, dict):
                yield from self._general((entry.key, profile.key))
            else:
                yield self._no_table(profile)

    def _no_table(self, entry: Entry) -> UsageError:
        return UsageError(
            f"{entry.place(self.document)}: {entry.key} must be a table, [{_PROFILES}.NAME]"
        )

    def _check_general(self, entry: Entry) -> None:
        """Raise UsageError for a key that no command has, or a value that a command refuses."""
        having = [known for known in self.commands.values() if entry.name in known]
        if entry.name == KEY_COMMAND:
            checked_command(self.document, entry)
        elif entry.key == LEDGER:
            checked_ledger(self.document, entry.table, entry.value)
            ledger_of(self.document, entry.table[1] if entry.table else None)
        elif entry.name == _PROFILE and not entry.table:
            profile_of(self.document, None)
        elif not having:
            raise unknown(self.document, entry, self._general_names(entry.table))
        for known in having:
            self._check_value(entry, known[entry.name])

    def _of_command(self, path: tuple[str, ...], words: tuple[str, ...]) -> Iterator[UsageError]:
        """Yield the errors of a command's own table, or of a group's table, such as [models]."""
        known = self.commands.get(" ".join(words))
        entries = entries_of(self.document, path)
        yield from twice(self.document, entries)
        for entry in entries:
            if known is not None and entry.name in known:
                try:
                    self._check_value(entry, known[entry.name])
                except UsageError as error:
                    yield error
            elif isinstance(entry.value, dict) and entry.key in self._words(words):
                yield from self._of_command((*path, entry.key), (*words, entry.key))
            else:
                yield unknown(self.document, entry, known or self._words(words))

    def _check_value(self, entry: Entry, setting: Setting) -> None:
        """Raise UsageError for a wrong value.

        An `@file` is not checked, because its path is relative to the folder a command runs in.
        """
        is_file = setting.is_api and isinstance(entry.value, str) and entry.value.startswith("@")
        if not is_file:
            converted(self.context, self.document, entry, setting)

    def _general_names(self, table: tuple[str, ...]) -> set[str]:
        own = set() if table else {_PROFILE, _PROFILES, BUDGET}
        flags = {name for known in self.commands.values() for name in known}
        return {*flags, *self._words(()), KEY_COMMAND, LEDGER, *own}

    def _words(self, words: tuple[str, ...]) -> set[str]:
        """Return the words that may follow these in the names of commands."""
        names = [tuple(name.split()) for name in self.commands]
        count = len(words)
        return {name[count] for name in names if name[:count] == words and len(name) > count}
