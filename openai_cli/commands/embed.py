"""`embed`: POST /embeddings."""

from collections import deque
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from openai_cli.calls.delivery import deliver_all
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import CliError, UsageError
from openai_cli.flags import api, embeddings
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import OPTIONS, argument, number, options_group, ours, switch
from openai_cli.flags.server import SendingOptions
from openai_cli.flags.values import Number
from openai_cli.jsontext import utf8, write_numbers
from openai_cli.records import Annotated, field, mutable_record, record
from openai_cli.request.body import Request, assembled, given_of
from openai_cli.request.inputs import Inputs, nothing_given

if TYPE_CHECKING:
    from openai_cli.output.sink import Sink
    from openai_cli.output.writers import BodyWriter

# Limits of one request: https://platform.openai.com/docs/api-reference/embeddings/create
MOST_INPUTS = 2048
MOST_TOKENS = 300_000
AT_ONCE = 8

EXAMPLES = (
    'openai-cli embed "hamburger" --dimensions 3',
    "printf 'red\\ngreen\\nblue\\n' | openai-cli embed --lines -o vectors.jsonl",
)


@options_group
class Options(SendingOptions):
    """TEXT is the text to embed. Without TEXT, piped stdin is embedded.

    Each vector is printed on one line, as a JSON array of numbers. With --lines, each line of stdin
    is one input: they are sent in as many requests as needed, several at once, and the vectors keep
    their order.
    """

    endpoint = Endpoint("/embeddings", "text-embedding-3-small")

    text: Annotated[str | None, argument("[TEXT]", "The text; - reads stdin")] = None
    lines: Annotated[bool, switch(OPTIONS, "lines", "Embed each line of stdin")] = False
    concurrency: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--concurrency",
            "With --lines, send at most N requests at once [default: 8]",
            metavar="N",
        ),
    ] = None
    input: embeddings.Input = None
    model: api.Model = None
    dimensions: embeddings.Dimensions = None
    encoding_format: embeddings.EncodingFormat = None
    user: api.User = None

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    @property
    def has_lines(self) -> bool:
        """False: here --lines is about the inputs, not the output."""
        return False


def run(context: Context, options: Options) -> None:
    """Build the requests from the options, and send them."""
    inputs = Inputs(context, options.stdin)
    with Session(context, options, inputs) as session:
        given = given_of(options, inputs)
        at_once = number("--concurrency", options.concurrency, Number(1, integer=True))
        if at_once is not None and not options.lines:
            raise UsageError("--concurrency is for --lines: without it there is one request")
        if options.text is not None and "input" in given.parts.body:
            raise UsageError("the input is given twice: as the argument and by --input")
        base = assembled(context, given)
        if options.lines:
            batches = _of_lines(options, inputs, base)
        else:
            batches = iter([_Batch(_of_text(options, inputs, base))])
        sent = _Sent(options, batches)
        try:
            deliver_all(
                session,
                sent.plans(),
                at_once=int(at_once or AT_ONCE) if options.lines else 1,
                printed=sent.take,
            )
        except CliError as error:
            raise sent.explained(error) from None


def _of_text(options: Options, inputs: Inputs, base: Request) -> Request:
    flagged = "input" in base.body or options.body is not None
    text = inputs.lone_text(options.text, flagged=flagged)
    given = base.body.get("input") if text is None else text
    if given is None:
        raise nothing_given(options, "text to embed", "embed 'Some text'")
    return base.with_text("input", given)


@record
class _Batch:
    """A request; `lines` is the number of its first line, and how many lines it has."""

    request: Request
    lines: tuple[int, int] | None = None


