"""What has been found of a prompt: the frames of its messages, its texts, and what is not sure."""

from datetime import date

from openai_cli.tokens.counted import Doubt
from openai_cli.tokens.encoding import encoding_for_model
from openai_cli.tokens.families import Calls, Family, family_of, is_billed

# What a model, or a part of a prompt, that no bill had may take more than it is counted: as much as
# the longest headings that bills have shown, and so much for each message.
UNSEEN = 100
UNSEEN_MESSAGE = 8


class Prompt:
    """A prompt in the making.

    Its tokens are `overhead`, those that are no text, and those of the `texts` in `encoding`. `on`
    is the day on which it is sent, None where that is not known. By a call's id, `names` has the
    function's name, and `gathered` the list of the results of all calls made together with it.
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
        """Add a doubt, as `Doubt` takes it; doubts of one reason add up."""
        before, around, _ = self._doubts.get(reason, (0, 0, by_calls))
        total = None if more is None or before is None else more + before
        self._doubts[reason] = total, within + around, by_calls

    def doubts(self) -> tuple[Doubt, ...]:
        """The doubts so far, the first one first."""
        return tuple(
            Doubt(reason, more, within=within, by_calls=by_calls)
            for reason, (more, within, by_calls) in self._doubts.items()
        )

    def has(self, part: str) -> None:
        """Doubt a part of the prompt, such as "functions", where no bill of the family had one."""
        if f"{self.endpoint} {part}" not in self.family.seen:
            self.doubt(f"no bill of {self.family.name} on {self.endpoint} had {part}", UNSEEN)

    def is_conversation(self, messages: int) -> None:
        """Doubt the frames of so many messages where no bill of the model was seen."""
        if not is_billed(self.model):
            more = UNSEEN + UNSEEN_MESSAGE * messages
            self.doubt(
                f"no bill was seen for {self.model} yet: counted as {self.family.name}", more
            )
        self.has("messages")
