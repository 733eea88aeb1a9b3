"""JMESPath expressions about the body of a request."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

Search = Callable[[object], Any]


def search_of(expression: str) -> Search:
    """What an expression finds in a body, None where it cannot be evaluated.

    ValueError, with what is wrong in it, for one that is none.
    """
    import jmespath
    from jmespath.exceptions import JMESPathError, JMESPathTypeError

    try:
        compiled = jmespath.compile(expression)
        # What does not hang on the body is found out now, as a function that there is not.
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
    """Whether an expression is true of a body; None is true of all. Raises as `search_of`."""
    if expression is None:
        return lambda _body: True
    try:
        search = search_of(expression)
    except ValueError as error:
        raise ValueError(f"'when' is not a JMESPath expression: {error}") from None

    def fits(body: object) -> bool:
        found = search(body)
        return bool(found) or (found == 0 and found is not False)  # to JMESPath, 0 is true

    return fits
