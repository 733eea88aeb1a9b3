"""The options of an operation's command, made from its row when the command is named."""

from collections.abc import Iterator
from keyword import iskeyword
from typing import Any, ClassVar

from openai_cli.calls.consent import Consent
from openai_cli.calls.listing import Listing
from openai_cli.commands.operation.lasting import thing_of
from openai_cli.flags.api import Repeated, Scalar, Switch
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.facts import Facts, help_of, is_repeated, kind_of
from openai_cli.flags.names import flag_of
from openai_cli.flags.ours import (
    OPTIONS,
    Input,
    Params,
    options_group,
    ours,
    path_argument,
    switch,
)
from openai_cli.flags.output import (
    BatchLine,
    Completeness,
    Forms,
    Previews,
    Prices,
    Spending,
    Written,
)
from openai_cli.flags.parameter import ApiParameter, Place, PropertyArgument
from openai_cli.flags.server import Caching, ServerOptions
from openai_cli.flags.values import Flag, Kind
from openai_cli.operations.table import Operation
from openai_cli.records import Annotated


@options_group
class OperationOptions(ServerOptions, Previews, Params):
    """The options of every operation's command."""

    operation: ClassVar[Operation]
    is_of_table: ClassVar[bool] = True


@options_group
class Waiting:
    """Whether to wait."""

    wait: Annotated[
        bool, switch(OPTIONS, "wait", "Wait until it has ended; exit 6 if it failed")
    ] = False


@options_group
class WholeUpload:
    """A file that is uploaded in parts, from its first byte to its last."""

    file: Annotated[
        str | None,
        ours(OPTIONS, "--file", "Upload the whole file: all parts, then complete", metavar="FILE"),
    ] = None
    part_size: Annotated[
        str | None,
        ours(OPTIONS, "--part-size", "Size of a part, at most 67108864", metavar="BYTES"),
    ] = None


# The command that can do a whole upload.
UPLOAD = "uploads create"
# Its properties that --file fills in: the `facts` of `calls.parts.Source`.
_OF_FILE = frozenset({"bytes", "filename", "mime_type"})

# The operations whose answers --cache keeps; `cache.rules` knows their endpoints.
CACHED = frozenset({"responses input-tokens count"})

# Operations that the Batch API accepts.
BATCHED = frozenset({"videos create"})

# Operations that remove something which can be restored with another call, as the things themselves
# remain. No other deletion can be undone.
UNDOABLE = frozenset(
    {
        "organization groups roles delete",
        "organization groups users delete",
        "organization projects groups delete",
        "organization projects groups roles delete",
        "organization projects users delete",
        "organization projects users roles delete",
        "organization users roles delete",
        "vector-stores files delete",
    }
)
# Operations that delete nothing, but cannot be undone.
FINAL = frozenset({"organization projects archive", "webhooks rotate-secret"})

# Requests that are known to cost nothing by themselves, by the last word of their command or by all
# of them: they stop or change something, store a definition or a file, count, or make a key.
_FREE_VERBS = frozenset(
    {
        "cancel", "complete", "count", "hangup", "pause", "refer", "reject", "rotate-secret",
        "test", "update", "validate",
    }
)  # fmt: skip
_FREE = frozenset(
    {
        "audio voice-consents create",
        "beta agents create",
        "beta agents environments files create",
        "beta agents environments templates create",
        "beta agents vaults create",
        "beta agents vaults credentials create",
        "beta assistants create",
        "beta chatkit sessions create",
        "beta realtime sessions create",
        "beta realtime transcription-sessions create",
        "beta threads create",
        "beta threads messages create",
        "containers files create",
        "conversations create",
        "conversations items create",
        "evals create",
        "files upload",
        "fine-tuning checkpoints permissions create",
        "realtime client-secrets create",
        "realtime translations client-secrets create",
        "skills create",
        "skills versions create",
        "uploads create",
        "uploads parts create",
        "vector-stores create",
        "vector-stores file-batches create",
        "vector-stores files create",
        "vector-stores search",
        "webhooks create",
    }
)


def is_final(operation: Operation) -> bool:
    """Whether the operation cannot be undone."""
    is_deletion = operation.method == "DELETE" and operation.command not in UNDOABLE
    return is_deletion or operation.command in FINAL


def names_model(operation: Operation) -> bool:
    """Whether the request runs a model, so that its answer may report usage."""
    is_call = operation.method == "POST" and operation.answer == "object" and not operation.admin
    return is_call and "model" in operation.body


def may_cost(operation: Operation) -> bool:
    """Whether the request may cost something, so that a budget must let it pass."""
    if operation.method != "POST" or operation.admin:
        return False
    return (
        operation.command not in _FREE and operation.command.rpartition(" ")[2] not in _FREE_VERBS
    )


def is_bounded(operation: Operation) -> bool:
    """Whether the cost of an answer has a known bound, and its completeness can be checked."""
    from openai_cli.answer.endpoints import tells_usage

    return names_model(operation) and tells_usage(operation.method, operation.path)


