"""Assemble a request from flags, texts and files."""
