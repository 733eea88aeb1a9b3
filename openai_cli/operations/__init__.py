"""The table of the API's operations: what there is, and what each takes and gives."""
