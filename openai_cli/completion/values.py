"""The known values of flags, and files, for completion, without the network.

Names that never change are in the flag's declaration. Others come from their source: models and
tiers from the price table, encodings from the tokenizer's table, profiles from the configuration
file.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from typer.models import ArgumentInfo, OptionInfo

from openai_cli.context import Context
from openai_cli.errors import CliError

if TYPE_CHECKING:
    from openai_cli.flags.parameter import Names

_COMMANDS = frozenset({"-- COMMAND ARG"})
_FILES = frozenset({"FILE", "PATH", "IMAGE"})
_FOLDERS = frozenset({"FOLDER", "DIR"})
# Values that are JSON, or a JSON file after an @.
_TYPED_FILES = frozenset({"JSON", "OBJECT", "ID=BIAS", "@FILE"})

# The modes in the table of the models for each command. The newest models have none, and may be for
# any command.
FOR_CHAT = ("chat", None)
_MODES: Mapping[str, tuple[str | None, ...]] = {
    "chat": FOR_CHAT,
    "complete": ("completion",),
    "respond": ("chat", "responses", None),
    "embed": ("embedding",),
    "moderate": ("moderation",),
    "transcribe": ("audio_transcription",),
    "translate": ("audio_transcription",),
    "speak": ("audio_speech",),
    **dict.fromkeys(("image generate", "image edit", "image vary"), ("image_generation",)),
}


def path_kind(metavar: str | None) -> Literal["files", "folders", "commands"] | None:
    """Return whether a value of this metavar is a file, a folder or a command, or None."""
    parts = _parts(metavar)
    if parts & _COMMANDS:
        return "commands"
    return "files" if parts & _FILES else "folders" if parts & _FOLDERS else None


def typed_file(metavar: str | None) -> bool:
    """Return whether a value of this metavar may be `@` and a path."""
    return bool(_parts(metavar) & _TYPED_FILES)


def _parts(metavar: str | None) -> set[str]:
    """Return the alternatives of a metavar such as `[PATH|URL]...`."""
    return set((metavar or "").replace("...", "").strip("[]").split("|"))


def offered(
    context: Context, command: str, flag: str, info: OptionInfo | ArgumentInfo, text: str
) -> Iterable[str]:
    """Return the known values of a flag, given what has been typed of it.

    For an argument, `flag` is the command.
    """
    if source := _SOURCES.get(flag):
        return source(context, command, text)
    names: Names = getattr(info, "names", None) or ()
    if not isinstance(names, Mapping):
        return names
    key, equals, _ = text.partition("=")
    if equals:
        return [f"{key}={name}" for name in names.get(key, ())]
    return [f"{name}=" for name in names]


def _models(context: Context, command: str, text: str) -> list[str]:
    """Return the models for the command; retired ones only if no other begins with the text.

    The table's names of fine-tuned models are only prefixes, for prices and encodings.
    """
    from openai_cli.models.table import load_table

    modes = _MODES.get(command)
    fitting = [
        model
        for name, model in load_table().models.items()
        if name.startswith(text)
        and (modes is None or (model.mode in modes and not name.startswith("ft:")))
    ]
    today = context.today()
    current = [model for model in fitting if not model.is_retired(today)]
    return [model.name for model in current or fitting]


def _encodings(_context: Context, _command: str, _text: str) -> list[str]:
    from openai_cli.tokens.encoders import encoding_names

    return encoding_names()


def _tiers(_context: Context, _command: str, _text: str) -> list[str]:
    from openai_cli.models.table import load_table

    rows = (row for model in load_table().models.values() for row in model.rows)
    return list(dict.fromkeys(tier for row in rows for tier in row.tiers))


def _profiles(context: Context, _command: str, _text: str) -> list[str]:
    """Return the profiles of the configuration file; none if the file is not valid."""
    from openai_cli.config.document import load_document
    from openai_cli.config.file import find

    try:
        path = find(context)
        return [] if path is None else list(load_document(path).table("profiles"))
    except CliError:
        return []


_SOURCES: Mapping[str, Callable[[Context, str, str], Iterable[str]]] = {
    "--model": _models,
    "--summary-model": _models,
    "--encoding": _encodings,
    "--tier": _tiers,
    "--profile": _profiles,
    "models show": _models,
}
