"""`cache clear`: forget all answers that are kept."""

from typing import ClassVar

from openai_cli.commands.caches import existing, unusable
from openai_cli.context import Context
from openai_cli.flags.ours import CommonOptions, options_group

EXAMPLES = (
    "openai-cli cache clear",
    "openai-cli cache clear --quiet && openai-cli cache show",
)


@options_group
class Options(CommonOptions):
    """The answers are removed, whatever their age; requests are sent anew from now on."""

    is_configured: ClassVar[bool] = False


def run(context: Context, _options: Options) -> None:
    """Remove all, and say how many there were."""
    store = existing(context)
    try:
        gone = 0 if store is None else store.clear()
    except OSError as error:
        raise unusable(error) from None
    context.messages.notice(f"answers removed from the cache: {gone:,}")
