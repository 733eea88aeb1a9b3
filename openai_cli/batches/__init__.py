"""Many requests from one file: reading its lines, running them, and writing the answers."""
