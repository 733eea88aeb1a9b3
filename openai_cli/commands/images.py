"""What the commands that make images have in common: each image is saved as a file."""

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openai_cli.calls.budget import check_cost
from openai_cli.calls.download import refuse_terminal
from openai_cli.calls.send import Plan, Sending, is_preview, send, show
from openai_cli.calls.session import client, reachable
from openai_cli.config.destination import Destination, destination
from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, CliError, OutputError, UsageError
from openai_cli.flags.ours import options_group
from openai_cli.output.sink import keep, open_sink, utf8_bytes
from openai_cli.request.body import Request
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai_cli.answer.images import Picture
    from openai_cli.answer.parts import Answer, Part
    from openai_cli.output.sink import Sink
    from openai_cli.output.writers import Writer

_KINDS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp", ".gif": "gif",
          ".svg": "svg"}  # fmt: skip
_EXTENSIONS = {"jpeg": ".jpg"}


@options_group
class Picturing(Sending):
    """The options of a command that makes images."""


def with_prompt(request: Request, inputs: Inputs, argument: str | None, example: str) -> Request:
    """The request with its prompt: the argument, or stdin; UsageError where there is none."""
    text = inputs.lone_text(argument, flagged="prompt" in request.body)
    if text is not None:
        if "prompt" in request.body and argument is not None:
            raise UsageError("the prompt is given twice: as the argument and by a flag")
        request = request.with_text("prompt", text)
    if not request.body.get("prompt"):
        raise UsageError("there is no prompt to send", hint=f"for example: {example}")
    return request


def picture(context: Context, options: Picturing, inputs: Inputs, request: Request) -> None:
    """Send the request, and save each image of its answer; the paths are printed."""
    from openai_cli.answer.images import Images

    server = destination(context, options, inputs)
    if is_preview(options):
        show(context, options, request, server)
        return
    check_cost(context, options, request)
    n = request.body.get("n")
    count = n if isinstance(n, int) else 1
    is_text = not options.json and options.query is None
    if is_text and options.output is not None:
        _check_output(context, options.output, request, count)
    with ExitStack() as stack:
        server = reachable(stack, options, server)
        fetcher = _Fetcher(context, options, server)
        saver = _Saver(context, fetcher, options.output, is_null=options.null)
        plan = Plan(
            request,
            answer=partial(Images, expected=count),
            writer=saver.writer,
            streams=False,
            tells_usage=False,
        )
        # With text, --output names the images; what is printed is their paths.
        send(context, replace(options, output=None) if is_text else options, server, plan)
        if saver.failures:
            raise saver.failures[0]


def _check_output(context: Context, output: str, request: Request, count: int) -> None:
    """Refuse, before anything is paid for, a place where no image could be written."""
    if output != "-":
        open_sink(context, output).discard()
        if count > 1 and Path(output).exists() and not Path(output).is_file():
            raise UsageError(f"'{output}' is no file, and takes one image")
        return
    refuse_terminal(context, output)
    if count > 1 or request.body.get("partial_images"):
        raise UsageError("-o - takes one image", hint="-o FILE names a file for each")


@dataclass(frozen=True)
class _Fetcher:
    """Gets an image from where an answer says that it is, without a key and a header of ours."""

    context: Context
    options: Picturing
    server: Destination

    def fetch(self, url: str) -> bytes:
        """The bytes; a redirect is a failure. BadAnswerError for an address that is none."""
        from openai_cli.http.address import is_loopback

        if not url.startswith("https://") and not (url.startswith("http://") and is_loopback(url)):
            raise BadAnswerError("the address of the image is not one of https")
        nobody = Destination(url, headers={}, own_headers={}, key=None)
        sender = client(self.context, self.options, nobody)
        return sender.call("GET", "", lambda http: b"".join(http.pieces()))


@dataclass
class _Saver:
    """Saves images under names from --output, `cat.png`, `cat-2.png`, and prints their paths.

    Without --output the names are free ones, `image.png`, `image-2.png`. What cannot be saved does
    not keep the others from it: it is in `failures`.
    """

    context: Context
    fetcher: _Fetcher
    output: str | None
    is_null: bool
    failures: list[CliError] = field(default_factory=list)
    _count: int = 0

    def writer(self, sink: "Sink") -> "Writer":
        """The writer that saves what arrives."""
        return _PathWriter(self, sink)

    def save(self, found: "Picture", sink: "Sink") -> None:
        """Save an image, and print its path."""
        try:
            data = found.decoded() if found.url is None else self._fetched(found.url)
        except CliError as error:
            self.failures.append(error)
            return
        if self.output == "-":
            sink.write(data)
            return
        if found.partial is None:
            self._count += 1
        path = self._path(data, found.partial)
        try:
            with open_sink(self.context, str(path)) as file:
                file.write(data)
        except UsageError as error:
            self.failures.append(
                OutputError(error.problem, hint=f"the image is kept in {keep(data)}")
            )
            return
        except CliError as error:
            self.failures.append(error)
            return
        sink.write(utf8_bytes(f"{path}") + (b"\0" if self.is_null else b"\n"))
        sink.flush()

    def _fetched(self, url: str) -> bytes:
        try:
            return self.fetcher.fetch(url)
        except CliError as error:
            error.add_hint(f"the image is at {url}")
            raise

    def _path(self, data: bytes, partial_number: int | None) -> Path:
        kind = kind_of(data)
        extension = _EXTENSIONS.get(kind, f".{kind}") if kind else ".bin"
        part = "" if partial_number is None else f".partial-{partial_number}"
        if self.output is None:
            return _free("image" + part, extension)
        named = Path(self.output)
        number = self._count + (partial_number is not None)
        given = _KINDS.get(named.suffix.lower())
        if kind and given and given != kind and number == 1:
            self.context.messages.notice(f"'{named}' holds {kind}, not {given}")
        suffix = f"-{number}" if number > 1 else ""
        return named.with_name(f"{named.stem}{suffix}{part}{named.suffix}")


@dataclass
class _PathWriter:
    saver: _Saver
    sink: "Sink"

    def take(self, part: "Part", _added: Any) -> None:
        from openai_cli.answer.images import pictures

        for found in pictures(part.body):
            self.saver.save(found, self.sink)

    def finish(self, _answer: "Answer") -> None:
        """All is saved already."""


def kind_of(data: bytes) -> str | None:
    """The kind of image that begins so: png, jpeg, webp, gif, svg; None for all else."""
    from openai_cli.tokens.images import image_type

    if (known := image_type(data)) is not None:
        return known.removeprefix("image/")
    return "svg" if data.lstrip()[:5] in (b"<svg ", b"<?xml") else None


def one_of(*kinds: str) -> "Callable[[bytes], str | None]":
    """`kind_of` for the images of these kinds alone."""

    def kind_among(head: bytes) -> str | None:
        return kind if (kind := kind_of(head)) in kinds else None

    return kind_among


def _free(stem: str, extension: str) -> Path:
    """The first name in the working folder that nothing has yet."""
    number = 1
    while (path := Path(stem + (f"-{number}" if number > 1 else "") + extension)).exists():
        number += 1
    return path
