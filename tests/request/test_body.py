"""How a body is merged: flag, --param, --body, environment, our table; and what is never sent."""

import json
from pathlib import Path
from typing import Any

import pytest

from openai_cli.errors import UsageError
from openai_cli.jsontext import encode_json
from openai_cli.request.body import Request, unchecked_params
from tests.flags.commandline import body, call, refused

USER_HI = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        ("chat", {"model": "gpt-6-luna", "messages": USER_HI}),
        ("complete", {"model": "gpt-3.5-turbo-instruct", "prompt": "hi"}),
    ],
)
def test_what_is_not_given_is_not_sent(command: str, sent: dict[str, Any]) -> None:
    assert body(command, "hi") == sent
    assert body(command, "hi", "--json", "--usage", "--no-stdin", "--timeout", "5") == sent


LAYERS = (
    ("--temperature", "0.1"),
    ("--param", "temperature=0.2"),
    ("--body", '{"temperature": 0.3}'),
)


@pytest.mark.parametrize(
    ("layers", "value"),
    [((0, 1, 2), 0.1), ((0, 2), 0.1), ((0, 1), 0.1), ((1, 2), 0.2), ((2,), 0.3), ((2, 1, 0), 0.1)],
)
def test_a_flag_goes_before_a_param_and_a_param_before_a_body(
    layers: tuple[int, ...], value: float
) -> None:
    typed = [word for layer in layers for word in LAYERS[layer]]
    assert body("chat", *typed, "hi")["temperature"] == value


def test_what_each_layer_adds_is_kept() -> None:
    sent = body(
        "chat", "hi", "--body", '{"user": "u", "n": 9}', "--param", "x_new=[1]", "--top-p", "1"
    )
    assert sent == {
        "model": "gpt-6-luna",
        "messages": USER_HI,
        "user": "u",
        "n": 9,
        "x_new": [1],
        "top_p": 1,
    }


def test_objects_are_replaced_whole_and_never_merged() -> None:
    sent = body("chat", "hi", "--body", '{"metadata": {"a": "1"}}', "--metadata", "b=2")
    assert sent["metadata"] == {"b": "2"}


MODEL_LAYERS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "flag": (("--model", "flag"), {}),
    "param": (("--param", "model=param"), {}),
    "body": (("--body", '{"model": "body"}'), {}),
    "variable": ((), {"OPENAI_MODEL": "variable"}),
}


@pytest.mark.parametrize(
    ("layers", "model"),
    [
        (("flag", "param", "body", "variable"), "flag"),
        (("flag", "variable"), "flag"),
        (("param", "body", "variable"), "param"),
        (("body", "variable"), "body"),
        (("variable",), "variable"),
        ((), "gpt-6-luna"),
    ],
)
def test_where_the_model_comes_from(layers: tuple[str, ...], model: str) -> None:
    typed = [word for layer in layers for word in MODEL_LAYERS[layer][0]]
    environ = {name: value for layer in layers for name, value in MODEL_LAYERS[layer][1].items()}
    assert body("chat", "hi", *typed, environ=environ)["model"] == model


@pytest.mark.parametrize(
    ("command", "model"), [("chat", "gpt-6-luna"), ("complete", "gpt-3.5-turbo-instruct")]
)
def test_an_empty_variable_is_unset(command: str, model: str) -> None:
    assert body(command, "hi", environ={"OPENAI_MODEL": ""})["model"] == model
    assert body(command, "hi", environ={"OPENAI_MODEL": "m-1"})["model"] == "m-1"


@pytest.mark.parametrize(
    ("typed", "model"),
    [
        (("--body", '{"model": null}'), None),
        (("--body", '{"model": ""}'), ""),
        (("--param", "model=null"), None),
        (("--param", 'model=""'), ""),
    ],
)
def test_the_variable_never_overrides_a_model_that_was_given(
    typed: tuple[str, ...], model: str | None
) -> None:
    assert body("chat", "hi", *typed, environ={"OPENAI_MODEL": "variable"})["model"] == model


@pytest.mark.parametrize(
    ("param", "value"),
    [
        ("store=null", None),
        ("store=true", True),
        ("seed=9007199254740993", 9007199254740993),
        ("temperature=3", 3),
        ("temperature=hot", "hot"),
        ('temperature="hot"', "hot"),
        ("temperature=", ""),
        ("n=1_0", "1_0"),
        ("n=NaN", "NaN"),
        ("stop=[1, null]", [1, None]),
        ('metadata={"a": {"b": 1}}', {"a": {"b": 1}}),
        ("unheard_of=a=b", "a=b"),
        ("max-token=300", 300),
        ("user=@file", "@file"),
        ("user={not json", "{not json"),
    ],
)
def test_a_param_is_sent_unchecked(param: str, value: Any) -> None:
    name = param.partition("=")[0]
    sent = body("chat", "hi", "--param", param)
    assert json.dumps(sent[name]) == json.dumps(value)
    assert set(sent) == {"model", "messages", name}


def test_the_last_of_a_repeated_param_wins() -> None:
    assert unchecked_params(["a=1", "b=2", "a=3"]) == {"a": 3, "b": 2}


@pytest.mark.parametrize("param", ["", "word", "=1", "="])
def test_a_param_has_a_name_and_a_value(param: str) -> None:
    assert f"--param must be NAME=JSON, not '{param}'" in refused("chat", "hi", "--param", param)


@pytest.mark.parametrize(
    "value", ["1e999", "9" * 5000, "[" * 100_000 + "]" * 100_000], ids=["float", "int", "depth"]
)
def test_json_that_cannot_be_held_is_not_sent_as_a_string(value: str) -> None:
    assert "seed" in refused("chat", "hi", "--param", f"seed={value}")


