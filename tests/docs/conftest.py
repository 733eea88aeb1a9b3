"""The sandbox that the examples ask."""

from tests.end_to_end.conftest import sandbox

__all__ = ["sandbox"]
