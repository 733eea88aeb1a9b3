"""What the commands of the cache share: where it is, and what is in it."""

from pathlib import Path

from openai_cli.cache.store import Store, UnusableError, largest_of, location
from openai_cli.context import Context
from openai_cli.errors import UsageError


def folder() -> Path:
    """The folder of the answers, there or not; UsageError without a home for one."""
    try:
        return location()
    except UnusableError as error:
        raise UsageError(f"the cache cannot be used: {error}") from None


def existing(context: Context) -> Store | None:
    """The cache, where there is one."""
    largest = largest_of(context)
    return Store(folder(), context.now, largest) if folder().exists() else None


def unusable(error: OSError) -> UsageError:
    """The error of a folder that cannot be read or written."""
    return UsageError(f"the cache '{folder()}' cannot be used: {error.strerror}")
