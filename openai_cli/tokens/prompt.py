"""The parts of a prompt found so far: the frames of its messages, its texts, and doubts."""

from datetime import date

from openai_cli.tokens.counted import Doubt
from openai_cli.tokens.encoding import encoding_for_model
from openai_cli.tokens.families import Calls, Family, family_of, is_billed

# By how much a model or a part of a prompt without a bill may exceed its count: as much as the
# longest headings in any bill, and this much for each message.
UNSEEN = 100
UNSEEN_MESSAGE = 8


class Prompt:
    """A prompt under construction.

    Its tokens are the `overhead` plus those of the `texts` in `encoding`. `on` is the day on which
    it is sent, or None if not known. By call id, `names` has the function's name, and `gathered`
    the results of all calls made in parallel with it.
    """

    __slots__ = (
        "_doubts", "calls", "encoding", "endpoint", "family", "gathered", "model", "names", "on",
        "overhead", "texts",
    )  # fmt: skip

    def __init__(self, model: str, endpoint: str, on: date | None) -> None:
        self.model = model
        self.endpoint = endpoint
        self.on = on
        self.encoding = encoding_for_model(model)
        self.family: Family = family_of(model)
        self.calls: Calls = self.family.calls(endpoint)
        self.overhead = 0
        self.texts: list[str] = []
        self.names: dict[str, str] = {}
        self.gathered: dict[str, list[str]] = {}
        self._doubts: dict[str, tuple[int | None, int, bool]] = {}

    def doubt(
        self, reason: str, more: int | None = 0, *, within: int = 0, by_calls: bool = False
    ) -> None:
        """Add a doubt, with the arguments of `Doubt`; doubts with the same reason add up."""
        before, around, _ = self._doubts.get(reason, (0, 0, by_calls))
        total = None if more is None or before is None else more + before
        self._doubts[reason] = total, within + around, by_calls

    def doubts(self) -> tuple[Doubt, ...]:
        """Return the doubts so far, the oldest first."""
        return tuple(
            Doubt(reason, more, within=within, by_calls=by_calls)
            for reason, (more, within, by_calls) in self._doubts.items()
        )

    def has(self, part: str) -> None:
        """Add a doubt about a part, such as "functions", if no bill of the family had it."""
        if f"{self.endpoint} {part}" not in self.family.seen:
            self.doubt(f"no bill of {self.family.name} on {self.endpoint} had {part}", UNSEEN)

    def is_conversation(self, messages: int) -> None:
        """Add a doubt about the frames of so many messages if there is no bill of the model."""
        if not is_billed(self.model):
            more = UNSEEN + UNSEEN_MESSAGE * messages
            self.doubt(
                f"no bill was seen for {self.model} yet: counted as {self.family.name}", more
            )
        self.has("messages")
