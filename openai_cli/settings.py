"""What the configuration file sets for the command that runs."""

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from openai_cli.records import record


@record
class BudgetLimit:
    """How much may be spent in a `period`, `day`, `week` or `month`, in units of `prices.money`.

    With a `label` or a `profile` that is for its calls alone.
    """

    period: str
    units: int
    label: str | None = None
    profile: str | None = None

    @property
    def name(self) -> str:
        """How the configuration file and messages have it: `month of label ci`."""
        return self.period + "".join(
            f" of {kind} {value}"
            for kind, value in (("label", self.label), ("profile", self.profile))
            if value is not None
        )


@record
class Settings:
    """The part of the configuration that no flag took: it goes below flags and environment.

    `profile` is the name of the profile in force. `properties` are request properties by their API
    name, as JSON values. `api_key_command` is the profile's, a program and its arguments, and
    `api_key_url` the base URL that its key is for, None where the file names none: OpenAI's.
    `ledger` is whether calls are put into the ledger, or its file, and `budget` what they may cost.
    `origin` tells of a flag (`--timeout`) where the file sets it: `config.toml:4`, or None.
    """

    profile: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    api_key_command: tuple[str, ...] = ()
    api_key_url: str | None = None
    ledger: bool | str = False
    budget: tuple[BudgetLimit, ...] = ()
    origin: Callable[[str], str | None] = field(default=lambda _flag: None)
