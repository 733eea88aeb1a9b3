"""The models: what is known of each, and its rates."""

# What is asked for when nobody named a model, by the kind of request.
DEFAULT_CHAT = "gpt-6-luna"
DEFAULT_TRANSCRIPTION = "gpt-4o-mini-transcribe"
