"""A value that has another form: the error says which, or a notice where it is sent as it is."""

from pathlib import Path

import pytest

from tests.conftest import Run
from tests.flags.commandline import body, refused

SCHEMA = '{"type": "object", "properties": {"name": {"type": "string"}}}'


@pytest.mark.parametrize(
    "typed",
    [
        "chat hi --tools", "chat hi --metadata", "chat hi --response-format", "chat --messages",
        "chat hi --body", "chat hi --logit-bias", "chat hi --schema", "chat hi --functions",
        "respond hi --schema", "respond hi --text", "respond hi --reasoning", "embed hi --body",
        "image edit hi --images", "files upload a.txt --expires-after",
    ],
)  # fmt: skip
def test_the_file_that_a_value_names_is_told_of(run: Run, folder: Path, typed: str) -> None:
    (folder / "my file.json").write_text("{}")
    (folder / "a.txt").write_text("a")
    done = run(*typed.split(), "my file.json")
    assert done.code == 2
    assert done.err.endswith(f"; {typed.rsplit(maxsplit=1)[-1]} @'my file.json' reads the file\n")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("chat hi --response-format json_object", "--response-format type=json_object"),
        ("chat hi --response-format text", "--response-format type=text"),
        ("chat hi --response-format json", "--response-format type=json_object"),
        ("chat hi --audio alloy", "--audio voice=alloy"),
        ("chat hi --stream-options include_usage", "--stream-options include_usage=true"),
        ("respond hi --reasoning low", "--reasoning effort=low"),
        ("respond hi --text low", "--text verbosity=low"),
    ],
)
def test_the_pair_that_a_lone_value_belongs_to(typed: str, meant: str) -> None:
    assert refused(*typed.split()).endswith(f"; did you mean {meant}?\n")


@pytest.mark.parametrize("typed", ["chat hi --response-format", "respond hi --text"])
def test_a_schema_has_a_flag_of_its_own(typed: str) -> None:
    said = refused(*typed.split(), "json_schema")
    assert said.endswith("; --schema asks for JSON that matches a schema\n")


def test_another_value_is_told_of_the_way_past_our_check() -> None:
    said = refused("chat", "hi", "--metadata", "no-pair")
    assert said.endswith("; --param metadata=VALUE sends any value unchecked\n")


def test_a_bare_schema_is_no_response_format() -> None:
    says = "response_format is a bare JSON Schema: give it to --schema (parameter response_format)"
    assert says in refused("chat", "hi", "--response-format", SCHEMA)
    assert says in refused("chat", "hi", "--body", f'{{"response_format": {SCHEMA}}}')
    said = refused("respond", "hi", "--text", f'{{"format": {SCHEMA}}}')
    assert "the format in text is a bare JSON Schema: give it to --schema (parameter text)" in said


def test_what_only_looks_like_a_bare_schema_is_sent() -> None:
    full = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
    for name, value in (
        ("response_format", full),
        ("response_format", {"type": "json_object", "schema": {"type": "object"}}),
        ("response_format", {"type": "grammar"}),
    ):
        assert body("chat", "hi", "--body", f'{{"{name}": {value}}}'.replace("'", '"'))[name]
    assert body("chat", "hi", "--param", f"response_format={SCHEMA}")["response_format"]


@pytest.mark.parametrize(
    ("typed", "flag"),
    [
        ("chat hi --fallback-model a,b", "--fallback-model"),
        ("chat hi --modalities text,audio", "--modalities"),
        ("respond hi --include a,b", "--include"),
    ],
)
def test_a_comma_in_a_name_is_told_of(run: Run, typed: str, flag: str) -> None:
    value = typed.rsplit(maxsplit=1)[-1]
    done = run(*typed.split(), "--dry-run")
    said = f"notice: {flag} '{value}' is taken as one name; repeat {flag} for each\n"
    assert (done.code, done.err) == (0, f"openai-cli: {said}")


@pytest.mark.parametrize("typed", ["--stop a,b", "--system a,b", '--modalities ["text"]'])
def test_a_comma_that_may_be_meant_is_not_told_of(run: Run, typed: str) -> None:
    assert run("chat", "hi", *typed.split(), "--dry-run").err == ""