def options_class(operation: Operation) -> type[OperationOptions]:
    """Make the options of the operation's command, like those of a command written by hand."""
    bases = tuple(_bases(operation))
    taken = _names_of_ours(bases)
    found = list(_fields(operation, taken))
    values: dict[str, Any] = {name: None for name, _, is_required in found if not is_required}
    made = type(
        "Options",
        bases,
        {
            "__doc__": _text_of(operation),
            "__annotations__": {name: annotation for name, annotation, _ in found},
            "operation": operation,
            "endpoint": Endpoint(
                operation.path,
                method=operation.method,
                is_admin=operation.admin,
                headers=operation.headers,
            ),
            **values,
        },
    )
    return options_group(made)


def _bases(operation: Operation) -> Iterator[type]:
    """The groups of flags that the command has, in the order of the help."""
    groups: tuple[tuple[bool, type], ...] = (
        (True, OperationOptions),
        (operation.has_body, Input),
        (operation.answer == "bytes", Written),
        (operation.answer in ("object", "list"), Forms),
        (operation.answer == "list", Listing),
        (is_final(operation), Consent),
        (thing_of(operation) is not None, Waiting),
        (operation.command == UPLOAD, WholeUpload),
        (operation.command in CACHED, Caching),
        (operation.command in BATCHED, BatchLine),
        (names_model(operation) or may_cost(operation), Spending),
        (is_bounded(operation), Completeness),
        (may_cost(operation), Prices),
    )
    return (group for is_its, group in groups if is_its)


def _names_of_ours(bases: tuple[type, ...]) -> frozenset[str]:
    return frozenset(
        name
        for base in bases
        for each in base.__mro__[:-1]
        for name in each.__annotations__
        if not name.startswith("__")
    ) - {"operation", "endpoint"}


def collisions(operation: Operation) -> list[str]:
    """The properties without a flag, because one of ours has that name."""
    taken = _names_of_ours(tuple(_bases(operation)))
    return [name for name in (*operation.query, *operation.body) if name in taken]


def _fields(operation: Operation, taken: frozenset[str]) -> Iterator[tuple[str, Any, bool]]:
    """Yield the fields: name, annotation, and whether a value is required."""
    for name in operation.arguments:
        yield (
            _field_name(name, taken),
            Annotated[str, path_argument(name, name.upper(), _told(name))],
            True,
        )
    for place, properties in (("query", operation.query), ("body", operation.body)):
        for name, facts in properties.items():
            if name not in taken:
                instead = "--file" if operation.command == UPLOAD and name in _OF_FILE else None
                yield _field_name(name, taken), _flag(name, facts, place, instead), False
            elif facts.get("required") and place == "body":
                yield _field_name(name, taken), _argument(name, facts), False


def _field_name(name: str, taken: frozenset[str]) -> str:
    is_other = iskeyword(name) or name in taken or hasattr(OperationOptions, name)
    return f"{name}_" if is_other or name == "operation" else name


def _told(name: str) -> str:
    words = name.removesuffix("_id").replace("_", " ")
    return f"The id of the {words}" if name.endswith("_id") else f"The {words}"


def _flag(name: str, facts: Facts, place: Any, instead: str | None) -> Any:
    kind = kind_of(name, facts)
    where: Place = "file" if "file" in facts["types"] else place
    said = help_of(name, facts, instead=instead)
    return Annotated[_typer_type(kind), ApiParameter(name, kind, said, None, where)]


def _argument(name: str, facts: Facts) -> Any:
    """An argument for a required property whose flag is one of ours."""
    kind = kind_of(name, facts)
    info = PropertyArgument(
        default=...,
        metavar=f"[{name.upper()}]",
        help=f"{help_of(name, facts)}; {flag_of(name)} is a flag of openai-cli",
        show_default=False,
        rich_help_panel=OPTIONS,
    )
    info.api_name, info.kind = name, kind
    return Annotated[_typer_type(kind), info]


def _typer_type(kind: Kind) -> Any:
    if isinstance(kind, Flag):
        return Switch
    return Repeated if is_repeated(kind) else Scalar


def _text_of(operation: Operation) -> str:
    """The help text of the command, below its summary."""
    parts = []
    if operation.deprecated:
        parts.append("Deprecated by the API.")
    if operation.answer == "list":
        parts.append(_of_list(operation))
    elif operation.answer == "bytes":
        parts.append("Writes the bytes to --output or into a pipe, as they arrive.")
    elif operation.method == "DELETE":
        parts.append("Prints the id of what was deleted.")
    elif operation.answer == "object":
        parts.append("Prints the response as JSON.")
    if is_final(operation):
        elsewhere = ", and needs --yes elsewhere" if operation.admin else ""
        parts.append(f"This cannot be undone: it asks for confirmation at a terminal{elsewhere}.")
    if operation.admin:
        parts.append("Needs an admin key: OPENAI_ADMIN_KEY, or key set --admin.")
    return "\n\n".join(parts)


def _of_list(operation: Operation) -> str:
    columns = ", ".join(operation.columns)
    line = f"Prints a line per item: {columns}." if columns else "Prints a line of JSON per item."
    if not operation.pages or "limit" not in operation.query:
        return f"{line} Fetches all pages." if operation.pages else line
    return f"{line} Fetches all pages; --limit sets the page size."
