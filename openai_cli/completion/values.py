"""What a flag's value may be: names that are known, and files. Nothing is read from the network.

Names that never change stand where the flag is declared. The others come from where they are kept:
models and tiers from the table of prices, encodings from the tokenizer's, profiles from the
configuration file.
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
# Values that are JSON, or a file of it behind an @.
_TYPED_FILES = frozenset({"JSON", "OBJECT", "ID=BIAS", "@FILE"})

# The mode that a model has in the table when it is for the command. A model without one, as the
# newest, may be for any.
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
    """Whether a value of this metavar is the path of a file, or of a folder, or a command."""
    parts = _parts(metavar)
    if parts & _COMMANDS:
        return "commands"
    return "files" if parts & _FILES else "folders" if parts & _FOLDERS else None


def typed_file(metavar: str | None) -> bool:
    """Whether a value of this metavar may be `@` and a path."""
    return bool(_parts(metavar) & _TYPED_FILES)


def _parts(metavar: str | None) -> set[str]:
    """The alternatives of a metavar such as `[PATH|URL]...`."""
    return set((metavar or "").replace("...", "").strip("[]").split("|"))


def offered(
    context: Context, command: str, flag: str, info: OptionInfo | ArgumentInfo, text: str
) -> Iterable[str]:
    """The values that are known for a flag, for what was typed of one.

    For an argument `flag` is the command.
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
    """The models that are for the command; retired ones only where no other begins with the text.

    The table's names of fine-tuned models are beginnings of names, for prices and encodings alone.
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
    """The profiles of the configuration file; none when it is not in order."""
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
