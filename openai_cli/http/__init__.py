"""The HTTP client on top of requests, its retries and errors, and server-sent events."""
