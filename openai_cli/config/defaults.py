"""Apply the configuration file to a command line: select the values that are in force for it."""

from collections.abc import Container, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from openai_cli.config.document import Document, load_document
from openai_cli.config.keys import OPENAI
from openai_cli.config.spending import BUDGET, LEDGER, budget_of, ledger_of
from openai_cli.config.values import Setting, expanded, settings_of, value_of
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.names import flag_of, underscored
from openai_cli.flags.ours import CommonOptions
from openai_cli.flags.parameter import ApiParameter
from openai_cli.flags.values import Flag, Number, Text, Texts
from openai_cli.records import NamedTuple, replace
from openai_cli.request.body import unchecked_params
from openai_cli.request.inputs import Inputs
from openai_cli.settings import Settings

if TYPE_CHECKING:
    from openai_cli.flags.adapter import Invocation

O = TypeVar("O", bound=CommonOptions)  # noqa: E741

KEY_COMMAND = "api_key_command"

_MAKE = ("batch", "make")

# The environment variables that override the file's value for a flag.
VARIABLES: Mapping[str, str] = {
    "model": "OPENAI_MODEL",
    "base_url": "OPENAI_BASE_URL",
    "api_key_file": "OPENAI_API_KEY",
    KEY_COMMAND: "OPENAI_API_KEY",
    "organization": "OPENAI_ORG_ID",
    "project": "OPENAI_PROJECT_ID",
    "stdin": "OPENAI_CLI_NO_STDIN",
    "color": "NO_COLOR",
    LEDGER: "OPENAI_CLI_LEDGER",
}


def _is_for(options: CommonOptions, name: str) -> bool:
    """Return whether a flag's variable applies to this command: OPENAI_MODEL only does to some."""
    return name != "model" or options.endpoint.takes_general_model


class Entry(NamedTuple):
    """A key of the file: its table, the key as it is written, and its value."""

    table: tuple[str, ...]
    key: str
    value: Any

    @property
    def name(self) -> str:
        return underscored(self.key)

    def place(self, document: Document) -> str:
        return document.place(*self.table, self.key)


def applied(
    context: Context, bound: "Invocation[O]", path: Path, profile: str | None
) -> tuple[O, Context]:
    """Return the options and the context with the settings of the file at `path` applied.

    `profile` is the one that the user named; if it is None, the file may name one.
    """
    document = load_document(path)
    profile = profile_of(document, profile)
    options = bound.options
    known = settings_of(type(options))
    named = [
        entry
        for entry in ranked(document, bound.command, profile, known, options.subcommands)
        if options.endpoint.takes_general_model or not is_general_model(entry)
    ]
    entries = list(_chosen(context, bound, known, named))
    values: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    for entry in entries:
        setting = known[entry.name]
        value = converted(context, document, entry, setting)
        if not setting.is_api and entry.name != "param":
            values[setting.field] = value
            continue
        for name, each in value.items() if entry.name == "param" else ((entry.name, value),):
            properties.setdefault(name, each)
    url = next((str(entry.value) for entry in named if entry.name == "base_url"), None)
    _withhold(context, options, values, url or OPENAI)
    settings = Settings(
        profile=profile,
        properties=properties,
        api_key_command=key_command(document, profile),
        api_key_url=url,
        ledger=ledger_of(document, profile),
        budget=budget_of(document) if BUDGET in document.tables else (),
        origin=partial(_origin, document, entries),
    )
    return replace(options, **values), replace(context, settings=settings)


def _withhold(context: Context, options: CommonOptions, values: dict[str, Any], url: str) -> None:
    """Drop the file's key and secret headers unless the request goes to its own server, at `url`.

    A flag or the environment may name another server, which must not get the file's secrets.
    """
    is_concerned = "api_key_file" in values or "header" in values
    if not is_concerned or getattr(options, "sandbox", False):
        return
    from openai_cli.config.keystore import are_one_server
    from openai_cli.masking import is_secret_name, shown_url

    given = getattr(options, "base_url", None) or context.variable("OPENAI_BASE_URL")
    asked = given or values.get("base_url") or OPENAI
    if are_one_server(asked, url):
        return
    headers = values.get("header") or []
    kept = [text for text in headers if not is_secret_name(text.partition(":")[0])]
    if values.pop("api_key_file", None) is None and len(kept) == len(headers):
        return
    if headers:
        values["header"] = kept
    context.messages.notice(
        f"the key of the configuration file is for {shown_url(url)} and is not sent elsewhere"
    )


