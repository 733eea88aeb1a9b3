"""One module per command: its options, and what it does with them.

The module of `models list` is models_list.py. It is imported when the command is named.
"""

from importlib import import_module
from typing import Any

COMMANDS = {
    "complete": "Complete a text (POST /completions).",
    "chat": "Ask a chat model (POST /chat/completions).",
    "tokens": "Count, show, cut, split and decode tokens, offline.",
    "cost": "Estimate or add up what requests cost, offline.",
    "models list": "List the models that this version knows, with their prices.",
    "key set": "Store an API key.",
    "key show": "Show which API key would be sent.",
    "key check": "Ask the server whether the API key is good.",
    "key delete": "Forget a stored API key.",
    "config show": "Show every value that is set, and where it comes from.",
    "config path": "Print where the configuration file is, or would be.",
    "config check": "Name every fault of the configuration file, with its line.",
    "sandbox": "Serve a local stand-in for the API: for trying things, and for tests.",
}

GROUPS = {
    "models": "The models: what they are and what they cost.",
    "key": "The API key: store it, see which one is sent, try it, delete it.",
    "config": "The configuration file: defaults for any flag.",
}


def module_of(name: str) -> Any:
    """The module of a command."""
    return import_module(f"openai_cli.commands.{name.replace(' ', '_')}")
