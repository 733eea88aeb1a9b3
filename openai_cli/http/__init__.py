"""HTTP: one client on requests, its retries, its failures, and server-sent events."""
