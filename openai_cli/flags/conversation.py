"""Our own flags for conversations: their file and their length."""

from typing import ClassVar, Self

from openai_cli.errors import UsageError
from openai_cli.flags.ours import CONVERSATION, number, options_group, ours, switch
from openai_cli.flags.server import Fallback, SendingOptions
from openai_cli.flags.values import Number
from openai_cli.jsontext import quoted
from openai_cli.records import Annotated, record

# What --when-full takes.
FULL = ("error", "drop", "summarize")


@options_group
class ConversationOptions(SendingOptions, Fallback):
    """The options of a conversation."""

    alternatives: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("conversation", "save"),
        ("interactive", "save"),
        ("interactive", "cache"),
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


@record
class Terms:
    """The settings of a conversation.

    `path` is its file, and `new_path` a new file for a first turn; with neither, turns are kept in
    memory at most. `when_full` says what to do if a prompt is longer than `limit` tokens, and
    `summary_model` is the model that summarizes old turns. `keeps_partial` keeps a reply that was
    cut off, `renders` renders replies as Markdown.
    """

    path: str | None
    new_path: str | None
    is_interactive: bool
    renders: bool
    keeps_partial: bool
    limit: int | None
    when_full: str
    summary_model: str | None

    @classmethod
    def of(cls, options: ConversationOptions) -> Self:
        """Parse the options; raise UsageError for invalid values."""
        _check_files(options)
        if options.interactive and options.cache is not None:
            raise UsageError("--cache and -i: give one of them", hint="/retry asks again")
        if options.when_full not in FULL:
            raise UsageError(
                f"--when-full must be error, drop or summarize, not {quoted(options.when_full)}"
            )
        limit = number("--context-limit", options.context_limit, Number(1, integer=True))
        return cls(
            options.conversation,
            options.save,
            options.interactive,
            options.render,
            options.keep_partial,
            None if limit is None else int(limit),
            options.when_full,
            options.summary_model,
        )

    @property
    def is_conversation(self) -> bool:
        """Whether there may be earlier turns."""
        return self.is_interactive or self.path is not None


def _check_files(options: ConversationOptions) -> None:
    """Raise UsageError for an unsuitable file name, and for flags that exclude each other."""
    for flag, name in (("--continue", options.conversation), ("--save", options.save)):
        if name in ("", "-"):
            raise UsageError(
                f"{flag} takes the name of a file, not '{name}'",
                hint="for example: openai-cli chat -c talk.json 'Say hello'",
            )
    if options.save is not None:
        if options.conversation is not None:
            raise UsageError("--continue and --save: give one of them", hint="-c keeps each turn")
        if options.interactive:
            raise UsageError("--save and -i: give one of them", hint="-i -c FILE keeps each turn")
