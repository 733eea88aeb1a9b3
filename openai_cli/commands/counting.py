"""What `tokens` counts: the options for it, and requests.

commands/counting_files.py counts files and folders. The modes for a text, which show and cut its
tokens, are in commands/tokens.py.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from openai_cli import tokens
from openai_cli.commands.long_stdin import count_stdin, text_or_blocks
from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, LimitError, UsageError
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import (
    CONNECTION,
    OPTIONS,
    Stdin,
    argument,
    number,
    options_group,
    ours,
    switch,
)
from openai_cli.flags.output import Results
from openai_cli.flags.server import ServerOptions
from openai_cli.flags.values import Number
from openai_cli.jsontext import encode_json, parse_json, quoted
from openai_cli.models import DEFAULT_CHAT
from openai_cli.output.sink import Sink, open_sink
from openai_cli.records import Annotated
from openai_cli.request.inputs import Inputs
from openai_cli.tokens.counted import TokenCount
from openai_cli.tokens.encoders import rules_of
from openai_cli.tokens.encoding import TODAYS, is_guessed

if TYPE_CHECKING:
    from openai_cli.http.client import HttpResponse

# For each encoding a model, whose count is used for models that we do not know.
_STAND_INS = {
    "o200k_base": "gpt-4o", "o200k_harmony": "gpt-oss-20b", "cl100k_base": "gpt-4",
    "p50k_base": "text-davinci-003", "p50k_edit": "text-davinci-edit-001", "r50k_base": "davinci",
    "gpt2": "gpt2",
}  # fmt: skip

# How many reasons for an estimate are reported, and, in bytes, the largest answer with a count.
_LARGEST_COUNT = 1024 * 1024
_MOST_DOUBTS = 5

FROM_0 = Number(0, integer=True)

# What counts files: processes on this machine, or a cluster.
ENGINES = ("local", "dask")


@options_group
class Counting(ServerOptions, Results, Stdin):
    """What to count, and how."""

    endpoint = Endpoint("/responses/input_tokens", DEFAULT_CHAT, takes_general_model=True)
    group_notes: ClassVar[Mapping[str, str]] = {CONNECTION: "used only with --remote"}

    text: Annotated[
        list[str] | None,
        argument("[ARG]...", "The text; ids with --decode, paths with --files; - reads stdin"),
    ] = None
    model: Annotated[
        str | None,
        ours(OPTIONS, "--model", "Count for this model", metavar="NAME", short="-m"),
    ] = None
    encoding: Annotated[
        str | None, ours(OPTIONS, "--encoding", "Count with this encoding", metavar="NAME")
    ] = None
    files: Annotated[
        bool, switch(OPTIONS, "files", "Count the files and folders that ARG names")
    ] = False
    files_from: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--files-from",
            "Read paths from FILE, one per line (with -0, NUL-separated)",
            metavar="FILE",
        ),
    ] = None
    jsonl: Annotated[
        str | None,
        ours(
            OPTIONS, "--jsonl", "Count this field of each JSON line of the files", metavar="FIELD"
        ),
    ] = None
    input_encoding: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--input-encoding",
            "Encoding of the files, such as utf-16 or latin-1",
            metavar="NAME",
        ),
    ] = None
    workers: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--workers",
            "Count files in at most N processes (default: one for each processor)",
            metavar="N",
        ),
    ] = None
    engine: Annotated[
        str | None,
        ours(OPTIONS, "--engine", "Count files by local processes or on a dask cluster",
             metavar="NAME", names=ENGINES),
    ] = None  # fmt: skip
    scheduler: Annotated[
        str | None,
        ours(OPTIONS, "--scheduler", "Use the cluster of this scheduler", metavar="ADDRESS"),
    ] = None
    request: Annotated[
        str | None,
        ours(OPTIONS, "--request", "Count request bodies, or Batch API lines", metavar="FILE"),
    ] = None
    verify: Annotated[
        str | None,
        ours(
            OPTIONS, "--verify", "Compare counts with what was billed, one per line", metavar="FILE"
        ),
    ] = None
    max_difference: Annotated[
        str | None,
        ours(OPTIONS, "--max-difference", "Exit 8 if a count of --verify differs by more",
             metavar="PERCENT"),
    ] = None  # fmt: skip
    max: Annotated[
        str | None, ours(OPTIONS, "--max", "Exit 8 if there are more tokens", metavar="N")
    ] = None
    max_each: Annotated[
        str | None,
        ours(OPTIONS, "--max-each", "Exit 8 if a file has more tokens", metavar="N"),
    ] = None
    json: Annotated[bool, switch(OPTIONS, "json", "Print JSON")] = False
    remote: Annotated[bool, switch(OPTIONS, "remote", "Ask the API too, and print both counts")] = (
        False
    )


def whole(flag: str, raw: str | None, kind: Number) -> int | None:
    """The integer typed for a flag; UsageError names the flag."""
    value = number(flag, raw, kind)
    return None if value is None else int(value)


def encoding_of(context: Context, options: Counting) -> str:
    """The encoding that the user named, directly or through a model."""
    if options.encoding is not None:
        if options.model is not None:
            raise UsageError("--model and --encoding: give one of them")
        rules_of(options.encoding)
        return options.encoding
    model = _model(context, options)
    if model is None:
        return TODAYS
    with _telling_of_encoding():
        found = tokens.encoding_for_model(model)
    if is_guessed(model):
        context.messages.notice(
            f"unknown model {model}: counted in {found}, the encoding of OpenAI's newest models"
        )
    return found


@contextmanager
def _telling_of_encoding() -> Iterator[None]:
    """Add a hint on --encoding to the error for a model that we do not know."""
    try:
        yield
    except UsageError as error:
        if error.parameter == "model" and error.hint is None:
            error.hint = f"OpenAI's newest models use --encoding {TODAYS}"
        raise


def _stand_in(options: Counting) -> Callable[[str], str | None]:
    """Return a function that maps an unknown model to a known one with the --encoding given."""
    if options.encoding is not None:
        rules_of(options.encoding)
    return lambda model: (
        None if options.encoding is None or _is_known(model) else _STAND_INS[options.encoding]
    )


def _is_known(model: str) -> bool:
    try:
        tokens.encoding_for_model(model)
    except UsageError:
        return False
    return True


def _model(context: Context, options: Counting) -> str | None:
    if options.model == "":
        raise UsageError("--model must not be empty")
    model = options.model or context.variable("OPENAI_MODEL")
    if model and "," in model and not (_is_known(model) and not is_guessed(model)):
        raise UsageError(
            f"the model {quoted(model)} is taken as one name", hint="count for one model at a time"
        )
    return model


def text_of(options: Counting, inputs: Inputs) -> str:
    """The text to count; UsageError if there is none."""
    text = inputs.raw_text(options.text)
    if text is None:
        raise _no_text()
    return text


def count_text(options: Counting, inputs: Inputs, encoding: str) -> int:
    """Count the tokens of the text; a long stdin is counted in blocks, not held in memory."""
    given = text_or_blocks(inputs, options.text)
    if given is None:
        raise _no_text()
    if isinstance(given, str):
        return tokens.count(given, encoding=encoding)
    return count_stdin(given, encoding)


def _no_text() -> UsageError:
    return UsageError("there is no text to count", hint="for example: openai-cli tokens hamburger")


def json_line(value: Any) -> bytes:
    """JSON on a single line."""
    return encode_json(value) + b"\n"


def limit_of(options: Counting) -> int | None:
    """The value of --max."""
    return whole("--max", options.max, FROM_0)


def keep_limit(options: Counting, count: int) -> None:
    """Raise LimitError if there are more tokens than --max."""
    limit = limit_of(options)
    if limit is not None and count > limit:
        raise LimitError(f"there are {count} tokens, more than the {limit} of --max")


def count_requests(context: Context, options: Counting, inputs: Inputs) -> None:
    """Print the number of prompt tokens in the requests."""
    from openai_cli.tokens.lines import count_lines

    doubts: dict[str, None] = {}
    total = 0

    def requests() -> Iterator[dict[str, Any]]:
        nonlocal total
        lines = inputs.lines("--request", options.request or "")
        model = _model(context, options)
        groups = count_lines(lines, model=model, stand_in=_stand_in(options), on=context.today())
        for group in groups:
            total += sum(group.tokens)
            doubts.update(dict.fromkeys(group.doubts[: _MOST_DOUBTS - len(doubts)]))
            same = {"model": group.body.get("model"), "estimate": bool(group.doubts)}
            for line, name, count in zip(
                group.numbers, group.custom_ids, group.tokens, strict=True
            ):
                yield {"line": line, "custom_id": name, "tokens": count, **same}

    with _telling_of_encoding(), open_sink(context, options.output) as sink:
        if options.json:
            write_list(sink, "requests", requests(), lambda: _estimated(total, doubts))
        else:
            deque(requests(), maxlen=0)
            keep_limit(options, total)
            sink.write(f"{total}\n".encode())
    keep_limit(options, total)
    _tell_doubts(context, doubts)


def write_list(
    sink: Sink, name: str, items: Iterable[dict[str, Any]], summary: Callable[[], dict[str, Any]]
) -> None:
    """Write a JSON object with a list, item by item, followed by what is known only at its end."""
    start = f'{{"{name}": ['
    for item in items:
        sink.write_json(start.encode() + b"\n" + encode_json(item))
        start = ","
    end = b"\n], " if start == "," else start.encode() + b"], "
    sink.write_json(end + json_line(summary())[1:])


def _estimated(tokens: int, doubts: Iterable[str]) -> dict[str, Any]:
    return {"tokens": tokens, "estimate": bool(doubts), "doubts": list(doubts)}


def _tell_doubts(context: Context, doubts: Iterable[str]) -> None:
    if doubts:
        context.messages.notice(f"the count is an estimate: {'; '.join(doubts)}")


def count_remotely(context: Context, options: Counting, inputs: Inputs) -> None:
    """Print our own count of a request's tokens, and the API's.

    For a model of another vendor only the API's is printed, unless --encoding is given.
    """
    from openai_cli.tokens.remote import counted_body

    body = _body(context, options, inputs)
    counted = _locally(context, options, body)
    from openai_cli.calls.session import Session
    from openai_cli.request.body import Request

    with Session(context, options, inputs) as session:
        request = Request(options.endpoint.path, counted_body(body))
        asked = session.client.call(
            request.method, request.path, _input_tokens, payload=request.payload()
        )
    with open_sink(context, options.output) as sink:
        if options.json:
            ours = {"tokens": None} if counted is None else _estimated(counted, counted.doubts)
            sink.write_json(json_line({**ours, "remote_tokens": asked}))
        else:
            local = "" if counted is None else f"{counted} local\n"
            sink.write(f"{local}{asked} remote\n".encode())
    _tell_doubts(context, counted.doubts if counted is not None else ())


def _locally(context: Context, options: Counting, body: dict[str, Any]) -> TokenCount | None:
    """Our own count of a request; None for a model that we do not know, without --encoding."""
    from openai_cli.tokens.lines import count_lines

    model = str(body["model"])
    if options.encoding is None and not _is_known(model):
        return None
    lines, day = [encode_json(body)], context.today()
    (group,) = count_lines(lines, stand_in=_stand_in(options), on=day)
    return TokenCount(group.tokens[0], group.doubts)


def _body(context: Context, options: Counting, inputs: Inputs) -> dict[str, Any]:
    """The request to count: the only one of --request, or one made of the text."""
    model = _model(context, options) or options.endpoint.default_model
    if options.request is None:
        return {"model": model, "input": text_of(options, inputs)}
    from openai_cli.tokens.lines import objects

    bodies = [value for _, value in objects(inputs.lines("--request", options.request))]
    if len(bodies) != 1:
        raise UsageError(f"--remote counts one request, and --request has {len(bodies)}")
    return {"model": model, **bodies[0].get("body", bodies[0])}


def _input_tokens(http: "HttpResponse") -> int:
    """The count in an answer of POST /responses/input_tokens."""
    from openai_cli.answer.parts import collected

    try:
        found = parse_json(collected(http.pieces(), _LARGEST_COUNT))
    except ValueError as error:
        raise BadAnswerError(f"the answer {error}", request_id=http.request_id) from None
    number = found.get("input_tokens") if isinstance(found, dict) else None
    if type(number) is not int:
        raise BadAnswerError("the answer has no input_tokens", request_id=http.request_id)
    return number
