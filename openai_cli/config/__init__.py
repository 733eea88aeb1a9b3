"""What the user has set: the server, the key, the defaults of flags."""
