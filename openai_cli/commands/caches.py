"""What the cache commands share: where the cache is, and what is in it."""

from pathlib import Path

from openai_cli.cache.store import Store, UnusableError, largest_of, location
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.reading import is_there


def folder() -> Path:
    """The cache folder, whether it exists or not; UsageError without a home folder."""
    try:
        return location()
    except UnusableError as error:
        raise UsageError(f"the cache cannot be used: {error}") from None


def existing(context: Context) -> Store | None:
    """The cache, or None if there is none yet."""
    largest = largest_of(context)
    return Store(folder(), context.now, largest) if is_there(folder()) else None


def unusable(error: OSError) -> UsageError:
    """The error for a cache folder that cannot be read or written."""
    return UsageError(f"the cache '{folder()}' cannot be used: {error.strerror}")
