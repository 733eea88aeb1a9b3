"""`config show`: every value that is set, and where it comes from."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openai_cli.config.file import find, location
from openai_cli.context import Context
from openai_cli.flags.ours import OPTIONS, CommonOptions, options_group, switch
from openai_cli.jsontext import encode_json
from openai_cli.output.sink import open_sink, utf8_bytes
from openai_cli.records import Annotated

if TYPE_CHECKING:
    from openai_cli.config.listing import Value

# In characters. A longer value pushes its own source to the right, and no other.
_WIDEST = 48

EXAMPLES = (
    "openai-cli config show",
    "OPENAI_MODEL=gpt-6-sol openai-cli config show --json",
)


@options_group
class Options(CommonOptions):
    """Each value is printed on one line: from the environment, from the configuration file, or
    built in.

    A value for all commands has its plain name; one for a single command starts with the command. A
    value that another one overrides is shown too, and marked as passed over.
    """

    json: Annotated[
        bool, switch(OPTIONS, "json", "Print JSON: the file, the profile and the values")
    ] = False


def run(context: Context, options: Options) -> None:
    """Print the values; UsageError for a file that cannot be read."""
    from openai_cli.commands.configurable import options_by_command
    from openai_cli.config.document import Document, load_document
    from openai_cli.config.listing import World, values
    from openai_cli.config.values import settings_of

    path = find(context)
    document = Document("", {}, "") if path is None else load_document(path)
    declarations = options_by_command(document)
    commands = {name: settings_of(each) for name, each in declarations.items()}
    models = {name: each.endpoint.default_model for name, each in declarations.items()}
    general = [name for name, each in declarations.items() if each.endpoint.takes_general_model]
    profile = context.settings.profile
    world = World(context, document, commands, models, general, profile, options.profile)
    found = list(values(world))
    with open_sink(context, None) as sink:
        if options.json:
            sink.write_json(_json(path, profile, found))
        else:
            head = f"# {path}" if path else f"# there is no {location(context)}"
            text = "".join(f"{line}\n" for line in (head, *_lines(path, found)))
            sink.write(utf8_bytes(text))


def _lines(path: Path | None, found: "list[Value]") -> Iterator[str]:
    shown = [f"{value.name} = {_text(value.value)}" for value in found]
    width = max((len(text) for text in shown if len(text) <= _WIDEST), default=0)
    for text, value in zip(shown, found, strict=True):
        yield f"{text:{width}}  {_source(path, value)}"


def _source(path: Path | None, value: "Value") -> str:
    """Where a value comes from, as `config.toml:4 [chat]`, and which value overrides it."""
    source = "--profile" if value.source == "flag" else value.source
    if value.source == "file":
        line = f":{value.line}" if value.line else ""
        source = f"{path.name if path else ''}{line}{f' [{value.table}]' if value.table else ''}"
    if value.in_force:
        return source
    over = value.passed_over_for
    return f"{source}, overridden by {over}" if over else f"{source}, unknown"


def _text(value: Any) -> str:
    return encode_json(value).decode()


def _json(path: Path | None, profile: str | None, found: "list[Value]") -> bytes:
    shown = {
        "file": None if path is None else str(path),
        "profile": profile,
        "values": [value._asdict() for value in found],
    }
    return encode_json(shown) + b"\n"
