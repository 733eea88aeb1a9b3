"""Keep answers for a while, so that a repeated request is not paid for again."""
