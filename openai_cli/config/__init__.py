"""The user's settings: the server, the key, and defaults for flags."""
