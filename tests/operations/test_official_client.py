"""The official client is the oracle: what it sends of an operation's values, our command sends too.

Each operation of the `openai` package is called with each of its parameters alone, and with all.
Method, path, query, body, the key and the headers that are arguments have to be the same.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import openai
import pytest
from package_methods import Method

from openai_cli.commands import COMMANDS, declared
from openai_cli.commands.operation.options import collisions, is_final
from openai_cli.flags.names import flag_of
from openai_cli.flags.parameter import ApiParameter, PropertyArgument
from openai_cli.operations.table import Operation, every
from openai_cli.records import fields_of
from tests.conftest import Result, Run
from tests.operations.official import (
    ADMIN_KEY,
    API_KEY,
    METHODS,
    Recorder,
    Sent,
    call,
    paths_of_package,
    sent_of,
)
from tests.operations.values import HEADERS, Parameter, parameters

RUN = (
    "run: python tools/refresh_operations.py openapi.json "
    f"openai-{openai.__version__}-py3-none-any.whl"
)
ROWS = {
    (each.method, re.sub(r"\{\w+\}", "{}", each.path)): each for each in every() if each.command
}
# What our commands by hand send always, or refuse to go without; the client adds the format.
ALWAYS = {"model", "input", "encoding_format"}
# What our commands refuse without another.
BESIDE = {"top_logprobs": {"logprobs": True}, "starting_after": {"stream": True}}

Type = Callable[[list[str]], Result]


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with Recorder([]) as server:
        yield server


@pytest.fixture(scope="module")
def client(recorder: Recorder) -> Iterator[openai.OpenAI]:
    url = recorder.base_url
    with openai.OpenAI(
        api_key=API_KEY, admin_api_key=ADMIN_KEY, base_url=url, max_retries=0
    ) as made:
        yield made


@pytest.fixture
def type_line(recorder: Recorder, run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Runs a command line against the recorder, where the client finds the same files."""
    for name in ("file.bin", "image.png"):
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff--bytes")
    monkeypatch.chdir(folder)
    env = {"OPENAI_ADMIN_KEY": ADMIN_KEY}
    return lambda words: run(*words, base_url=recorder.base_url, key=API_KEY, env=env)


class Command:
    """Our command of an operation, as far as has to be known to type it."""

    def __init__(self, operation: Operation) -> None:
        options = declared(operation.command).options
        infos = [each.type[1] for each in fields_of(options)]
        self.operation = operation
        self.flags = {info.api_name for info in infos if isinstance(info, ApiParameter)}
        self.arguments = {info.api_name for info in infos if isinstance(info, PropertyArgument)}
        self.others = set(collisions(operation))

    def typed(self, ids: list[str], given: Mapping[str, tuple[Parameter, Any]]) -> list[str]:
        """The command line of these values, by their names in the API."""
        words = [*self.operation.command.split(), *ids]
        words += ["--yes"] if is_final(self.operation) else []
        for name, (parameter, value) in given.items():
            words += self._words(name, parameter, value)
        return words

    def _words(self, name: str, parameter: Parameter, value: Any) -> list[str]:
        if name in self.flags:
            return _flag(flag_of(name), parameter, value)
        if name in self.arguments:
            return [_text(value)]
        if name in HEADERS:
            text = value if isinstance(value, str) else ",".join(value)
            return ["--header", f"{HEADERS[name]}: {text}"]
        assert name in self.others, f"{self.operation.command} has no {name}; {RUN}"
        return ["--param", f"{name}={json.dumps(value)}"]


def _flag(flag: str, parameter: Parameter, value: Any) -> list[str]:
    if parameter.is_switch:
        return [flag if value else f"--no-{flag[2:]}"]
    is_text = any(isinstance(each, str) for each in parameter.values)
    if isinstance(value, list) and all(isinstance(each, str | Path) for each in value):
        if len(value) == 1 and is_text:  # given once it is a text, and no array
            return [flag, json.dumps(value)]
        return [word for each in value for word in (flag, str(each))]
    return [flag, _text(value)]


def _text(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, str | Path) else json.dumps(value)


def trials(method: Method, always: set[str]) -> Iterator[dict[str, Any]]:
    """What is needed with each value of each parameter, and all parameters together."""
    found = [each for each in parameters(method) if each.values]
    names = {each.name for each in found}

    def beside(name: str) -> dict[str, Any]:
        return {other: value for other, value in BESIDE.get(name, {}).items() if other in names}

    firsts = {each.name: each.values[0] for each in found}
    needed = {each.name: each.values[0] for each in found if each.is_needed or each.name in always}
    yield needed
    for each in found:
        for value in each.values:
            if each.name not in needed or value != needed[each.name]:
                yield {**needed, **beside(each.name), each.name: value}
    if len(firsts) > len(needed) + 1:
        for name in names:
            firsts |= beside(name)
        yield firsts


def ids_of(method: Method, sent: Sent) -> list[str]:
    """The parameters of the path as they were sent."""
    path = re.escape(f"{method.verb} /v1{method.path.partition('?')[0]}")
    found = re.fullmatch(re.sub(r"\\\{\w+\\\}", "(.*)", path), sent.line)
    assert found is not None, sent.line
    return list(found.groups())


def test_no_path_of_the_package_is_left_out() -> None:
    paths = paths_of_package()
    assert len(paths) > 200
    new = paths - {each.path for each in METHODS}
    assert not new, f"{new} are compared with nothing; {RUN}"


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_a_command_sends_what_the_official_client_sends(
    method: Method, recorder: Recorder, client: openai.OpenAI, type_line: Type
) -> None:
    operation = ROWS.get((method.verb, method.shape))
    assert operation is not None, f"{method} has no command; {RUN}"
    command = Command(operation)
    known = {each.name: each for each in parameters(method)}
    faults = []
    for given in trials(method, ALWAYS if operation.command in COMMANDS else set()):
        theirs = call(recorder, client, method, given)
        if theirs is None:
            continue
        rest = {
            theirs.name(name): (known[name], theirs.wire(name, value))
            for name, value in given.items()
            if name not in method.ids
        }
        words = command.typed(ids_of(method, theirs), rest)
        faults += fault_of(recorder, type_line, words, theirs)
    assert not faults, "\n".join(faults)


def fault_of(recorder: Recorder, type_line: Type, words: list[str], theirs: Sent) -> list[str]:
    """What our command sends of these words that the client does not, or why it sends nothing."""
    results: list[Result] = []
    ours = recorder.one(lambda: results.append(type_line(words)))
    if ours is None:
        return [f"{words}: {results[0].err}"]
    differing = sent_of(ours).differing(theirs)
    return [f"{words}: {differing} (ours, theirs)"] if differing else []
