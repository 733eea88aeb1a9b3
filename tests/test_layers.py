"""Imports point one way, and what is slow is imported late."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import openai_cli
from tests.servers import Server, reply

PACKAGE = Path(openai_cli.__file__).parent

Import = tuple[str, tuple[str, ...]]
Imported = dict[str, list[Import]]
Graph = dict[str, set[str]]  # by the module that imports

# The house, from its roof down: a module imports only from its own layer and those below.
LAYERS: list[set[str]] = [
    {"__main__"},
    {"app"},
    {"commands"},
    {"batches"},
    {"calls"},
    {"completion", "config", "conversation"},
    {"diff", "ledger", "output", "request"},
    {"cache", "prices", "sandbox"},
    {"answer", "flags", "suggestions", "tokens"},
    {"http", "models", "operations"},
    {"context"},
    {"jsontext", "locking", "masking", "media", "messages", "reading", "settings",
     "statefolder"},
    {"records", "terminal"},
    {"errors", "__init__"},
]  # fmt: skip


def module_name(path: Path) -> str:
    """`http.client` for openai_cli/http/client.py, `__init__` for the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@pytest.fixture(scope="module")
def imported() -> Imported:
    """What each module imports; not at import, where every worker would parse the package."""
    return {name: list(imports(path.read_text("utf-8"))) for name, path in SOURCES.items()}


