"""From flags, texts and files to one request."""
