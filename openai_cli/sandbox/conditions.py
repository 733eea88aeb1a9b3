"""JMESPath conditions on the body of a request."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

Search = Callable[[object], Any]


def search_of(expression: str) -> Search:
    """Compile an expression; the function returned finds None if it cannot be evaluated.

    Raises ValueError, with the reason, for an invalid expression.
    """
    import jmespath
    from jmespath.exceptions import JMESPathError, JMESPathTypeError

    try:
        compiled = jmespath.compile(expression)
        # Errors that do not depend on the body, such as an unknown function, surface now.
        with suppress(JMESPathTypeError, TypeError):
            compiled.search({})
    except (JMESPathError, ValueError) as error:
        raise ValueError(str(error).splitlines()[0]) from None

    def search(body: object) -> Any:
        try:
            return compiled.search(body)
        except (JMESPathError, ValueError, TypeError, RecursionError):
            return None

    return search


def condition(expression: str | None) -> Callable[[object], bool]:
    """Whether an expression is true of a body; None is always true. Raises as `search_of`."""
    if expression is None:
        return lambda _body: True
    try:
        search = search_of(expression)
    except ValueError as error:
        raise ValueError(f"'when' is not a JMESPath expression: {error}") from None

    def fits(body: object) -> bool:
        found = search(body)
        return bool(found) or (found == 0 and found is not False)  # 0 is true in JMESPath

    return fits
