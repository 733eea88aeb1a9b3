"""`requests` without its guesses at encodings, which take a tenth of its import and are never used.

requests can do without the libraries that guess, and warns that it has none. A module that is None
in `sys.modules` counts as missing (Python's language reference, section 5.3.1). Other parts of the
program may still import them.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_GUESSING = ("chardet", "charset_normalizer")


@contextmanager
def _without_guesses() -> Iterator[None]:
    hidden = [name for name in _GUESSING if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Unable to find acceptable character detection")
            yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _without_guesses():
    import requests

__all__ = ["requests"]
