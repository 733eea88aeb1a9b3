"""Our own flags: they keep out of the API's way, and each boolean has two forms."""

from typing import Any

import pytest

from openai_cli.commands import chat, complete
from openai_cli.flags.ours import number
from openai_cli.flags.parameter import ApiParameter
from openai_cli.flags.values import Number
from openai_cli.records import fields_of
from tests.conftest import MADE_UP_KEY
from tests.flags.commandline import call, refused
from tests.flags.published import CHAT, COMPLETE, Endpoint
from tests.servers import Server, reply

COMMANDS = pytest.mark.parametrize(
    ("options", "endpoint"),
    [(chat.Options, CHAT), (complete.Options, COMPLETE)],
    ids=["chat", "complete"],
)


def our_flags(options: type[Any]) -> dict[str, list[str]]:
    """The long spellings of each flag of ours, by field."""
    infos = {field.name: field.type[1] for field in fields_of(options)}
    return {
        name: [flag for declared in info.param_decls for flag in declared.split("/")]
        for name, info in infos.items()
        if not isinstance(info, ApiParameter) and getattr(info, "param_decls", None)
    }


@COMMANDS
def test_no_flag_of_ours_takes_the_name_of_a_property(
    options: type[Any], endpoint: Endpoint
) -> None:
    ours = {flag.lstrip("-") for flags in our_flags(options).values() for flag in flags}
    properties = {name.replace("_", "-") for name in endpoint.properties}
    properties |= {f"no-{name}" for name in properties}
    assert "dry-run" in ours
    assert ours.isdisjoint(properties)


@COMMANDS
def test_every_boolean_of_ours_has_its_opposite(options: type[Any], endpoint: Endpoint) -> None:
    booleans = [field.name for field in fields_of(options) if "bool" in str(field.type)]
    flags = our_flags(options)
    ours = [name for name in booleans if name in flags and name != "help"]
    assert len(ours) > 10
    for name in ours:
        flag = name.replace("_", "-")
        assert {f"--{flag}", f"--no-{flag}"} <= set(flags[name])


def test_the_colour_is_one_of_three() -> None:
    assert "--color must be auto, always or never, not 'red'" in refused(
        "chat", "hi", "--color", "red"
    )
    for color in ("auto", "always", "never"):
        assert call("chat", "hi", "--dry-run", "--color", color).code == 0


def test_a_number_for_a_flag_of_ours_is_refused_under_its_flag() -> None:
    assert number("--timeout", None, Number(0)) is None
    assert number("--timeout", "0.5", Number(0)) == 0.5
    assert "--timeout must be a number of at least 0, not 'nan'" in refused(
        "chat", "hi", "--timeout", "nan"
    )
    assert "--max-retries must be an integer from 0 to 100, not '101'" in refused(
        "chat", "hi", "--max-retries", "101"
    )


def test_the_lines_of_a_query_need_one_and_are_inputs_of_embed() -> None:
    for command in ("chat hi", "respond hi", "models list", "api GET models"):
        assert "--lines needs --query" in refused(*command.split(), "--lines")
    data = [{"index": at, "object": "embedding", "embedding": [0.5]} for at in range(2)]
    with Server([reply({"object": "list", "model": "m", "data": data})]) as server:
        environ = {"OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": MADE_UP_KEY}
        typed = ("embed", "--lines", "--query", "data[].index")
        ended = call(*typed, stdin=b"a\nb\n", environ=environ)
    assert (ended.code, ended.out) == (0, b"[0, 1]\n")
