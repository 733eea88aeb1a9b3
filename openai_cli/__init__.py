"""The OpenAI HTTP API on the command line."""

__version__ = "0.1.0"
