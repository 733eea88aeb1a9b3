"""What the description lacks of the answers and requests that the sandbox has by its table."""

from typing import Any

# Schema, path of properties in it ("*" is any), facts, source.
ADDITIONS: tuple[tuple[str, str, dict[str, Any], str], ...] = ()
