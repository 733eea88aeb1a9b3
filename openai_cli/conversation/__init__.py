"""A conversation that is kept: its file, and what leaves it when it grows too long."""
