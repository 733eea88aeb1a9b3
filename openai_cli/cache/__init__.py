"""Answers that are kept for a while, so that a request that is made again is not paid again."""
