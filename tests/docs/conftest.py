"""The sandbox that the examples ask, and the command that they run."""

from tests.end_to_end.conftest import forked, sandbox

__all__ = ["forked", "sandbox"]
