"""The commands that are made from rows of the table of operations."""
