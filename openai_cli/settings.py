"""The configuration file's settings for the running command."""

from collections.abc import Callable, Mapping
from typing import Any

from openai_cli.records import field, record


@record
class BudgetLimit:
    """The limit of spending in a `period`, `day`, `week` or `month`, in units of `prices.money`.

    With a `label` or a `profile`, it applies only to their calls.
    """

    period: str
    units: int
    label: str | None = None
    profile: str | None = None

    @property
    def name(self) -> str:
        """The name in messages: `month of label ci`."""
        return self.period + "".join(
            f" of {kind} {value}"
            for kind, value in (("label", self.label), ("profile", self.profile))
            if value is not None
        )


@record
class Settings:
    """The settings that are not options; flags and the environment override them.

    `profile` is the name of the profile in force. `properties` are request properties by API name,
    as JSON values. `api_key_command` is a program and its arguments, and `api_key_url` the base URL
    that its key is for; None is OpenAI's. `ledger` says whether calls are recorded in the ledger,
    or is its file, and `budget` limits what they may cost. `origin` returns where the file sets a
    flag (`--timeout`): `config.toml:4`, or None.
    """

    profile: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    api_key_command: tuple[str, ...] = ()
    api_key_url: str | None = None
    ledger: bool | str = False
    budget: tuple[BudgetLimit, ...] = ()
    origin: Callable[[str], str | None] = lambda _flag: None
