"""What the commands that make images share: each image is saved as a file."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from openai_cli.calls.download import fetched, refuse_terminal
from openai_cli.calls.plan import Plan
from openai_cli.calls.send import send
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, CliError, OutputError, UsageError
from openai_cli.flags.ours import options_group
from openai_cli.flags.server import SendingOptions
from openai_cli.media import IMAGES, is_image, kind_of
from openai_cli.output.sink import check_writable, keep, open_sink, utf8_bytes
from openai_cli.records import field, mutable_record, replace
from openai_cli.request.body import Request
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.answer.base import Answer
    from openai_cli.answer.images import Picture
    from openai_cli.answer.parts import Part
    from openai_cli.output.sink import Sink
    from openai_cli.output.writers import Writer

_KINDS = {".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png", ".webp": "webp", ".gif": "gif",
          ".svg": "svg"}  # fmt: skip


@options_group
class ImageOptions(SendingOptions):
    """The options of a command that makes images."""


def with_prompt(request: Request, inputs: Inputs, argument: str | None, example: str) -> Request:
    """The request with its prompt, from the argument or stdin; UsageError if there is none."""
    text = inputs.lone_text(argument, flagged="prompt" in request.body)
    if text is not None:
        if "prompt" in request.body and argument is not None:
            raise UsageError("the prompt is given twice: as the argument and by a flag")
        request = request.with_text("prompt", text)
    if not request.body.get("prompt"):
        raise UsageError("there is no prompt to send", hint=f"for example: {example}")
    return request


def save_images(session: Session, request: Request) -> None:
    """Send the request, save each image of its answer, and print the paths."""
    from openai_cli.answer.images import Images

    if session.preview is not None:
        session.show((request,))
        return
    count = _asked(request, "n", 1)
    output = session.form.output
    if session.form.is_text:
        # --output names the images; what is printed is their paths.
        session.form = replace(session.form, output=None)
        if output is not None:
            _check_output(session.context, output, request, count)
    partials = _asked(request, "partial_images", 0)
    saver = _Saver(session, output, count, partials, is_null=session.form.null)
    answer = partial(Images, expected=count)
    send(session, Plan(request, answer=answer, writer=saver.writer, forgets=True))
    if saver.left_out:
        asked = f"{count} image{'s' if count > 1 else ''}"
        session.context.messages.notice(
            f"the server sent more than the requested {asked}: the others are ignored"
        )
    if saver.failures:
        raise saver.failures[0]


def _asked(request: Request, name: str, default: int) -> int:
    """How many images the request asks for; some servers take the number as text."""
    value = request.body.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:4])
    return value if isinstance(value, int) else default


def _check_output(context: Context, output: str, request: Request, count: int) -> None:
    """Raise UsageError for an output that cannot hold the images, before they are paid for."""
    if output != "-":
        check_writable(context, output)
        if count > 1 and Path(output).exists() and not Path(output).is_file():
            raise UsageError(f"'{output}' is not a regular file, and takes one image")
        return
    refuse_terminal(context, output)
    if count > 1 or request.body.get("partial_images"):
        raise UsageError("-o - takes one image", hint="-o FILE writes a file for each")


@mutable_record
class _Saver:
    """Saves images under names from --output, `cat.png`, `cat-2.png`, and prints their paths.

    Without --output it picks unused names, `image.png`, `image-2.png`. It saves no more than were
    asked for, `count` and `partials` of each: more would overwrite the user's own files. An image
    that cannot be saved does not stop the others; its error goes to `failures`.
    """

    session: Session
    output: str | None
    count: int
    partials: int
    is_null: bool
    failures: list[CliError] = field(default_factory=list)
    left_out: int = 0
    _came: int = 0
    _partials_came: int = 0
    _saved: int = 0

    def writer(self, sink: "Sink") -> "Writer":
        """Return the writer that saves images as they arrive."""
        return _PathWriter(self, sink)

    def save(self, found: "Picture", sink: "Sink") -> None:
        """Save an image and print its path."""
        if not self._is_asked_for(found.partial):
            self.left_out += 1
            return
        try:
            data = _image_of(self.session, found)
            if self.output == "-":
                sink.write(data)
                return
            path = self._path(data, found.partial)
            self._write(path, data)
        except CliError as error:
            self.failures.append(error)
            return
        sink.write(os.fsencode(path) + (b"\0" if self.is_null else b"\n"))
        sink.flush()

    def _is_asked_for(self, partial_number: int | None) -> bool:
        if partial_number is None:
            self._came += 1
            return self._came <= self.count
        if not 1 <= partial_number <= self.partials:
            return False
        self._partials_came += 1
        return self._partials_came <= self.partials * self.count

    def _write(self, path: Path, data: bytes) -> None:
        try:
            with open_sink(self.session.context, str(path)) as file:
                file.write(data)
        except UsageError as error:
            raise OutputError(error.problem, hint=f"the image is kept in {keep(data)}") from None

    def _path(self, data: bytes, partial_number: int | None) -> Path:
        self._saved += partial_number is None
        kind = kind_of(data)
        part = "" if partial_number is None else f".partial-{partial_number}"
        if self.output is None:
            return _free("image" + part, ".jpg" if kind == "jpeg" else f".{kind}")
        named = Path(self.output)
        number = self._saved + (partial_number is not None)
        given = _KINDS.get(named.suffix.lower())
        if given and given != kind and number == 1:
            self.session.context.messages.notice(f"'{named}' contains {kind}, not {given}")
        suffix = f"-{number}" if number > 1 else ""
        return named.with_name(f"{named.stem}{suffix}{part}{named.suffix}")


def _image_of(session: Session, found: "Picture") -> bytes:
    """The bytes of an image, from the answer or from the URL in it.

    Raises BadAnswerError for data that is not an image; it is kept in a file, as it was paid for.
    """
    if (url := found.url) is not None:
        data, where = fetched(session, url), f"; its URL is {url}"
    else:
        data, where = _decoded(found), ""
    if not is_image(data):
        raise BadAnswerError(
            f"an image is in none of the known formats: {', '.join(sorted(IMAGES))}",
            hint=f"the data is kept in {keep(data)}{where}",
        )
    return data


def _decoded(found: "Picture") -> bytes:
    try:
        return found.decoded()
    except BadAnswerError as error:
        error.add_hint(f"the data is kept in {keep(utf8_bytes(found.encoded))}")
        raise


@mutable_record
class _PathWriter:
    joins: ClassVar[bool] = False
    saver: _Saver
    sink: "Sink"

    def take(self, part: "Part", _added: Any) -> None:
        from openai_cli.answer.images import pictures

        for found in pictures(part.body):
            self.saver.save(found, self.sink)

    def needs(self, _choice: Any) -> bool:
        return False

    def finish(self, _answer: "Answer") -> None:
        """Nothing to do: each image was saved as it arrived."""


def _free(stem: str, extension: str) -> Path:
    """The first unused name in the current directory."""
    number = 1
    while (path := Path(stem + (f"-{number}" if number > 1 else "") + extension)).exists():
        number += 1
    return path
