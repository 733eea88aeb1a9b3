"""Where results go, and in which form."""
