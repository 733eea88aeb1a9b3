"""Our own flags of a conversation: its file, and its length."""

from typing import Annotated, ClassVar

from openai_cli.flags.ours import CONVERSATION, number, options_group, ours, switch
from openai_cli.flags.server import Fallback, SendingOptions
from openai_cli.flags.values import Number

# What --when-full takes.
FULL = ("error", "drop", "summarize")


@options_group
class ConversationOptions(SendingOptions, Fallback):
    """The options of a conversation."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("conversation", "save"),
        ("interactive", "save"),
    )

    conversation: Annotated[
        str | None,
        ours(CONVERSATION, "--continue", "Continue the conversation in FILE, or start it",
             metavar="FILE", short="-c"),
    ] = None  # fmt: skip
    save: Annotated[
        str | None,
        ours(CONVERSATION, "--save", "Keep this exchange in FILE, for -c; FILE must be new",
             metavar="FILE"),
    ] = None  # fmt: skip
    interactive: Annotated[
        bool,
        switch(
            CONVERSATION,
            "interactive",
            "Chat at the terminal; each line of a pipe is a turn",
            short="-i",
        ),
    ] = False
    render: Annotated[bool, switch(CONVERSATION, "render", "Render Markdown on a terminal")] = False
    keep_partial: Annotated[
        bool, switch(CONVERSATION, "keep-partial", "Keep a reply whose stream was cut off")
    ] = False
    context_limit: Annotated[
        str | None,
        ours(CONVERSATION, "--context-limit", "Longest prompt [default: the model's window]",
             metavar="TOKENS"),
    ] = None  # fmt: skip
    when_full: Annotated[
        str,
        ours(CONVERSATION, "--when-full", "Above that limit: error, drop or summarize old turns",
             metavar="HOW", names=FULL),
    ] = "error"  # fmt: skip
    summary_model: Annotated[
        str | None,
        ours(
            CONVERSATION,
            "--summary-model",
            "The model that summarizes [default: the same]",
            metavar="NAME",
        ),
    ] = None

    @property
    def longest_prompt(self) -> int | None:
        """The number of --context-limit, in tokens; UsageError for what is none."""
        given = number("--context-limit", self.context_limit, Number(1, integer=True))
        return None if given is None else int(given)
