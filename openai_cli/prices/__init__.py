"""What models cost: the table, and the arithmetic on it."""
