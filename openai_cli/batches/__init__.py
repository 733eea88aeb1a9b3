"""Many requests from one file: its lines, how far each has come, and what is written of them."""