def _of_lines(options: Options, inputs: Inputs, base: Request) -> Iterator[_Batch]:
    """The requests for the lines of stdin, each as large as the API allows."""
    if options.text is not None or "input" in base.body:
        raise UsageError("--lines reads its inputs from stdin: leave TEXT and --input out")
    if inputs.context.stdin_is_terminal and not options.stdin:
        raise UsageError("--lines reads stdin: pipe the lines into it")
    first, held = 1, _Held(str(base.body["model"]))
    for place, line in enumerate(inputs.lines("--lines", "-"), 1):
        text = _text_of(line, place)
        if not held.add(text):
            yield _Batch(base.with_text("input", held.texts), (first, len(held.texts)))
            first, held = place, _Held(held.model)
            held.add(text)
    if not held.texts:
        raise UsageError("stdin is empty: there is no line to embed")
    yield _Batch(base.with_text("input", held.texts), (first, len(held.texts)))


def _text_of(line: bytes, number: int) -> str:
    try:
        text = utf8(line.removesuffix(b"\n"))
    except ValueError as error:
        raise UsageError(f"line {number} of stdin {error}") from None
    if not text:
        raise UsageError(f"line {number} of stdin is empty, and the API accepts no empty input")
    return text


class _Held:
    """The inputs of a request that is being filled. A text has at most as many tokens as bytes.

    `_tokens` is an upper bound for all texts: the first `_counted` of them have been counted.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.texts: list[str] = []
        self._sizes: list[int] = []
        self._tokens = 0
        self._counted = 0

    def add(self, text: str) -> bool:
        """Add a text; return False, without adding it, if the request would be too large."""
        if len(self.texts) == MOST_INPUTS:
            return False
        size = len(text.encode())
        if self._tokens + size > MOST_TOKENS:
            self._count()
        if self._tokens + size > MOST_TOKENS:
            (size,) = self._tokens_of([text])
            if self.texts and self._tokens + size > MOST_TOKENS:
                return False
            self._counted += 1
        self.texts.append(text)
        self._sizes.append(size)
        self._tokens += size
        return True

    def _count(self) -> None:
        """Count the texts that have not been counted yet."""
        found = self._tokens_of(self.texts[self._counted :])
        self._tokens += sum(found) - sum(self._sizes[self._counted :])
        self._sizes[self._counted :] = found
        self._counted = len(self.texts)

    def _tokens_of(self, texts: list[str]) -> list[int]:
        from openai_cli import tokens

        try:
            encoding = tokens.encoding_for_model(self.model)
        except UsageError:
            encoding = "cl100k_base"
        return tokens.count_all(texts, encoding=encoding)


@mutable_record
class _Sent:
    """The batches on their way: `asked` are in flight, `lines` is how many lines have vectors."""

    options: Options
    batches: Iterator[_Batch]
    asked: deque[_Batch] = field(default_factory=deque)
    lines: int = 0

    def plans(self) -> Iterator[Plan]:
        """Yield a plan for each batch."""
        from openai_cli.answer.embedding import Embeddings, inputs_of

        for batch in self.batches:
            self.asked.append(batch)
            yield Plan(
                batch.request,
                answer=partial(Embeddings, expected=inputs_of(batch.request.body)),
                writer=partial(_writer, self.options),
            )

    def take(self) -> None:
        """Mark the oldest batch in flight as printed."""
        batch = self.asked.popleft()
        self.lines += batch.lines[1] if batch.lines else 0

    def explained(self, error: CliError) -> CliError:
        """Return the error, with hints on the lines that it is about and those that are done."""
        if self.asked and (lines := self.asked[0].lines) is not None:
            first, count = lines
            error.add_hint(f"lines {first} to {first + count - 1} of stdin were in the request")
        if self.lines and self.options.output in (None, "-"):
            error.add_hint(f"the vectors of the {self.lines} lines before are printed")
        return error


def _writer(options: Options, sink: "Sink") -> "BodyWriter":
    from openai_cli.output.writers import BodyWriter

    return BodyWriter(sink, _lines, options.null)


def _lines(body: dict[str, Any]) -> Iterator[str]:
    from openai_cli.answer.embedding import vectors

    return map(write_numbers, vectors(body))