def test_a_prompt_or_messages_may_come_by_param() -> None:
    assert body("complete", "--param", "prompt=[1212, 318]")["prompt"] == [1212, 318]
    assert body("chat", "--param", 'messages=[{"role": "user"}]')["messages"] == [{"role": "user"}]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("", "is not JSON"),
        ("[]", "must be a JSON object"),
        ('"a"', "must be a JSON object"),
        ('{"a": 1,}', "at line 1, column"),
        ('{"a": Infinity}', "Infinity is not a JSON number"),
        ("model=x", "is not JSON"),
    ],
)
def test_a_body_is_a_json_object(raw: str, said: str) -> None:
    message = refused("chat", "hi", "--body", raw)
    assert "error: --body " in message
    assert said in message


def test_a_body_comes_from_a_file_or_from_stdin(tmp_path: Path) -> None:
    text = '{"messages": [], "n": 2}'
    (tmp_path / "body.json").write_text(text)
    whole = {"model": "gpt-6-luna", "messages": [], "n": 2}
    assert body("chat", "--body", text) == whole
    assert body("chat", "--body", f"@{tmp_path}/body.json", stdin=b"left alone") == whole
    assert body("chat", "--body", "@-", stdin=text.encode()) == whole
    assert body("chat", "--body", "-", stdin=text.encode()) == whole


ACROSS = [
    ("complete", ("--best-of", "1", "--n", "2"), "best_of must be at least n"),
    ("complete", ("--body", '{"best_of": 1, "n": 2}'), "best_of must be at least n"),
    ("complete", ("--body", '{"best_of": 1}', "-n", "2"), "best_of must be at least n"),
    ("complete", ("--body", '{"n": 3}', "--best-of", "2"), "best_of must be at least n"),
    ("complete", ("--best-of", "2", "--stream"), "best_of above 1 cannot be streamed"),
    ("chat", ("--top-logprobs", "2"), "top_logprobs needs logprobs"),
    ("chat", ("--top-logprobs", "2", "--no-logprobs"), "top_logprobs needs logprobs"),
    ("chat", ("--body", '{"top_logprobs": 0}'), "top_logprobs needs logprobs"),
]


@pytest.mark.parametrize(("command", "typed", "said"), ACROSS)
def test_a_rule_across_parameters_judges_the_merged_body(
    command: str, typed: tuple[str, ...], said: str
) -> None:
    assert said in refused(command, "hi", *typed)


@pytest.mark.parametrize(
    ("command", "typed", "sent"),
    [
        ("complete", ("--best-of", "2", "--n", "2"), {"best_of": 2, "n": 2}),
        ("complete", ("--best-of", "1"), {"best_of": 1}),
        ("complete", ("--n", "9"), {"n": 9}),
        ("complete", ("--best-of", "1", "--stream"), {"best_of": 1, "stream": True}),
        ("complete", ("--best-of", "2", "--no-stream"), {"best_of": 2, "stream": False}),
        ("chat", ("--logprobs", "--top-logprobs", "2"), {"logprobs": True, "top_logprobs": 2}),
        (
            "chat",
            ("--body", '{"logprobs": true}', "--top-logprobs", "2"),
            {"logprobs": True, "top_logprobs": 2},
        ),
        ("complete", ("--param", "best_of=1", "--n", "2"), {"best_of": 1, "n": 2}),
        ("complete", ("--best-of", "1", "--param", "n=2"), {"best_of": 1, "n": 2}),
        ("complete", ("--param", "best_of=3", "--stream"), {"best_of": 3, "stream": True}),
        ("chat", ("--param", "top_logprobs=2"), {"top_logprobs": 2}),
        ("chat", ("--top-logprobs", "2", "--param", "logprobs=1"),
         {"top_logprobs": 2, "logprobs": 1}),
        ("complete", ("--param", "best_of=many", "--n", "2"), {"best_of": "many", "n": 2}),
    ],
)  # fmt: skip
def test_a_rule_that_holds_or_was_waived_by_param(
    command: str, typed: tuple[str, ...], sent: dict[str, Any]
) -> None:
    text = {"messages": USER_HI} if command == "chat" else {"prompt": "hi"}
    found = body(command, "hi", *typed)
    del found["model"]
    assert found == {**text, **sent}


def test_a_rule_is_judged_where_the_flag_overrode_the_param() -> None:
    typed = ("--param", "n=9", "--n", "2", "--best-of", "1")
    assert "best_of must be at least n" in refused("complete", "hi", *typed)


def test_the_prompt_has_one_source() -> None:
    assert "given twice" in refused("complete", "hi", "--prompt", "ho")
    assert body("complete", "hi", "--body", '{"prompt": "ho"}')["prompt"] == "hi"


def test_a_check_names_its_parameter() -> None:
    request = Request("/completions", {"model": "m", "n": 3})
    with pytest.raises(UsageError, match=r"^too many$") as caught:
        request.check(lambda body: body["n"] < 3, ("n",), "too many")
    assert caught.value.parameter == "n"
    request.check(lambda body: body["n"] < 4, ("n",), "too many")


def test_model_and_text_come_first_where_a_reader_looks() -> None:
    ended = call("chat", "hi", "--dry-run", "--user", "u", "--model", "m")
    assert list(json.loads(ended.out)) == ["model", "messages", "user"]


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ({"a": "é\u2028\U0001f600"}, '{"a": "é\u2028\U0001f600"}'.encode()),
        ({"a": "\ud800"}, b'{"a": "\\ud800"}'),
        ([1, 1.5, True, None, -0.0], b"[1, 1.5, true, null, -0.0]"),
        ("\x00\n\x7f", b'"\\u0000\\n\x7f"'),
    ],
)
def test_json_goes_out_as_utf8_on_one_line(value: Any, sent: bytes) -> None:
    assert encode_json(value) == sent
