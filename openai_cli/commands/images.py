"""What the commands that make images have in common: each image is saved as a file."""

import os
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openai_cli.calls.download import refuse_terminal
from openai_cli.calls.send import Plan, SendingOptions, send
from openai_cli.calls.session import Session
from openai_cli.context import Context
from openai_cli.errors import BadAnswerError, CliError, OutputError, UsageError
from openai_cli.flags.ours import options_group
from openai_cli.media import IMAGES, kind_of
from openai_cli.output.sink import check_writable, keep, open_sink, utf8_bytes
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
_EXTENSIONS = {"jpeg": ".jpg"}


@options_group
class ImageOptions(SendingOptions):
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


def save_images(session: Session, request: Request) -> None:
    """Send the request, and save each image of its answer; the paths are printed."""
    from openai_cli.answer.images import Images

    if session.preview is not None:
        session.show((request,))
        return
    n = request.body.get("n")
    count = n if isinstance(n, int) else 1
    output = session.form.output
    if session.form.is_text:
        # --output names the images; what is printed is their paths.
        session.form = replace(session.form, output=None)
        if output is not None:
            _check_output(session.context, output, request, count)
    saver = _Saver(session, output, is_null=session.form.null)
    send(session, Plan(request, answer=partial(Images, expected=count), writer=saver.writer))
    if saver.failures:
        raise saver.failures[0]


def _check_output(context: Context, output: str, request: Request, count: int) -> None:
    """Refuse, before anything is paid for, a place where no image could be written."""
    if output != "-":
        check_writable(context, output)
        if count > 1 and Path(output).exists() and not Path(output).is_file():
            raise UsageError(f"'{output}' is no file, and takes one image")
        return
    refuse_terminal(context, output)
    if count > 1 or request.body.get("partial_images"):
        raise UsageError("-o - takes one image", hint="-o FILE names a file for each")


@dataclass
class _Saver:
    """Saves images under names from --output, `cat.png`, `cat-2.png`, and prints their paths.

    Without --output the names are free ones, `image.png`, `image-2.png`. What cannot be saved does
    not keep the others from it: it is in `failures`.
    """

    session: Session
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
            data = _decoded(found) if found.url is None else self._fetched(found.url)
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
            with open_sink(self.session.context, str(path)) as file:
                file.write(data)
        except UsageError as error:
            self.failures.append(
                OutputError(error.problem, hint=f"the image is kept in {keep(data)}")
            )
            return
        except CliError as error:
            self.failures.append(error)
            return
        sink.write(os.fsencode(path) + (b"\0" if self.is_null else b"\n"))
        sink.flush()

    def _fetched(self, url: str) -> bytes:
        try:
            return _fetched(self.session, url)
        except CliError as error:
            error.add_hint(f"the image is at {url}")
            raise

    def _path(self, data: bytes, partial_number: int | None) -> Path:
        kind = found if (found := kind_of(data)) in IMAGES else None
        extension = _EXTENSIONS.get(kind, f".{kind}") if kind else ".bin"
        part = "" if partial_number is None else f".partial-{partial_number}"
        if self.output is None:
            return _free("image" + part, extension)
        named = Path(self.output)
        number = self._count + (partial_number is not None)
        given = _KINDS.get(named.suffix.lower())
        if kind and given and given != kind and number == 1:
            self.session.context.messages.notice(f"'{named}' holds {kind}, not {given}")
        suffix = f"-{number}" if number > 1 else ""
        return named.with_name(f"{named.stem}{suffix}{part}{named.suffix}")


def _decoded(found: "Picture") -> bytes:
    """The bytes of an image; one that cannot be decoded has been paid for, and is kept as it is."""
    try:
        return found.decoded()
    except BadAnswerError as error:
        error.add_hint(f"what came is kept in {keep(utf8_bytes(found.encoded))}")
        raise


def _fetched(session: Session, url: str) -> bytes:
    """The bytes of an image from where an answer says that it is; a redirect is a failure.

    BadAnswerError for an address that is none.
    """
    from openai_cli.http.address import is_loopback

    if not url.startswith("https://") and not (url.startswith("http://") and is_loopback(url)):
        raise BadAnswerError("the address of the image is not one of https")
    return session.stranger(url).call("GET", "", lambda http: b"".join(http.pieces()))


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


def _free(stem: str, extension: str) -> Path:
    """The first name in the working folder that nothing has yet."""
    number = 1
    while (path := Path(stem + (f"-{number}" if number > 1 else "") + extension)).exists():
        number += 1
    return path
