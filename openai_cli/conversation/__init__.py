"""Saved conversations: their files, and shortening them when they grow too long."""