def _origin(document: Document, entries: Iterable[Entry], flag: str) -> str | None:
    """Return the place where the file sets a flag, or None."""
    named = (entry for entry in entries if flag == flag_of(entry.name))
    return next((entry.place(document) for entry in named), None)


def profile_of(document: Document, named: str | None) -> str | None:
    """Return the profile in force: the user's, else the file's; UsageError if it is missing."""
    place = document.name if named is not None else document.place("profile")
    profile = document.tables.get("profile") if named is None else named
    if profile is None:
        return None
    profiles = document.table("profiles")
    if isinstance(profile, str) and isinstance(profiles.get(profile), dict):
        return profile
    raise UsageError(
        f"{place}: there is no profile '{profile}'",
        hint=_near(str(profile), profiles) or f"[profiles.{profile}] would be its table",
    )


def _near(name: str, known: Iterable[str]) -> str | None:
    from openai_cli.suggestions.near import did_you_mean, near

    return did_you_mean(near(underscored(name).removeprefix("no_"), known))


def layers(command: str, profile: str | None) -> Iterator[tuple[str, ...]]:
    """Yield the tables that may set a command's flags, by descending precedence.

    '' stands for no command. A `batch make` command also uses the table of the command whose
    requests it makes.
    """
    words = tuple(command.split())
    made = words[len(_MAKE) :] if words[: len(_MAKE)] == _MAKE else ()
    for root in ((),) if profile is None else (("profiles", profile), ()):
        if words:
            yield (*root, *words)
        if made:
            yield (*root, *made)
        yield root


def ranked(
    document: Document,
    command: str,
    profile: str | None,
    known: Mapping[str, Setting],
    subcommands: Container[str] = (),
) -> Iterator[Entry]:
    """Yield the file's entries for the flags `known` of a command, by descending precedence.

    Raises UsageError for a key in the command's own tables that is neither one of its flags nor the
    table of one of its `subcommands`.
    """
    general, words = list(layers("", profile)), tuple(command.split())
    for path in layers(command, profile):
        is_own = path not in general
        is_of_other = is_own and path[-len(words) :] != words
        entries = entries_of(document, path)
        for error in twice(document, entries):
            raise error
        for entry in entries:
            if isinstance(entry.value, dict) and entry.key in subcommands:
                continue
            if is_of_other and not _is_of_request(entry, known):
                continue
            if is_own and entry.name not in known:
                raise unknown(document, entry, known)
            if entry.name in known and (is_own or not is_table_of_command(entry, known)):
                yield entry


def _is_of_request(entry: Entry, known: Mapping[str, Setting]) -> bool:
    """Return whether the entry sets a request property, not a flag for its output or the like."""
    return entry.name in known and (known[entry.name].is_api or entry.name == "param")


def is_general_model(entry: Entry) -> bool:
    """Return whether the entry is the top-level model of the file or of a profile."""
    is_general = not entry.table or (entry.table[0] == "profiles" and len(entry.table) == 2)
    return entry.name == "model" and is_general


def is_table_of_command(entry: Entry, known: Mapping[str, Setting]) -> bool:
    """Return whether the entry is the table of a command or group with a flag's name: [sandbox].

    For a request property, it is if it contains only tables, as [models.list] makes one, or if the
    property takes no object.
    """
    if not isinstance(entry.value, dict):
        return False
    setting = known[entry.name]
    if not isinstance(setting.info, ApiParameter):
        return True
    takes_object = not isinstance(setting.info.kind, Texts | Text | Number | Flag)
    return not takes_object and all(isinstance(inner, dict) for inner in entry.value.values())


