"""Which operations of the table do more than make, show, list, change and delete a thing."""

from collections.abc import Mapping

# By method and path, with `{}` for each parameter: `module.function` of this package.
HANDLERS: Mapping[str, str] = {}
