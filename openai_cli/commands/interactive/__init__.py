"""`chat -i`: a conversation at the terminal, or from a script with one line per turn."""
