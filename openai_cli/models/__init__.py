"""The table of models: their properties and their rates."""

# The default models, by kind of request.
DEFAULT_CHAT = "gpt-6-luna"
DEFAULT_TRANSCRIPTION = "gpt-4o-mini-transcribe"
