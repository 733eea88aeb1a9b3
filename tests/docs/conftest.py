"""The sandbox that the examples send their requests to."""

from tests.end_to_end.conftest import sandbox

__all__ = ["sandbox"]
