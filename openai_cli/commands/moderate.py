"""`moderate`: POST /moderations."""

from functools import partial
from typing import Any

from openai_cli.calls.delivery import deliver
from openai_cli.calls.plan import Plan
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import LimitError, UsageError
from openai_cli.flags import api, moderations
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import OPTIONS, argument, number, options_group, ours, switch
from openai_cli.flags.server import SendingOptions
from openai_cli.flags.values import Number
from openai_cli.records import Annotated
from openai_cli.request.attachments import image_part
from openai_cli.request.body import Request, assembled, given_of
from openai_cli.request.inputs import Inputs, nothing_given

EXAMPLES = (
    'openai-cli moderate "A story of violence and hate"',
    'echo "A kind word" | openai-cli moderate --fail-if-flagged',
)


@options_group
class Options(SendingOptions):
    """TEXT is the text to check. Without TEXT, piped stdin is checked.

    Each category over the threshold is printed on one line: its name, a tab and its score. With
    several inputs, each line starts with the number of the input, counted from 0.
    """

    endpoint = Endpoint("/moderations", "omni-moderation-latest")

    text: Annotated[str | None, argument("[TEXT]", "The text; - reads stdin")] = None
    attach: Annotated[
        list[str] | None,
        ours(OPTIONS, "--attach", "Attach an image; repeatable", metavar="PATH|URL"),
    ] = None
    input: moderations.Input = None
    model: api.Model = None
    threshold: Annotated[
        str | None,
        ours(
            OPTIONS,
            "--threshold",
            "Print scores from this one up, not by the API's threshold",
            metavar="SCORE",
        ),
    ] = None
    fail_if_flagged: Annotated[
        bool, switch(OPTIONS, "fail-if-flagged", "Exit 8 if a category is over the threshold")
    ] = False


def run(context: Context, options: Options) -> None:
    """Build the request from the options, and send it."""
    from openai_cli.answer.moderation import Moderation, inputs_of
    from openai_cli.output.writers import AnswerWriter

    inputs = Inputs(context, options.stdin)
    threshold = number("--threshold", options.threshold, Number(0, 1))
    with Session(context, options, inputs) as session:
        request = _request(context, options, inputs)
        expected = inputs_of(request.body)
        plan = Plan(
            request,
            answer=partial(Moderation, threshold=threshold, expected=expected),
            writer=lambda sink: AnswerWriter(sink, _lines, options.null),
        )
        answer = deliver(session, plan)
    if options.fail_if_flagged and isinstance(answer, Moderation) and answer.is_flagged:
        names = ", ".join(sorted({name for over in answer.found for name in over}))
        raise LimitError(f"flagged: {names or 'the server names no category'}")


def _request(context: Context, options: Options, inputs: Inputs) -> Request:
    given = given_of(options, inputs)
    if options.text is not None and "input" in given.parts.body:
        raise UsageError("the input is given twice: as the argument and by --input")
    request = assembled(context, given)
    flagged = "input" in request.body or options.body is not None or bool(options.attach)
    text = inputs.lone_text(options.text, flagged=flagged)
    return request.with_text("input", _given(request.body.get("input"), text, options, inputs))


def _given(base: Any, text: str | None, options: Options, inputs: Inputs) -> Any:
    """The input of the body, or the text and images as content parts."""
    if not options.attach:
        if (given := base if text is None else text) is None:
            raise nothing_given(options, "text to check", "moderate 'Some text'")
        return given
    if base is not None:
        raise UsageError("--attach goes with TEXT; --input has parts of its own")
    parts = [] if text is None else [{"type": "text", "text": text}]
    return [*parts, *(image_part(path, inputs) for path in options.attach)]


def _lines(answer: Any) -> str:
    return "".join(
        (f"{index}\t" if len(answer.found) > 1 else "") + f"{name}\t{_shown(score)}\n"
        for index, over in enumerate(answer.found)
        for name, score in sorted(over.items(), key=lambda item: -(item[1] or 0))
    )


def _shown(score: float | None) -> str:
    return "" if score is None else str(score)
