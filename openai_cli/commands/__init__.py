"""The commands: those written by hand, and those made from the table of operations.

A command written by hand has a module: that of `models list` is models_list.py. It is imported only
when the command is named, and of the table only the part for the command's first word is read.
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from openai_cli.records import NamedTuple

COMMANDS = {
    "complete": "Complete a text (POST /completions).",
    "chat": "Ask a chat model (POST /chat/completions).",
    "respond": "Ask a model for a response (POST /responses).",
    "tokens": "Count, show, cut, split and decode tokens, offline.",
    "cost": "Estimate or add up what requests cost, offline.",
    "cost diff": "Show what a change of prompts and requests costs.",
    "cost ledger": "Show what was spent, over all calls that were kept.",
    "embed": "Turn texts into vectors (POST /embeddings).",
    "moderate": "Check texts and images for harm (POST /moderations).",
    "transcribe": "Turn speech into text (POST /audio/transcriptions).",
    "translate": "Turn speech into English text (POST /audio/translations).",
    "speak": "Turn text into speech (POST /audio/speech).",
    "image generate": "Make images from a text (POST /images/generations).",
    "image edit": "Edit images as a text says (POST /images/edits).",
    "image vary": "Make variations of an image (POST /images/variations).",
    "batch make chat": "Write requests to POST /chat/completions, one per line.",
    "batch make respond": "Write requests to POST /responses, one per line.",
    "batch make complete": "Write requests to POST /completions, one per line.",
    "batch make embed": "Write requests to POST /embeddings, one per line.",
    "batch make moderate": "Write requests to POST /moderations, one per line.",
    "batch make image generate": "Write requests to POST /images/generations, one per line.",
    "batch make image edit": "Write requests to POST /images/edits, one per line.",
    "batch make videos create": "Write requests to POST /videos, one per line.",
    "batch check": "Check a file of requests, and show what it costs in each way.",
    "batch run": "Run a file of requests; the same command again resumes it.",
    "batch status": "Show the progress of a run.",
    "batch wait": "Wait for a run on the Batch API, and collect its answers.",
    "batch cancel": "Cancel a run on the Batch API, and collect what was done.",
    "batch merge": "Merge the shards of a run.",
    "models list": "List the server's models, or those that this version knows.",
    "models show": "Show a model (GET /models/ID).",
    "models delete": "Delete a fine-tuned model (DELETE /models/ID).",
    "files list": "List the stored files (GET /files).",
    "files upload": "Upload a file (POST /files).",
    "files show": "Show a stored file's details (GET /files/ID).",
    "files content": "Download a stored file (GET /files/ID/content).",
    "files delete": "Delete a stored file (DELETE /files/ID).",
    "responses show": "Show a stored response (GET /responses/ID).",
    "responses cancel": "Cancel a response (POST /responses/ID/cancel).",
    "responses delete": "Delete a stored response (DELETE /responses/ID).",
    "api": "Send a request to any endpoint, known or not.",
    "cache show": "Show how many answers of --cache are kept, and how old they are.",
    "cache clear": "Remove all answers of --cache.",
    "cache path": "Print where the answers of --cache are kept.",
    "key set": "Store an API key.",
    "key show": "Show which API key would be sent.",
    "key check": "Check with the server that the API key works.",
    "key delete": "Delete a stored API key.",
    "config show": "Show every value that is set, and where it comes from.",
    "config path": "Print where the configuration file is, or would be.",
    "config check": "List every mistake in the configuration file, with its line.",
    "sandbox": "Run a local stand-in for the API, for trials and tests.",
}

GROUPS = {
    "image": "Make, edit and vary images.",
    "batch": "Many requests from one file: make it, check it, run it.",
    "batch make": "Write a file of requests, from rows of texts.",
    "batch make image": "Write requests for images, from rows of texts.",
    "batch make videos": "Write requests for videos, from rows of texts.",
    "models": "List, show and delete models.",
    "files": "Upload, list and download the files that the API stores.",
    "responses": "Show, cancel and delete stored responses; compact and count input.",
    "cache": "Show, clear and find the answers that --cache keeps.",
    "key": "Store an API key, show which one is sent, check it, delete it.",
    "config": "Show and check the configuration file, which sets defaults for any flag.",
    "audio": "Custom voices, and the consents they need.",
    "batches": "Jobs of the Batch API.",
    "beta": "Beta features: agents, ChatKit, multi-agent responses, assistants.",
    "chat-completions": "Stored chat completions.",
    "containers": "Containers where models run code, and their files.",
    "content-provenance-checks": "Check whether OpenAI's models made a file.",
    "conversations": "Stored conversations and their items.",
    "decisions": "Answers of a model to questions about a text.",
    "evals": "Evals, their runs and results.",
    "fine-tuning": "Fine-tuning jobs, checkpoints and graders.",
    "live": "Live sessions.",
    "organization": "Projects, users, keys, limits, usage and costs (admin key).",
    "realtime": "Realtime API calls and client secrets.",
    "safety": "Safety alerts and cases.",
    "skills": "Skills and their versions.",
    "uploads": "Large files, uploaded in parts.",
    "vector-stores": "Vector stores, their files, and search.",
    "videos": "Videos made from a prompt.",
    "webhooks": "Webhook endpoints and event types.",
}


class Declared(NamedTuple):
    """The declaration of a command: its name, a one-line summary, its options and its function.

    `examples` are two to four command lines for its help. They work as they stand, one after the
    other, in an empty folder with the sandbox as the API.
    """

    name: str
    summary: str
    options: type[Any]
    run: Callable[[Any, Any], None]
    examples: tuple[str, ...] = ()


def declared(name: str) -> Declared:
    """Return the command of that name; KeyError if there is none."""
    if name in COMMANDS:
        module = import_module(f"openai_cli.commands.{name.replace(' ', '_')}")
        examples = getattr(module, "EXAMPLES", ())
        return Declared(name, COMMANDS[name], module.Options, module.run, examples)
    from openai_cli.commands.operation.examples import examples_of
    from openai_cli.commands.operation.options import options_class
    from openai_cli.commands.operation.run import run
    from openai_cli.operations.table import find, summary_of

    operation = find(name)
    if operation is None:
        raise KeyError(name)
    options = options_class(operation)
    return Declared(name, summary_of(operation), options, run, examples_of(options))


def is_command(path: str) -> bool:
    """Whether these words name a command."""
    return path in COMMANDS or (path not in GROUPS and path in of_group(path))


def is_group(path: str) -> bool:
    """Whether longer command names begin with these words."""
    return path in GROUPS or (" " in path and any(_behind(f"{path} ", of_group(path))))


def summary(path: str) -> str:
    """The one-line summary of a command or a group."""
    known = COMMANDS.get(path) or GROUPS.get(path) or of_group(path).get(path)
    return known or f"The commands of {path}."


def listed(prefix: str = "") -> dict[str, str]:
    """The words that help shows after the prefix, each with a summary.

    Without a prefix these are the commands of one word, those that extend one (`cost diff`), and
    the groups. After a group they are its commands; a nested group without a summary of its own is
    described by the words that follow it.
    """
    if not prefix:
        first = {name: name.partition(" ")[0] for name in COMMANDS}
        shown = [word if word in GROUPS else name for name, word in first.items()]
        others = [name for name in GROUPS if " " not in name]
        return {name: summary(name) for name in dict.fromkeys((*shown, *others))}
    found = {}
    names = of_group(prefix)
    for word, inner in _words(prefix, names).items():
        path = f"{prefix}{word}"
        found[word] = names.get(path) or GROUPS.get(path) or ", ".join(inner)
    return found


def words(prefix: str = "") -> dict[str, str]:
    """The words that may follow the prefix, each with a summary."""
    if not prefix:
        first = dict.fromkeys(name.partition(" ")[0] for name in (*COMMANDS, *GROUPS))
        return {word: GROUPS.get(word) or COMMANDS[word] for word in first}
    names = of_group(prefix)
    return {word: summary(f"{prefix}{word}") for word in _words(prefix, names)}


def every() -> list[str]:
    """The names of all commands, those written by hand first."""
    from openai_cli.operations import table

    others = [each.command for each in table.every() if each.command not in COMMANDS]
    return [*COMMANDS, *filter(None, others)]


def of_group(path: str) -> dict[str, str]:
    """The commands that share the first word of the path, each with its summary."""
    first = path.partition(" ")[0]
    names = {name: line for name, line in COMMANDS.items() if name.partition(" ")[0] == first}
    if first not in GROUPS:
        return names
    from openai_cli.operations.table import part, summary_of

    for operation in part(first):
        if operation.command:
            names.setdefault(operation.command, summary_of(operation))
    return names


def _behind(prefix: str, names: Iterable[str]) -> list[str]:
    return [name.removeprefix(prefix) for name in names if name.startswith(prefix)]


def _words(prefix: str, names: Iterable[str]) -> dict[str, list[str]]:
    """The words after the prefix, each with the words that may follow it."""
    found: dict[str, list[str]] = {}
    for rest in _behind(prefix, names):
        word, _, inner = rest.partition(" ")
        following = found.setdefault(word, [])
        if (first := inner.partition(" ")[0]) and first not in following:
            following.append(first)
    return found
