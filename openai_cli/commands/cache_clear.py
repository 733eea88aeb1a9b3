"""`cache clear`: remove all cached answers."""

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
    """All answers are removed, whatever their age; the same requests are sent again from now on."""

    is_configured: ClassVar[bool] = False


def run(context: Context, _options: Options) -> None:
    """Remove all answers, and say how many there were."""
    store = existing(context)
    try:
        gone = 0 if store is None else store.clear()
    except OSError as error:
        raise unusable(error) from None
    context.messages.notice(f"answers removed from the cache: {gone:,}")
