"""Token counts of texts, offline; tiktoken and the data are loaded when a function needs them."""

from openai_cli.tokens.encoding import count, decode, encode, encoding_for_model, encoding_names

__all__ = ["count", "decode", "encode", "encoding_for_model", "encoding_names"]
