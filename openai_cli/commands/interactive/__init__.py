"""`chat -i`: a conversation at the terminal, or from a script of a line a turn."""
