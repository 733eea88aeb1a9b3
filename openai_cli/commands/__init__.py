"""One module per command: its options, and what it does with them.

The module of `models list` is models_list.py. It is imported when the command is named.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

COMMANDS = {
    "complete": "Complete a text (POST /completions).",
    "chat": "Ask a chat model (POST /chat/completions).",
    "respond": "Ask a model for a response (POST /responses).",
    "tokens": "Count, show, cut, split and decode tokens, offline.",
    "cost": "Estimate or add up what requests cost, offline.",
    "cost diff": "Tell what a change of prompts and requests costs.",
    "embed": "Turn texts into vectors (POST /embeddings).",
    "moderate": "Check texts and images for harm (POST /moderations).",
    "transcribe": "Turn speech into text (POST /audio/transcriptions).",
    "translate": "Turn speech into English text (POST /audio/translations).",
    "speak": "Turn text into speech (POST /audio/speech).",
    "image generate": "Make images of a text (POST /images/generations).",
    "image edit": "Change images by a text (POST /images/edits).",
    "image vary": "Make variations of an image (POST /images/variations).",
    "batch make chat": "Write requests to POST /chat/completions, a line each.",
    "batch make respond": "Write requests to POST /responses, a line each.",
    "batch make complete": "Write requests to POST /completions, a line each.",
    "batch make embed": "Write requests to POST /embeddings, a line each.",
    "batch make moderate": "Write requests to POST /moderations, a line each.",
    "batch make image generate": "Write requests to POST /images/generations, a line each.",
    "batch make image edit": "Write requests to POST /images/edits, a line each.",
    "batch check": "Check a file of requests, and tell what it costs in each way.",
    "batch run": "Run a file of requests; the same command again goes on.",
    "batch status": "Tell how far a run is.",
    "batch merge": "Put the shards of a run together.",
    "models list": "List the models of the server, or of this version.",
    "models show": "Show a model (GET /models/ID).",
    "models delete": "Delete a fine-tuned model (DELETE /models/ID).",
    "files list": "List the stored files (GET /files).",
    "files upload": "Store a file (POST /files).",
    "files show": "Show what is known of a stored file (GET /files/ID).",
    "files content": "Get the bytes of a stored file (GET /files/ID/content).",
    "files delete": "Delete a stored file (DELETE /files/ID).",
    "responses show": "Show a stored response (GET /responses/ID).",
    "responses cancel": "Cancel a response (POST /responses/ID/cancel).",
    "responses delete": "Delete a stored response (DELETE /responses/ID).",
    "api": "Send a request to any other endpoint.",
    "key set": "Store an API key.",
    "key show": "Show which API key would be sent.",
    "key check": "Ask the server whether the API key is good.",
    "key delete": "Forget a stored API key.",
    "config show": "Show every value that is set, and where it comes from.",
    "config path": "Print where the configuration file is, or would be.",
    "config check": "Name every fault of the configuration file, with its line.",
    "sandbox": "Serve a local stand-in for the API, for trials and tests.",
}

GROUPS = {
    "image": "Images: make them, change them, vary them.",
    "batch": "Many requests from one file: make it, check it, run it.",
    "batch make": "Write a file of requests, from rows of texts.",
    "batch make image": "Write requests for images, from rows of texts.",
    "models": "The models: what they are and what they cost.",
    "files": "The files that the API stores.",
    "responses": "The responses that the API stores.",
    "key": "The API key: store it, see which one is sent, try it, delete it.",
    "config": "The configuration file: defaults for any flag.",
}


class Declared(NamedTuple):
    """A command as it is declared: its name, a line on it, its options and what it does."""

    name: str
    summary: str
    options: type[Any]
    run: Callable[[Any, Any], None]


def declared(name: str) -> Declared:
    """The command of that name."""
    module = import_module(f"openai_cli.commands.{name.replace(' ', '_')}")
    return Declared(name, COMMANDS[name], module.Options, module.run)
