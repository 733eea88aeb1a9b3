"""stub."""

