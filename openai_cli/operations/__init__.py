"""The table of the API's operations: which there are, what each takes, and what it returns."""
