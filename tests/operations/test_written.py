"""The commands that are written by hand take what the table says that their operations take."""

import pytest

from openai_cli.commands import COMMANDS, declared
from openai_cli.flags.parameter import ApiParameter, PathArgument
from openai_cli.flags.values import Number, PromptText, Text
from openai_cli.operations.table import Operation, every
from openai_cli.records import fields_of

WRITTEN = [
    pytest.param(operation, id=operation.command)
    for operation in every()
    if operation.command in COMMANDS
]


def parameters(operation: Operation) -> dict[str, ApiParameter]:
    infos = [each.type[1] for each in fields_of(declared(operation.command).options)]
    return {info.api_name: info for info in infos if isinstance(info, ApiParameter)}


@pytest.mark.parametrize("operation", WRITTEN)
def test_a_written_command_has_the_parameters_of_its_row(operation: Operation) -> None:
    found = parameters(operation)
    places = {name: "query" if name in operation.query else "body"
              for name in (*operation.query, *operation.body)}  # fmt: skip
    assert set(found) == set(places)
    for name, info in found.items():
        assert info.place in (places[name], "file" if places[name] == "body" else "query"), name


@pytest.mark.parametrize("operation", WRITTEN)
def test_a_written_command_has_the_arguments_of_its_row(operation: Operation) -> None:
    options = declared(operation.command).options
    infos = [each.type[1] for each in fields_of(options)]
    named = tuple(info.api_name for info in infos if isinstance(info, PathArgument))
    assert named == operation.arguments
    assert options.endpoint.method == operation.method
    assert options.endpoint.path == operation.path


@pytest.mark.parametrize("operation", WRITTEN)
def test_no_written_command_refuses_what_its_row_takes(operation: Operation) -> None:
    found = parameters(operation)
    for name, facts in {**operation.query, **operation.body}.items():
        kind = found[name].kind
        if isinstance(kind, Number) and "low" in facts:
            assert kind.low is None or kind.low <= facts["low"], name
        if isinstance(kind, Number) and "high" in facts:
            assert kind.high is None or kind.high >= facts["high"], name
        if isinstance(kind, Text | PromptText) and "longest" in facts:
            assert kind.longest is None or kind.longest >= facts["longest"], name