def entries_of(document: Document, path: tuple[str, ...]) -> list[Entry]:
    """Return the entries of a table; `param` comes last, because flags take precedence over it."""
    entries = [Entry(path, key, value) for key, value in document.table(*path).items()]
    return sorted(entries, key=lambda entry: entry.name == "param")


def twice(document: Document, entries: Iterable[Entry]) -> Iterator[UsageError]:
    """Yield an error for each key that is in its table twice, in both spellings."""
    names = set()
    for entry in entries:
        if entry.name in names:
            yield UsageError(
                f"{entry.place(document)}: {entry.key} is given twice, with - and with _"
            )
        names.add(entry.name)


_REASONS = {
    **dict.fromkeys(
        ("messages", "prompt", "input", "body"), "it belongs to one call and has no default"
    ),
    "profile": "only the top level can name a profile",
}


def unknown(document: Document, entry: Entry, known: Iterable[str]) -> UsageError:
    """Return the error for a key that is not a flag of its command, or of any command."""
    noun = "table" if isinstance(entry.value, dict) else "key"
    table = f" in [{'.'.join(entry.table)}]" if entry.table else ""
    return UsageError(
        f"{entry.place(document)}: no such {noun}{table}: {entry.key}",
        hint=_REASONS.get(entry.name) or _near(entry.name, known),
    )


def _chosen(
    context: Context, bound: "Invocation[O]", known: Mapping[str, Setting], entries: Iterable[Entry]
) -> Iterator[Entry]:
    """Yield the entries in force: those without a flag, a variable or an earlier entry.

    An entry is also dropped if one of its alternatives is used, such as --curl for dry_run.
    """
    options = bound.options
    groups = [group for cls in type(options).__mro__ for group in vars(cls).get("alternatives", ())]
    by_variable = {
        known[name].field
        for name, variable in VARIABLES.items()
        if name in known and context.variable(variable) and _is_for(options, name)
    }
    decided = bound.given | by_variable
    used = {name for name in bound.given if getattr(options, name)} | by_variable
    found = []
    for entry in entries:
        field = known[entry.name].field
        if field in decided:
            continue
        decided |= {field}
        if not any(field in group and used.intersection(group) for group in groups):
            found.append(entry)
            used |= {field} if entry.value is not False else set()
    for entry in found:
        needed = options.needs.get(known[entry.name].field)
        if needed is None or used.intersection(needed):
            yield entry


def converted(context: Context, document: Document, entry: Entry, setting: Setting) -> Any:
    """Convert an entry's value for its flag; the UsageError for a bad value names its place."""

    def read(path: str) -> bytes:
        if path == "-":
            raise ValueError("cannot be stdin, which only a flag can read")
        return Inputs(context).source(entry.key, expanded(path))

    try:
        value = value_of(context, setting, entry.value, read)
        return unchecked_params(value) if entry.name == "param" else value
    except ValueError as error:
        hint = f'param = ["{entry.name}=VALUE"] sends any value unchecked'
        raise UsageError(
            f"{entry.place(document)}: {entry.key} {error}", hint=hint if setting.is_api else None
        ) from None
    except UsageError as error:
        error.problem = f"{entry.place(document)}: {error.problem}"
        raise


def key_command(document: Document, profile: str | None) -> tuple[str, ...]:
    """Return the command that prints the key: the profile's, else the general one; () if none.

    Raises UsageError if it is not a list of strings; the message does not show it.
    """
    for path in layers("", profile):
        for entry in entries_of(document, path):
            if entry.name == KEY_COMMAND:
                return checked_command(document, entry)
    return ()


def checked_command(document: Document, entry: Entry) -> tuple[str, ...]:
    """Return the words of an api_key_command."""
    words = entry.value
    if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
        return tuple(words)
    raise UsageError(
        f"{entry.place(document)}: {entry.key} must be a list of strings",
        hint=f'no shell reads it: {entry.key} = ["pass", "show", "openai"]',
    )