def imports(source: str) -> Iterator[Import]:
    """All imports, wherever they stand, those for types alone too: module and names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield node.module or "", tuple(alias.name for alias in node.names)


@pytest.fixture(scope="module")
def graph(imported: Imported) -> Graph:
    """The modules of the package that each of them imports."""
    return {name: own_imports(found) - {name} for name, found in imported.items()}


def own_imports(everything: Iterable[Import]) -> set[str]:
    """Those that are modules of the package."""
    found = set()
    for module, names in everything:
        if module.partition(".")[0] != "openai_cli":
            continue
        base = module.removeprefix("openai_cli").removeprefix(".")
        for imported in names or ("",):
            longer = f"{base}.{imported}".strip(".")
            found.add(longer if longer in SOURCES else base or "__init__")
    return found


def layer(name: str) -> int:
    top = name.partition(".")[0]
    (found,) = [number for number, names in enumerate(LAYERS) if top in names]
    return found


def test_the_house_has_its_rooms(graph: Graph) -> None:
    assert {"http.client", "commands.chat", "app", "errors", "__init__"} <= set(SOURCES)
    assert graph["http.client"] >= {"errors", "http.retry", "context"}
    assert all(layer(name) >= 0 for name in SOURCES), "every module has its layer"


def test_imports_point_down(graph: Graph) -> None:
    upward = {
        (name, other) for name in graph for other in graph[name] if layer(other) < layer(name)
    }
    assert not upward


def test_no_imports_go_round_in_a_circle(graph: Graph) -> None:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


# What several commands do alike.
SHARED = (
    "answering", "batch_kept", "body_rules", "caches", "comparison", "configurable", "counting",
    "counting_files", "file_run", "fitting", "images", "ledger", "line_maker", "long_stdin",
    "operation.catalogue", "pricing", "pricing_files", "run_options", "sandbox_options",
    "speech_to_text", "stored_response", "turns", "verifying",
)  # fmt: skip


def test_no_command_imports_another(graph: Graph) -> None:
    commands = {name for name in SOURCES if name.startswith("commands.")}
    shared = {f"commands.{name}" for name in SHARED}
    for name in commands:
        own = {other for other in commands if other.startswith("commands.interactive.")}
        may_use = shared | own if name == "commands.chat" or name in own else shared
        if name.startswith("commands.operation."):
            may_use = {other for other in commands if other.startswith("commands.operation.")}
        assert graph[name] & commands <= may_use, name


USERS = {
    "requests": {"http.library"},
    "urllib3": {
        "http.client",
        "http.debug",
        "http.decoding",
        "http.direct",
        "http.exceptions",
        "http.framing",
        "http.transport",
    },
    "socks": {"http.exceptions"},
    "requests_toolbelt": {"http.payload"},
    "tiktoken": {"tokens.encoders", "tokens.encoding", "tokens.runs", "tokens.vocabulary"},
    "marisa_trie": {"tokens.vocabulary"},
    "jmespath": {"output.writers", "sandbox.conditions", "tokens.jsonl"},
    "jsonschema": {"request.schema"},
    "sqlite3": {"batches.seen", "batches.state", "ledger.store"},
    "referencing": {"request.schema"},
    "rich": {"output.progress", "output.rendering", "tokens.show"},
    "markdown_it": {"output.rendering", "output.shapes"},
    "prompt_toolkit": {"commands.interactive.prompt"},
    "gigatoken": {"tokens.worker"},
    "fsspec": {"tokens.remote_paths"},
    "distributed": {"tokens.cluster"},
    "keyring": {"config.keyrings"},
    "tomllib": {"config.document", "config.lines"},
    "platformdirs": {"config.file", "config.keystore", "statefolder"},
    "shellingham": {"completion.install"},
}


@pytest.fixture(scope="module")
def libraries(imported: Imported) -> Graph:
    """The packages that each module imports from."""
    return {
        name: {module.partition(".")[0] for module, _ in found} for name, found in imported.items()
    }


def test_a_library_is_used_in_its_place_alone(libraries: Graph) -> None:
    strangers = {
        (name, library)
        for name, used in libraries.items()
        for library in used & set(USERS)
        if name not in USERS[library]
    }
    assert not strangers


def test_a_command_knows_neither_typer_nor_requests(libraries: Graph) -> None:
    commands = {name: used for name, used in libraries.items() if name.startswith("commands")}
    assert "commands.chat" in commands
    foreign = {"typer", "click", "requests", "urllib3"}
    assert not {name: used & foreign for name, used in commands.items() if used & foreign}


@pytest.mark.parametrize("slow", ["Annotated", "NamedTuple"])
def test_what_is_slow_to_make_is_of_records(imported: Imported, slow: str) -> None:
    typings = {
        name
        for name, found in imported.items()
        for module, names in found
        if module == "typing" and slow in names
    }
    assert typings == {"records"}


SLOW = ["requests", "requests_toolbelt", "urllib3", "tiktoken", "jmespath", "rich", "numpy",
        "orjson", "tomllib", "platformdirs", "marisa_trie", "pydantic", "http.server", "openai",
        "keyring", "prompt_toolkit", "jsonschema", "referencing", "sqlite3",
        "fsspec", "distributed"]  # fmt: skip

REPORT = """
import os, sys
from openai_cli.app import run
from openai_cli.context import Context
code = run(Context.test(stdin=b""), sys.argv[1:])
print(int(code), *sys.modules)
"""


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a command line loads, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    code, *modules = done.stdout.split()
    assert code == "0", done.stderr
    return set(modules)


LIGHT = [
    ["--help"],
    ["--version"],
    ["chat", "--help"],
    ["complete", "--help"],
    ["chat", "--dry-run", "hello"],
    ["chat", "--curl", "hello"],
    ["complete", "--batch-line", "1", "-m", "m", "hello"],
    ["tokens", "--help"],
    ["models", "--help"],
    ["vector-stores", "files", "list", "--help"],
    ["vector-stores", "create", "--dry-run"],
    ["organization", "--help"],
    ["models", "list", "--local"],
    ["batch", "run", "--help"],
    ["batch", "make", "chat", "--help"],
    ["cost", "--help"],
    ["cost", "--input-tokens", "9", "--max-tokens", "9"],
]


@pytest.mark.parametrize("arguments", LIGHT, ids=" ".join)
def test_what_sends_nothing_loads_nothing_slow(arguments: list[str]) -> None:
    assert not loaded_by(*arguments) & set(SLOW)


@pytest.mark.parametrize(
    "arguments",
    [["tokens", "hello"], ["tokens", "hello", "-m", "gpt-6-luna"], ["cost", "hello"]],
    ids=" ".join,
)
def test_what_counts_a_text_loads_the_tokenizer_and_nothing_else(arguments: list[str]) -> None:
    assert set(SLOW) & loaded_by(*arguments) == {"tiktoken", "marisa_trie"}


@pytest.mark.parametrize(
    "arguments",
    [["tokens", "hello"], ["cost", "hello"], ["chat", "--dry-run", "hello"], ["chat", "--help"]],
    ids=" ".join,
)
def test_what_is_short_has_no_dataclass_but_records(arguments: list[str]) -> None:
    assert "dataclasses" not in loaded_by(*arguments)


@pytest.mark.parametrize(
    ("command", "others"),
    [
        (
            "tokens",
            {"commands.counting_files", "tokens.cutting", "tokens.pieces", "tokens.show",
             "models.table"},
        ),
        (
            "cost",
            {"commands.pricing_files", "prices.answers", "prices.library", "tokens.cutting"},
        ),
    ],
)  # fmt: skip
def test_one_text_loads_nothing_of_files(command: str, others: set[str]) -> None:
    assert others <= set(SOURCES)
    assert not loaded_by(command, "hello") & {f"openai_cli.{name}" for name in others}


@pytest.fixture(scope="module")
def loaded_by_chat() -> set[str]:
    """The modules that a call loads, from the command line to the answer."""
    message = {"role": "assistant", "content": "hi"}
    answer = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    with Server([reply(answer)]) as server:
        return loaded_by("chat", "hello", "--base-url", server.base_url)


def test_a_call_loads_nothing_of_batches_and_previews(loaded_by_chat: set[str]) -> None:
    others = {"calls.ahead", "calls.curl", "http.direct", "http.flights", "http.forwarded"}
    assert others <= set(SOURCES)
    assert not loaded_by_chat & {f"openai_cli.{name}" for name in others}
    assert "shlex" not in loaded_by_chat


def test_a_call_loads_nothing_that_guesses_encodings(loaded_by_chat: set[str]) -> None:
    assert "requests" in loaded_by_chat
    assert not loaded_by_chat & {"chardet", "charset_normalizer"}


def test_what_guesses_encodings_can_be_loaded_afterwards() -> None:
    code = "import openai_cli.http.library, charset_normalizer; print(charset_normalizer.detect)"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert (done.stdout[:9], done.stderr) == ("<function", "")


@pytest.mark.parametrize(
    ("typed", "others"),
    [
        ("cost hello", {"calls.budget", "flags.server", "prices.records", "request.body"}),
        ("chat --dry-run hello", {"calls.curl", "calls.send", "http.client"}),
    ],
)
def test_a_flag_that_is_not_given_loads_nothing(typed: str, others: set[str]) -> None:
    assert others <= set(SOURCES)
    assert not loaded_by(*typed.split()) & {f"openai_cli.{name}" for name in others}


def test_what_every_call_loads_compiles_no_pattern_meanwhile(loaded_by_chat: set[str]) -> None:
    lines = [["tokens", "hello"], ["cost", "hello"], ["chat", "--dry-run", "hello"]]
    loaded = loaded_by_chat.union(*(loaded_by(*arguments) for arguments in lines))
    ours = {name for name in SOURCES if f"openai_cli.{name}" in loaded}
    assert "http.client" in ours
    assert not {name for name in ours if compiles_pattern(SOURCES[name].read_text("utf-8"))}


def compiles_pattern(source: str) -> bool:
    """Whether a module compiles a pattern when it is imported."""
    of_the_module = [
        node
        for statement in ast.parse(source).body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for node in ast.walk(statement)
    ]
    return "re.compile" in {
        ast.unparse(node.func) for node in of_the_module if isinstance(node, ast.Call)
    }


def test_help_loads_no_command() -> None:
    modules = loaded_by("--help")
    assert not [name for name in modules if name.startswith("openai_cli.commands.")]
    assert "openai_cli.http.client" not in modules


def test_one_command_loads_no_other() -> None:
    modules = loaded_by("chat", "--dry-run", "hello")
    assert "openai_cli.commands.chat" in modules
    assert not modules & {"openai_cli.commands.complete", "openai_cli.sandbox"}
