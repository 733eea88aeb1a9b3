"""The commands that are made of rows of the table of operations."""