@pytest.mark.parametrize("models", ["a,b", "gpt-4o,gpt-4.1", "gpt-6-luna,o3"])
def test_several_models_in_one_are_refused_where_they_are_counted_or_priced(models: str) -> None:
    said = refused("cost", "hi", "-m", models)
    assert f"--model '{models}' is taken as one name; repeat --model for each\n" in said
    said = refused("tokens", "hi", "-m", models)
    assert f"the model '{models}' is taken as one name; count for one model at a time\n" in said


def test_a_structure_that_is_the_name_of_a_file_is_told_of(run: Run, folder: Path) -> None:
    (folder / "tool.json").write_text("{}")
    (folder / "auto").write_text("")
    done = run("chat", "hi", "--tool-choice", "tool.json", "--dry-run")
    assert "--tool-choice 'tool.json' is taken as text, but a file has this name; @tool" in done.err
    assert run("chat", "hi", "--tool-choice", "auto", "--dry-run").err == ""


def test_a_param_reads_no_file_and_says_so(run: Run, folder: Path) -> None:
    (folder / "tools.json").write_text("[]")
    done = run("chat", "hi", "--param", "tools=@tools.json", "--dry-run")
    assert "notice: --param tools is the text '@tools.json': --param reads no file\n" in done.err
    assert run("chat", "hi", "--param", "user=@nobody", "--dry-run").err == ""


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("-c", "-i"), "-c needs a value, and -i is a flag; --continue=-i gives it as the value"),
        (("-o", "--json", "hi"), "-o needs a value, and --json is a flag; --output=--json gives "),
        (("--system", "-q", "hi"), "--system needs a value, and -q is a flag; --system=-q gives "),
        (("hi", "--max_tokens", "--no-store"), "--max-tokens needs a value, and --no-store is "),
    ],
)
def test_a_flag_is_no_value_of_the_one_before(typed: tuple[str, ...], says: str) -> None:
    assert f"error: {says}" in refused("chat", *typed)


def test_a_value_that_looks_like_a_flag_can_be_given() -> None:
    assert body("chat", "hi", "--stop=--json")["stop"] == ["--json"]
    assert body("chat", "hi", "--stop", "--no-such-flag")["stop"] == ["--no-such-flag"]
    assert body("chat", "hi", "--seed", "-1")["seed"] == -1


def test_a_message_that_was_taken_for_the_conversation_is_told_of(run: Run, folder: Path) -> None:
    says = "--continue took 'follow up' as its FILE; openai-cli chat -c FILE 'follow up'; -c ./… "
    for stdin in (None, b"a diff"):
        done = run("chat", "-c", "follow up", stdin=stdin)
        assert done.code == 2
        assert f"error: {says}" in done.err
    assert not list(folder.iterdir())


def test_a_conversation_may_have_words_for_its_name(run: Run, folder: Path) -> None:
    (folder / "my talk").write_text('{"model": "m", "messages": []}')
    assert run("chat", "-c", "my talk", "--dry-run", stdin=b"hi").code == 0
    assert run("chat", "-c", "./new talk", "--dry-run", stdin=b"hi").code == 0
    assert run("chat", "-c", "new talk", "hi", "--dry-run").code == 0


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("chat", "message to send"),
        ("complete", "prompt to send"),
        ("respond", "input to send"),
        ("embed", "text to embed"),
        ("moderate", "text to check"),
        ("speak", "text to say"),
    ],
)
def test_a_text_that_was_taken_for_a_file_is_told_of(command: str, what: str) -> None:
    said = refused(command, "-o", "What is up?")
    assert f"error: there is no {what}; --output took 'What is up?' as its FILE\n" in said
    said = refused(command, "--usage-file", "What is up?")
    assert f"error: there is no {what}; --usage-file took 'What is up?' as its FILE\n" in said
    said = refused(command, "-o", "up")
    assert f"error: there is no {what}; for example: openai-cli {command} " in said
